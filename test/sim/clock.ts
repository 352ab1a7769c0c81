import { instant, type Instant, type Millis, millis } from "../../src/core/types.ts";
import type { Clock, Timer } from "../../src/sys/ports.ts";

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  alive: boolean;
}

/** Virtual time: nothing passes but by events, earliest first, in the order they were asked for. */
export class VirtualTime {
  #monotonic = 0;
  #offset: number;
  #order = 0;
  readonly #heap: Pending[] = [];
  events = 0;

  constructor(start: number) {
    this.#offset = start;
  }

  get monotonic(): number {
    return this.#monotonic;
  }

  get now(): Instant {
    return instant(Math.floor(this.#monotonic + this.#offset));
  }

  /** The wall clock is put forward (or back); the monotonic one does not notice. */
  step(byMs: number): void {
    this.#offset += byMs;
  }

  at(due: number, run: () => void): Pending {
    const pending: Pending = { at: Math.max(due, this.#monotonic), order: this.#order, run, alive: true };
    this.#order += 1;
    this.#push(pending);
    return pending;
  }

  /** Runs event after event until `until` on the monotonic clock; between two of them all that was awaited goes on. */
  async runUntil(until: number): Promise<void> {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) break;
      this.#pop();
      if (!next.alive) continue;
      this.#monotonic = next.at;
      this.events += 1;
      next.run();
      await settled();
    }
    this.#monotonic = Math.max(this.#monotonic, until);
  }

  #before(one: Pending, other: Pending): boolean {
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #push(pending: Pending): void {
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(pending);
    while (hole > 0) {
      const up = (hole - 1) >> 1;
      const above = heap[up];
      if (above === undefined || this.#before(above, pending)) break;
      heap[hole] = above;
      hole = up;
    }
    heap[hole] = pending;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && this.#before(right, left)) child += 1;
      const below = heap[child];
      if (below === undefined || this.#before(last, below)) break;
      heap[hole] = below;
      hole = child;
    }
    heap[hole] = last;
  }
}

/** Lets every promise that can go on do so: nothing in the simulation waits for the outside. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** The clock of one process: when it dies, none of its timers fires any more. */
export class LifeClock implements Clock {
  readonly #time: VirtualTime;
  #dead = false;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  kill(): void {
    this.#dead = true;
  }

  now(): Instant {
    return this.#time.now;
  }

  monotonic(): Millis {
    return millis(this.#time.monotonic);
  }

  timer(delay: number, run: () => void): Timer {
    const pending = this.#time.at(this.#time.monotonic + Math.max(0, delay), () => {
      if (!this.#dead) run();
    });
    return {
      cancel: () => {
        pending.alive = false;
      },
    };
  }
}
