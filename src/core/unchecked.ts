import { ANSWER_MS, isDoubtful } from "./depend.ts";
import { believe, type Draft, move, openIncident, reasonOf } from "./draft.ts";
import { blockBehind } from "./moves.ts";
import { type Instant, plus } from "./types.ts";

/** Without a verdict by then the check is unchecked; null while something else is known to be wrong, or about to be. */
export function uncheckedAt(draft: Draft): Instant | null {
  const { belief, seen } = draft;
  if (belief.wait !== null || belief.status === "paused") return null;
  // What was wrong before it was blocked is not known to be so since.
  if (belief.status === "blocked") return belief.cause === null ? seen.expectBy : null;
  return belief.incident === null ? seen.expectBy : null;
}

/**
 * Before a check that depends on others is unchecked those are asked, and one that fails under its threshold holds it for as long as it may
 * take to reach it: where this host cannot ask anybody, that is told and not each check. Put off twice at most in the time in which one
 * verdict is due: by the longest run of a parent and what its answer takes, and by the longest way of a failing one to its threshold.
 */
function holdForParents(draft: Draft): boolean {
  const { around, seen, now } = draft;
  const parents = around.parents.filter(({ status }) => status !== "paused");
  const doubtful = parents.filter((parent) => isDoubtful(parent) || parent.unjudged);
  const { putOff = 0 } = seen;
  if (parents.length === 0 || putOff > 1 || (putOff === 1 && doubtful.length === 0)) return false;
  const waitMs = doubtful.length > 0 ? Math.max(...doubtful.map((parent) => parent.toThresholdMs)) : Math.max(...parents.map((parent) => parent.runMs)) + ANSWER_MS;
  draft.seen = { ...seen, putOff: doubtful.length > 0 ? 2 : 1, expectBy: plus(now, waitMs) };
  if (putOff === 0) draft.effects.push({ kind: "ask", parents: parents.map(({ check }) => check) });
  return true;
}

/** `unknown` never means well for ever: a check without a verdict for too long gets an incident of its own. */
export function noteUnchecked(draft: Draft): void {
  const at = uncheckedAt(draft);
  if (at === null || draft.now < at || blockBehind(draft) || holdForParents(draft)) return;
  const { seen, belief } = draft;
  const last = seen.last?.verdict === "unknown" ? seen.last : null;
  const sentence = last === null ? "no run gave a verdict in time" : `no verdict in ${seen.unjudged === 1 ? "1 run" : `${seen.unjudged} runs`}: ${last.sentence}`;
  const code = last?.code ?? "skipped";
  // After a restart nobody knows when the last verdict was: then the newest run without one is the first sign.
  const firstSign = seen.verdictStarted ?? (belief.status === "pending" ? belief.since : (last?.started ?? belief.since));
  draft.seen = { ...seen, expectBy: null };
  if (belief.incident?.kind !== "unchecked") openIncident(draft, { kind: "unchecked", firstSign, code, sentence, evidence: seen.last?.evidence ?? [] });
  believe(draft, { streak: null, passes: 0 });
  const asked = seen.putOff === undefined ? "" : ` (put off to hear of ${draft.policy.parents.join(", ")} first)`;
  move(draft, "pending", reasonOf("no-verdict", `${sentence}${asked}`));
}
