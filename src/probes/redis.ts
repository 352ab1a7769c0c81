import { z } from "zod";
import type { FailureCode, Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import { verdictOf } from "../dial/outcome.ts";
import { connectionFacts, credentials, endpoint, serviceOptions } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { RESP_BULK_MAX, encodeResp, parseInfo, parseReplicas, parseRespHead } from "../wire/resp.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORT = 6379;
/** As an inline command: it reads well in the evidence. */
const QUIT = "QUIT\r\n";

const options = z.strictObject({
  ...serviceOptions(),
  ...credentials(),
  info: z.boolean().default(true).describe("Asks with INFO for version, role, replication and memory").meta({ source: "redis.io, command INFO" }),
});
type Options = z.output<typeof options>;

/** Errors by which a server refuses for who asks. */
const REFUSALS: ReadonlySet<string> = new Set(["NOAUTH", "WRONGPASS", "NOPERM"]);

/** Redis and what speaks like it (Valkey, KeyDB, Sentinel). An exchange of our own: clients of Redis reconnect and queue by themselves, and hide phases. */
export const redis: Probe<Options> = {
  type: "redis",
  about: "Sends PING to a Redis server, after a login and under TLS if wanted, and reads its role and replication",
  source: "redis.io: serialization protocol specification, commands AUTH, PING, INFO, QUIT",
  options,
  facts: {
    version: { about: "Version of the server" },
    mode: { about: "standalone, cluster or sentinel" },
    role: { about: "master or slave" },
    link: { about: "Of a replica: up or down, whether it hears its master" },
    lag: { unit: "s", about: "Seconds since a replica last heard its master; at a master, since its slowest replica confirmed" },
    behind: { unit: "bytes", about: "At a master: how much of the stream the last replica has not confirmed" },
    replicas: { number: true, about: "At a master: replicas that are online" },
    clients: { number: true, about: "Connected clients, this one included" },
    memory: { unit: "bytes", about: "Memory in use for data and structures" },
    memoryPercent: { unit: "%", about: "Memory in use, of `maxmemory` where that is set" },
    uptime: { unit: "s", about: "How long the server has been running" },
    ...connectionFacts,
  },
  target: ({ host, port }) => endpoint(host, port ?? PORT),
  check: ({ user, password }) => (user !== null && password === null ? { path: ["password"], wrong: "there is a user, but no password to log in with", right: "write both, only the password, or neither" } : null),
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, port: chosen.port ?? PORT }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const ended = await converse(session, chosen);
  await session.leave(QUIT, () => session.dialogue.line());
  const seen = { phases: session.phases, facts: { ...session.facts, ...ended.facts }, evidence: session.evidence };
  if (ended.failure !== null) return { verdict: verdictOf(ended.failure.code), ...ended.failure, ...seen };
  return { verdict: "up", code: "ok", sentence: `${session.peer} answers PING${ended.more}`, ...seen };
}

interface Ended {
  readonly failure: Failure | null;
  readonly facts: Facts;
  readonly more: string;
}

async function converse(session: Session, { user, password, info }: Options): Promise<Ended> {
  const failed = (failure: Failure): Ended => ({ failure, facts: {}, more: "" });
  if (password !== null) {
    const shown = `AUTH ${user === null ? "" : `${user} `}…\n`;
    const authenticated = await session.timed("login", () => command(session, ["AUTH", ...(user === null ? [] : [user]), password], shown));
    if (authenticated.kind === "failed") return failed(authenticated.failure);
    // Where no password is set at all, the server says so by an error: then whoever asks is let in, and that is not what the check says.
    if (authenticated.value.kind === "error") return failed(refusal(authenticated.value, "auth", "the login"));
  }
  const pong = await session.timed("ping", () => command(session, ["PING"], "PING\n"));
  if (pong.kind === "failed") return failed(pong.failure);
  if (pong.value.kind === "error") {
    if (pong.value.word === "NOAUTH" && password === null) return { failure: null, facts: {}, more: ": it wants a login" };
    return failed(refusal(pong.value, "status", "PING"));
  }
  if (pong.value.text !== "PONG") return failed({ code: "protocol", sentence: `the server answered PING with ${JSON.stringify(pong.value.text.slice(0, 80))}` });
  if (!info) return { failure: null, facts: {}, more: "" };
  const told = await session.timed("info", () => command(session, ["INFO"], "INFO\n"));
  if (told.kind === "failed") return failed(told.failure);
  // A user that may not ask for it (NOPERM) has no such facts.
  const facts = told.value.kind === "error" ? {} : factsOf(parseInfo(told.value.text));
  return { failure: null, facts, more: typeof facts["role"] === "string" ? ` as ${facts["role"]}` : "" };
}

