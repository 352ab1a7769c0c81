import { z } from "zod";
import type { Facts, Phases } from "../core/types.ts";
import { askDns, dnsName } from "../dial/dns.ts";
import { digText, everyAddress, resolverOf, wantedRecords } from "../dial/dns-lookup.ts";
import { DEFAULT_TLS, host, port, sourceAddress } from "../dial/options.ts";
import { evidenceOf, printable, tenth, verdictOf } from "../dial/outcome.ts";
import { rcodeName } from "../wire/dns.ts";
import { reverseLabels } from "../wire/dns-names.ts";
import { formatIp4, parseIp4, parseIp6 } from "../wire/ip.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  host: host().describe("IPv4 or IPv6 address, or a host name (IDN allowed): every address of it is looked up"),
  lists: z
    .union([host().transform((list) => [list]), z.array(host()).min(1).max(64)])
    .describe("Lists to look in, one or several, by their zones: zen.example.org"),
  by: z.enum(["address", "name"]).default("address").describe("address: look up the host's addresses; name: its name itself, for lists of domains"),
  server: host().nullable().default(null).describe("Resolver to ask; by default the first of this machine. Many lists answer no public resolver"),
  port: port().default(53).describe("Port of `server`"),
  health: z.boolean().default(false).describe("Whether each list is asked as well for the entry that it must have (127.0.0.2) and the one that it must not (127.0.0.1); one that fails this cannot be believed").meta({ source: "RFC 5782, section 5" }),
  family: z.union([z.literal(4), z.literal(6), z.literal("any")]).default("any").describe("Addresses of the host that are looked up: 4, 6, or any, which is all of them"),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

const ADDRESSES_MAX = 16;
/** Questions under way at the same time. */
const AT_ONCE = 16;
const REASON_MAX = 300;
/** What big lists answer instead of an entry. */
const REFUSALS: { readonly [last: number]: string } = { 252: "wrong name of the list", 254: "it answers no public resolver", 255: "too many questions" };

/** What is looked up in a list, and how it stands there. */
interface Entry {
  readonly shown: string;
  readonly labels: string;
  readonly family: 4 | 6 | "name";
}

type Said = { readonly kind: "clear" } | { readonly kind: "listed"; readonly codes: readonly string[]; readonly reason: string } | { readonly kind: "unclear"; readonly why: string };
interface Found {
  readonly entry: Entry;
  readonly list: string;
  readonly said: Said;
  readonly text: string;
}

type Ask = (name: string, type: "A" | "TXT") => ReturnType<typeof askDns>;

/** Whether an address or a name is on block lists (DNSBL). Own exchange: answers must be told apart that a resolver's call gives as plain addresses. */
export const rbl: Probe<Options> = {
  type: "rbl",
  about: "Looks up a host's addresses, or its name, in DNS block lists (RBL) and fails when one lists it, with the list's reason",
  source: "RFC 5782",
  options,
  facts: {
    listed: { about: "The lists that have it; `listed.length` counts them; a condition on it decides instead of none having to" },
    codes: { about: "Their answers: 127.0.0.2 and the like, which say why in the list's own numbers" },
    reasons: { about: "Their reasons in words, as a rule with a web address" },
    addresses: { about: "What was looked up" },
    unclear: { number: true, about: "How many answers said nothing; a condition on it decides instead of the result being unknown, as long as one list could be asked" },
  },
  // It is looked up, not asked.
  host: () => null,
  reaches: "outside",
  leaves: ["listed", "unclear"],
  target: ({ host, lists }) => `${host} in ${lists.join(",")}`,
  check({ host, lists, by }) {
    const bad = lists.find((list) => dnsName(list).kind === "wrong");
    if (bad !== undefined) return { path: ["lists"], wrong: `\`${bad}\` is no name of a list`, right: "write the list's zone: zen.example.org" };
    if (by === "address") return null;
    if (reverseLabels(host) !== null) return { path: ["by"], wrong: `\`${host}\` is an address, and lists of names have none`, right: "write by: address, or a name as `host`" };
    const name = dnsName(host);
    return name.kind === "wrong" ? { path: ["host"], wrong: name.wrong, right: "write a name such as www.example.com" } : null;
  },
  async run(chosen, ctx): Promise<Outcome> {
    const resolver = chosen.server === null ? await resolverOf(ctx) : { host: chosen.server, port: chosen.port };
    if (resolver === null) return { verdict: "unknown", code: "resolver", sentence: "this machine has no name server; name one with `server`", phases: {}, facts: {}, evidence: [] };
    const begun = ctx.clock.monotonic();
    const entries = await entriesOf(chosen, ctx);
    const resolved = ctx.clock.monotonic();
    if (entries.kind === "failed") return { verdict: verdictOf(entries.failure.code), ...entries.failure, phases: { resolve: tenth(resolved - begun) }, facts: {}, evidence: [] };
    const server = { ...resolver, transport: "udp" as const, family: "any" as const, source: chosen.source, tls: DEFAULT_TLS };
    const ask: Ask = (name, type) => askDns(server, { name, type, recursion: true }, ctx);
    const found = await lookUp(entries.entries, chosen, ask);
    const phases: Phases = { ...(chosen.by === "name" ? {} : { resolve: tenth(resolved - begun) }), answer: tenth(ctx.clock.monotonic() - resolved) };
    const facts = factsOf(found, entries.entries);
    const weight = { listed: 0, unclear: 1, clear: 2 };
    const text = found.toSorted((a, b) => weight[a.said.kind] - weight[b.said.kind]).map((each) => `${each.entry.shown} in ${each.list}: ${each.text}`);
    return { ...judged(found, ctx.wants), phases, facts, evidence: evidenceOf({ resolver: `${resolver.host} port ${resolver.port}`, answers: text.join("\n") }) };
  },
};

