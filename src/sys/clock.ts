import { type Instant, type Millis, instant, millis } from "../core/types.ts";
import type { Clock, Timer } from "./ports.ts";

/** `setTimeout` holds 31 bits of milliseconds; a longer delay would fire at once. */
const LONGEST_DELAY_MS = 24 * 86_400_000;

class RealTimer implements Timer {
  readonly #handle: NodeJS.Timeout;
  constructor(delay: number, run: () => void) {
    this.#handle = setTimeout(run, Math.min(Math.max(delay, 0), LONGEST_DELAY_MS));
  }
  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** The system's wall clock, its monotonic clock, and its timers. */
export function realClock(): Clock {
  return {
    now: (): Instant => instant(Date.now()),
    monotonic: (): Millis => millis(performance.now()),
    timer: (delay, run) => new RealTimer(delay, run),
  };
}
