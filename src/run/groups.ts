import { groupOutcome, isJudged, type Member } from "../core/group.ts";
import { failingMembers } from "../core/members.ts";
import type { CheckState, View } from "../core/state.ts";
import type { CheckName, GroupPolicy, Instant, Origin, Policy, Result, Verdict } from "../core/types.ts";
import { memberOf, sightBy, sightOf } from "../core/view.ts";
import type { CheckDefinition } from "../config/site.ts";

interface Frame {
  readonly slot: Instant;
  readonly origin: Origin;
  readonly started: Instant;
  readonly tookMs: number;
  readonly vantage: string;
}

const ALL = { require: "all", bySight: false } as const;

/** What a run in turn says of a member that has thresholds of its own: a failing run under them leaves it what it was. */
function verdictByState({ verdict }: Result, view: View | null): Verdict {
  if (view === null || verdict === "unknown") return verdict;
  if (view.status === "down" || (verdict === "down" && view.reached)) return "down";
  if (verdict !== "down") return verdict;
  return view.status === "up" || view.status === "degraded" ? view.status : "unknown";
}

/** Who is told of every run reads of every member too. */
const tellsEveryRun = ({ steps }: Policy): boolean => steps.some(({ after }) => after.kind === "runs" && after.count === 0);

function groupResult(definition: Pick<CheckDefinition, "name" | "policy">, members: readonly Member[], frame: Frame, unheard: ReadonlySet<string> = new Set()): Result {
  const rule = definition.policy.group ?? ALL;
  const { verdict, sentence } = groupOutcome(rule, members);
  const { slot, origin, started, tookMs, vantage } = frame;
  // Nobody asked for a verdict where too few members take part, nor before those were heard that it waits for.
  const isEarly = verdict === "unknown" && members.every((member) => member.verdict !== "unknown" || unheard.has(member.name));
  const isAsked = !isEarly && isJudged(rule, members.filter((member) => member.verdict !== "out").length);
  const code = verdict === "up" ? "ok" : isAsked ? "members" : "skipped";
  const evidence = verdict === "up" && !tellsEveryRun(definition.policy) ? [] : [{ label: "members", text: members.map((member) => `${member.name}: ${member.verdict}, ${member.sentence}`).join("\n") }];
  const failing = members.filter((member) => member.verdict === "down").map((member) => member.name);
  const facts = { failing, up: members.filter((member) => member.verdict === "up" || member.verdict === "degraded").length, members: members.length };
  return { check: definition.name, vantage, slot, started, origin, verdict, code, sentence, latencyMs: tookMs, phases: {}, facts, evidence, tries: 1 };
}

/** A group's result from the runs of its members in turn; null: the member gave none. Members that are paused are left out, and those that fail behind something that is down cannot tell. */
export function turnResult(definition: Pick<CheckDefinition, "name" | "policy">, results: ReadonlyMap<CheckName, Result | null>, viewOf: (member: CheckName) => View | null, frame: Frame): Result {
  const members = [...results].map(([name, result]): Member => {
    const view = viewOf(name);
    if (result?.verdict === "down" && view?.status === "blocked") return { name, verdict: "unknown", sentence: `blocked by ${view.cause ?? "what it depends on"}` };
    if (result === null) return { name, verdict: "unknown", sentence: "did not run" };
    const verdict = definition.policy.group?.byState === true ? verdictByState(result, view) : result.verdict;
    return { name, verdict, sentence: verdict === result.verdict ? result.sentence : `${result.sentence}, ${verdict} by its threshold` };
  });
  return groupResult(definition, members, frame);
}

/** Whether what the members make of their group now is to be judged before its next slot: it is another verdict, others fail, or it counts and the last did not. */
export function isNews(result: Result, { belief, seen: { last } }: CheckState, group: GroupPolicy | null): boolean {
  if (last === null || result.verdict !== last.verdict || result.code !== last.code) return true;
  if (group?.bySight === true && last.started < belief.countFrom && result.started >= belief.countFrom) return true;
  return group?.renotify === true && failingMembers(result).join("\n") !== failingMembers(last).join("\n");
}

/** A group's result from what is believed of its members, or from what they saw last. */
export function ownResult(definition: Pick<CheckDefinition, "name" | "policy">, viewOf: (member: CheckName) => View | null, { countFrom, ...frame }: Frame & { readonly countFrom: Instant }): Result {
  const { group } = definition.policy;
  const views = (group?.members ?? []).map((name) => ({ name, view: viewOf(name) }));
  const members = views.map(({ name, view }): Member => {
    if (view === null) return { name, verdict: "unknown", sentence: "not there" };
    return group?.bySight === true ? sightOf(view) : memberOf(view);
  });
  // What was seen before the way was clear again says nothing of now; what was seen since is as new as its newest run.
  const seen = views.map(({ view }) => view).filter((view) => view !== null);
  const by = group?.bySight === true ? sightBy(group, seen) : null;
  const started = by === null ? frame.started : by.first < countFrom ? by.first : by.last;
  return groupResult(definition, members, { ...frame, started }, new Set(seen.filter((view) => view.unheard).map(({ check }) => check)));
}
