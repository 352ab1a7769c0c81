/** Rounds whose single results are kept, for the strips of the history. */
export const HISTORY_MAX = 512;

/** Round trips of one hop or host, counted as they come; memory does not grow with them. */
export class Tally {
  sent = 0;
  received = 0;
  /** Milliseconds; null before the first answer. */
  last: number | null = null;
  best: number | null = null;
  worst: number | null = null;
  /** Of the last rounds, oldest first; null for a lost packet. */
  readonly history: (number | null)[] = [];
  #mean = 0;
  #squares = 0;

  add(rttMs: number | null): void {
    this.sent++;
    this.history.push(rttMs);
    if (this.history.length > HISTORY_MAX) this.history.shift();
    if (rttMs === null) return;
    this.received++;
    this.last = rttMs;
    this.best = Math.min(this.best ?? rttMs, rttMs);
    this.worst = Math.max(this.worst ?? rttMs, rttMs);
    const difference = rttMs - this.#mean;
    this.#mean += difference / this.received;
    this.#squares += difference * (rttMs - this.#mean);
  }

  /** Percent; 0 before the first packet. */
  get loss(): number {
    return this.sent === 0 ? 0 : (100 * (this.sent - this.received)) / this.sent;
  }

  /** Null before the first answer. */
  get average(): number | null {
    return this.received === 0 ? null : this.#mean;
  }

  /** Of a sample (n-1); 0 for a single answer, null before it. */
  get deviation(): number | null {
    if (this.received === 0) return null;
    return this.received === 1 ? 0 : Math.sqrt(this.#squares / (this.received - 1));
  }
}
