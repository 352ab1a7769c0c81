const KEPT = 4096;

/** The last delays of starts against their slots, for percentiles. */
export class Delays {
  readonly #ring = new Float64Array(KEPT);
  #count = 0;

  add(delayMs: number): void {
    this.#ring[this.#count % KEPT] = Math.max(0, delayMs);
    this.#count += 1;
  }

  /** Milliseconds; all 0 before the first. */
  figures(): { readonly p50: number; readonly p99: number; readonly max: number } {
    const sorted = this.#ring.slice(0, Math.min(this.#count, KEPT)).toSorted();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
  }
}
