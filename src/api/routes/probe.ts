import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostOf } from "../admit.ts";
import { PROMETHEUS_TYPE } from "../metrics.ts";
import { type Room, type Route, problem, route } from "../route.ts";
import { probeQuery } from "../schemas.ts";

const TEXT = "text/plain; charset=utf-8";
/** Longest time that an asker may want to wait, seconds. */
const WAITS_MAX = 600;

/** How long Prometheus waits, ms; null when it does not say, `wrong` when it says something else. */
function waitsOf({ headers }: IncomingMessage): number | "wrong" | null {
  const said = headers["x-prometheus-scrape-timeout-seconds"];
  if (said === undefined || said === "") return null;
  const seconds = Number(said);
  if (!Number.isFinite(seconds)) return "wrong";
  return seconds <= 0 ? null : Math.min(seconds, WAITS_MAX) * 1000;
}

/** A page that rebound its own name to this address must not look around in our networks: a token it cannot have, a name it must have. */
function isRebound({ headers }: IncomingMessage, room: Room): boolean {
  const host = hostOf(headers.host ?? "");
  const page = room.page();
  return headers.authorization === undefined && !(host !== null && (isIP(host) !== 0 || host === "localhost" || (page !== null && URL.canParse(page) && new URL(page).hostname === host)));
}

const probe = route({
  method: "GET",
  path: "/probe",
  summary: "Asks a target by a module of `probe`, and answers with figures as blackbox_exporter does. Off until it is configured",
  tag: "probe",
  access: "anybody",
  query: probeQuery,
  answer: { type: "text/plain", about: "the exposition in Prometheus' text format" },
  handle: async (room, { query, incoming, outgoing }) => {
    if (isRebound(incoming, room)) return problem(421, "this is not a name of this Tocsin", "ask it by its address, set `url`, or send the token");
    const waitsMs = waitsOf(incoming);
    if (waitsMs === "wrong") return problem(400, "the header X-Prometheus-Scrape-Timeout-Seconds is no number", "send seconds");
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    const token = /^Bearer\s+(.+)$/i.exec(incoming.headers.authorization ?? "")?.[1]?.trim() ?? null;
    const probed = await room.handle.probe({ module: query.module ?? "", target: query.target ?? "", hostname: query.hostname ?? "", debug: query.debug === "true", waitsMs, token, signal: gone.signal });
    switch (probed.kind) {
      case "probed":
        return { kind: "text", type: query.debug === "true" ? TEXT : PROMETHEUS_TYPE, text: probed.text };
      case "wrong":
        return { kind: "text", type: TEXT, text: `${probed.text}\n`, status: 400 };
      case "busy":
        return { ...problem(503, "too many targets are asked at the same time", "ask again later"), retryAfterMs: 1000 };
      default:
        return problem(probed.kind === "stranger" ? 401 : 403, probed.reason, probed.advice);
    }
  },
});

export const probeRoutes: readonly Route[] = [probe];