type Entries = { readonly kind: "found"; readonly entries: readonly Entry[] } | Extract<Awaited<ReturnType<typeof everyAddress>>, { kind: "failed" }>;

async function entriesOf({ host, by, family }: Options, ctx: ProbeContext): Promise<Entries> {
  if (by === "name") {
    const name = dnsName(host);
    return { kind: "found", entries: [{ shown: host, labels: name.kind === "name" ? name.name : host, family: "name" }] };
  }
  const resolution = await everyAddress(host, family, ctx);
  if (resolution.kind === "failed") return resolution;
  return { kind: "found", entries: resolution.addresses.slice(0, ADDRESSES_MAX).flatMap(({ ip }) => entryOf(ip)) };
}

/** An IPv4 address in the clothes of IPv6 (RFC 4291, section 2.5.5.2) stands in the lists as the former. */
function entryOf(ip: string): readonly Entry[] {
  const six = parseIp6(ip);
  const mapped = six !== null && Buffer.from(six.subarray(0, 12)).toString("hex") === "00000000000000000000ffff";
  const reverse = reverseLabels(mapped ? formatIp4(six.subarray(12)) : ip);
  return reverse === null ? [] : [{ shown: ip, ...reverse }];
}

/** Entries that a list must have and must not have (RFC 5782, section 5). */
function touchstones(family: Entry["family"]): readonly [Entry, Entry] {
  if (family === "name") return [{ shown: "test", labels: "test", family }, { shown: "invalid", labels: "invalid", family }];
  const labels = (ip: string): string => reverseLabels(family === 4 ? ip : `::ffff:${ip}`)?.labels ?? "";
  return [{ shown: "127.0.0.2", labels: labels("127.0.0.2"), family }, { shown: "127.0.0.1", labels: labels("127.0.0.1"), family }];
}

async function lookUp(entries: readonly Entry[], { lists, health }: Options, ask: Ask): Promise<readonly Found[]> {
  const families = [...new Set(entries.map(({ family }) => family))];
  const broken = new Map<string, string>();
  if (health) {
    await atOnce(lists.flatMap((list) => families.map((family) => ({ list, family }))), async ({ list, family }) => {
      const [must, mustNot] = touchstones(family);
      const [has, hasNot] = await Promise.all([inList(must, list, ask), inList(mustNot, list, ask)]);
      const doubt = [has, hasNot].find(({ said }) => said.kind === "unclear")?.said;
      if (has.said.kind === "clear") broken.set(`${list} ${family}`, `it does not have ${must.shown}, which every list must`);
      else if (hasNot.said.kind === "listed") broken.set(`${list} ${family}`, `it has ${mustNot.shown}, which no list may`);
      else if (doubt?.kind === "unclear") broken.set(`${list} ${family}`, doubt.why);
    });
  }
  return atOnce(lists.flatMap((list) => entries.map((entry) => ({ list, entry }))), async ({ list, entry }) => {
    const why = broken.get(`${list} ${entry.family}`);
    return why === undefined ? inList(entry, list, ask) : { entry, list, said: { kind: "unclear", why }, text: why };
  });
}

