import { nextSlot } from "../core/schedule.ts";
import { type Instant, instant } from "../core/types.ts";
import type { Beliefs } from "./beliefs.ts";
import type { Entry } from "./entry.ts";

/** The next slot after `after` by the schedule alone; what was missed is not made up for. A fixed delay counts from `after`. */
export function regularSlot({ schedule, definition }: Entry, after: Instant): Instant | null {
  return schedule.kind === "after" ? instant(after + schedule.ms) : nextSlot(schedule, after, definition.name);
}

/** The slot after a run that began at `last` of a check that is failing or being confirmed and has a faster pace for it; null otherwise. */
export function hurriedSlot({ definition: { name, policy } }: Entry, beliefs: Pick<Beliefs, "isHurried">, last: Instant): Instant | null {
  return policy.failingEveryMs < policy.everyMs && beliefs.isHurried(name) ? instant(last + policy.failingEveryMs) : null;
}
