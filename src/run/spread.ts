import type { Millis } from "../core/types.ts";
import type { Random } from "../sys/ports.ts";

/** Runs that are wanted besides slots begin within this time, ms. */
export const SPREAD_MS = 30_000;
const AT_ONCE = 64;

/** Spreads runs that are wanted at one moment (a start, a gateway that is back), so that thousands do not begin together; the first ones do at once. */
export class Spread {
  #wanted = 0;
  #wantedAt = 0;

  /** How long to wait with one more run of a check with such a pace, ms. */
  delayMs(everyMs: Millis, monotonic: number, random: Random): number {
    if (monotonic - this.#wantedAt > SPREAD_MS) this.#wanted = 0;
    this.#wantedAt = monotonic;
    this.#wanted += 1;
    return this.#wanted <= AT_ONCE ? 0 : random.fraction() * Math.min(SPREAD_MS, everyMs || SPREAD_MS);
  }
}
