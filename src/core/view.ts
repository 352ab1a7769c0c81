import { ANSWER_MS, blocks, isDoubtful, rootOf } from "./depend.ts";
import { isJudged, type Member, needed } from "./group.ts";
import type { CheckState, View } from "./state.ts";
import { type GroupPolicy, type Instant, type Policy, instant, millis } from "./types.ts";

/** A parent that runs once a day must not hold the outage of its children for days while it counts to its threshold. */
const HOLD_MS_MAX = 30 * 60_000;

/** A check as its neighbours may know it. */
export function viewOf(policy: Policy, state: CheckState): View {
  const { belief, seen } = state;
  return {
    check: policy.check,
    status: belief.status,
    cause: belief.cause,
    failing: seen.verdict === "down",
    verdict: seen.verdict,
    verdictStarted: seen.verdictStarted,
    unjudged: seen.unjudged > 0,
    lastStarted: seen.last?.started ?? null,
    unheard: seen.last === null && seen.expectBy === null && belief.incident === null,
    hiddenBy: null,
    // A group of which nothing was ever known waits for its members' first runs.
    reached: (belief.streak?.downs ?? 0) >= policy.failAfter || (seen.unjudged >= policy.failAfter && (policy.group === null || seen.verdict !== null)),
    wellSince: seen.wellSince,
    sentence: seen.last?.sentence ?? belief.sentence,
    latencyMs: seen.last?.latencyMs ?? 0,
    runMs: policy.runMs,
    toThresholdMs: millis(Math.min(policy.everyMs + policy.failAfter * policy.failingEveryMs, HOLD_MS_MAX) + policy.runMs),
  };
}

/**
 * A check with what it depends on in turn: one that fails or cannot tell behind what is down is blocked, whether or not that was counted; one that
 * fails otherwise waits for its parents before it goes down, and its children wait as much longer.
 */
export function behind(view: View, parents: readonly View[]): View {
  const taking = parents.filter(({ status }) => status !== "paused");
  if (view.status === "paused" || taking.length === 0) return view;
  const blocker = taking.find(blocks);
  const hiddenBy = blocker === undefined ? null : rootOf(blocker);
  if (hiddenBy !== null && !blocks(view) && (view.failing || view.unjudged)) return { ...view, status: "blocked", cause: hiddenBy, hiddenBy };
  const waits = taking.map((parent) => (isDoubtful(parent) ? parent.toThresholdMs : parent.runMs + ANSWER_MS));
  return { ...view, hiddenBy, toThresholdMs: millis(view.toThresholdMs + (view.failing ? Math.max(...waits) : 0)) };
}

const AS_VERDICT: { readonly [status in View["status"]]: Member["verdict"] } = {
  up: "up",
  degraded: "degraded",
  down: "down",
  paused: "out",
  pending: "unknown",
  blocked: "unknown",
  disputed: "unknown",
};

/** A member of a group that is judged from its members' own states. */
export function memberOf(view: View): Member {
  return { name: view.check, verdict: AS_VERDICT[view.status], sentence: view.sentence };
}

/** A member of a group whose members run in turn: its newest verdict. */
export function newestOf({ check, status, verdict, sentence }: View): Member {
  return { name: check, verdict: status === "paused" ? "out" : (verdict ?? "unknown"), sentence };
}

/** A member of a group that is judged by what its members saw: with its threshold, but not with what it depends on. */
export function sightOf({ check, status, verdict, failing, reached, sentence }: View): Member {
  if (status === "paused") return { name: check, verdict: "out", sentence };
  if (status === "down" || reached) return { name: check, verdict: "down", sentence };
  return { name: check, verdict: verdict === null || (status === "blocked" && failing) ? "unknown" : "up", sentence };
}

const nth = (of: readonly (Instant | null)[], at: number, order: 1 | -1): Instant => instant(of.map((value) => value ?? 0).toSorted((a, b) => order * (a - b))[at - 1] ?? 0);

/** The runs by which it was decided, of `need` members that are well or of as many failing as leave too few: the earliest that it needs, and the last. Null while it is open. */
function decidedBy(well: readonly View[], down: readonly View[], need: number, taking: number): { readonly first: Instant; readonly last: Instant } | null {
  const starts = well.length >= need ? well.map(({ verdictStarted }) => verdictStarted) : down.map(({ unjudged, verdictStarted, lastStarted }) => (unjudged ? lastStarted : verdictStarted));
  const enough = well.length >= need ? need : taking - need + 1;
  return starts.length < enough ? null : { first: nth(starts, enough, -1), last: nth(starts, 1, -1) };
}

/** The runs by which what the members of a group saw, each by its threshold, decides about it; null while it is open. */
export function sightBy(group: GroupPolicy, members: readonly View[]): { readonly first: Instant; readonly last: Instant } | null {
  const is = (verdict: Member["verdict"]): readonly View[] => members.filter((view) => sightOf(view).verdict === verdict);
  const taking = members.length - is("out").length;
  return isJudged(group, taking) ? decidedBy(is("up"), is("down"), needed(group, taking), taking) : null;
}

/**
 * A group as those see it that depend on it: it takes no part where too few of its members do. Where it is judged from its members' states, what
 * those saw last counts, from the time on at which so many of them had been seen that it was decided. To ask such a group is to ask its members.
 */
export function groupView(own: View, group: GroupPolicy, members: readonly View[]): View {
  const { run, bySight } = group;
  const taking = members.filter(({ status }) => status !== "paused");
  if (!isJudged(group, taking.length)) return { ...own, status: "paused" };
  if (run === "turn") return own;
  const need = needed(group, taking.length);
  // What could not tell did not see the outside.
  const failing = (view: View): boolean => view.verdict === "down" || (bySight && view.unjudged);
  const down = taking.filter(failing);
  const well = taking.filter((view) => view.verdict !== null && !failing(view));
  const toThresholdMs = millis(Math.max(own.toThresholdMs, ...taking.map((view) => view.toThresholdMs)));
  const seen = { ...own, failing: false, verdict: null, verdictStarted: null, wellSince: null, toThresholdMs };
  const verdictStarted = decidedBy(well, down, need, taking.length)?.first ?? null;
  if (well.length >= need) {
    const since = nth(well.map(({ wellSince }) => wellSince), need, 1);
    return { ...seen, verdict: "up", verdictStarted, wellSince: since > 0 ? since : null };
  }
  return verdictStarted === null ? seen : { ...seen, failing: true, verdict: "down", verdictStarted };
}
