import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { impatience } from "../dial/datagrams.ts";
import { host, port, secret, sourceAddress } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import type { DatagramSocket, Failure } from "../sys/ports.ts";
import { parseIp4 } from "../wire/ip.ts";
import { INFINITY, type RipAuthentication, type RipRoute, decodeRip, encodeTableRequest } from "../wire/rip.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const SECRET_OCTETS = 16;

const options = z.strictObject({
  host: host().describe("Router: host name or IPv4 address"),
  port: port().default(520).describe("UDP port of the router"),
  listen: z.boolean().default(false).describe("true waits for the router's own update to 224.0.0.9 (every 30 s; set a timeout above that) instead of asking: for routers that answer no requests").meta({ source: "RFC 2453, section 3.8" }),
  sourcePort: port().nullable().default(null).describe("Own port to ask from; some routers answer port 520 only, which needs CAP_NET_BIND_SERVICE"),
  authentication: z.enum(["none", "text", "md5"]).default("none").describe("What the router's interface demands").meta({ source: "RFC 2453, section 4.1; RFC 2082; RFC 4822" }),
  password: secret().nullable().default(null).describe("Password of that authentication, at most 16 octets; the router's answer must show it as well"),
  keyId: z.number().int().min(0).max(255).default(1).describe("With md5: number of the key"),
  routes: z
    .array(z.string().transform(prefix))
    .max(1000)
    .default([])
    .describe("Networks that must be reachable: [192.0.2.0/24, 0.0.0.0/0]; without any, one of any kind is enough"),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** Tables come in several datagrams, one after the other. */
const QUIET_MS = 300;
/** A datagram may be lost. */
const TRY_MS = 2000;
const DATAGRAMS_MAX = 400;
const LISTED_MAX = 100;
const ROUTERS_GROUP = "224.0.0.9";

function prefix(text: string, ctx: z.RefinementCtx): string {
  const [, address = "", length = "32"] = /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(text.trim()) ?? [];
  const octets = parseIp4(address);
  if (octets !== null && Number(length) <= 32) {
    const bits = octets.reduce((value, octet) => value * 256 + octet, 0);
    if (bits % 2 ** (32 - Number(length)) === 0) return `${address}/${length}`;
  }
  ctx.addIssue({ code: "custom", message: `\`${text}\` is no IPv4 network`, params: { right: "write it with its length and zeros behind it: 192.0.2.0/24" } });
  return z.NEVER;
}

/** RIP: the router sends routes. An exchange of our own: one datagram out, a few in; nothing is announced. */
export const rip: Probe<Options> = {
  type: "rip",
  about: "Asks a router for its routes by RIP version 2, or waits for its update, and looks for those that must be there",
  source: "RFC 2453, sections 3.8 and 3.9; RFC 2082; RFC 4822",
  options,
  facts: {
    count: { number: true, about: "Networks that are reachable, by what the router says" },
    routes: { about: "The first 100 of them: `192.0.2.0/24`" },
    metrics: { about: "Metric of each required one, 16 when it is not reachable; without `routes`, of those listed: `metrics.192.0.2.0/24`" },
    address: { about: "The router's address" },
  },
  target: ({ host, port }) => `${host}:${port}`,
  check({ authentication, password, listen, sourcePort }) {
    if (authentication === "none" && password !== null) return { path: ["authentication"], wrong: "there is a password, but no authentication", right: "write authentication: text or md5, as the router has it" };
    if (authentication !== "none" && password === null) return { path: ["password"], wrong: `authentication: ${authentication} needs a password`, right: "add password: ${env:NAME}" };
    if (password !== null && new TextEncoder().encode(password).length > SECRET_OCTETS) return { path: ["password"], wrong: "the password is longer than 16 octets, which RIP cuts off", right: "give the first 16" };
    if (listen && sourcePort !== null) return { path: ["sourcePort"], wrong: "who listens asks from no port", right: "leave out sourcePort, or listen" };
    return null;
  },
  run,
};

const authenticationOf = ({ authentication: kind, password, keyId }: Options): RipAuthentication =>
  kind === "none" || password === null ? { kind: "none" } : kind === "text" ? { kind, password } : { kind, password, keyId };

const ended = (failure: Failure, phases: Outcome["phases"], facts: Facts, evidence: Outcome["evidence"]): Outcome => ({ verdict: verdictOf(failure.code), ...failure, phases, facts, evidence });

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const begun = ctx.clock.monotonic();
  const resolution = await ctx.network.resolve(chosen.host, 4, ctx.signal);
  const resolve = tenth(ctx.clock.monotonic() - begun);
  if (resolution.kind === "failed") return ended(resolution.failure, { resolve }, {}, []);
  const address = resolution.addresses[0]?.ip;
  if (address === undefined) return ended({ code: "unresolvable", sentence: `${chosen.host} has no IPv4 address` }, { resolve }, {}, []);
  const phases = address === chosen.host ? {} : { resolve };
  const opened = await open(chosen, address, ctx);
  if (opened.kind === "failed") return ended(opened.failure, phases, { address }, []);
  const table = await collect(opened.socket, chosen, address, ctx);
  opened.socket.close();
  const asked = chosen.listen ? `listened to ${ROUTERS_GROUP} for updates of ${address}` : `request for the whole table, authentication ${chosen.authentication}, ${table.requests === 1 ? "once" : `${table.requests} times`}`;
  const evidence = evidenceOf({ sent: asked, received: [...table.routes].map(([network, metric]) => `${network} metric ${metric}`).join("\n"), "not taken": table.wrong ?? "" });
  const done = { ...phases, answer: tenth(table.firstMs) };
  if (table.failure !== null) return ended(table.failure, done, { address }, evidence);
  const facts = factsOf(table.routes, chosen, address);
  const missing = missingOf(table.routes, chosen);
  if (missing !== null) return ended({ code: "mismatch", sentence: missing }, done, facts, evidence);
  const count = [...table.routes.values()].filter(reachable).length;
  const wanted = chosen.routes.length === 0 ? "" : `, ${chosen.routes.length === 1 ? "the required one" : `the ${chosen.routes.length} required ones`} among them`;
  // the time of waiting for more is not the router's
  return { verdict: "up", code: "ok", sentence: `${address} has ${count === 1 ? "1 route" : `${count} routes`}${wanted}`, phases: done, latencyMs: tenth(table.firstMs), facts, evidence };
}

async function open(chosen: Options, address: string, ctx: ProbeContext): ReturnType<ProbeContext["network"]["datagram"]> {
  const { port, source, sourcePort } = chosen;
  if (!chosen.listen) return sourcePort === null ? ctx.network.datagram(address, port, source) : ctx.network.datagram(address, port, source, sourcePort);
  const listening = ctx.network.listen?.({ from: address, group: ROUTERS_GROUP, port, source });
  return listening ?? { kind: "failed", failure: { code: "resources", sentence: "this place cannot listen to a group" } };
}

interface Table {
  readonly routes: ReadonlyMap<string, number>;
  readonly failure: Failure | null;
  /** Why something that came was not taken. */
  readonly wrong: string | null;
  readonly firstMs: number;
  readonly requests: number;
}

/** Takes responses from the first one until nothing more comes for a while; until then it asks again and again. */
async function collect(socket: DatagramSocket, chosen: Options, address: string, ctx: ProbeContext): Promise<Table> {
  const authentication = authenticationOf(chosen);
  const routes = new Map<string, number>();
  const begun = ctx.clock.monotonic();
  let firstMs: number | null = null;
  let wrong: { readonly code: Failure["code"]; readonly reason: string } | null = null;
  let requests = 0;
  // nothing that comes makes us ask again: two that answer each other's answers would never end
  let due = !chosen.listen;
  const table = (failure: Failure | null): Table => ({ routes, failure, wrong: wrong?.reason ?? null, firstMs: firstMs ?? ctx.clock.monotonic() - begun, requests });
  for (let datagrams = 0; datagrams < DATAGRAMS_MAX; ) {
    if (due) socket.send(encodeTableRequest(authentication, Math.floor(ctx.clock.now() / 1000) + requests++));
    due = false;
    const heard = await hear(socket, firstMs !== null ? QUIET_MS : chosen.listen ? null : TRY_MS, ctx);
    if (heard.kind === "failed") {
      if (firstMs !== null) break;
      if (heard.failure.code !== "timeout") return table(heard.failure);
      due = !chosen.listen;
      if (!ctx.signal.aborted) continue;
      return table(wrong === null ? { code: "timeout", sentence: silence(address, chosen) } : { code: wrong.code, sentence: `${address} sent ${wrong.reason}` });
    }
    datagrams++;
    const message = decodeRip(heard.bytes, authentication);
    if (message.kind === "response") {
      firstMs ??= ctx.clock.monotonic() - begun;
      remember(routes, message.routes);
    } else if (message.kind !== "request") wrong ??= { code: message.kind === "bad" ? "protocol" : "auth", reason: message.reason };
  }
  if (firstMs === null) return table({ code: "protocol", sentence: `${address} sends datagrams without end, and no answer` });
  return table(null);
}

function silence(address: string, { listen, authentication }: Options): string {
  if (listen) return `${address} sent no update in time`;
  const hint = authentication === "none" ? "it may want authentication, or have no route to tell; listen: true waits for its own update" : "some routers give no table to authenticated requests; listen: true waits for its own update";
  return `${address} did not answer in time (${hint})`;
}

const remember = (routes: Map<string, number>, more: readonly RipRoute[]): void => {
  for (const { prefix: network, metric } of more) routes.set(network, metric);
};

async function hear(socket: DatagramSocket, ms: number | null, ctx: ProbeContext): ReturnType<DatagramSocket["receive"]> {
  if (ms === null) return socket.receive(ctx.signal);
  const patience = impatience(ms, ctx);
  const heard = await socket.receive(patience.signal);
  patience.end();
  return heard;
}

const reachable = (metric: number | undefined): boolean => metric !== undefined && metric < INFINITY;

function missingOf(routes: ReadonlyMap<string, number>, chosen: Options): string | null {
  const missing = chosen.routes.filter((network) => !reachable(routes.get(network)));
  if (missing.length > 0) return `no route to ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}`;
  return [...routes.values()].some(reachable) ? null : "the router has no route that is reachable";
}

function factsOf(routes: ReadonlyMap<string, number>, chosen: Options, address: string): Facts {
  const well = [...routes].flatMap(([network, metric]) => (reachable(metric) ? [network] : []));
  const listed = well.slice(0, LISTED_MAX);
  const named = chosen.routes.length === 0 ? listed : chosen.routes.slice(0, LISTED_MAX);
  return { address, count: well.length, routes: listed, metrics: Object.fromEntries(named.map((network) => [network, routes.get(network) ?? INFINITY])) };
}
