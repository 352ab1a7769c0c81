import { counts } from "../core/count.ts";
import { wantedFacts } from "../core/expect.ts";
import { nextSlot, type Schedule } from "../core/schedule.ts";
import type { Terms } from "../core/state.ts";
import { type CheckName, type Instant, instant, millis, type Origin, type Policy, plus } from "../core/types.ts";
import type { CheckDefinition } from "../config/site.ts";
import type { AnyProbe } from "../probes/probe.ts";

/** A run that was asked for and has not started. */
export interface Demand {
  readonly slot: Instant;
  readonly origin: Origin;
}

export interface Run {
  readonly origin: Origin;
  readonly begun: Instant;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
}

/** What the engine keeps of one check. */
export interface Entry {
  definition: CheckDefinition;
  probe: AnyProbe;
  wants: ReadonlySet<string>;
  schedule: Schedule;
  /** The next slot, and when that is on the monotonic clock; older entries of the queue no longer match and are passed over. */
  slot: Instant | null;
  slotDue: number;
  startDue: number;
  wakeDue: number;
  run: Run | null;
  /** Of a check that waits to be told: when its last heartbeat came; null for not yet. */
  heardAt: Instant | null;
  /** The deadline of a heartbeat was put off once, because this process was late for it. */
  putOff: boolean;
  /** Waits for its turn, or for the end of the run before it. */
  next: Demand | null;
  queued: boolean;
  gone: boolean;
}

export function newEntry(definition: CheckDefinition, probe: AnyProbe, schedule: Schedule): Entry {
  const wants = wantedFacts([...definition.expect, ...definition.warn]);
  const never = Number.POSITIVE_INFINITY;
  return { definition, probe, wants, schedule, slot: null, slotDue: never, startDue: never, wakeDue: never, run: null, heardAt: null, putOff: false, next: null, queued: false, gone: false };
}

/** Whether a run that counts is under way, begun at `since` or later, or begins by itself up to `until` on the monotonic clock. */
export function isComing({ run, next, slotDue, startDue }: Entry, since: Instant, until: number): boolean {
  if (run !== null && counts(run) && run.begun >= since) return true;
  return (next !== null && counts(next)) || Math.min(slotDue, startDue) <= until;
}

/** A group that is judged from its members' states looks at them as often as the busiest member runs, 1 min when none does. */
export function scheduleOf(definition: CheckDefinition, policyOf: (check: CheckName) => Policy | null): Schedule {
  const { group } = definition.policy;
  if (group === null || group.run === "turn" || definition.schedule.kind !== "never") return definition.schedule;
  const gaps = group.members.map((member) => policyOf(member)?.everyMs ?? 0).filter((gap) => gap > 0);
  return { kind: "every", ms: millis(gaps.length === 0 ? 60_000 : Math.max(1000, Math.min(...gaps))) };
}

/** Whether a run was due since the last one while nobody ran, or several of them: one makes up for all that were missed. */
export function missed({ name, policy, schedule }: CheckDefinition, last: Instant, now: Instant, runs = 1): boolean {
  if (schedule.kind !== "cron") return now - last >= runs * policy.everyMs;
  let slot: Instant | null = last;
  for (let ahead = 0; ahead < runs && slot !== null; ahead += 1) slot = nextSlot(schedule, slot, name);
  return slot !== null && slot <= now;
}

/** Members have thresholds already: a group of them has none of its own. */
export function policyOf(definition: CheckDefinition, schedule: Schedule): Policy {
  const { policy } = definition;
  if (policy.group?.run !== "own") return policy;
  const everyMs = schedule.kind === "every" ? schedule.ms : policy.everyMs;
  return { ...policy, failAfter: 1, recoverAfter: 1, warnAfter: 1, everyMs, failingEveryMs: everyMs };
}

/** What a run of it is judged by besides what it saw. */
export const dueOf = ({ schedule, definition, probe }: Entry): Pick<Terms, "schedule" | "policy" | "passive"> => ({ schedule, policy: definition.policy, passive: probe.passive !== undefined });

/** By when there must be a verdict: three slots from now, and one whole run. Null for a check that runs only when asked. */
export function expectBy({ schedule, policy, passive }: Pick<Terms, "schedule" | "policy" | "passive">, now: Instant): Instant | null {
  const runMs = policy.runMs + 1000;
  if (passive) return null;
  if (schedule.kind === "every") return plus(now, 3 * schedule.ms + runMs);
  if (schedule.kind === "after") return plus(now, 3 * (schedule.ms + runMs));
  let slot: Instant | null = now;
  for (let ahead = 0; ahead < 3 && slot !== null; ahead += 1) slot = nextSlot(schedule, slot, policy.check);
  return slot === null ? null : instant(slot + runMs);
}
