import type { Streak, View, Wait } from "./state.ts";
import { between, type CheckName, type Instant, instant, type Policy } from "./types.ts";

/** What the parents mean for a child that would go down. */
export type Clearance =
  | { readonly kind: "clear"; readonly note: string }
  | { readonly kind: "blocked"; readonly by: View }
  | { readonly kind: "wait"; readonly wait: Wait; readonly ask: readonly CheckName[] };

/** A parent that was asked may need this much beyond its own deadline to be heard, ms. */
export const ANSWER_MS = 500;

/** A parent that is down, or hidden by one that is: its children cannot be judged. */
export const blocks = (parent: View): boolean => parent.status === "down" || parent.status === "blocked" || parent.status === "disputed";

/** A parent that cannot vouch for its part of the way now: it blocks, or fails under its threshold. A paused one takes no part. */
export const isDoubtful = (parent: View): boolean => blocks(parent) || (parent.failing && parent.status !== "paused");

/** No run of it gives a verdict: what depends on it and cannot tell either is not to be told besides. */
export const isUnchecked = (parent: View): boolean => parent.status === "pending" && parent.unjudged;

/** The check that is to blame when this parent blocks. */
export const rootOf = (parent: View): CheckName => (parent.status === "blocked" ? (parent.cause ?? parent.check) : parent.check);

/**
 * Before a child goes down its parents must have been seen well by runs begun at or after the failure that would take it down; where one
 * of them failed meanwhile, the child must fail again after that and the parent be seen well once more. The wait is bounded from its
 * beginning: by the parents' deadline, or by a failing parent's way to its threshold. When it runs out the child is told, unless a parent of which there is no news is hidden itself.
 */
export function clearance(policy: Policy, parents: readonly View[], streak: Streak, wait: Wait | null, now: Instant): Clearance {
  const blocker = parents.find(blocks);
  if (blocker !== undefined) return { kind: "blocked", by: blocker };
  const { since, failedAt } = wait ?? { since: now, failedAt: streak.lastStarted };
  const ownRunMs = policy.failingEveryMs + policy.runMs;
  const ask: CheckName[] = [];
  let askedAt = wait?.askedAt ?? now;
  let until = 0;
  for (const parent of parents) {
    if (parent.status === "paused") continue;
    const seenAt = parent.verdictStarted ?? 0;
    const hiccupEnd = parent.wellSince !== null && parent.wellSince > failedAt ? parent.wellSince : null;
    const lastEnd = since + parent.toThresholdMs + ownRunMs;
    if (parent.failing) until = Math.max(until, since + parent.toThresholdMs);
    // Also while it fails anew: what the child failed by may have been over before.
    const isOutdated = hiccupEnd !== null && streak.lastStarted < hiccupEnd;
    if (isOutdated) until = Math.max(until, Math.min(hiccupEnd + ownRunMs, lastEnd));
    if (parent.failing || isOutdated) continue;
    if (hiccupEnd !== null && seenAt < streak.lastStarted) {
      // Asked again only when it answered before: one that never answers does not put off the end of the wait.
      if (now < lastEnd && (wait === null || seenAt >= wait.askedAt)) {
        ask.push(parent.check);
        askedAt = now;
      }
      until = Math.max(until, Math.min(askedAt + parent.runMs + ANSWER_MS, lastEnd));
    } else if (seenAt < failedAt) {
      if (wait === null) ask.push(parent.check);
      until = Math.max(until, since + parent.runMs + ANSWER_MS);
    }
  }
  if (until === 0) return { kind: "clear", note: "" };
  // One of which there is no news because it is hidden itself.
  const hidden = parents.find(({ status, verdictStarted, hiddenBy }) => status !== "paused" && hiddenBy !== null && (verdictStarted ?? 0) < failedAt);
  if (wait !== null && now >= until && hidden !== undefined) return { kind: "blocked", by: { ...hidden, status: "blocked", cause: hidden.hiddenBy } };
  if (wait !== null && ask.length === 0 && now >= until) return { kind: "clear", note: `no news of ${parents.map((parent) => parent.check).join(", ")} within ${Math.round(between(since, now) / 1000)} s` };
  return { kind: "wait", wait: { since, failedAt, until: instant(until), askedAt }, ask };
}

/** When the last of the parents was well again, or null while one of them is not. */
export function parentsWellSince(parents: readonly View[]): Instant | null {
  let latest = 0;
  for (const parent of parents) {
    if (isDoubtful(parent) || isUnchecked(parent)) return null;
    if (parent.status !== "paused") latest = Math.max(latest, parent.wellSince ?? 0);
  }
  return instant(latest);
}
