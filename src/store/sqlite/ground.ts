import { instant } from "../../core/types.ts";
import { realClock } from "../../sys/clock.ts";
import type { Log } from "../../sys/ports.ts";
import type { SqliteStoreOptions } from "./open.ts";

/** For tests: a log that says nothing. */
export const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** For tests: real timers, a wall clock that stands, and a small reserve. */
export function quietOptions(folder: string): SqliteStoreOptions {
  const real = realClock();
  return { folder, log: quiet, reserveBytes: 65_536, clock: { now: () => instant(1_760_000_000_000), timer: (delay, run) => real.timer(delay, run) } };
}
