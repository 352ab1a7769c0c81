import type { CheckDefinition } from "../../src/config/site.ts";
import type { Alert, Step } from "../../src/core/types.ts";
import type { Ledger } from "./ledger.ts";
import type { History } from "./promises.ts";

const SECOND = 1000;
/** A step that is due by time is written within this time. */
const LATE_MS = 2 * SECOND;
/** A batch that a failing store delays is written within this time. */
const TROUBLED_MS = 60 * SECOND;
const ONCE: ReadonlySet<Alert["kind"]> = new Set(["down", "degraded", "unchecked", "recovered"]);
const BAD_NEWS: ReadonlySet<Alert["kind"]> = new Set(["down", "degraded", "reminder", "unchecked", "flapping"]);

/** What each incident is told by: each step once, steps by time when they are due, nothing while blocked, flapping once until it settles. Returns how many steps by time were due. */
export function checkEscalation(ledger: Ledger, checks: readonly CheckDefinition[], history: History): number {
  oneOfAStep(ledger);
  blockedIsSilent(ledger);
  flappingOnce(ledger);
  let due = 0;
  for (const { name, policy } of checks) {
    policy.steps.forEach((step, at) => {
      if (step.after.kind === "time") due += onTime(ledger, { check: name, step, at, afterMs: step.after.ms, runMs: policy.runMs }, history);
    });
  }
  return due;
}

/** One message of a step for each incident and person; reminders are counted by their time. */
function oneOfAStep(ledger: Ledger): void {
  const seen = new Set<string>();
  for (const { alerts, atMs } of ledger.pages) {
    for (const { kind, incident, step, channel, recipient, check } of alerts) {
      if (!ONCE.has(kind) || incident === null) continue;
      const once = JSON.stringify([incident, kind, kind === "recovered" ? null : step, channel, recipient]);
      if (seen.has(once)) ledger.breach("one message of a step", `${kind} of ${check}, step ${step}, twice to ${channel} ${recipient}`, atMs);
      seen.add(once);
    }
  }
}

/** What is blocked is not told of: what blocks it is. */
function blockedIsSilent(ledger: Ledger): void {
  const blocked = new Set<string>();
  for (const { alerts, transitions, atMs } of ledger.pages) {
    const changed = new Set(transitions.map(({ check }) => check));
    for (const { check, kind, status } of alerts) {
      if (BAD_NEWS.has(kind) && (status === "blocked" || (blocked.has(check) && !changed.has(check)))) ledger.breach("blocked never alerts", `${kind} of ${check}, which was blocked`, atMs);
    }
    for (const { check, to } of transitions) {
      if (to === "blocked") blocked.add(check);
      else blocked.delete(check);
    }
  }
}

/** Told as flapping once, and once as settled to those who were told; no outage is held back as flapping that was told to nobody. */
function flappingOnce(ledger: Ledger): void {
  const flapping = new Set<string>();
  // Of these it is not told that they settled.
  const silenced = new Set<string>();
  for (const { alerts, transitions, journal, atMs } of ledger.pages) {
    for (const { check, input } of journal) if (check !== null && (input as { readonly kind?: string }).kind === "silence") silenced.add(check);
    for (const { check, telling } of transitions) if (telling === "flapping" && ![...flapping].some((whom) => whom.startsWith(`${check} to `))) ledger.breach("flapping is told once", `${check} was held back as flapping, and nobody was told that it is`, atMs);
    for (const { check, kind, channel, recipient } of alerts) {
      const whom = `${check} to ${channel} ${recipient}`;
      if (kind === "flapping") {
        if (flapping.has(whom) && !silenced.has(check)) ledger.breach("flapping is told once", `${whom}: flapping, twice`, atMs);
        flapping.add(whom);
      } else if (kind === "settled" && !flapping.delete(whom)) ledger.breach("flapping is told once", `${whom}: settled, and flapping was not told`, atMs);
    }
  }
}

/** A step by time: the `at`th of the check's. */
interface Timed {
  readonly check: string;
  readonly step: Step;
  readonly at: number;
  readonly afterMs: number;
  readonly runMs: number;
}

/** One incident on the monotonic clock. */
interface Story {
  readonly openedMs: number;
  closedMs: number;
  /** When the step was written, each time once. */
  readonly told: number[];
}

function storiesOf(ledger: Ledger, { check, at }: Timed, endMs: number): readonly Story[] {
  const stories = new Map<string, Story>();
  for (const { alerts, incidents, atMs } of ledger.pages) {
    for (const { incident, change } of incidents) {
      if (incident.check !== check) continue;
      if (change === "opened" && incident.kind === "down") stories.set(incident.id, { openedMs: atMs, closedMs: endMs, told: [] });
      const story = stories.get(incident.id);
      // Somebody has it: no more is told.
      if (story !== undefined && (change === "closed" || change === "acknowledged")) story.closedMs = Math.min(story.closedMs, atMs);
    }
    for (const alert of alerts) {
      const story = alert.incident === null || alert.check !== check || alert.step !== at || alert.kind === "recovered" || alert.kind === "settled" ? undefined : stories.get(alert.incident);
      if (story !== undefined && story.told.at(-1) !== atMs) story.told.push(atMs);
    }
  }
  return [...stories.values()];
}

/** Never before its time; and where nothing went wrong meanwhile, in time: after a start, once a run has seen that it is still so. */
function onTime(ledger: Ledger, timed: Timed, history: History): number {
  const { check, step, afterMs, runMs } = timed;
  let judged = 0;
  for (const { openedMs, closedMs, told } of storiesOf(ledger, timed, history.endMs)) {
    let dueMs = openedMs + afterMs;
    for (let times = 0; ; times += 1) {
      const life = history.lives.find(({ from, to }) => from <= dueMs && to >= dueMs);
      const byMs = Math.max(dueMs, life === undefined || life.from <= openedMs ? 0 : life.from + runMs) + LATE_MS;
      if (life === undefined || life.to < byMs || byMs >= closedMs || !calm(check, openedMs, byMs, history)) break;
      judged += 1;
      const toldMs = told[times];
      if (toldMs === undefined || toldMs > byMs) ledger.breach("steps come when they are due", `${check} was down since ${openedMs / SECOND} s, and its step of ${afterMs / SECOND} s was not told by ${byMs / SECOND} s`, byMs);
      else if (toldMs < dueMs - LATE_MS) ledger.breach("steps come when they are due", `${check} was down since ${openedMs / SECOND} s, and its step of ${afterMs / SECOND} s was told at ${toldMs / SECOND} s, before its time`, toldMs);
      if (step.repeatMs === null || toldMs === undefined) break;
      dueMs = toldMs + step.repeatMs;
    }
  }
  return judged;
}

/** A clock and a store in order, and nobody who held anything back. */
function calm(check: string, fromMs: number, toMs: number, { clockSteps, storeTrouble, hushed }: History): boolean {
  const meets = (from: number, to: number): boolean => from <= toMs && to >= fromMs;
  return !clockSteps.some((at) => meets(at, at)) && !storeTrouble.some(({ from, to }) => meets(from, to + TROUBLED_MS)) && !hushed.some((span) => span.check === check && meets(span.from, span.to));
}
