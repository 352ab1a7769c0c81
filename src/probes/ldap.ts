import { z } from "zod";
import type { FailureCode, FactValue, Facts, Phases } from "../core/types.ts";
import { Dialogue, type Read, TOTAL_MAX } from "../dial/dialogue.ts";
import { DEFAULT_TLS, type TlsSettings, family, host, port, secret, sourceAddress, tlsSettings } from "../dial/options.ts";
import { decoded, evidenceOf, printable, tenth, verdictOf } from "../dial/outcome.ts";
import { openStream } from "../dial/stream.ts";
import { secure } from "../dial/tls.ts";
import type { Failure } from "../sys/ports.ts";
import { berFrame } from "../wire/ber.ts";
import { DISCONNECTION_OID, type LdapEntry, type LdapMessage, type LdapOperation, type LdapResult, decodeLdap, encodeBind, encodeSearch, encodeStartTls, encodeUnbind, ldapResultName } from "../wire/ldap.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().nullable().default(null).describe("TCP port; 389, with tls 636"),
  tls: z
    .union([z.boolean(), tlsSettings()])
    .transform((value): TlsSettings | null => (value === false ? null : value === true ? DEFAULT_TLS : value))
    .default(null)
    .describe("TLS from the first byte (LDAPS), or with starttls its settings: true, or {verify, ca, servername, minVersion, cert, key}"),
  starttls: z.boolean().default(false).describe("Asks for TLS by the StartTLS operation before the bind").meta({ source: "RFC 4511, section 4.14" }),
  dn: z.string().min(1).nullable().default(null).describe("Name to bind as: cn=probe,dc=example,dc=com; anonymous by default").meta({ source: "RFC 4513, section 5.1" }),
  password: secret().nullable().default(null).describe("Password of that name; only sent in clear when neither tls nor starttls is given"),
  base: z.string().nullable().default(null).describe('Entry to read after the bind; "" is the root DSE, which every server shows').meta({ source: "RFC 4511, section 4.5; RFC 4512, section 5.1" }),
  filter: z
    .string()
    .refine((text) => /^[A-Za-z0-9.;-]+$/.test(text), { error: "this is no attribute", params: { right: "write an attribute's name alone: objectClass" } })
    .default("objectClass")
    .describe("Attribute that the entry must have (a presence filter)"),
  attributes: z.array(z.string().min(1)).max(20).default([]).describe("Attributes of the entry to keep as facts: [namingContexts]"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** More messages than this are no answer to one search of one entry. */
const MESSAGES_MAX = 100;
const VALUES_MAX = 64;
const VALUE_MAX = 512;
/** Codes by which a server refuses a bind for who asks or how, and not for a trouble of its own. */
const REFUSALS: ReadonlySet<number> = new Set([7, 8, 13, 48, 49, 50, 53]);

interface Seen {
  facts: Facts;
  phases: Phases;
  sentence: string;
}

/** LDAP: the bind is answered with success. An exchange of our own: three messages, each with its own phase and its words as evidence. */
export const ldap: Probe<Options> = {
  type: "ldap",
  about: "Binds to a directory, anonymously or by name, plain, over LDAPS or with StartTLS, and if wanted reads one entry",
  source: "RFC 4511, sections 4.2, 4.5 and 4.14; RFC 4513, section 5.1",
  options,
  facts: {
    result: { number: true, about: "Result code of the last operation, 0 for success; a condition on it decides instead of success" },
    resultName: { about: "Its name: success, invalidCredentials, inappropriateAuthentication, busy, ..." },
    entry: { about: "With `base` and `attributes`: the values by attribute, each a list: `entry.namingContexts.0`" },
    address: { about: "The address that answered" },
    "certificate.days": { unit: "days", about: "With TLS: whole days until the first certificate of the chain expires" },
    "tls.protocol": { about: "With TLS: TLSv1.2 or TLSv1.3" },
  },
  leaves: ["result", "resultName"],
  target: (chosen) => `${chosen.host.includes(":") ? `[${chosen.host}]` : chosen.host}:${portOf(chosen)}`,
  check({ dn, password, base, attributes }) {
    if (dn !== null && password === null) return { path: ["password"], wrong: "a name without a password binds anonymously, whatever the name", right: "add password: ${env:NAME}, or leave out dn" };
    if (dn === null && password !== null) return { path: ["dn"], wrong: "there is a password, but no name to bind as", right: "add dn: cn=probe,dc=example,dc=com" };
    if (base === null && attributes.length > 0) return { path: ["base"], wrong: "`attributes` are read from an entry, and none is named", right: 'add base: dc=example,dc=com, or base: "" for the root DSE' };
    return null;
  },
  run,
};

const portOf = (chosen: Options): number => chosen.port ?? (chosen.tls !== null && !chosen.starttls ? 636 : 389);

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const to = { host: chosen.host, port: portOf(chosen), family: chosen.family, source: chosen.source };
  const stream = await openStream({ ...to, tls: chosen.starttls ? null : chosen.tls }, ctx);
  const attempts = stream.attempts.join("\n");
  if (stream.kind === "failed") return { verdict: verdictOf(stream.failure.code), ...stream.failure, phases: stream.phases, facts: stream.facts, evidence: evidenceOf({ attempts }) };
  const dialogue = new Dialogue(stream.socket, { peer: `${chosen.host} port ${to.port}`, signal: ctx.signal, clock: ctx.clock });
  const seen: Seen = { facts: stream.facts, phases: stream.phases, sentence: "" };
  const failure = await converse(dialogue, chosen, seen, ctx);
  if (failure?.code !== "timeout") dialogue.write(encodeUnbind(9), "unbind\n");
  dialogue.close();
  const evidence = evidenceOf({ attempts, sent: dialogue.transcript.sent, received: dialogue.transcript.received });
  const judged = failure === null ? { verdict: "up" as const, code: "ok" as const, sentence: seen.sentence } : { verdict: verdictOf(failure.code), ...failure };
  return { ...judged, phases: seen.phases, facts: seen.facts, evidence };
}

