import { incidentId } from "./ids.ts";
import { stepKey } from "./route.ts";
import type { Around, Belief, CheckState, Effect, OpenIncident, Seen } from "./state.ts";
import { type CheckName, type Evidence, type Incident, type Instant, instant, type OpenedAs, type Policy, type Reason, type Result, type Status, type Transition } from "./types.ts";

/** One judgement in the making: the rules read and replace its parts, one after the other. It never leaves the judge. */
export interface Draft {
  readonly policy: Policy;
  readonly around: Around;
  readonly now: Instant;
  belief: Belief;
  seen: Seen;
  readonly transitions: Transition[];
  readonly effects: Effect[];
}

const UNMUTED: Belief["muting"] = { paused: null, silenced: null, maintenance: [] };

/** The state of a check that was just added. */
export function freshState(policy: Policy, now: Instant): CheckState {
  return {
    check: policy.check,
    belief: {
      status: policy.initial === "down" ? "down" : "pending",
      since: now,
      rule: "new",
      sentence: "waiting for its first result",
      cause: null,
      streak: null,
      passes: 0,
      reprieves: 0,
      incident: null,
      incidents: 0,
      wait: null,
      countFrom: instant(0),
      muting: UNMUTED,
      outages: [],
      flapping: null,
      known: false,
    },
    seen: seenFrom(null),
    wakeAt: null,
  };
}

/** Whether the check is taken for down since it was added, or since another system left it so, and has not been seen otherwise: that is not told, and its end is. */
export const beganDown = ({ policy, belief }: Pick<Draft, "policy" | "belief">): boolean => !belief.known && (policy.initial === "down" || belief.rule === "carried");

/** What is known after a restart from the last stored result alone. */
export function seenFrom(last: Result | null): Seen {
  const verdict = last === null || last.verdict === "unknown" ? null : last.verdict;
  return { last, verdictStarted: verdict === null ? null : (last?.started ?? null), verdict, wellSince: null, unjudged: 0, expectBy: null };
}

/** A new time in which a verdict is due: before its end is taken for one, the parents may be asked again. */
export const dueBy = ({ last, verdictStarted, verdict, wellSince, unjudged }: Seen, expectBy: Instant | null): Seen => ({ last, verdictStarted, verdict, wellSince, unjudged, expectBy });

/** Replaces parts of the belief; keeps the object when nothing differs. */
export function believe(draft: Draft, change: Partial<Belief>): void {
  const before = draft.belief as unknown as Record<string, unknown>;
  const after = change as unknown as Record<string, unknown>;
  for (const key in after) {
    if (before[key] === after[key]) continue;
    draft.belief = { ...draft.belief, ...change };
    return;
  }
}

/** Changes the status with its reason; `noteTelling` says later whether somebody was told. */
export function move(draft: Draft, to: Status, reason: Reason): void {
  const from = draft.belief.status;
  believe(draft, { status: to, rule: reason.rule, sentence: reason.sentence, cause: reason.cause });
  if (from === to) return;
  believe(draft, { since: draft.now });
  draft.transitions.push({ check: draft.policy.check, at: draft.now, from, to, reason, incident: draft.belief.incident?.id ?? null, telling: "none" });
}

/** Says of the last transition of this judgement whether somebody was told, or why not; the first word stands. */
export function noteTelling(draft: Draft, telling: string): void {
  const last = draft.transitions.at(-1);
  if (last?.telling === "none") draft.transitions[draft.transitions.length - 1] = { ...last, telling };
}

/** The incident as others see it, without the judge's own bookkeeping. */
export function publicIncident(incident: OpenIncident): Incident {
  const { id, check, kind, firstSign, opened, closed, closedBy, code, sentence, acknowledged } = incident;
  return { id, check, kind, firstSign, opened, closed, closedBy, code, sentence, acknowledged };
}

/** Who has what is open, or else the flapping; null for nobody. */
export const acknowledgedOf = ({ incident, flapping }: Pick<Belief, "incident" | "flapping">): Incident["acknowledged"] => incident?.acknowledged ?? flapping?.acknowledged ?? null;

export interface Opening {
  readonly kind: Incident["kind"];
  readonly firstSign: Instant;
  readonly code: Incident["code"];
  readonly sentence: string;
  readonly evidence: Evidence;
  /** Of the one that it follows. */
  readonly openedAs?: OpenedAs | undefined;
}

/** The names of an incident that opens now: while the check flaps, those under which that is known. */
const namesOf = ({ policy: { site, check }, belief }: Draft, { openedAs }: Opening): OpenedAs | undefined => openedAs ?? belief.flapping?.openedAs ?? (site === undefined ? undefined : { site, check });

/** Opens an incident, or makes the open one worse: it is told from its worse part on, its steps begin again, those who were told stay known. */
export function openIncident(draft: Draft, opening: Opening): void {
  const open = draft.belief.incident;
  const { kind, firstSign, code, sentence, evidence } = opening;
  const { check } = draft.policy;
  const { incidents } = draft.belief;
  const begun = { kind, firstSign, opened: draft.now, code, sentence, acknowledged: null, runs: 1, steps: [], planned: draft.policy.steps.map(stepKey) };
  const openedAs = namesOf(draft, opening);
  const fresh = { id: incidentId({ check, kind, firstSign, before: incidents }), check, closed: null, closedBy: null, said: 0, told: [], ...(openedAs === undefined ? {} : { openedAs }) };
  const incident: OpenIncident = { ...(open ?? fresh), ...begun };
  believe(draft, { incident, incidents: open === null ? incidents + 1 : incidents });
  draft.effects.push({ kind: "incident", incident: publicIncident(incident), change: open === null ? "opened" : "worse", evidence });
}

/** Closes the open incident, if there is one, and returns it. */
export function closeIncident(draft: Draft, closedBy: string): OpenIncident | null {
  const open = draft.belief.incident;
  if (open === null) return null;
  const closed: OpenIncident = { ...open, closed: draft.now, closedBy };
  believe(draft, { incident: null });
  draft.effects.push({ kind: "incident", incident: publicIncident(closed), change: "closed", evidence: [] });
  return closed;
}

export const reasonOf = (rule: string, sentence: string, cause: CheckName | null = null): Reason => ({ rule, sentence, cause });
