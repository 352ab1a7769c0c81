import { OPENMETRICS_TYPE, PROMETHEUS_TYPE } from "../metrics.ts";
import { apiHeaders } from "../respond.ts";
import { type Route, problem, route } from "../route.ts";
import { noBody, noQuery, overview as overviewSchema, readyReport, reloadReport, statusReport } from "../schemas.ts";
import { STREAMS_MAX } from "../stream.ts";
import type { CheckSummary, StatusReport } from "../types.ts";

const overview = route({
  method: "GET",
  path: "/api/v1/overview",
  summary: "All at one glance: the site, its checks, its channels, and what is wrong with Tocsin itself",
  tag: "site",
  access: "login",
  query: noQuery,
  answer: { json: overviewSchema },
  handle: async ({ board }) => ({ kind: "pieces", pieces: await board.overview() }),
});

const stream = route({
  method: "GET",
  path: "/api/v1/stream",
  summary: "What changes, as server-sent events; each event's data is a StreamEvent, the first one an overview",
  tag: "site",
  access: "login",
  answer: { type: "text/event-stream", about: "events `overview`, `checks` and `banners`" },
  handle: ({ streams }, { incoming, outgoing, asker }) => {
    if (incoming.method === "HEAD") return { kind: "text", type: "text/event-stream", text: "" };
    if (streams.add(outgoing, apiHeaders, asker.holds)) return { kind: "kept" };
    return { ...problem(503, `more than ${STREAMS_MAX} pages are open`, "close some"), retryAfterMs: 10_000 };
  },
});

/** The worst of all checks in the words of the command line: who watches nothing knows nothing. */
export function worst(checks: readonly Pick<CheckSummary, "state" | "incidentKind">[]): StatusReport["state"] {
  if (checks.length === 0) return "unknown";
  if (checks.some(({ state }) => state === "down")) return "down";
  return checks.some(({ state, incidentKind }) => state === "degraded" || state === "disputed" || incidentKind === "unchecked") ? "degraded" : "up";
}

const status = route({
  method: "GET",
  path: "/api/v1/status",
  summary: "The state of all checks in brief, for the command line",
  tag: "site",
  access: "login",
  query: noQuery,
  answer: { json: statusReport },
  handle: async ({ board, handle, page }) => {
    const { site, summaries } = await board.states();
    const { name, vantage, version, startedAt } = site;
    const head: Omit<StatusReport, "checks"> = { site: { name, vantage, version, startedAt }, state: worst(summaries), page: page(), banners: handle.banners() };
    return { kind: "pieces", pieces: await board.select(() => true, `${JSON.stringify(head).slice(0, -1)},"checks":`, "}") };
  },
});

const reload = route({
  method: "POST",
  path: "/api/v1/reload",
  summary: "Read the configuration again",
  tag: "site",
  access: "login",
  body: noBody,
  answer: { json: reloadReport },
  handle: async ({ handle }) => {
    const { kind, problems } = await handle.reload();
    return { kind: "json", value: { kind, problems: problems.map((text) => handle.mask(text)) } };
  },
});

const healthz = route({
  method: "GET",
  path: "/healthz",
  summary: "Answers while the process lives",
  tag: "health",
  access: "anybody",
  answer: { type: "text/plain", about: "ok" },
  handle: () => ({ kind: "text", type: "text/plain; charset=utf-8", text: "ok\n" }),
});

const readyz = route({
  method: "GET",
  path: "/readyz",
  summary: "200 while checks run, results are stored and messages go out; else 503",
  tag: "health",
  access: "anybody",
  answer: { json: readyReport },
  handle: ({ handle }, { asker }) => {
    const { ready, reasons } = handle.ready();
    const shown = asker.user !== null || asker.local ? reasons.map((text) => handle.mask(text)) : [];
    return { kind: "json", status: ready ? 200 : 503, value: { ready, reasons: shown } };
  },
});

const metrics = route({
  method: "GET",
  path: "/metrics",
  summary: "Figures for Prometheus: OpenMetrics when asked for, else its text format. Needs a login (Basic) unless it is asked from this machine",
  tag: "health",
  access: "local",
  answer: { type: "application/openmetrics-text", about: "the exposition" },
  handle: async ({ metrics }, { incoming }) => {
    const open = (incoming.headers.accept ?? "").includes("application/openmetrics-text");
    return { kind: "pieces", type: open ? OPENMETRICS_TYPE : PROMETHEUS_TYPE, pieces: await metrics.pieces(open) };
  },
});

export const siteRoutes: readonly Route[] = [overview, stream, status, reload, healthz, readyz, metrics];
