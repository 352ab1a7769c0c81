import type { CheckDetail, CheckSummary, ResultView } from "../api/types.ts";
import type { CheckDefinition } from "../config/site.ts";
import { acknowledgedOf } from "../core/draft.ts";
import { describeCondition } from "../core/expect.ts";
import { describeSchedule } from "../core/schedule.ts";
import type { CheckState } from "../core/state.ts";
import { formatDuration } from "../core/time.ts";
import type { CheckName, FactValue, Instant, Result, Step } from "../core/types.ts";

/** What of a check is known outside of its definition and state. */
export interface Surroundings {
  readonly recent: string;
  readonly nextRunAt: Instant | null;
  readonly running: boolean;
  readonly hides: readonly CheckName[];
  readonly groups: readonly CheckName[];
}

/** A check as lists show it. */
export function summarise(definition: CheckDefinition, state: CheckState, around: Surroundings): CheckSummary {
  const { belief, seen } = state;
  const { incident, muting } = belief;
  const explains = belief.status === "blocked" || belief.status === "paused" || incident?.kind === "unchecked" || seen.last === null;
  return {
    name: definition.name,
    type: definition.type,
    target: definition.target,
    description: definition.description,
    tags: definition.tags,
    state: belief.status,
    since: incident?.kind === "down" && belief.status === "down" ? incident.firstSign : belief.since,
    summary: explains ? belief.sentence : (seen.last?.sentence ?? ""),
    latencyMs: seen.last === null || seen.last.verdict === "unknown" || timeless(definition, seen.last) ? null : seen.last.latencyMs,
    lastRunAt: seen.last?.started ?? null,
    nextRunAt: around.nextRunAt,
    recent: around.recent,
    failing: belief.streak?.bads ?? 0,
    incident: incident?.id ?? null,
    incidentKind: incident?.kind ?? null,
    acknowledged: acknowledgedOf(belief),
    silenced: muting.silenced !== null,
    silencedUntil: muting.silenced?.until ?? null,
    maintenance: muting.maintenance,
    flapping: belief.flapping !== null,
    cause: belief.cause,
    hides: around.hides,
    groups: around.groups,
    certificateDays: certificateDays(seen.last),
    running: around.running,
  };
}

/** Nothing was asked, so that nothing took time: heartbeats whose sender measured nothing, and groups judged from their members' states. */
const timeless = ({ type, policy }: CheckDefinition, last: Result): boolean => policy.group?.run === "own" || (type === "push" && last.latencyMs === 0);

function certificateDays(last: Result | null): number | null {
  const certificate = last?.facts["certificate"];
  if (typeof certificate !== "object" || certificate === null || Array.isArray(certificate)) return null;
  const { days } = certificate as { readonly days?: FactValue };
  return typeof days === "number" ? days : null;
}

function resultView(result: Result): ResultView {
  const { slot, started, origin, vantage, verdict, code, sentence, latencyMs, phases, facts, evidence, tries } = result;
  return { slot, startedAt: started, origin, vantage, verdict, code, sentence, latencyMs, phases, facts, evidence, tries };
}

/** A step of the escalation in words: `at once: ops`. */
function describeStep(step: Step): string {
  const when = step.after.kind === "time" ? `after ${formatDuration(step.after.ms)}` : step.after.count === 0 ? "after every run" : step.after.count === 1 ? "at once" : `at failing run ${step.after.count}`;
  const again = step.repeatMs === null ? "" : `, again every ${formatDuration(step.repeatMs)}`;
  return `${when}: ${step.to.join(", ")}${again}`;
}

/** All of a check but its results and incidents, which the store has. */
export function describe(definition: CheckDefinition, state: CheckState, check: CheckSummary): Omit<CheckDetail, "results" | "incidents"> {
  const { policy, timeoutMs, retries, schedule } = definition;
  const conditions = (of: CheckDefinition["expect"]): string[] => of.map(({ fact, condition }) => `${fact} ${describeCondition(condition)}`);
  return {
    check,
    schedule: policy.failingEveryMs < policy.everyMs ? `${describeSchedule(schedule)}; every ${formatDuration(policy.failingEveryMs)} while failing` : describeSchedule(schedule),
    timeoutMs,
    retries,
    failAfter: policy.failAfter,
    recoverAfter: policy.recoverAfter,
    parents: policy.parents,
    members: policy.group?.members ?? [],
    telling: policy.steps.map(describeStep),
    expect: conditions(definition.expect),
    warn: conditions(definition.warn),
    last: state.seen.last === null ? null : resultView(state.seen.last),
  };
}
