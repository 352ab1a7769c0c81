import { type CheckName, type Instant, checkName, instant, millis } from "../../core/types.ts";
import type { Done } from "../handle.ts";
import { type Problem, type Reply, type Room, type Route, problem, route } from "../route.ts";
import { BUCKETS_MAX, acknowledgeBody, checkDetail, checkList, checkParams, checkSummary, checksQuery, historyQuery, historyView, noBody, noQuery, resultList, resultsQuery, silenceBody, whyQuery, whyView } from "../schemas.ts";
import { incidentView, resultView } from "../story.ts";
import type { CheckSummary } from "../types.ts";
import { readWhy } from "../why.ts";

/** Results and incidents that come with a check. */
const DETAIL_ROWS = 20;
/** Incidents drawn into one history. */
const HISTORY_INCIDENTS_MAX = 200;
const DAY_MS = 86_400_000;
const USUAL_BUCKETS = 200;

const tag = "checks";
const access = "login";
const params = checkParams;
const noSuchCheck = (name: string): Problem => problem(404, `there is no check \`${name}\``, "see /api/v1/checks for the names");

const list = route({
  method: "GET",
  path: "/api/v1/checks",
  summary: "All checks, or those of a state, with a tag, or that match a text",
  tag,
  access,
  query: checksQuery,
  answer: { json: checkList },
  handle: async (room, { query }) => {
    const wanted = query.q?.toLowerCase();
    const matches = (check: CheckSummary): boolean =>
      (query.state === undefined || check.state === query.state) &&
      (query.tag === undefined || check.tags.includes(query.tag)) &&
      (wanted === undefined || [check.name, check.target, check.description, check.summary, ...check.tags].some((text) => text.toLowerCase().includes(wanted)));
    return { kind: "pieces", pieces: await room.board.select(matches) };
  },
});

const detail = route({
  method: "GET",
  path: "/api/v1/checks/{name}",
  summary: "One check with its definition, last results and incidents",
  tag,
  access,
  params,
  query: noQuery,
  answer: { json: checkDetail },
  handle: async ({ handle }, { params }) => {
    const name = checkName(params.name);
    const known = handle.detail(name);
    if (known === null) return noSuchCheck(name);
    const [results, incidents] = await Promise.all([handle.store.results({ check: name, limit: DETAIL_ROWS }), handle.store.incidents({ check: name, limit: DETAIL_ROWS })]);
    return { kind: "json", value: { ...known, results: results.map(resultView), incidents: incidents.map(incidentView) } };
  },
});

const history = route({
  method: "GET",
  path: "/api/v1/checks/{name}/history",
  summary: "Availability and latency over a time, in buckets, with the incidents in it",
  tag,
  access,
  params,
  query: historyQuery,
  answer: { json: historyView },
  handle: async ({ handle, clock }, { params, query }) => {
    const name = checkName(params.name);
    if (handle.summary(name) === null) return noSuchCheck(name);
    const to = instant(query.to ?? clock.now());
    const from = instant(query.from ?? Math.max(0, to - DAY_MS));
    if (from >= to) return problem(400, "`from` is not before `to`", "give instants in milliseconds since 1970, `from` first");
    const stepMs = millis(query.stepMs ?? Math.max(1000, Math.ceil((to - from) / USUAL_BUCKETS)));
    if ((to - from) / stepMs > BUCKETS_MAX) return problem(400, `more than ${BUCKETS_MAX} buckets`, `ask for a \`stepMs\` of at least ${Math.ceil((to - from) / BUCKETS_MAX)}`);
    const [buckets, incidents] = await Promise.all([handle.store.range({ check: name, from, to, stepMs }), handle.store.incidents({ check: name, before: to, limit: HISTORY_INCIDENTS_MAX })]);
    return { kind: "json", value: { from, to, stepMs, buckets, incidents: incidents.filter(({ closed }) => closed === null || closed >= from).map(incidentView) } };
  },
});

const results = route({
  method: "GET",
  path: "/api/v1/checks/{name}/results",
  summary: "Results of single runs, newest first",
  tag,
  access,
  params,
  query: resultsQuery,
  answer: { json: resultList },
  handle: async ({ handle }, { params, query: { before, failed, limit } }) => {
    const name = checkName(params.name);
    if (handle.summary(name) === null) return noSuchCheck(name);
    const rows = await handle.store.results({ check: name, limit, ...(before === undefined ? {} : { before: before as Instant }), ...(failed === undefined ? {} : { failed }) });
    return { kind: "json", value: rows.map(resultView) };
  },
});

const why = route({
  method: "GET",
  path: "/api/v1/checks/{name}/why",
  summary: "The story of a check's state: what was seen, what counted, which rule decided, who was told and who was not",
  tag,
  access,
  params,
  query: whyQuery,
  answer: { json: whyView },
  handle: async (room, { params, query }) => {
    const name = checkName(params.name);
    const view = await readWhy(room, name, query.since === undefined ? null : instant(query.since));
    return view === null ? noSuchCheck(name) : { kind: "json", value: view };
  },
});

/** The check as it is after what was asked for was done. */
function after(room: Room, name: CheckName, done: Done): Reply<CheckSummary> {
  if (done.kind === "refused") return problem(409, done.reason, done.advice);
  const summary = room.handle.summary(name);
  return summary === null ? noSuchCheck(name) : { kind: "json", value: summary };
}

type Doing = (room: Room, name: CheckName, by: string) => Done;

function action(word: string, summary: string, doing: Doing): Route {
  return route({
    method: "POST",
    path: `/api/v1/checks/{name}/${word}`,
    summary,
    tag,
    access,
    params,
    body: noBody,
    answer: { json: checkSummary },
    handle: (room, { params, asker }) => {
      const name = checkName(params.name);
      return room.handle.summary(name) === null ? noSuchCheck(name) : after(room, name, doing(room, name, asker.user ?? ""));
    },
  });
}

const acknowledge = route({
  method: "POST",
  path: "/api/v1/checks/{name}/acknowledge",
  summary: "Somebody has seen the open incident: reminders stop",
  tag,
  access,
  params,
  body: acknowledgeBody,
  answer: { json: checkSummary },
  handle: (room, { params, body, asker }) => {
    const name = checkName(params.name);
    return room.handle.summary(name) === null ? noSuchCheck(name) : after(room, name, room.handle.acknowledge(name, asker.user ?? "", body.note));
  },
});

const silence = route({
  method: "POST",
  path: "/api/v1/checks/{name}/silence",
  summary: "Tell nobody, for a time or until it has recovered; of a group: with its members",
  tag,
  access,
  params,
  body: silenceBody,
  answer: { json: checkSummary },
  handle: (room, { params, body: { forMs }, asker }) => {
    const name = checkName(params.name);
    const done = (): Done => room.handle.silence(name, asker.user ?? "", forMs === undefined ? null : millis(forMs));
    return room.handle.summary(name) === null ? noSuchCheck(name) : after(room, name, done());
  },
});

export const checkRoutes: readonly Route[] = [
  list,
  detail,
  history,
  results,
  why,
  action("run", "Run it now; the result counts for no threshold", ({ handle }, name) => handle.runNow(name)),
  action("pause", "Run it no more until it is resumed", ({ handle }, name, by) => handle.pause(name, by)),
  action("resume", "Run it again", ({ handle }, name, by) => handle.resume(name, by)),
  acknowledge,
  silence,
  action("unsilence", "Tell again; of a group: with its members", ({ handle }, name, by) => handle.unsilence(name, by)),
];
