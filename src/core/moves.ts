import { clearance, parentsWellSince } from "./depend.ts";
import { believe, closeIncident, type Draft, move, noteTelling, openIncident, reasonOf } from "./draft.ts";
import { stepKey } from "./escalate.ts";
import { noteOutage } from "./flap.ts";
import { firstSteps, joined, type Saying, say, targets } from "./route.ts";
import type { OpenIncident, Told, View } from "./state.ts";
import { type Instant, instant } from "./types.ts";

const firstTargets = (draft: Draft): readonly Told[] => firstSteps(draft.policy).reduce<readonly Told[]>((all, step) => joined(all, targets(draft.policy, step)), []);

/** Takes a check down, unless its parents are to blame or must be asked first. */
export function goDown(draft: Draft, how: { readonly silent: boolean }): void {
  const { streak, wait, incident, status } = draft.belief;
  if (streak === null || (status === "down" && incident?.kind === "down")) return;
  const cleared = clearance(draft.policy, draft.around.parents, streak, wait, draft.now);
  if (cleared.kind === "blocked") return block(draft, cleared.by);
  if (cleared.kind === "wait") {
    believe(draft, { wait: cleared.wait });
    if (cleared.ask.length > 0) draft.effects.push({ kind: "ask", parents: cleared.ask });
    return;
  }
  openIncident(draft, { kind: "down", firstSign: streak.firstDownStarted ?? streak.firstStarted, code: streak.code, sentence: streak.sentence, evidence: streak.evidence });
  believe(draft, { wait: null, passes: 0, reprieves: 0 });
  const note = cleared.note === "" ? "" : ` (${cleared.note})`;
  const runs = streak.downs === 1 ? "1 failing run" : `${streak.downs} failing runs`;
  move(draft, "down", reasonOf(cleared.note === "" ? "threshold" : "parents-silent", `${streak.sentence}; ${runs}${note}`));
  if (how.silent) return holdFirstSteps(draft);
  noteOutage(draft);
}

/** The first outage of a check that began as down is silent; its recovery is told. */
function holdFirstSteps(draft: Draft): void {
  const { incident } = draft.belief;
  if (incident === null) return;
  const steps = firstSteps(draft.policy).map((step) => ({ key: stepKey(step), fired: 1, nextAt: null }));
  believe(draft, { incident: { ...incident, steps, told: firstTargets(draft) } });
  noteTelling(draft, "initial");
}

function block(draft: Draft, by: View): void {
  believe(draft, { wait: null });
  move(draft, "blocked", reasonOf("parent-down", `${by.check} is ${by.status}: ${by.sentence}`, by.check));
}

/** A child that failed, though not to its threshold yet, behind a parent that is down is blocked; one that waits for its parents looks again. */
export function askParents(draft: Draft): void {
  const { belief, policy, around } = draft;
  const { streak, status, wait, incident } = belief;
  if (streak === null || streak.downs === 0 || policy.parents.length === 0) {
    if (wait !== null) believe(draft, { wait: null });
    return;
  }
  if (status === "down" || incident?.kind === "down") return;
  if (wait !== null) return goDown(draft, { silent: false });
  if (status === "blocked" && belief.cause !== null) return;
  const cleared = clearance(policy, around.parents, streak, null, draft.now);
  if (cleared.kind === "blocked") block(draft, cleared.by);
}

/** When the parents are back, only runs of the child begun later count. */
export function unblock(draft: Draft): void {
  const { belief, around } = draft;
  if (belief.status !== "blocked" || belief.cause === null) return;
  const well = parentsWellSince(around.parents);
  if (well === null) return;
  const countFrom: Instant = instant(Math.max(well, belief.countFrom));
  const stale = belief.streak !== null && belief.streak.lastStarted < countFrom;
  believe(draft, { countFrom, streak: stale ? null : belief.streak, cause: null, sentence: `${belief.cause} is back; its own next run decides` });
}

/** Takes a check up, closes its incident and tells those who were told. */
export function goUp(draft: Draft, rule: string): void {
  const { belief, policy } = draft;
  if (belief.status === "up" && belief.incident === null) return;
  const beganDown = belief.status === "down" && belief.incident === null;
  const silenced = belief.muting.silenced !== null;
  const closed = closeIncident(draft, "recovered");
  const { last } = draft.seen;
  believe(draft, { streak: null, passes: 0, reprieves: 0, wait: null });
  if (silenced) believe(draft, { muting: { ...belief.muting, silenced: null } });
  move(draft, "up", reasonOf(closed === null ? rule : "recovered", last?.sentence ?? "well"));
  if (closed === null && !beganDown) return;
  const untold = beganDown || !policy.onFail ? firstTargets(draft) : [];
  const to = joined(closed?.told ?? [], untold);
  if (!policy.onPass || silenced || to.length === 0) return noteTelling(draft, silenced ? "silenced" : policy.onPass ? "nobody" : "off");
  say(draft, to, { ...recovery(draft, closed), kind: "recovered", step: 0, ordinal: 1 });
  noteTelling(draft, "told");
}

function recovery(draft: Draft, closed: OpenIncident | null): Omit<Saying, "kind" | "step" | "ordinal"> {
  const { belief, seen, now } = draft;
  const evidence = seen.last?.evidence ?? [];
  return { incident: closed, slot: now, status: belief.status, since: now, sentence: seen.last?.sentence ?? "", code: seen.last?.code ?? "ok", evidence, outageFrom: closed?.firstSign ?? null };
}

/** Takes a check to degraded: from well, an incident that its first steps tell; from down, the end of the outage for those who were told. */
export function goDegraded(draft: Draft, rule: string): void {
  const { belief, policy, around } = draft;
  if (belief.streak === null || (belief.status === "degraded" && belief.incident?.kind === "degraded")) return;
  const { streak } = belief;
  if (around.parents.some((parent) => parent.status === "down") && belief.status !== "down") return;
  const ended = belief.incident?.kind === "down" ? closeIncident(draft, "better") : null;
  openIncident(draft, { kind: "degraded", firstSign: ended === null ? streak.firstStarted : streak.lastStarted, code: streak.code, sentence: streak.sentence, evidence: streak.evidence });
  believe(draft, { passes: 0, reprieves: 0, wait: null });
  move(draft, "degraded", reasonOf(rule, streak.sentence));
  const { incident } = draft.belief;
  if (ended === null || incident === null || !policy.onPass || belief.muting.silenced !== null) return;
  const to = joined(ended.told, policy.onFail ? firstTargets(draft) : []);
  say(draft, to, { ...recovery(draft, ended), incident, since: incident.firstSign, kind: "degraded", step: 0, ordinal: 1 });
  const steps = firstSteps(policy).map((step) => ({ key: stepKey(step), fired: 1, nextAt: null }));
  believe(draft, { incident: { ...incident, steps, told: to } });
  noteTelling(draft, "told");
}

/** Closes what is open because the check itself changed or went, and tells those who were told. */
export function endBecause(draft: Draft, closedBy: "changed" | "removed"): void {
  const closed = closeIncident(draft, closedBy);
  if (closed === null || closed.told.length === 0) return;
  const sentence = closedBy === "changed" ? "the check was changed; it is judged anew" : "the check was removed";
  say(draft, closed.told, { ...recovery(draft, closed), code: "ok", sentence, kind: "changed", status: "pending", step: 0, ordinal: 1 });
}
