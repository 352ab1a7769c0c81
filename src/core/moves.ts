import { blocks, clearance, isDoubtful, isUnchecked, parentsWellSince, rootOf } from "./depend.ts";
import { beganDown, believe, closeIncident, type Draft, dueBy, move, noteTelling, openIncident, reasonOf } from "./draft.ts";
import { muted, sayLess } from "./escalate.ts";
import { flapsOf, noteOutage } from "./flap.ts";
import { firstSteps, firstTargets, hearersOfEnd, joined, type Saying, say } from "./route.ts";
import { endUntilRecovery } from "./silence.ts";
import type { OpenIncident, Streak, Told, View } from "./state.ts";
import { type Instant, instant, plus } from "./types.ts";

/** A verdict is due within so many runs. */
const VERDICT_RUNS = 3;

/** What blocks a check is run again where its newest run is older than the child's failure by more than this, ms: children of one that runs often do not run it all the time. */
const OLDER_MS = 60_000;
/** The same while the child stays blocked and goes on failing. */
const STILL_OLDER_MS = 5 * 60_000;

/** Takes a check down, unless its parents are to blame or must be asked first. */
export function goDown(draft: Draft): void {
  const { streak, wait, incident, rule, since } = draft.belief;
  if (streak === null || incident?.kind === "down") return;
  const cleared = clearance(draft.policy, draft.around.parents, streak, wait, draft.now);
  if (cleared.kind === "blocked") return blockFailing(draft, cleared.by, streak.lastStarted);
  if (cleared.kind === "wait") {
    if (wait?.until !== cleared.wait.until || wait.askedAt !== cleared.wait.askedAt) believe(draft, { wait: cleared.wait });
    if (cleared.ask.length > 0) draft.effects.push({ kind: "ask", parents: cleared.ask });
    return;
  }
  const silent = beganDown(draft);
  const firstSign = rule === "carried" && silent ? since : (streak.firstDownStarted ?? streak.firstStarted);
  openIncident(draft, { kind: "down", firstSign, code: streak.code, sentence: streak.sentence, evidence: streak.evidence });
  believe(draft, { wait: null, passes: 0, reprieves: 0, known: true });
  const note = cleared.note === "" ? "" : ` (${cleared.note})`;
  const runs = streak.downs === 1 ? "1 failing run" : `${streak.downs} failing runs`;
  move(draft, "down", reasonOf(cleared.note === "" ? "threshold" : "parents-silent", `${streak.sentence}; ${runs}${note}`));
  if (silent) return holdSteps(draft);
  noteOutage(draft);
}

/** The first outage of a check that began as down is silent; its recovery is told. */
function holdSteps(draft: Draft): void {
  const { incident } = draft.belief;
  if (incident === null) return;
  believe(draft, { incident: { ...incident, silent: true, told: joined(incident.told, firstTargets(draft)) } });
  noteTelling(draft, "initial");
}

function block(draft: Draft, by: View): void {
  believe(draft, { wait: null });
  move(draft, "blocked", reasonOf("parent-down", `${by.check} is ${isUnchecked(by) ? "unchecked" : by.status}: ${by.sentence}`, rootOf(by)));
}

/** One that runs seldom may be well again by the time its child fails: what it saw last does not hide that for long. */
function blockFailing(draft: Draft, by: View, failedAt: Instant): void {
  const { status, cause } = draft.belief;
  const olderMs = status === "blocked" && cause !== null ? STILL_OLDER_MS : OLDER_MS;
  draft.effects.push({ kind: "rerun", check: rootOf(by), since: plus(failedAt, -olderMs) });
  block(draft, by);
}

/** Blocks a check that gave no verdict behind a parent that is down, or gives none either; whether one is. */
export function blockBehind(draft: Draft): boolean {
  const { belief, around } = draft;
  const blocker = around.parents.find(blocks) ?? around.parents.find(isUnchecked);
  if (blocker === undefined || belief.incident?.kind === "down") return false;
  if (belief.status !== "blocked" || belief.cause === null) block(draft, blocker);
  return true;
}

