import { acknowledgedOf, believe, type Draft, noteTelling } from "./draft.ts";
import { firstSteps, joined, type Saying, say, stepKey, targets, without } from "./route.ts";
import type { OpenIncident, StepProgress, Told } from "./state.ts";
import { type Instant, type Policy, plus, type Step } from "./types.ts";

/** Names a step with the recipients of its channels, so that a reload finds its progress again and sees whom it names besides. */
const progressKey = ({ recipients }: Policy, { after, to }: Step): string => JSON.stringify([after, to, to.map((name) => recipients[name] ?? [])]);

/** What two of these names have in common. */
const PARTS: readonly ((key: string) => string)[] = [(key) => key, ...[0, 1].map((part) => (key: string) => JSON.stringify((JSON.parse(key) as readonly unknown[])[part]))];

/** The progress of a step that has just fired for the `times`th time. */
const fired = ({ policy, now }: Draft, step: Step, times: number): StepProgress => ({ key: progressKey(policy, step), fired: times, at: now, nextAt: step.repeatMs === null ? null : plus(now, step.repeatMs) });

/** Telling rests: by hand, in a maintenance window, while paused. */
export const muted = (draft: Draft): boolean => {
  const { paused, silenced, maintenance } = draft.belief.muting;
  return paused !== null || silenced !== null || maintenance.length > 0;
};

/** The steps that tell of this incident: all for an outage, only the first ones for what is less. */
function stepsFor(policy: Policy, incident: OpenIncident): readonly Step[] {
  const telling = policy.steps.filter((step) => !(step.after.kind === "runs" && step.after.count === 0));
  return incident.kind === "down" ? telling : firstSteps(policy);
}

/** When the step fires by time; null when it counts runs. */
const dueAt = (step: Step, incident: OpenIncident): Instant | null => (step.after.kind === "time" ? plus(incident.opened, step.after.ms) : null);

/** What has no failing runs to count, unchecked, is due at once. */
function isDue(step: Step, incident: OpenIncident, now: Instant): boolean {
  if (step.after.kind === "runs") return incident.kind === "unchecked" || incident.runs >= step.after.count;
  return now >= plus(incident.opened, step.after.ms);
}

