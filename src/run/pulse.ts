import type { Clock } from "../sys/ports.ts";
import { type Instant, instant } from "../core/types.ts";

/** Wall clock and monotonic clock may drift apart by so much before it counts as a step, ms. */
const STEP_MS = 2000;

/** Both clocks at one moment. */
export interface Moment {
  readonly wall: Instant;
  readonly monotonic: number;
}

export const momentOf = (clock: Clock): Moment => ({ wall: instant(clock.now()), monotonic: clock.monotonic() });

/** When that was by the wall clock as it goes now: it may have been put right since, and all that is believed with it. */
export function asOfNow(clock: Clock, { wall, monotonic }: Moment): Instant {
  const then = clock.now() - (clock.monotonic() - monotonic);
  return Math.abs(then - wall) > STEP_MS ? instant(Math.round(then)) : wall;
}

/** Both clocks read together, and whether the wall clock stepped since the last reading. */
export class Pulse {
  readonly #clock: Clock;
  #wall: number;
  #monotonic: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
  }

  /** `steppedMs`: 0, or by how much the wall clock was put forward (or back) while the monotonic one went on. A suspended machine counts as put forward. */
  read(): { readonly now: Instant; readonly monotonic: number; readonly steppedMs: number } {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const drift = now - this.#wall - (monotonic - this.#monotonic);
    this.#wall = now;
    this.#monotonic = monotonic;
    return { now: instant(now), monotonic, steppedMs: Math.abs(drift) > STEP_MS ? Math.round(drift) : 0 };
  }
}
