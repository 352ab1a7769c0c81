import type { Remembered, Seen, Streak } from "./state.ts";
import { beganDown, believe, type Draft } from "./draft.ts";
import type { Result } from "./types.ts";

/** Only these origins count for thresholds and steps. */
export const counts = ({ origin }: Pick<Result, "origin">): boolean => origin === "scheduled" || origin === "start";

/** Remembers what was seen last, whatever it counts for. */
export function see(draft: Draft, result: Result, expectBy: Seen["expectBy"]): void {
  draft.seen = seenAfter(draft.seen, result, expectBy);
}

/** What was seen last after one more result. */
export function seenAfter(seen: Seen, result: Result, expectBy: Seen["expectBy"]): Seen {
  if (result.verdict === "unknown") {
    // `skipped`: a group whose members are all paused; no verdict is due of it.
    const excused = result.code === "skipped";
    return { ...seen, last: result, unjudged: excused ? 0 : seen.unjudged + 1, expectBy: excused ? expectBy : seen.expectBy };
  }
  const failedBefore = seen.verdict === "down";
  const wellSince = result.verdict !== "down" && failedBefore ? result.started : seen.wellSince;
  return { last: result, verdictStarted: result.started, verdict: result.verdict, wellSince, unjudged: 0, expectBy: counts(result) ? expectBy : seen.expectBy };
}

/** Keeps what the probe learnt; the belief stays untouched while that is what is known already. */
export function remember(draft: Draft, learnt: Remembered): void {
  if (JSON.stringify(learnt) !== JSON.stringify(draft.belief.remembered)) believe(draft, { remembered: learnt });
}

/** Counts one run with a verdict: failing ones into the streak, passing ones towards recovery. Keeps the belief untouched while all is well. */
export function count(draft: Draft, result: Result): void {
  const { streak, status, passes, reprieves } = draft.belief;
  if (result.verdict === "up") {
    const recovering = status !== "up";
    believe(draft, { streak: null, passes: recovering ? passes + 1 : 0, reprieves: status === "down" ? reprieves + 1 : 0 });
    return;
  }
  const down = result.verdict === "down";
  const next: Streak = {
    downs: down ? (streak?.downs ?? 0) + 1 : 0,
    bads: (streak?.bads ?? 0) + 1,
    firstStarted: streak?.firstStarted ?? result.started,
    firstDownStarted: down ? (streak?.firstDownStarted ?? result.started) : null,
    lastStarted: result.started,
    code: result.code,
    sentence: result.sentence,
    evidence: result.evidence,
  };
  const { incident } = draft.belief;
  const failing = incident !== null && (down || incident.kind === "degraded");
  believe(draft, {
    streak: next,
    passes: 0,
    reprieves: !down && status === "down" ? reprieves + 1 : 0,
    incident: failing ? { ...incident, runs: incident.runs + 1 } : incident,
  });
}

export type Wanted = { readonly to: "up" | "degraded" | "down"; readonly rule: string } | null;

/** Where the counts alone would take the check; null: it stays as it is. */
export function wanted(draft: Draft, result: Result): Wanted {
  const { policy, belief } = draft;
  const { streak, status, passes, reprieves } = belief;
  if (streak !== null && streak.downs >= (beganDown(draft) ? 1 : policy.failAfter)) return { to: "down", rule: "threshold" };
  if (status === "down" || belief.incident?.kind === "down") {
    if (passes >= policy.recoverAfter) return { to: "up", rule: "recovered" };
    if (streak !== null && reprieves >= policy.recoverAfter) return { to: "degraded", rule: "better" };
    return null;
  }
  if (streak !== null && streak.bads >= policy.warnAfter && result.verdict === "degraded") return { to: "degraded", rule: "threshold" };
  if (result.verdict !== "up") return null;
  if ((status === "degraded" || belief.incident?.kind === "degraded") && passes < policy.recoverAfter) return null;
  return { to: "up", rule: status === "up" || status === "pending" ? "well" : "recovered" };
}
