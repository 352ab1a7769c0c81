import { type Instant, instant } from "../core/types.ts";
import type { Beat, Outcome } from "../probes/probe.ts";
import { invertOutcome } from "./conditions.ts";
import type { Entry } from "./entry.ts";

/** This process was so late for the deadline of a heartbeat that one may lie unread, ms. */
export const LATE_MS = 100;
/** Then there is at least so much time to read it, ms. */
export const PUT_OFF_LEAST_MS = 1000;

/** By when a check that waits to be told must hear the next heartbeat, when it listened from then on; null for one that asks by itself. */
export function deadlineOf({ probe, definition }: Entry, from: Instant): Instant | null {
  return probe.passive?.nextDeadline(definition.options, from) ?? null;
}

/** What a heartbeat says of the check; null for one that only announces or logs. Notes when it was heard. */
export function hear(entry: Entry, beat: Beat, now: Instant): Outcome | null {
  const outcome = entry.probe.passive?.ofBeat(entry.definition.options, beat) ?? null;
  if (outcome !== null) entry.heardAt = now;
  return outcome && invertOutcome(entry.definition, outcome);
}

/** What it means that the deadline passed in silence; null for a check that asks by itself. */
export function miss({ probe, definition, heardAt }: Entry, now: Instant): Outcome | null {
  const outcome = probe.passive?.ofMiss(definition.options, heardAt, now) ?? null;
  return outcome && invertOutcome(definition, outcome);
}

/** The clock was put right: the heartbeat was so long ago as before. */
export function shiftHeard(entry: Entry, byMs: number): void {
  if (entry.heardAt !== null) entry.heardAt = instant(entry.heardAt + byMs);
}
