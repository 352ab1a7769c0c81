/** What waits for its turn to run. */
export interface Waiting {
  readonly target: string;
  start(): void;
}

/** Lets runs start while there is room, in all and per target; the rest waits in order. */
export class Admission {
  #runs: number;
  #perTarget: number;
  #running = 0;
  readonly #byTarget = new Map<string, number>();
  readonly #queue: Waiting[] = [];
  readonly #held = new Map<string, Waiting[]>();

  constructor(limits: { readonly runs: number; readonly perTarget: number }) {
    this.#runs = limits.runs;
    this.#perTarget = limits.perTarget;
  }

  get running(): number {
    return this.#running;
  }

  limit(limits: { readonly runs: number; readonly perTarget: number }): void {
    this.#runs = limits.runs;
    this.#perTarget = limits.perTarget;
    this.#queue.unshift(...[...this.#held.values()].flat());
    this.#held.clear();
    this.#pump();
  }

  /** Starts now or when its turn comes. Each start is followed by one `done`. */
  ask(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#pump();
  }

  done(target: string): void {
    this.#running -= 1;
    const left = (this.#byTarget.get(target) ?? 1) - 1;
    if (left > 0) this.#byTarget.set(target, left);
    else this.#byTarget.delete(target);
    const held = this.#held.get(target);
    const next = held?.shift();
    if (held?.length === 0) this.#held.delete(target);
    if (next !== undefined) this.#queue.unshift(next);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < this.#runs) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const busy = this.#byTarget.get(next.target) ?? 0;
      if (next.target !== "" && busy >= this.#perTarget) {
        const held = this.#held.get(next.target);
        if (held === undefined) this.#held.set(next.target, [next]);
        else held.push(next);
        continue;
      }
      this.#running += 1;
      this.#byTarget.set(next.target, busy + 1);
      next.start();
    }
  }
}
