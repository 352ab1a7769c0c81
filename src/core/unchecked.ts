import { believe, type Draft, move, openIncident, reasonOf } from "./draft.ts";
import { blockBehind } from "./moves.ts";
import type { Instant } from "./types.ts";

/** Without a verdict by then the check is unchecked; null while something else is known to be wrong, or about to be. */
export function uncheckedAt(draft: Draft): Instant | null {
  const { belief, seen } = draft;
  if (belief.incident !== null || belief.wait !== null || belief.status === "paused") return null;
  if (belief.status === "blocked" && belief.cause !== null) return null;
  return seen.expectBy;
}

/** `unknown` never means well for ever: a check without a verdict for too long gets an incident of its own. */
export function noteUnchecked(draft: Draft): void {
  const at = uncheckedAt(draft);
  if (at === null || draft.now < at || blockBehind(draft)) return;
  const { seen, belief } = draft;
  const last = seen.last?.verdict === "unknown" ? seen.last : null;
  const sentence = last === null ? "no run gave a verdict in time" : `no verdict in ${seen.unjudged === 1 ? "1 run" : `${seen.unjudged} runs`}: ${last.sentence}`;
  const code = last?.code ?? "skipped";
  // After a restart nobody knows when the last verdict was: then the newest run without one is the first sign.
  const firstSign = seen.verdictStarted ?? (belief.status === "pending" ? belief.since : (last?.started ?? belief.since));
  draft.seen = { ...seen, expectBy: null };
  openIncident(draft, { kind: "unchecked", firstSign, code, sentence, evidence: seen.last?.evidence ?? [] });
  believe(draft, { streak: null, passes: 0 });
  move(draft, "pending", reasonOf("no-verdict", sentence));
}