/** A child that failed, though not to its threshold yet or in a run that does not count, behind a parent that is down is blocked; one that waits for its parents looks again. */
export function askParents(draft: Draft): void {
  const { belief, seen, around, policy } = draft;
  const { streak, status, wait, incident, cause } = belief;
  const counted = streak !== null && streak.downs > 0;
  if (!counted && wait !== null) believe(draft, { wait: null });
  if (incident?.kind === "down") return;
  if (counted && wait !== null) return goDown(draft);
  // One that runs only when it is asked would stay so.
  const failedAt = counted ? streak.lastStarted : seen.verdict === "down" && policy.everyMs > 0 ? seen.verdictStarted : null;
  const blocker = around.parents.find(blocks);
  if (failedAt !== null && blocker !== undefined && (status !== "blocked" || cause === null)) blockFailing(draft, blocker, failedAt);
}

/** When the parents are back, only runs of the child begun later count; one is made soon where none decides yet. */
export function unblock(draft: Draft): void {
  const { belief, around, policy } = draft;
  if (belief.status !== "blocked" || belief.cause === null) return;
  const blocker = around.parents.find(blocks);
  if (blocker !== undefined && rootOf(blocker) !== belief.cause && !around.parents.some((parent) => blocks(parent) && rootOf(parent) === belief.cause)) return blockByAnother(draft, blocker);
  const well = parentsWellSince(around.parents);
  if (well === null) return;
  const countFrom = clearSince(draft, well);
  renewDeadline(draft);
  const streak = streakSince(belief.streak, countFrom);
  // What failed since the parents are well, under its threshold, has its own pace.
  if (streak === null || streak.downs >= policy.failAfter) draft.effects.push({ kind: "rerun", check: policy.check, since: countFrom });
  believe(draft, { countFrom, streak, cause: null, sentence: `${belief.cause} is back; its own next run decides` });
}

/** From when on runs count again: since what blocked was seen well, or now where it never failed itself (it could not tell, or was blocked in turn). */
function clearSince({ belief, now }: Draft, well: number): Instant {
  return instant(Math.max(belief.countFrom, well > belief.since ? well : now));
}

/** One blocker is back, another one is not: what failed behind the first says nothing of what the other one hides. */
function blockByAnother(draft: Draft, blocker: View): void {
  const { belief, around } = draft;
  const back = around.parents.filter((parent) => !isDoubtful(parent)).map(({ wellSince }) => wellSince ?? 0);
  const countFrom = clearSince(draft, Math.max(0, ...back));
  believe(draft, { countFrom, streak: streakSince(belief.streak, countFrom) });
  block(draft, blocker);
}

/** What is left of a streak by runs begun at `since` or later: of one that began earlier the newest run. */
function streakSince(streak: Streak | null, since: Instant): Streak | null {
  if (streak === null || streak.lastStarted < since) return null;
  if (streak.firstStarted >= since) return streak;
  const down = streak.downs > 0;
  return { ...streak, downs: down ? 1 : 0, bads: 1, firstStarted: streak.lastStarted, firstDownStarted: down ? streak.lastStarted : null };
}

/** What was blocked has the whole time again in which a verdict is due. */
function renewDeadline(draft: Draft): void {
  const { seen, policy, now, belief } = draft;
  // None is due of a check that is never missed; of one that was missed before it is again.
  if (seen.expectBy === null && belief.incident?.kind !== "unchecked") return;
  const expectBy = plus(now, VERDICT_RUNS * policy.everyMs + policy.runMs);
  if (expectBy > (seen.expectBy ?? 0)) draft.seen = dueBy(seen, expectBy);
}

/** Takes a check up, closes its incident and tells those who were told. */
export function goUp(draft: Draft, rule: string): void {
  const { belief, policy } = draft;
  if (belief.status === "up" && belief.incident === null) return;
  const silent = beganDown(draft);
  const silenced = belief.muting.silenced !== null;
  const closed = closeIncident(draft, "recovered");
  const { last } = draft.seen;
  believe(draft, { streak: null, passes: 0, reprieves: 0, wait: null, known: true });
  endUntilRecovery(draft);
  move(draft, "up", reasonOf(closed === null ? rule : "recovered", last?.sentence ?? "well"));
  if (closed === null && !silent) return;
  const spared = silent || !policy.onFail ? firstTargets(draft) : [];
  const { to, ...how } = hearersOfEnd({ policy, belief }, joined(whoKnow(draft, closed), silenced || muted(draft) ? [] : spared));
  const outageFrom = closed?.ended?.from ?? closed?.firstSign ?? (belief.rule === "carried" ? belief.since : null);
  if (policy.onPass) say(draft, to, { ...recovery(draft, closed), ...(closed?.ended === undefined ? {} : { ends: closed.ended.id }), outageFrom, ...how, kind: "recovered", step: 0, ordinal: 1 });
  if (silenced) return noteTelling(draft, "silenced");
  if (!policy.onPass) return noteTelling(draft, "off");
  noteTelling(draft, to.length === 0 ? whyNobody(draft, joined(closed?.told ?? [], spared)) : "told");
}

