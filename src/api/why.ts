import { type CheckName, checkName, type Incident, type Instant, instant, plus, type Result } from "../core/types.ts";
import type { Room } from "./route.ts";
import { incidentView } from "./story.ts";
import type { WhyLine, WhyView } from "./types.ts";
import { nowLines } from "./why-now.ts";
import { messageLines, toldLines } from "./why-told.ts";
import { askedLines, condense, inputLines, transitionLines } from "./why-lines.ts";

/** Runs shown before the first sign. */
const BEFORE = 10;
/** Of a long time its beginning and its end are read run by run. */
const HEAD_MS = 3_600_000;
const HEAD_ROWS = 5000;
const TAIL_ROWS = 2000;
const ROWS = 1000;
/** So many incidents are looked through for those of the time that is told of; of older ones the messages are told. */
const INCIDENTS = 200;
const PARENTS = 10;
const PARENT_ROWS = 500;

interface Runs {
  /** Oldest first. */
  readonly results: readonly Result[];
  /** After this one some are left out; null: none are. */
  readonly gapAfter: Result | null;
}

/** The story of a check's state from the store and from what is believed; null when there is no such check. */
export async function readWhy({ handle, clock }: Pick<Room, "handle" | "clock">, check: CheckName, since: Instant | null): Promise<WhyView | null> {
  const summary = handle.summary(check);
  const detail = handle.detail(check);
  const state = handle.state(check);
  if (summary === null || detail === null || state === null) return null;
  const { store } = handle;
  const newest = await store.incidents({ check, limit: INCIDENTS });
  const begin = since ?? newest[0]?.firstSign ?? (await store.transitions({ check, limit: 1 }))[0]?.at ?? instant(summary.since);
  const { results, gapAfter } = await readRuns(store, check, begin, since === null ? BEFORE : 0);
  const from = instant(Math.min(begin, results[0]?.started ?? begin));
  const incidents = newest.filter(({ closed }) => closed === null || closed >= from);
  const [transitions, journal, stories, messages] = await Promise.all([
    store.transitions({ check, since: from, limit: ROWS }),
    store.journal({ check, since: from, limit: ROWS }),
    Promise.all(incidents.map(({ id }) => store.incident(id))),
    store.messages({ check, limit: ROWS }),
  ]);
  const parents = detail.parents.slice(0, PARENTS).map(checkName);
  const asked = await Promise.all(parents.map(async (parent) => askedLines(parent, (await store.results({ check: parent, limit: PARENT_ROWS })).filter(({ started }) => started >= from))));
  const events = [
    ...transitions.toReversed().flatMap(transitionLines),
    ...inputLines(journal),
    ...stories.flatMap((story) => (story === null ? [] : toldLines(story, messages))).filter(({ at }) => at >= from),
    ...messageLines(check, messages.filter(({ formedAt }) => formedAt >= from), new Set(stories.flatMap((story) => story?.alerts.map(({ alert }) => alert.id) ?? []))),
    ...asked.flat(),
    ...leftOut(results, gapAfter),
  ];
  const runs = { failAfter: detail.failAfter, resumedAt: journal.flatMap(({ at, input }) => (isFence(input) ? [at] : [])) };
  const lines = [...condense(results, events, runs), ...nowLines({ state, summary, failAfter: detail.failAfter, now: clock.now(), messages })];
  const masked = lines.map(({ at, until, kind, verdict, text }) => ({ at, until, kind, verdict, text: handle.mask(text) }));
  return { check, state: summary.state, since: summary.since, summary: summary.summary, now: clock.now(), timezone: handle.overview().site.timezone, from, incident: viewOf(incidents[0]), lines: masked };
}

const viewOf = (incident: Incident | undefined): WhyView["incident"] => (incident === undefined ? null : incidentView(incident));

/** Runs that began before it do not count. */
function isFence(input: unknown): boolean {
  if (typeof input !== "object" || input === null || !("kind" in input)) return false;
  return input.kind === "resume" || (input.kind === "reload" && "changed" in input && input.changed === "target");
}

async function readRuns(store: Room["handle"]["store"], check: CheckName, from: Instant, before: number): Promise<Runs> {
  const [head, tail] = await Promise.all([store.results({ check, before: plus(from, HEAD_MS), limit: HEAD_ROWS }), store.results({ check, limit: TAIL_ROWS })]);
  const oldest = tail.at(-1);
  const overlap = oldest === undefined || tail.length < TAIL_ROWS || oldest.slot < from + HEAD_MS;
  const known = new Set(tail.map(({ slot, started }) => `${slot} ${started}`));
  const first = head.filter(({ slot, started }) => !known.has(`${slot} ${started}`));
  const all = [...tail, ...first].toSorted((a, b) => a.started - b.started);
  const begin = all.findIndex(({ started }) => started >= from);
  return { results: all.slice(Math.max(0, (begin === -1 ? all.length : begin) - before)), gapAfter: overlap ? null : (first[0] ?? null) };
}

function leftOut(results: readonly Result[], gapAfter: Result | null): readonly WhyLine[] {
  if (gapAfter === null) return [];
  const next = results.find(({ started }) => started > gapAfter.started);
  return [{ at: gapAfter.started + 1, until: next?.started ?? null, kind: "left-out", verdict: null, text: "Runs in between are left out" }];
}