/** Does all jobs, some at a time, and gives their results in the jobs' order. */
async function atOnce<Job, Result>(jobs: readonly Job[], work: (job: Job) => Promise<Result>): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
  const left = jobs.entries();
  const hands = Array.from({ length: AT_ONCE }, async () => {
    for (const [index, job] of left) results.set(index, await work(job));
  });
  await Promise.all(hands);
  return jobs.flatMap((_, index) => (results.has(index) ? [results.get(index) as Result] : []));
}

async function inList(entry: Entry, list: string, ask: Ask): Promise<Found> {
  const zone = dnsName(list);
  const joined = dnsName(`${entry.labels}.${zone.kind === "name" ? zone.name : list}`);
  const unclear = (why: string, text = why): Found => ({ entry, list, said: { kind: "unclear", why }, text });
  if (joined.kind === "wrong") return unclear(joined.wrong);
  const answer = await ask(joined.name, "A");
  if (answer.kind === "failed") return unclear(answer.failure.sentence);
  const { message } = answer;
  const text = digText(message);
  if (message.rcode !== 0 && message.rcode !== 3) return unclear(`the resolver answered ${rcodeName(message.rcode)}`, text);
  const codes = wantedRecords(message, joined.name, "A").records.map((record) => record.text);
  if (codes.length === 0) return { entry, list, said: { kind: "clear" }, text };
  const doubt = codes.map(doubtOf).find((why) => why !== null) ?? null;
  if (doubt !== null) return unclear(doubt, text);
  const said = await ask(joined.name, "TXT");
  const texts = said.kind === "answered" ? wantedRecords(said.message, joined.name, "TXT").records.map((record) => record.text) : [];
  return { entry, list, said: { kind: "listed", codes, reason: printable(texts.join("; ")).slice(0, REASON_MAX) }, text: said.kind === "answered" ? `${text}\n${digText(said.message)}` : text };
}

/** Why an answer is no entry; null when it is one (RFC 5782, section 2.1: entries are in 127.0.0.0/8, and 127.0.0.1 is none). */
function doubtOf(code: string): string | null {
  const [a, b, c, d = 0] = parseIp4(code) ?? [];
  if (a !== 127) return `the answer ${code} is no entry: the list is gone, or the resolver makes up answers`;
  if (b === 255 && c === 255) return `the list refuses to answer (${code}${REFUSALS[d] === undefined ? "" : `: ${REFUSALS[d]}`})`;
  return code === "127.0.0.1" ? "the answer 127.0.0.1 is no entry" : null;
}

function factsOf(found: readonly Found[], entries: readonly Entry[]): Facts {
  const listed = found.flatMap(({ list, said }) => (said.kind === "listed" ? [{ list, ...said }] : []));
  return {
    listed: [...new Set(listed.map(({ list }) => list))],
    codes: [...new Set(listed.flatMap(({ codes }) => codes))],
    reasons: [...new Set(listed.map(({ reason }) => reason).filter((reason) => reason !== ""))],
    addresses: entries.map(({ shown }) => shown),
    unclear: found.filter(({ said }) => said.kind === "unclear").length,
  };
}

function judged(found: readonly Found[], wants: ReadonlySet<string>): Pick<Outcome, "verdict" | "code" | "sentence"> {
  const listed = found.flatMap(({ entry, list, said }) => (said.kind === "listed" ? [`${entry.shown} is listed in ${list} (${said.codes.join(", ")}${said.reason === "" ? "" : `: ${said.reason}`})`] : []));
  const more = (all: readonly string[]): string => (all.length === 1 ? "" : `; ${all.length - 1} more`);
  // a condition on the lists decides instead
  if (listed.length > 0 && !wants.has("listed")) return { verdict: "down", code: "mismatch", sentence: `${listed[0]}${more(listed)}` };
  const unclear = found.flatMap(({ list, said }) => (said.kind === "unclear" ? [`${list}: ${said.why}`] : []));
  if (unclear.length > 0 && (unclear.length === found.length || !wants.has("unclear"))) return { verdict: "unknown", code: "resolver", sentence: `${unclear[0]}${more(unclear)}` };
  const lists = new Set(found.map(({ list }) => list)).size;
  return { verdict: "up", code: "ok", sentence: listed[0] ?? `in none of ${lists} ${lists === 1 ? "list" : "lists"}` };
}