/** What is known of the step, or of the one that it took the place of in the configuration: one with the same `after`, else one that named the same. */
function progressOf(policy: Policy, { steps }: OpenIncident, step: Step): StepProgress | undefined {
  const own = progressKey(policy, step);
  const today = policy.steps.map((other) => progressKey(policy, other));
  for (const partOf of PARTS) {
    const alike = (key: string): boolean => partOf(key) === partOf(own);
    const gone = steps.filter(({ key }) => alike(key) && (key === own || !today.includes(key)));
    const fresh = today.filter((key) => alike(key) && (key === own || !steps.some((one) => one.key === key)));
    const found = gone[fresh.indexOf(own)];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** When the reminder of a step that fired is due, by the `repeat` of today. */
const reminderAt = (step: Step, { at }: StepProgress): Instant | null => (step.repeatMs === null ? null : plus(at, step.repeatMs));

/** A flapping check is told as down only when it stays so for another failAfter runs. */
const heldByFlapping = (draft: Draft, incident: OpenIncident): boolean => draft.belief.flapping !== null && incident.kind === "down" && incident.runs <= draft.policy.failAfter;

/** Nobody is told for now, for a reason that passes. */
export function quiet(draft: Draft, incident: OpenIncident): string | null {
  if (!draft.policy.onFail) return "off";
  if (incident.silent === true) return "initial";
  if (acknowledgedOf(draft.belief) !== null) return "acknowledged";
  if (muted(draft)) return "muted";
  if (heldByFlapping(draft, incident)) return "flapping";
  if (draft.belief.status === "blocked") return "blocked";
  // After a pause, of it or of all members, and after a window nobody knows whether it still is so: the next run tells.
  // What was less in its newest run is not told for the first time.
  const { verdictStarted, verdict, last } = draft.seen;
  const isLess = verdict === "up" || (verdict === "degraded" && incident.kind === "down");
  const seenSince = verdictStarted !== null && verdictStarted >= draft.belief.countFrom && (!isLess || incident.steps.length > 0);
  const rests = incident.kind === "unchecked" ? last?.code === "skipped" : !seenSince;
  return rests ? "not-seen-since" : null;
}

/** What is said of the open incident as it stands. */
export function sayingOf(draft: Draft, incident: OpenIncident): Omit<Saying, "kind" | "step" | "ordinal"> {
  const { streak, status } = draft.belief;
  return {
    incident,
    slot: draft.now,
    status,
    since: incident.firstSign,
    sentence: streak?.sentence ?? incident.sentence,
    code: streak?.code ?? incident.code,
    evidence: streak?.evidence ?? [],
    outageFrom: null,
    ...(incident.ended === undefined ? {} : { ends: incident.ended.id }),
  };
}

/** Says of an outage that it became less, to those who know of it and those whom a degraded check concerns at once; nobody hears it twice. */
export function sayLess(draft: Draft): void {
  const { policy, belief } = draft;
  if (belief.incident?.ended === undefined) return;
  const { ended, ...incident } = belief.incident;
  const atOnce = policy.onFail && !muted(draft) ? firstSteps(policy).filter((step) => step.after.kind === "runs") : [];
  const told = atOnce.reduce<readonly Told[]>((all, step) => joined(all, targets(draft, step)), incident.told);
  if (told.length === 0) return believe(draft, { incident });
  const said = incident.said + 1;
  say(draft, told, { ...sayingOf(draft, belief.incident), outageFrom: ended.from, kind: "degraded", step: 0, ordinal: said });
  const steps = firstSteps(policy).filter((step) => joined(told, targets(draft, step)) === told);
  believe(draft, { incident: { ...incident, steps: steps.map((step) => fired(draft, step, 1)), said, told } });
  noteTelling(draft, "told");
}

/** A reminder tells what was seen last: where a verdict was due since and none came, since when. */
function unseen({ seen: { verdictStarted, expectBy }, now }: Draft): Pick<Saying, "unseenSince"> {
  return verdictStarted === null || expectBy === null || now < expectBy ? {} : { unseenSince: verdictStarted };
}

/** Fires the steps of the open incident that are due and not fired yet, and reminders whose time has come. */
export function escalate(draft: Draft): void {
  const { policy, now } = draft;
  const open = draft.belief.incident;
  if (open === null) return;
  const hush = quiet(draft, open);
  if (hush !== null) return noteTelling(draft, hush);
  if (open.kind === "degraded") sayLess(draft);
  const incident = draft.belief.incident ?? open;
  let { steps, said, told } = incident;
  for (const step of stepsFor(policy, incident)) {
    const progress = progressOf(policy, incident, step);
    if (progress === undefined && !isDue(step, incident, now)) continue;
    const remindAt = progress === undefined ? null : reminderAt(step, progress);
    const key = progressKey(policy, step);
    const isChanged = progress !== undefined && progress.key !== key;
    const reminds = remindAt !== null && remindAt <= now;
    const to = targets(draft, step);
    // Of a step that is new, or names others now, those are told who were not.
    const isPlanned = progress === undefined && incident.planned?.includes(stepKey(step)) !== false;
    const first = isPlanned ? to : progress === undefined || isChanged ? without(to, told) : [];
    for (const [kind, whom] of [[incident.kind, first], ["reminder", reminds ? without(to, first) : []]] as const) {
      if (whom.length === 0) continue;
      said += 1;
      say(draft, whom, { ...sayingOf(draft, incident), ...(kind === "reminder" ? unseen(draft) : {}), kind, step: policy.steps.indexOf(step), ordinal: said });
      told = joined(told, whom);
    }
    if (progress === undefined || reminds) steps = [...steps.filter((other) => other !== progress), fired(draft, step, (progress?.fired ?? 0) + 1)];
    else if (isChanged || remindAt !== progress.nextAt) steps = steps.map((other) => (other === progress ? Object.assign({}, progress, { key, nextAt: remindAt }) : other));
  }
  if (steps === incident.steps) return noteTelling(draft, firstSteps(policy).length === 0 ? "nobody" : "later");
  believe(draft, { incident: { ...incident, steps, said, told } });
  noteTelling(draft, told.length > 0 ? "told" : "nobody");
}

/** When the open incident next has something to say by time alone; null for never. */
export function nextSaying(draft: Draft): Instant | null {
  const incident = draft.belief.incident;
  if (incident === null || quiet(draft, incident) !== null) return null;
  let next: Instant | null = null;
  for (const step of stepsFor(draft.policy, incident)) {
    const progress = progressOf(draft.policy, incident, step);
    const at = progress === undefined ? dueAt(step, incident) : reminderAt(step, progress);
    if (at !== null && (next === null || at < next)) next = at;
  }
  return next;
}

/** Steps with `after: 0` tell after every scheduled run, whatever it saw; while telling rests only what publishes states goes on. */
export function sayEveryRun(draft: Draft): void {
  const { policy, seen, belief } = draft;
  const every = policy.steps.filter((step) => step.after.kind === "runs" && step.after.count === 0);
  if (every.length === 0 || seen.last === null) return;
  const rests = muted(draft);
  const { sentence, code, evidence, started } = seen.last;
  for (const step of every) {
    const to = targets(draft, step).filter(({ channel }) => !rests || policy.publishers?.includes(channel) === true);
    say(draft, to, { kind: "run", incident: null, slot: started, status: belief.status, since: started, sentence, code, evidence, outageFrom: null, step: policy.steps.indexOf(step), ordinal: 1 });
  }
}
