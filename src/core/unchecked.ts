import { believe, type Draft, move, openIncident, reasonOf } from "./draft.ts";
import type { Instant } from "./types.ts";

/** Without a verdict by then the check is unchecked; null while something else is known to be wrong. */
export function uncheckedAt(draft: Draft): Instant | null {
  const { belief, seen } = draft;
  if (belief.incident !== null || belief.status === "blocked" || belief.status === "down" || belief.status === "paused") return null;
  return seen.expectBy;
}

/** `unknown` never means well for ever: a check without a verdict for too long gets an incident of its own. */
export function noteUnchecked(draft: Draft): void {
  const at = uncheckedAt(draft);
  if (at === null || draft.now < at) return;
  const { seen, belief } = draft;
  const last = seen.last?.verdict === "unknown" ? `: ${seen.last.sentence}` : "";
  const sentence = `no verdict for three runs${last}`;
  const code = seen.last?.verdict === "unknown" ? seen.last.code : "skipped";
  draft.seen = { ...seen, expectBy: null };
  openIncident(draft, { kind: "unchecked", firstSign: seen.verdictStarted ?? belief.since, code, sentence, evidence: seen.last?.evidence ?? [] });
  believe(draft, { streak: null, passes: 0 });
  move(draft, "pending", reasonOf("no-verdict", sentence));
}
