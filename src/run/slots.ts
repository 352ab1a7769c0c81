import { nextSlot } from "../core/schedule.ts";
import { type Instant, instant } from "../core/types.ts";
import type { Entry } from "./entry.ts";

/** The next slot after `after` by the schedule alone; what was missed is not made up for. A fixed delay counts from `after`. */
export function regularSlot({ schedule, definition }: Entry, after: Instant): Instant | null {
  return schedule.kind === "after" ? instant(after + schedule.ms) : nextSlot(schedule, after, definition.name);
}

/** The slot after a run that began at `last`, by the faster pace; null: it has none. */
export function hurriedSlot({ definition: { policy } }: Entry, last: Instant): Instant | null {
  return policy.failingEveryMs < policy.everyMs ? instant(last + policy.failingEveryMs) : null;
}
