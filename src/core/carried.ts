import { freshState } from "./draft.ts";
import type { CheckState } from "./state.ts";
import { type Instant, instant, type Policy } from "./types.ts";

/** What another system believed of a check when it was left; instants in ms since the epoch. */
export interface Carried {
  readonly check: string;
  readonly status: "up" | "down";
  /** Consecutive failing runs so far. */
  readonly fails: number;
  readonly since: number | null;
  readonly lastRun: number | null;
  readonly sentence: string;
}

/**
 * The state that a check begins with here: one that was well and fails is told, one that had failed and passes is told, and failing runs below the
 * threshold count on. Of an outage that the other system told nothing is told again.
 */
export function carriedState(policy: Policy, carried: Carried, now: Instant): CheckState {
  const fresh = freshState({ ...policy, initial: carried.status === "down" ? "down" : policy.initial }, now);
  const since = instant(Math.min(now, carried.since ?? now));
  const sentence = carried.sentence === "" ? fresh.belief.sentence : carried.sentence;
  if (carried.status === "down") return { ...fresh, belief: { ...fresh.belief, since, rule: "carried", sentence } };
  const last = instant(Math.min(now, carried.lastRun ?? now));
  const fails = Math.min(carried.fails, policy.failAfter - 1);
  const streak = fails === 0 ? null : { downs: fails, bads: fails, firstStarted: last, firstDownStarted: last, lastStarted: last, code: "exit" as const, sentence, evidence: [] };
  return { ...fresh, belief: { ...fresh.belief, status: "up", since, rule: "carried", sentence, known: true, streak } };
}
