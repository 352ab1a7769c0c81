import { act } from "./actions.ts";
import { counts, count, remember, see, wanted } from "./count.ts";
import { believe, type Draft } from "./draft.ts";
import { escalate, nextSaying, sayEveryRun } from "./escalate.ts";
import { settle, settlesAt } from "./flap.ts";
import { noteMembers } from "./members.ts";
import { askParents, blockBehind, goDegraded, goDown, goUp, unblock } from "./moves.ts";
import { endSilence, silenceEndsAt } from "./silence.ts";
import type { CheckState, Decision, Input } from "./state.ts";
import { type Instant, plus, type Policy } from "./types.ts";
import { noteUnchecked, uncheckedAt } from "./unchecked.ts";

/**
 * Decides what is believed of a check after one input, why, and what is to be done about it. Total and pure: the same
 * (policy, state, input, now) gives the same decision, so that history can be judged again.
 */
export function judge(policy: Policy, state: CheckState, input: Input, now: Instant): Decision {
  const draft: Draft = { policy, around: input.around, now, belief: state.belief, seen: state.seen, transitions: [], effects: [] };
  endSilence(draft);
  if (input.kind === "result") judgeResult(draft, input);
  else if (input.kind === "action") act(draft, input.action);
  if (draft.belief.status === "paused") return decided(state, draft, null);
  unblock(draft);
  askParents(draft);
  noteUnchecked(draft);
  escalate(draft);
  settle(draft);
  return decided(state, draft, earliest(nextSaying(draft), draft.belief.wait?.until ?? null, uncheckedAt(draft), settlesAt(draft), silenceEndsAt(draft)));
}

function judgeResult(draft: Draft, input: Input & { kind: "result" }): void {
  const { result, expectBy } = input;
  see(draft, result, expectBy);
  if (draft.belief.watch !== undefined) believe(draft, { watch: null });
  if (draft.belief.status === "paused" || !counts(result)) return;
  if (input.remember !== undefined) remember(draft, input.remember);
  if (result.verdict !== "unknown" && result.started >= draft.belief.countFrom) {
    count(draft, result);
    const wish = wanted(draft, result);
    if (wish?.to === "up") goUp(draft, wish.rule);
    else if (wish?.to === "degraded") goDegraded(draft, wish.rule);
    else if (wish?.to === "down") goDown(draft);
    noteMembers(draft, result);
  }
  // Of a group: while too few of its members take part nobody knows: what was open waits for a later verdict.
  if (result.code === "skipped" && draft.belief.incident !== null && (draft.seen.verdictStarted ?? 0) >= draft.belief.countFrom) believe(draft, { countFrom: plus(draft.now, 1) });
  // Those of its members decide that are hidden by something that is down.
  if (result.verdict === "unknown" && draft.policy.group !== null) blockBehind(draft);
  sayEveryRun(draft);
}

function earliest(...instants: readonly (Instant | null)[]): Instant | null {
  let first: Instant | null = null;
  for (const at of instants) if (at !== null && (first === null || at < first)) first = at;
  return first;
}

function decided(before: CheckState, draft: Draft, wakeAt: Instant | null): Decision {
  const { belief, seen, transitions, effects } = draft;
  const same = belief === before.belief && seen === before.seen && wakeAt === before.wakeAt;
  return { state: same ? before : { check: before.check, belief, seen, wakeAt }, transitions, effects };
}
