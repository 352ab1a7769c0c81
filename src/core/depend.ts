import type { Streak, View, Wait } from "./state.ts";
import { between, type CheckName, type Instant, instant, type Policy, plus } from "./types.ts";

/** What the parents mean for a child that would go down. */
export type Clearance =
  | { readonly kind: "clear"; readonly note: string }
  | { readonly kind: "blocked"; readonly by: View }
  | { readonly kind: "wait"; readonly wait: Wait; readonly ask: readonly CheckName[] };

/** A parent that is down, or hidden by one that is: its children cannot be judged. */
export const blocks = (parent: View): boolean => parent.status === "down" || parent.status === "blocked" || parent.status === "disputed";

/**
 * Before a child goes down its parents must have been seen well, by runs begun at or after the child's first failure, and the child
 * must have failed again since any hiccup of theirs. The wait is bounded; when it runs out the child is told.
 */
export function clearance(policy: Policy, parents: readonly View[], streak: Streak, wait: Wait | null, now: Instant): Clearance {
  const blocker = parents.find(blocks);
  if (blocker !== undefined) return { kind: "blocked", by: blocker };
  const firstFailure = streak.firstDownStarted ?? streak.firstStarted;
  const since = wait?.since ?? now;
  const ask: CheckName[] = [];
  let boundMs = -1;
  for (const parent of parents) {
    if (parent.status === "paused") continue;
    if (parent.failing) {
      boundMs = Math.max(boundMs, parent.toThresholdMs);
    } else if (parent.verdictStarted === null || parent.verdictStarted < firstFailure) {
      if (wait?.asked.includes(parent.check) !== true) ask.push(parent.check);
      boundMs = Math.max(boundMs, parent.runMs);
    } else if (parent.wellSince !== null && parent.wellSince > streak.lastStarted) {
      boundMs = Math.max(boundMs, policy.everyMs + policy.runMs);
    }
  }
  if (boundMs < 0) return { kind: "clear", note: "" };
  const until = plus(since, boundMs);
  if (wait !== null && now >= until) return { kind: "clear", note: `no news of ${parents.map((parent) => parent.check).join(", ")} within ${Math.round(between(since, now) / 1000)} s` };
  return { kind: "wait", wait: { since, until, asked: [...(wait?.asked ?? []), ...ask] }, ask };
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