async function converse(dialogue: Dialogue, chosen: Options, seen: Seen, ctx: ProbeContext): Promise<Failure | null> {
  if (chosen.starttls) {
    const failure = await timed("starttls", seen, ctx, () => startTls(dialogue));
    if (failure !== null) return failure;
    const secured = await secure(dialogue.detach(), { host: chosen.host, settings: chosen.tls ?? DEFAULT_TLS }, ctx);
    seen.facts = { ...seen.facts, ...secured.facts };
    seen.phases = { ...seen.phases, ...secured.phases };
    if (secured.kind === "failed") return secured.failure;
    dialogue.attach(secured.socket);
  }
  const refused = await timed("bind", seen, ctx, () => bind(dialogue, chosen, seen, ctx));
  if (refused !== null || chosen.base === null || seen.facts["result"] !== 0) return refused;
  const base = chosen.base;
  return timed("search", seen, ctx, () => search(dialogue, base, chosen, seen, ctx));
}

async function timed<Value>(phase: string, seen: Seen, ctx: ProbeContext, act: () => Promise<Value>): Promise<Value> {
  const begun = ctx.clock.monotonic();
  const value = await act();
  seen.phases = { ...seen.phases, [phase]: tenth(ctx.clock.monotonic() - begun) };
  return value;
}

/** Section 4.14.2; what came beyond the go-ahead would be taken for something said under TLS (CVE-2011-0411). */
async function startTls(dialogue: Dialogue): Promise<Failure | null> {
  dialogue.write(encodeStartTls(1), "StartTLS\n");
  const answer = await resultOf(dialogue, 1, "extended");
  if (answer.kind === "failed") return answer.failure;
  if (answer.value.result.code !== 0) return { code: "protocol", sentence: `the server refused StartTLS: ${words(answer.value.result)}` };
  return dialogue.surplus === 0 ? null : { code: "protocol", sentence: `the server sent ${dialogue.surplus} bytes more before TLS began (command injection, CVE-2011-0411)` };
}

async function bind(dialogue: Dialogue, { dn, password }: Options, seen: Seen, ctx: ProbeContext): Promise<Failure | null> {
  const who = dn === null ? "anonymous bind" : `bind as ${dn}`;
  dialogue.write(encodeBind(2, dn ?? "", password ?? ""), `${who}\n`);
  const answer = await resultOf(dialogue, 2, "bind");
  if (answer.kind === "failed") return answer.failure;
  const { result } = answer.value;
  seen.sentence = result.code === 0 ? (dn === null ? "bound anonymously" : `bound as ${dn}`) : `${who}: ${words(result)}`;
  return noted(result, seen, ctx, { code: REFUSALS.has(result.code) ? "auth" : "status", sentence: `the server refused the ${who}: ${words(result)}` });
}

