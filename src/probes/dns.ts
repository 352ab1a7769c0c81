import { z } from "zod";
import type { Evidence, FailureCode, Facts, FactValue } from "../core/types.ts";
import { type DnsAnswer, askDns, dnsName } from "../dial/dns.ts";
import { digText, resolverOf, wantedRecords, zoneLine } from "../dial/dns-lookup.ts";
import { family, host, port, sourceAddress, tlsSettings } from "../dial/options.ts";
import { printable, verdictOf } from "../dial/outcome.ts";
import { type DnsMessage, rcodeName } from "../wire/dns.ts";
import { reverseLabels } from "../wire/dns-names.ts";
import { RECORD_TYPES, canonicalData, typeCode } from "../wire/dns-records.ts";
import type { Failure } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

/** Servers of one check: a zone has at most 13 as a rule. */
const SERVERS_MAX = 16;
const LISTED_MAX = 8;
const USUAL_PORTS = { udp: 53, tcp: 53, tls: 853, https: 443 } as const;

const one = <Schema extends z.ZodType>(schema: Schema) => z.union([schema.transform((value) => [value]), z.array(schema).min(1).max(64)]);

const options = z.strictObject({
  name: z.string().trim().min(1).max(255).describe("Name to look up (IDN allowed); for PTR an IP address will do"),
  record: z
    .string()
    .default("A")
    .transform((text) => text.toUpperCase())
    .refine((text) => typeCode(text) !== null, { error: "this is no record type", params: { right: `write one of ${RECORD_TYPES.join(", ")}, or TYPE and its number` } })
    .describe(`Record type: ${RECORD_TYPES.join(", ")}, or TYPE65 and the like`),
  server: one(host()).nullable().default(null).describe("Name server to ask, or a list: each must answer as wanted; by default the first resolver of this machine"),
  port: port().nullable().default(null).describe("Port of the server; 53, with TLS 853, with HTTPS 443"),
  answers: one(z.string()).nullable().default(null).describe("Required answers as zone files write them: `192.0.2.1`, `10 mail.example.com`; order and TTL do not matter"),
  match: z
    .enum(["contains", "exact", "any", "none"])
    .default("contains")
    .describe("contains: all required answers are among the answers; exact: these and no others; any: at least one of them; none: none of them, or without `answers` no such record at all"),
  transport: z.enum(["udp", "tcp", "tls", "https"]).default("udp").describe("udp falls back to TCP for an answer that was cut short").meta({ source: "RFC 7766; RFC 7858; RFC 8484" }),
  recursion: z.boolean().default(true).describe("true asks a resolver to find the answer; false asks the server for what it is authoritative for, and wants the AA flag"),
  family: family(),
  source: sourceAddress(),
  tls: tlsSettings().prefault({}).describe("Settings of TLS, for `transport: tls` and `https`"),
  path: z.string().regex(/^\/[^\s?#]*$/, "a path begins with / and has no blank, ? or #").max(1024).default("/dns-query").describe("For `transport: https`: path of the service"),
  method: z.enum(["POST", "GET"]).default("POST").describe("For `transport: https`: how the question is sent"),
});
type Options = z.output<typeof options>;

interface Judged {
  readonly verdict: Outcome["verdict"];
  readonly code: FailureCode;
  readonly sentence: string;
}

const judgedDown = (code: FailureCode, sentence: string): Judged => ({ verdict: "down", code, sentence });

function nameOf({ name, record }: Options): ReturnType<typeof dnsName> {
  // RFC 1035, section 3.5; RFC 3596, section 2.5
  const reverse = record === "PTR" ? reverseLabels(name) : null;
  return reverse === null ? dnsName(name) : { kind: "name", name: `${reverse.labels}.${reverse.family === 4 ? "in-addr" : "ip6"}.arpa` };
}

/** A required answer in the form that decoding gives; IDN in names becomes A-labels. Null when it does not fit the type. */
function canonicalAnswer(record: string, answer: string): string | null {
  const code = typeCode(record) ?? 0;
  return record === "TXT" || record === "CAA" ? canonicalData(code, answer) : canonicalData(code, answer.trim().split(/\s+/).map(asciiWord).join(" "));
}

function asciiWord(word: string): string {
  const name = /[^\0-\x7f]/.test(word) ? dnsName(word) : null;
  return name?.kind === "name" ? name.name : word;
}

const listed = (texts: readonly string[]): string => (texts.length > LISTED_MAX ? `${texts.slice(0, LISTED_MAX).join(", ")} and ${texts.length - LISTED_MAX} more` : texts.join(", "));

function judgeAnswers(options: Options, got: readonly string[]): Judged {
  const asked = `${options.name} ${options.record}`;
  const has = got.length === 0 ? `${asked} has no records` : `${asked} is ${printable(listed(got))}`;
  const wanted = (options.answers ?? []).map((answer) => canonicalAnswer(options.record, answer) ?? answer);
  const missing = wanted.filter((answer) => !got.includes(answer));
  const extra = got.filter((answer) => !wanted.includes(answer));
  const up: Judged = { verdict: "up", code: "ok", sentence: has };
  if (options.match === "none") {
    const found = wanted.length === 0 ? got : wanted.filter((answer) => got.includes(answer));
    return found.length === 0 ? up : judgedDown("mismatch", `${has}; ${wanted.length === 0 ? "none is wanted" : `${listed(found)} must not be there`}`);
  }
  if (got.length === 0) return judgedDown("mismatch", has);
  if (options.match === "any") return missing.length < wanted.length || wanted.length === 0 ? up : judgedDown("mismatch", `${has}; wanted one of ${listed(wanted)}`);
  if (missing.length > 0) return judgedDown("mismatch", `${has}; ${listed(missing)} is missing`);
  if (options.match === "exact" && extra.length > 0) return judgedDown("mismatch", `${has}; ${listed(extra)} is too much`);
  return up;
}

function judge(options: Options, message: DnsMessage, name: string, wants: ReadonlySet<string>): Judged {
  const rcode = rcodeName(message.rcode);
  const asked = `${options.name} ${options.record}`;
  const nothing = message.rcode === 3;
  // a condition on the flag decides instead
  if (wants.has("rcode")) return { verdict: "up", code: "ok", sentence: `${asked}: ${rcode}` };
  const said = message.edns?.errors.map((error) => printable(error.text)).filter((text) => text !== "").join("; ") ?? "";
  if (message.rcode !== 0 && !nothing) return judgedDown("status", `the server answered ${rcode} to ${asked}${said === "" ? "" : ` (${said})`}`);
  if (!options.recursion && !message.authoritative && !wants.has("aa")) return judgedDown("protocol", `the server is not authoritative for ${options.name} (lame: no AA flag)`);
  if (options.recursion && !message.recursionAvailable && !message.authoritative && !wants.has("ra")) return judgedDown("protocol", `the server does not recurse (no RA flag); ask a resolver, or set recursion: false`);
  if (nothing && options.match !== "none") return judgedDown("mismatch", `${options.name} does not exist (NXDOMAIN)`);
  return judgeAnswers(options, wantedRecords(message, name, options.record).records.map((record) => record.text));
}

function factsOf(options: Options, answer: Extract<DnsAnswer, { kind: "answered" }>, name: string): Facts {
  const { message } = answer;
  const { records, ttl } = wantedRecords(message, name, options.record);
  const serial = options.record === "SOA" ? records[0]?.text.split(" ")[2] : undefined;
  return {
    ...answer.facts,
    rcode: rcodeName(message.rcode),
    answers: records.map((record) => record.text),
    aa: message.authoritative,
    ra: message.recursionAvailable,
    ad: message.authenticated,
    transport: answer.transport,
    address: answer.address.ip,
    ...(ttl === null ? {} : { ttl }),
    ...(serial === undefined ? {} : { serial: Number(serial) }),
  } satisfies { readonly [name: string]: FactValue };
}

interface Asked {
  readonly judged: Judged;
  readonly answer: DnsAnswer;
  readonly facts: Facts;
  readonly material: Facts;
  readonly evidence: Evidence;
}

function materialOf({ answers, authority, additional }: DnsMessage, wants: ReadonlySet<string>): Facts {
  return wants.has("records") ? { records: { answer: answers.map(zoneLine), authority: authority.map(zoneLine), additional: additional.map(zoneLine) } } : {};
}

/** A resolver of this machine that does not answer is this place's own trouble; a server that was named is the target. */
function judgeFailure(options: Options, failure: Failure): Judged {
  if (options.server === null) return { verdict: "unknown", code: "resolver", sentence: `the resolver of this machine: ${failure.sentence}` };
  return { verdict: verdictOf(failure.code), ...failure };
}

async function askOne(server: { readonly host: string; readonly port: number }, options: Options, name: string, ctx: ProbeContext): Promise<Asked> {
  const { transport, family, source, tls, recursion, record, path, method } = options;
  const answer = await askDns({ ...server, transport, family, source, tls, https: { path, method } }, { name, type: record, recursion }, ctx);
  const query = `${name} IN ${record} to ${server.host} port ${server.port} over ${transport.toUpperCase()}, ${recursion ? "recursion desired" : "no recursion"}`;
  const notes = answer.notes.length === 0 ? [] : [{ label: "on the way", text: printable(answer.notes.join("\n")) }];
  const asked = [{ label: "query", text: query }, ...notes];
  if (answer.kind === "failed") return { judged: judgeFailure(options, answer.failure), answer, facts: answer.facts, material: {}, evidence: asked };
  const evidence = [...asked, { label: "answer", text: digText(answer.message) }];
  return { judged: judge(options, answer.message, name, ctx.wants), answer, facts: factsOf(options, answer, name), material: materialOf(answer.message, ctx.wants), evidence };
}

async function serversOf(options: Options, ctx: ProbeContext): Promise<readonly { readonly host: string; readonly port: number }[]> {
  const usual = USUAL_PORTS[options.transport];
  if (options.server !== null) return options.server.slice(0, SERVERS_MAX).map((name) => ({ host: name, port: options.port ?? usual }));
  const first = await resolverOf(ctx);
  return first === null ? [] : [{ host: first.host, port: options.port ?? (usual === 53 ? first.port : usual) }];
}

/** One DNS record from one server or several, compared with required answers. */
export const dns: Probe<Options> = {
  type: "dns",
  about: "Looks up a DNS record at a name server and compares the answers, over UDP with TCP fallback, TCP, TLS or HTTPS",
  source: "RFC 1035, section 4; RFC 7766; RFC 7858; RFC 8484; RFC 5452, section 9.1",
  options,
  facts: {
    rcode: { about: "Answer code: NOERROR, NXDOMAIN, REFUSED, ...; a condition on it decides instead of `answers`" },
    answers: { about: "Data of the records of the asked type; `answers.length` counts them" },
    ttl: { unit: "s", about: "Smallest TTL of the answer and the aliases that lead to it" },
    aa: { about: "True when the server is authoritative" },
    ra: { about: "True when the server recurses" },
    ad: { about: "True when a resolver found the DNSSEC signatures good" },
    serial: { number: true, about: "Serial number of an SOA record" },
    transport: { about: "`udp`, `tcp`, `tls` or `https`, over which the whole answer came" },
    address: { about: "Address of the server that answered" },
    "records.answer": { about: "Whole records of the answer, as zone files write them, parts apart by tabs (only in conditions)" },
    "records.authority": { about: "The same of the section for authorities" },
    "records.additional": { about: "The same of the section for further records" },
    "certificate.days": { unit: "days", about: "With TLS or HTTPS: whole days until the first certificate of the chain expires" },
    "tls.protocol": { about: "With TLS or HTTPS: TLSv1.2 or TLSv1.3" },
  },
  host: ({ server }) => server?.[0] ?? null,
  leaves: ["rcode", "aa", "ra"],
  target: ({ name, record, server, port }) => `${name} ${record}${server === null ? "" : ` @${server.join(",")}`}${port === null ? "" : `:${port}`}`,
  check(options) {
    const name = nameOf(options);
    if (name.kind === "wrong") return { path: ["name"], wrong: name.wrong, right: "write a name such as www.example.com" };
    if (options.match === "exact" && options.answers === null) return { path: ["match"], wrong: "`match: exact` has no `answers` to compare with", right: "add answers: [...], or use match: contains" };
    const bad = (options.answers ?? []).findIndex((answer) => canonicalAnswer(options.record, answer) === null);
    if (bad < 0) return null;
    return { path: ["answers"], wrong: `\`${options.answers?.[bad]}\` is no data of type ${options.record}`, right: "write it as in a zone file: 192.0.2.1 for A, 10 mail.example.com for MX" };
  },
  async run(options, ctx): Promise<Outcome> {
    const name = nameOf(options);
    const servers = await serversOf(options, ctx);
    if (name.kind === "wrong") return { verdict: "unknown", code: "bug", sentence: name.wrong, phases: {}, facts: {}, evidence: [] };
    const asked = await Promise.all(servers.map((server) => askOne(server, options, name.name, ctx)));
    const worst = asked.find(({ judged }) => judged.verdict === "down") ?? asked.find(({ judged }) => judged.verdict === "unknown") ?? asked[0];
    if (worst === undefined) return { verdict: "unknown", code: "resolver", sentence: "this machine has no name server; name one with `server`", phases: {}, facts: {}, evidence: [] };
    const place = servers.length > 1 && worst.judged.verdict !== "up" ? `${servers[asked.indexOf(worst)]?.host}: ` : "";
    // the evidence of the one that decided comes first, because the rest may be cut
    const evidence = [worst, ...asked.filter((each) => each !== worst)].flatMap((each) => each.evidence);
    return { ...worst.judged, sentence: `${place}${worst.judged.sentence}`, phases: worst.answer.phases, facts: worst.facts, material: worst.material, evidence };
  },
};
