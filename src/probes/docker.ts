import { z } from "zod";
import type { FailureCode, Facts, Phases, Verdict } from "../core/types.ts";
import { type Exchanged, type HttpResponse, exchange } from "../dial/http.ts";
import { exchange1 } from "../dial/http1.ts";
import { DEFAULT_TLS, host } from "../dial/options.ts";
import { evidenceOf, printable, tenth, verdictOf } from "../dial/outcome.ts";
import { connectionFacts, endpoint, serviceOptions } from "../dial/service-options.ts";
import type { Connection, Failure } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

/** A container's document with the log of its health check is some 40 KiB. */
const BODY_MAX = 524_288;
const NEVER_STARTED = /^0001-/;

const options = z.strictObject({
  container: z
    .string()
    .regex(/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/, "write the name or the id of a container")
    .describe("Name or id of the container"),
  socket: z.string().regex(/^\/[^\0]{1,106}$/, "write a whole path").default("/var/run/docker.sock").describe("Unix socket of the engine, unless `host` is given; who may use it may do anything on this machine").meta({ hostPower: true }),
  ...serviceOptions(),
  host: host().nullable().default(null).describe("Host name or address of an engine that listens on TCP; port 2375, with `tls` 2376"),
  starting: z.enum(["up", "degraded", "down"]).default("degraded").describe("What it means that the container's health check has not passed yet since it was started"),
});
type Options = z.output<typeof options>;

const DOCUMENT = z.object({
  RestartCount: z.number().optional(),
  Config: z.object({ Image: z.string().optional() }).nullish(),
  State: z.object({
    Status: z.string().max(100),
    ExitCode: z.number().optional(),
    OOMKilled: z.boolean().optional(),
    Error: z.string().optional(),
    StartedAt: z.string().optional(),
    Health: z.object({ Status: z.string().max(100), FailingStreak: z.number().optional(), Log: z.array(z.object({ Output: z.string().optional() })).nullish() }).nullish(),
  }),
});
const REFUSAL = z.object({ message: z.string() });
type State = z.output<typeof DOCUMENT>["State"];

/** A container as its engine sees it. An exchange of our own: one GET, and clients of Docker bring a hundred calls and no phases. */
export const docker: Probe<Options> = {
  type: "docker",
  about: "Asks a Docker engine (or Podman) whether a container runs and what its health check says",
  source: "Docker Engine API, GET /containers/{id}/json (ContainerInspect)",
  options,
  facts: {
    state: { about: "created, running, paused, restarting, removing, exited or dead" },
    health: { about: "healthy, unhealthy or starting; none without a health check" },
    failingStreak: { number: true, about: "Health checks that failed in a row" },
    exitCode: { number: true, about: "Exit code of the last run, where it is over" },
    oomKilled: { about: "Whether it was ended because it took too much memory" },
    restarts: { number: true, about: "How often the engine has restarted it" },
    uptime: { unit: "s", about: "How long it has been running" },
    image: { about: "Image it was made of" },
    ...connectionFacts,
  },
  target: (chosen) => (chosen.host === null ? `unix:${chosen.socket}` : endpoint(chosen.host, portOf(chosen))),
  check: ({ host, port, tls }) => (host === null && (port !== null || tls !== null) ? { path: [port === null ? "tls" : "port"], wrong: "a Unix socket has neither port nor TLS", right: "add host, or leave port and tls out" } : null),
  run,
};

const portOf = ({ port, tls }: Options): number => port ?? (tls === null ? 2375 : 2376);

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const { container } = chosen;
  const path = `/containers/${container.replace(/^\//, "")}/json`;
  const asked = await (chosen.host === null ? overSocket(chosen.socket, path, ctx) : overTcp(chosen, chosen.host, path, ctx));
  const { phases, attempts, sent } = asked;
  const seen = (facts: Facts, received: string) => ({ phases, facts: { ...asked.facts, ...facts }, evidence: evidenceOf({ attempts: attempts.join("\n"), sent, received }) });
  const failed = ({ code, sentence }: Failure, received: string): Outcome => ({ verdict: verdictOf(code), code, sentence, ...seen({}, received) });
  if (asked.kind === "failed") return failed(asked.failure, asked.received);
  const { response } = asked;
  const head = `HTTP/${response.version} ${response.status} ${response.statusText}`;
  const text = Buffer.from(response.body).toString("utf8");
  if (response.status !== 200) return failed(refusal(response, text, container), `${head}\n\n${printable(text).slice(0, 2000)}`);
  if (response.cut) return failed({ code: "too-large", sentence: `the engine's answer has more than ${BODY_MAX / 1024} KiB` }, head);
  const read = DOCUMENT.safeParse(parsed(text));
  if (!read.success) return failed({ code: "protocol", sentence: "the answer is no description of a container" }, `${head}\n\n${printable(text).slice(0, 500)}`);
  const { State: state, RestartCount, Config } = read.data;
  const facts: Facts = {
    state: state.Status,
    health: healthOf(state),
    ...(state.Health?.FailingStreak === undefined ? {} : { failingStreak: state.Health.FailingStreak }),
    ...(state.Status === "running" || state.ExitCode === undefined ? {} : { exitCode: state.ExitCode }),
    oomKilled: state.OOMKilled ?? false,
    ...(RestartCount === undefined ? {} : { restarts: RestartCount }),
    ...uptimeOf(state, ctx),
    ...(Config?.Image === undefined ? {} : { image: Config.Image.slice(0, 500) }),
  };
  // The document also has the container's environment, with its passwords: only the state is shown.
  return { ...judged(state, chosen), ...seen(facts, `${head}\n\n${printable(JSON.stringify(state)).slice(0, 4000)}`) };
}