async function search(dialogue: Dialogue, base: string, { filter, attributes }: Options, seen: Seen, ctx: ProbeContext): Promise<Failure | null> {
  const name = base === "" ? "the root DSE" : base;
  dialogue.write(encodeSearch(3, { base, present: filter, attributes }), `search of ${name} for (${filter}=*)\n`);
  const answer = await resultOf(dialogue, 3, "search");
  if (answer.kind === "failed") return answer.failure;
  const { result, entry } = answer.value;
  if (entry !== null) seen.facts = { ...seen.facts, entry: factsOf(entry, attributes) };
  const failure = noted(result, seen, ctx, { code: result.code === 32 ? "mismatch" : "status", sentence: `reading ${name}: ${words(result)}` });
  if (failure !== null || result.code !== 0) return failure;
  if (entry === null) return { code: "mismatch", sentence: `${name} has no ${filter}, or may not be read by who was bound` };
  seen.sentence = `${seen.sentence} and read ${name}`;
  return null;
}

/** Takes the result down as facts; success, or a condition of the check that decides instead, is no failure. */
function noted(result: LdapResult, seen: Seen, ctx: ProbeContext, failure: Failure): Failure | null {
  seen.facts = { ...seen.facts, result: result.code, resultName: ldapResultName(result.code) };
  return result.code === 0 || ctx.wants.has("result") || ctx.wants.has("resultName") ? null : failure;
}

/** Values by the name that the check asks for, whatever case the server writes it in. */
function factsOf(entry: LdapEntry, asked: readonly string[]): { readonly [name: string]: FactValue } {
  const named = (name: string): string => asked.find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
  return Object.fromEntries(entry.attributes.slice(0, VALUES_MAX).map(({ name, values }) => [named(name), values.slice(0, VALUES_MAX).map((value) => printable(decoded(value)).slice(0, VALUE_MAX))]));
}

const words = ({ code, diagnostic }: LdapResult): string => `${ldapResultName(code)} (${code})${diagnostic === "" ? "" : `, ${printable(diagnostic).slice(0, 200)}`}`;

interface Answered {
  readonly result: LdapResult;
  readonly entry: LdapEntry | null;
}

/** The result of our operation, and the entry that came before it; references to other servers are passed over. */
async function resultOf(dialogue: Dialogue, id: number, operation: LdapOperation): Promise<Read<Answered>> {
  let entry: LdapEntry | null = null;
  for (let messages = 0; messages < MESSAGES_MAX; messages++) {
    const read = await nextMessage(dialogue);
    if (read.kind === "failed") return read;
    const message = read.value;
    if (message.kind === "bad") return failed("protocol", `the server sent ${message.reason}`);
    if (message.kind === "result" && message.id === 0 && message.oid === DISCONNECTION_OID) return failed("closed", `the server ended the connection: ${words(message)}`);
    if (message.id !== id) return failed("protocol", `the server answered message ${message.id}, but ${id} was asked`);
    if (message.kind === "entry") entry ??= message;
    if (message.kind === "result") return message.operation === operation ? { kind: "read", value: { result: message, entry } } : failed("protocol", "the server answered another operation than was asked");
  }
  return failed("too-large", `the server sent more than ${MESSAGES_MAX} messages without a result`);
}

const failed = (code: FailureCode, sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

async function nextMessage(dialogue: Dialogue): Promise<Read<LdapMessage>> {
  let head: Uint8Array = new Uint8Array(0);
  for (let count = 2; ; count = 1) {
    const more = await dialogue.take(count);
    if (more.kind === "failed") return more;
    head = Buffer.concat([head, more.value]);
    const frame = berFrame(head);
    if (frame.kind === "more") continue;
    if (frame.kind === "bad" || frame.tag !== 0x30) return { kind: "read", value: { kind: "bad", reason: "no LDAP message" } };
    if (frame.total > TOTAL_MAX) return failed("too-large", `the server announces a message of ${frame.total} bytes`);
    const rest = await dialogue.take(frame.total - head.length);
    return rest.kind === "failed" ? rest : { kind: "read", value: decodeLdap(Buffer.concat([head, rest.value])) };
  }
}