/** Who hears of the end: those who were told. In a window nobody of an outage that was spared them, as `initial: down` does. */
const whoKnow = (draft: Draft, closed: OpenIncident | null): readonly Told[] => (closed === null || (closed.said === 0 && muted(draft)) ? [] : closed.told);

function whyNobody({ policy }: Draft, held: readonly Told[]): string {
  if (held.length > 0) return "muted";
  return firstSteps(policy).length === 0 ? "nobody" : "unheard";
}

function recovery(draft: Draft, closed: OpenIncident | null): Omit<Saying, "kind" | "step" | "ordinal"> {
  const { belief, seen, now } = draft;
  const evidence = seen.last?.evidence ?? [];
  return { incident: closed, slot: now, status: belief.status, since: now, sentence: seen.last?.sentence ?? "", code: seen.last?.code ?? "ok", evidence, outageFrom: closed?.firstSign ?? null };
}

/** Takes a check to degraded: from well, an incident that its first steps tell; from down, the end of the outage for those who were told. */
export function goDegraded(draft: Draft, rule: string): void {
  const { belief, around } = draft;
  const { streak } = belief;
  if (streak === null || (belief.status === "degraded" && belief.incident?.kind === "degraded")) return;
  // What lies in the way may be to blame: told when it is well and this still is not.
  if (belief.status !== "down" && around.parents.some(isDoubtful)) return;
  const ended = belief.incident?.kind === "down" ? closeIncident(draft, "better") : null;
  // One that was blocked or not judged meanwhile goes on: what was told and acknowledged of it stands.
  if (belief.incident?.kind !== "degraded") openIncident(draft, { kind: "degraded", firstSign: ended === null ? streak.firstStarted : streak.lastStarted, code: streak.code, sentence: streak.sentence, evidence: streak.evidence, openedAs: ended?.openedAs });
  believe(draft, { passes: 0, reprieves: 0, wait: null, known: true });
  move(draft, "degraded", reasonOf(rule, streak.sentence));
  if (ended !== null) sayBetter(draft, ended);
}

/** Those who were told of the outage hear that it is less now: after a silence, and after a window where a step has told nobody of its worse part. */
function sayBetter(draft: Draft, ended: OpenIncident): void {
  const { belief, policy } = draft;
  if (belief.incident === null || !policy.onPass) return;
  const kept = muted(draft) && ended.steps.length === 0;
  const rests = kept || belief.muting.silenced !== null;
  if (rests && ended.told.length === 0) return;
  believe(draft, { incident: { ...belief.incident, said: ended.said, told: ended.told, ended: { id: ended.id, from: kept ? null : ended.firstSign } } });
  if (!rests) sayLess(draft);
}

/** Closes what is open because the check itself changed or went, and tells those who were told. */
export function endBecause(draft: Draft, closedBy: "changed" | "removed"): void {
  const { flapping } = draft.belief;
  const closed = closeIncident(draft, closedBy);
  const { to, ...how } = hearersOfEnd(draft, joined(closed === null || closed.said === 0 ? [] : closed.told, flapping?.told ?? []));
  const sentence = closedBy === "changed" ? "the check was changed; it is judged anew" : "the check was removed";
  const flaps = flapping === null ? null : flapsOf(flapping);
  say(draft, to, { ...recovery(draft, closed), incident: closed ?? flaps, ...(flaps === null ? {} : { ends: flaps.id }), ...how, code: "ok", sentence, kind: "changed", status: "pending", step: 0, ordinal: 1 });
}
