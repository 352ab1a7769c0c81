import type { Clock } from "../sys/ports.ts";

/** Lets so many milliseconds pass; ends early when `signal` aborts. */
export function rest(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.timer(ms, end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
