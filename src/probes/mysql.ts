import { z } from "zod";
import type { Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import { verdictOf } from "../dial/outcome.ts";
import { connectionFacts, credentials, endpoint, serviceOptions } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { type MysqlGreeting, type MysqlPacket, decodeMysql, decodeMysqlGreeting, encodeMysqlLogin, encodeMysqlPing, encodeMysqlQuit, encodeMysqlTls, mysqlPacket, mysqlProof } from "../wire/mysql.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORT = 3306;
/** Who we are without credentials: a server counts whoever leaves after the greeting as an error, and shuts such hosts out in the end; a refused login it does not. */
const NOBODY = "tocsin";

const options = z.strictObject({ ...serviceOptions(), ...credentials() });
type Options = z.output<typeof options>;

const PACKET_MAX = 16_384;
/** Turns of a login: switch, proof, more data, end. */
const TURNS_MAX = 6;
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
    error: { about: "Number of the server's error: 1040 for too many connections" },
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
  const greeted = await session.timed("greeting", () => receive(session, decodeMysqlGreeting, 0));
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
  const ended = await session.timed("login", () => login(session, chosen, greeting));
  if (ended.kind === "failed") return out(ended.failure);
  if (ended.value !== null) {
    facts["error"] = ended.value.code;
    return out(chosen.user === null && REFUSALS.has(ended.value.code) ? null : refusal(ended.value, facts, "the login"));
  }
  session.dialogue.write(encodeMysqlPing(), "COM_PING\n");
  const pinged = await session.timed("ping", () => receive(session, decodeMysql, 1));
  if (pinged.kind === "failed") return { failure: pinged.failure, inside: true };
  const { packet } = pinged.value;
  const failure: Failure | null = packet.kind === "ok" ? null : packet.kind === "error" ? refusal(packet, facts, "the ping") : { code: "protocol", sentence: "the server did not answer the ping" };
  return { failure, inside: true };
}

type ErrorPacket = Extract<MysqlPacket, { kind: "error" }>;

function refusal({ code, text }: ErrorPacket, facts: Record<string, Facts[string]>, what: string): Failure {
  facts["error"] = code;
  return { code: REFUSALS.has(code) ? "auth" : "status", sentence: `the server refused ${what}: ${text.slice(0, 200)} (${code})` };
}

/** Null when we are in, or the server's error. */
async function login(session: Session, { user, password, tls }: Options, greeting: MysqlGreeting): Promise<Read<ErrorPacket | null>> {
  const failed = (code: Failure["code"], sentence: string): Read<never> => ({ kind: "failed", failure: { code, sentence } });
  const { dialogue } = session;
  const [name, secret] = [user ?? NOBODY, password ?? ""];
  // A plugin that is not known here may be the server's default and not the user's: the server will switch.
  let plugin = mysqlProof(greeting.plugin, "", greeting.salt) === null ? "mysql_native_password" : greeting.plugin;
  dialogue.write(encodeMysqlLogin(tls === null ? 1 : 2, tls !== null, name, plugin, mysqlProof(plugin, secret, greeting.salt) ?? new Uint8Array(0)), `login as ${name} (${plugin}) …\n`);
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const next = await receive(session, decodeMysql, null);
    if (next.kind === "failed") return next;
    const { packet, sequence } = next.value;
    if (packet.kind === "ok") return { kind: "read", value: null };
    if (packet.kind === "error") return { kind: "read", value: packet };
    if (packet.kind === "bad") return failed("protocol", `the server sent ${packet.reason}`);
    if (packet.kind === "switch") {
      plugin = packet.plugin;
      const proof = mysqlProof(plugin, secret, packet.salt) ?? (plugin === "mysql_clear_password" && session.secured ? Buffer.from(`${secret}\0`) : null);
      if (proof === null) return failed("auth", `the server wants a login by ${plugin.slice(0, 80)}, which is not ${plugin === "mysql_clear_password" ? "used without TLS" : "known here"}`);
      dialogue.write(mysqlPacket(sequence + 1, proof), `proof (${plugin}) …\n`);
    } else if (packet.data[0] === 4 && plugin === "caching_sha2_password") {
      if (!session.secured) return failed("auth", "the server wants the password itself, and that is sent only under TLS");
      dialogue.write(mysqlPacket(sequence + 1, Buffer.from(`${secret}\0`)), "password …\n");
    } else if (packet.data[0] !== 3) return failed("protocol", "the server wants something in the login that is not known here");
  }
  return failed("protocol", "the server's login does not come to an end");
}

async function receive<Packet>({ dialogue }: Session, decode: (payload: Uint8Array) => Packet, sequence: number | null): Promise<Read<{ readonly packet: Packet; readonly sequence: number }>> {
  const head = await dialogue.take(4);
  if (head.kind === "failed") return head;
  const [low = 0, middle = 0, high = 0, number = 0] = head.value;
  const length = low + middle * 0x100 + high * 0x10000;
  if (length === 0 || (sequence !== null && number !== sequence)) return { kind: "failed", failure: { code: "protocol", sentence: "the server does not speak the protocol of MySQL" } };
  if (length > PACKET_MAX) return { kind: "failed", failure: { code: "too-large", sentence: `the server announces a packet of ${length} bytes` } };
  const payload = await dialogue.take(length);
  return payload.kind === "failed" ? payload : { kind: "read", value: { packet: decode(payload.value), sequence: number } };
}