type Answer = { readonly kind: "text"; readonly text: string } | { readonly kind: "error"; readonly word: string; readonly text: string };

async function command(session: Session, words: readonly string[], shown: string): Promise<Read<Answer>> {
  const { dialogue } = session;
  dialogue.write(encodeResp(words), shown);
  const line = await dialogue.line();
  if (line.kind === "failed") return line;
  const head = parseRespHead(line.value);
  if (head.kind === "error") return { kind: "read", value: head };
  if (head.kind === "simple") return { kind: "read", value: { kind: "text", text: head.text } };
  if (head.kind !== "bulk" || head.length === null) return { kind: "failed", failure: { code: "protocol", sentence: `the server does not speak the protocol of Redis: ${line.value.slice(0, 80)}` } };
  if (head.length > RESP_BULK_MAX) return { kind: "failed", failure: { code: "too-large", sentence: `the server announces a text of ${head.length} bytes` } };
  const text = await dialogue.take(head.length + 2);
  return text.kind === "failed" ? text : { kind: "read", value: { kind: "text", text: Buffer.from(text.value.subarray(0, head.length)).toString() } };
}

function refusal({ word, text }: { readonly word: string; readonly text: string }, otherwise: FailureCode, what: string): Failure {
  // Pushed at connecting, before anything was asked: no fault of the login.
  const busy = /^(LOADING|MASTERDOWN|BUSY|DENIED|MISCONF)$/.test(word) || /max number of clients/i.test(text);
  return { code: busy ? "status" : REFUSALS.has(word) ? "auth" : otherwise, sentence: `the server refused ${what}: ${text.slice(0, 200)}` };
}

function factsOf(info: ReadonlyMap<string, string>): Facts {
  const facts: [string, string | number][] = [];
  const text = (fact: string, name: string): void => void (info.has(name) && facts.push([fact, info.get(name) ?? ""]));
  const number = (fact: string, name: string): void => void (/^\d+$/.test(info.get(name) ?? "") && facts.push([fact, Number(info.get(name))]));
  text("version", "redis_version");
  text("mode", "redis_mode");
  text("role", "role");
  text("link", "master_link_status");
  number("lag", "master_last_io_seconds_ago");
  number("clients", "connected_clients");
  number("memory", "used_memory");
  number("uptime", "uptime_in_seconds");
  const [used, limit] = [Number(info.get("used_memory")), Number(info.get("maxmemory"))];
  if (limit > 0 && used >= 0) facts.push(["memoryPercent", Math.round((used / limit) * 1000) / 10]);
  if (info.get("role") === "master") {
    const replicas = parseReplicas(info);
    facts.push(["replicas", replicas.filter(({ state }) => state === "online").length]);
    const offset = Number(info.get("master_repl_offset"));
    if (replicas.length > 0) facts.push(["lag", Math.max(...replicas.map(({ lagS }) => lagS))]);
    if (replicas.length > 0 && Number.isFinite(offset)) facts.push(["behind", Math.max(0, offset - Math.min(...replicas.map((replica) => replica.offset)))]);
  }
  return Object.fromEntries(facts);
}
