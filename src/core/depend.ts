import type { Streak, View, Wait } from "./state.ts";
import { between, type CheckName, type Instant, instant, type Policy } from "./types.ts";

/** What the parents mean for a child that would go down. */
export type Clearance =
  | { readonly kind: "clear"; readonly note: string }
  | { readonly kind: "blocked"; readonly by: View }
  | { readonly kind: "wait"; readonly wait: Wait; readonly ask: readonly CheckName[] };

/** A parent that was asked may need this much beyond its own deadline to be heard, ms. */
const ANSWER_MS = 500;

/** A parent that is down, or hidden by one that is: its children cannot be judged. */
export const blocks = (parent: View): boolean => parent.status === "down" || parent.status === "blocked" || parent.status === "disputed";

/**
 * Before a child goes down its parents must have been seen well by runs begun at or after the child's newest failure, and the child must
 * have failed again since any hiccup of theirs. The wait is bounded from its beginning; when it runs out the child is told.
 */
export function clearance(policy: Policy, parents: readonly View[], streak: Streak, wait: Wait | null, now: Instant): Clearance {
  const blocker = parents.find(blocks);
  if (blocker !== undefined) return { kind: "blocked", by: blocker };
  const since = wait?.since ?? now;
  const ask: CheckName[] = [];
  let askedAt = wait?.askedAt ?? now;
  let until = 0;
  for (const parent of parents) {
    if (parent.status === "paused") continue;
    const seenAt = parent.verdictStarted ?? 0;
    if (parent.failing) {
      until = Math.max(until, since + parent.toThresholdMs);
    } else if (seenAt < streak.lastStarted) {
      // Asked again only when it answered before: one that never answers does not put off the end of the wait.
      if (wait === null || seenAt >= wait.askedAt) {
        ask.push(parent.check);
        askedAt = now;
      }
      until = Math.max(until, askedAt + parent.runMs + ANSWER_MS);
    } else if (parent.wellSince !== null && parent.wellSince > streak.lastStarted) {
      const ownRun = policy.everyMs + policy.runMs;
      until = Math.max(until, Math.min(parent.wellSince + ownRun, since + parent.toThresholdMs + ownRun));
    }
  }
  if (until === 0) return { kind: "clear", note: "" };
  if (wait !== null && ask.length === 0 && now >= until) return { kind: "clear", note: `no news of ${parents.map((parent) => parent.check).join(", ")} within ${Math.round(between(since, now) / 1000)} s` };
  return { kind: "wait", wait: { since, until: instant(until), askedAt }, ask };
}

/** When the last of the parents was well again, or null while one of them is not. */
export function parentsWellSince(parents: readonly View[]): Instant | null {
  let latest = 0;
  for (const parent of parents) {
    if (blocks(parent) || parent.failing) return null;
    latest = Math.max(latest, parent.wellSince ?? 0);
  }
  return instant(latest);
}
