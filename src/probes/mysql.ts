import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { type MysqlError, loginMysql, receiveMysql } from "../dial/mysql.ts";
import { verdictOf } from "../dial/outcome.ts";
import { connectionFacts, credentials, endpoint, serviceOptions } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { decodeMysql, decodeMysqlGreeting, encodeMysqlPing, encodeMysqlQuit, encodeMysqlTls } from "../wire/mysql.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORT = 3306;

const options = z.strictObject({ ...serviceOptions(), ...credentials() });
type Options = z.output<typeof options>;

/** Errors that say who may not: access denied, locked, expired, old kind of password. */
const REFUSALS: ReadonlySet<number> = new Set([1044, 1045, 1251, 1698, 1820, 1862, 3118, 3159, 3955, 4151]);

/** A MySQL or MariaDB server. An exchange of our own: drivers are pools that retry, and hide codes and phases; six packets are enough. */
export const mysql: Probe<Options> = {
  type: "mysql",
  about: "Reads the greeting of a MySQL or MariaDB server, turns to TLS and logs in if wanted, and pings it",
  source: "MySQL internals, Client/Server Protocol: HandshakeV10, HandshakeResponse41, COM_PING, COM_QUIT",
  options,
  facts: {
    version: { about: "Version of the server: 8.0.36, 10.11.19-MariaDB" },
    error: { number: true, about: "Number of the server's error: 1040 for too many connections" },
    ...connectionFacts,
  },
  target: ({ host, port }) => endpoint(host, port ?? PORT),
  check({ user, password }) {
    if (user === null && password !== null) return { path: ["user"], wrong: "there is a password, but no user to log in as", right: "write both, or neither" };
    return user !== null && user.includes("\0") ? { path: ["user"], wrong: "a name for MySQL ends at its first zero byte", right: "leave it out" } : null;
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, port: chosen.port ?? PORT, tls: null }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const facts: Record<string, Facts[string]> = {};
  const held = await hold(session, chosen, facts);
  if (held.inside) session.dialogue.write(encodeMysqlQuit(), "COM_QUIT\n");
  session.dialogue.close();
  const seen = { phases: session.phases, facts: { ...session.facts, ...facts }, evidence: session.evidence };
  if (held.failure !== null) return { verdict: verdictOf(held.failure.code), ...held.failure, ...seen };
  const sentence = !held.inside ? `${session.peer} is ready for logins` : chosen.user === null ? `${session.peer} lets everybody in and answers` : `${session.peer} lets ${chosen.user} in and answers`;
  return { verdict: "up", code: "ok", sentence, ...seen };
}

interface Held {
  readonly failure: Failure | null;
  /** Logged in: commands may be sent. */
  readonly inside: boolean;
}

async function hold(session: Session, chosen: Options, facts: Record<string, Facts[string]>): Promise<Held> {
  const out = (failure: Failure | null): Held => ({ failure, inside: false });
  const greeted = await session.timed("greeting", () => receiveMysql(session, decodeMysqlGreeting, 0));
  if (greeted.kind === "failed") return out(greeted.failure);
  const greeting = greeted.value.packet;
  if (greeting.kind === "error") return out(refusal(greeting, facts, "the connection"));
  if (greeting.kind !== "greeting") return out({ code: "protocol", sentence: `the server sent ${greeting.kind === "bad" ? greeting.reason : "no greeting"}` });
  facts["version"] = greeting.version;
  if (chosen.tls !== null) {
    if (!greeting.tls) return out({ code: "tls-failed", sentence: "the server offers no TLS" });
    session.dialogue.write(encodeMysqlTls(), "SSLRequest\n");
    const failure = await session.startTls(chosen.tls);
    if (failure !== null) return out(failure);
  }
  const ended = await session.timed("login", () => loginMysql(session, chosen, greeting));
  if (ended.kind === "failed") return out(ended.failure);
  if (ended.value !== null) {
    facts["error"] = ended.value.code;
    return out(chosen.user === null && REFUSALS.has(ended.value.code) ? null : refusal(ended.value, facts, "the login"));
  }
  session.dialogue.write(encodeMysqlPing(), "COM_PING\n");
  const pinged = await session.timed("ping", () => receiveMysql(session, decodeMysql, 1));
  if (pinged.kind === "failed") return { failure: pinged.failure, inside: true };
  const { packet } = pinged.value;
  const failure: Failure | null = packet.kind === "ok" ? null : packet.kind === "error" ? refusal(packet, facts, "the ping") : { code: "protocol", sentence: "the server did not answer the ping" };
  return { failure, inside: true };
}

function refusal({ code, text }: MysqlError, facts: Record<string, Facts[string]>, what: string): Failure {
  facts["error"] = code;
  return { code: REFUSALS.has(code) ? "auth" : "status", sentence: `the server refused ${what}: ${text.slice(0, 200)} (${code})` };
}