function overTcp(chosen: Options, host: string, path: string, ctx: ProbeContext): Promise<Exchanged> {
  const { tls, family, source } = chosen;
  const url = new URL(`${tls === null ? "http" : "https"}://${endpoint(host, portOf(chosen))}${path}`);
  return exchange({ url, method: "GET", headers: {}, body: null, family, source, tls: tls ?? DEFAULT_TLS, http2: false, proxy: null, bodyLimit: BODY_MAX }, ctx);
}

async function overSocket(socket: string, path: string, ctx: ProbeContext): Promise<Exchanged> {
  const begun = ctx.clock.monotonic();
  const connection: Connection = (await ctx.network.connectPath?.(socket, ctx.signal)) ?? { kind: "failed", failure: { code: "resources", sentence: "there are no Unix sockets here" } };
  const connected = ctx.clock.monotonic();
  const phases: Phases = { connect: tenth(connected - begun) };
  const common = { facts: {}, attempts: [], received: "" };
  if (connection.kind === "failed") return { kind: "failed", failure: connection.failure, phases, sent: "", ...common };
  const headers = { Host: "localhost", "User-Agent": "Tocsin", Accept: "*/*" };
  const collected = await exchange1(connection.socket, { method: "GET", path, authority: socket, scheme: "http", headers, body: null, bodyLimit: BODY_MAX }, ctx);
  connection.socket.destroy();
  const ended = ctx.clock.monotonic();
  const headAt = collected.headAt ?? ended;
  const told = { ...common, sent: `GET ${path} HTTP/1.1`, phases: { ...phases, firstByte: tenth(headAt - connected), ...(collected.headAt === null ? {} : { transfer: tenth(ended - headAt) }) } };
  if (collected.failure !== null) return { kind: "failed", failure: collected.failure, ...told, received: collected.raw === null ? "" : printable(collected.raw) };
  if (collected.head === null) return { kind: "failed", failure: { code: "closed", sentence: "the engine closed the connection without an answer" }, ...told };
  return { kind: "answered", response: { ...collected.head, body: Buffer.concat(collected.chunks), cut: collected.cut }, ...told };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The engine explains itself as `{"message": "..."}`. */
function refusal({ status, statusText }: HttpResponse, text: string, container: string): Failure {
  const said = REFUSAL.safeParse(parsed(text));
  const message = said.success ? printable(said.data.message).slice(0, 200) : statusText;
  if (status === 404 && said.success) return { code: "mismatch", sentence: `there is no container ${container}: ${message}` };
  return { code: status === 401 || status === 403 ? "auth" : said.success ? "status" : "protocol", sentence: `the engine answered with HTTP ${status}: ${message}` };
}

/** Podman writes an empty text where there is no health check. */
const healthOf = ({ Health }: State): string => (Health === undefined || Health === null || Health.Status === "" ? "none" : Health.Status);

function uptimeOf({ Status, StartedAt = "" }: State, ctx: ProbeContext): Facts {
  const started = Date.parse(StartedAt);
  if (Status !== "running" || NEVER_STARTED.test(StartedAt) || Number.isNaN(started)) return {};
  return { uptime: Math.max(0, Math.round((ctx.clock.now() - started) / 1000)) };
}

function judged(state: State, { container, starting }: Options): { readonly verdict: Verdict; readonly code: FailureCode; readonly sentence: string } {
  const told = (verdict: Verdict, sentence: string) => ({ verdict, code: verdict === "up" ? ("ok" as const) : ("status" as const), sentence: `${container} ${sentence}` });
  if (state.Status !== "running") {
    const ended = state.Status === "exited" || state.Status === "dead";
    const why = [ended && state.ExitCode !== undefined ? ` with code ${state.ExitCode}` : "", state.OOMKilled === true ? ", out of memory" : "", state.Error === undefined || state.Error === "" ? "" : `: ${printable(state.Error).slice(0, 200)}`];
    return told("down", `is ${printable(state.Status)}${why.join("")}`);
  }
  const health = healthOf(state);
  if (health === "none") return told("up", "is running");
  if (health === "healthy") return told("up", "is running and healthy");
  if (health === "starting") return told(starting, "is running, and its health check has not passed yet");
  const last = printable(state.Health?.Log?.at(-1)?.Output ?? "").trim().slice(0, 200);
  return told("down", `is running and ${printable(health)}${last === "" ? "" : `: ${last}`}`);
}
