/** A timer may fire this much early, ms; waking again for less is waste. */
export const EARLY_MS = 0.5;

/** Something due at an instant of the monotonic clock. */
export interface Due<Item> {
  readonly at: number;
  readonly item: Item;
}

/** A binary heap, the earliest first: the one queue of everything that is due. Entries that no longer hold are left to be passed over when popped. */
export class DueQueue<Item> {
  readonly #heap: Due<Item>[] = [];

  /** Milliseconds on the monotonic clock of the earliest entry; null when there is none. */
  get earliest(): number | null {
    return this.#heap[0]?.at ?? null;
  }

  push(at: number, item: Item): void {
    const heap = this.#heap;
    const entry = { at, item };
    let hole = heap.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= at) break;
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = entry;
  }

  /** Takes the earliest entry if it is due by `now`. */
  pop(now: number): Item | null {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.at > now) return null;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return first.item;
  }

  #sink(entry: Due<Item>): void {
    const heap = this.#heap;
    let hole = 0;
    for (;;) {
      const left = 2 * hole + 1;
      const right = left + 1;
      let child = heap[left];
      let at = left;
      const other = heap[right];
      if (child !== undefined && other !== undefined && other.at < child.at) {
        child = other;
        at = right;
      }
      if (child === undefined || child.at >= entry.at) break;
      heap[hole] = child;
      hole = at;
    }
    heap[hole] = entry;
  }
}
