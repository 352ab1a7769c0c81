import { z } from "zod";
import type { FailureCode, Facts, Phases } from "../core/types.ts";
import { askDns, dnsName } from "../dial/dns.ts";
import { digText, everyAddress, resolverOf, wantedRecords } from "../dial/dns-lookup.ts";
import { DEFAULT_TLS, host, port, sourceAddress } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import type { Failure } from "../sys/ports.ts";
import { type DnsMessage, rcodeName } from "../wire/dns.ts";
import { newestOf, stepsBehind } from "../wire/serials.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  zone: z.string().trim().min(1).max(255).describe("Zone whose serial number is compared (IDN allowed)"),
  server: z
    .union([host().transform((name) => [name]), z.array(host()).min(1).max(64)])
    .nullable()
    .default(null)
    .describe("Name servers to ask, one or a list; by default those that the zone names (NS). Every address of each is asked"),
  port: port().default(53).describe("Port of the servers"),
  transport: z.enum(["udp", "tcp"]).default("udp").describe("udp falls back to TCP for an answer that was cut short").meta({ source: "RFC 7766" }),
  family: z.union([z.literal(4), z.literal(6), z.literal("any")]).default("any").describe("Addresses of the servers that are asked: 4, 6, or any, which is all of them"),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** A zone has at most 13 servers as a rule, with two addresses each. */
const ADDRESSES_MAX = 64;

/** One address of one server, and what it said. */
interface Told {
  readonly place: string;
  readonly said: { readonly kind: "serial"; readonly serial: number } | { readonly kind: "failed"; readonly failure: Failure };
  readonly text: string;
  readonly phases: Phases;
}

type Verdict = Pick<Outcome, "verdict" | "code" | "sentence">;

/** One SOA serial on every server of a zone. Own exchange, because each server must be asked by itself, without recursion, and serials compared as RFC 1982 says. */
export const dnsSerial: Probe<Options> = {
  type: "dns-serial",
  about: "Asks every name server of a zone for its serial number (SOA) and checks that all are authoritative and have the same",
  source: "RFC 1035, section 3.3.13; RFC 1982; RFC 1912, section 2.2",
  options,
  facts: {
    serial: { number: true, about: "The newest serial number" },
    lag: { number: true, about: "How many steps the oldest serial is behind the newest; a condition on it decides instead of equality: `lag: <= 2`" },
    behind: { about: "Servers that do not have the newest serial" },
    servers: { number: true, about: "How many addresses were asked" },
    silent: { number: true, about: "How many of them gave no serial; a condition on it decides instead of all having to, as long as one does" },
  },
  host: ({ server }) => server?.[0] ?? null,
  leaves: ["silent", "lag"],
  target: ({ zone, server, port }) => `${zone} SOA${server === null ? "" : ` @${server.join(",")}`}${port === 53 ? "" : `:${port}`}`,
  check({ zone }) {
    const name = dnsName(zone);
    return name.kind === "wrong" ? { path: ["zone"], wrong: name.wrong, right: "write a zone such as example.com" } : null;
  },
  async run(chosen, ctx): Promise<Outcome> {
    const name = dnsName(chosen.zone);
    if (name.kind === "wrong") return { verdict: "unknown", code: "bug", sentence: name.wrong, phases: {}, facts: {}, evidence: [] };
    const begun = ctx.clock.monotonic();
    const servers = chosen.server === null ? await serversOf(name.name, chosen, ctx) : { kind: "found" as const, hosts: chosen.server };
    if (servers.kind === "failed") return { ...servers.verdict, phases: servers.phases, facts: {}, evidence: evidenceOf({ answer: servers.text }) };
    const places = (await Promise.all(servers.hosts.map((server) => addressesOf(server, chosen, ctx)))).flat();
    const resolve: Phases = { resolve: tenth(ctx.clock.monotonic() - begun) };
    const distinct = places.filter((place, index) => place.ip === null || places.findIndex(({ ip }) => ip === place.ip) === index).slice(0, ADDRESSES_MAX);
    const told = await Promise.all(distinct.map((place) => ask(place, name.name, chosen, ctx)));
    const facts = factsOf(told);
    const answer = Math.max(0, ...told.map(({ phases }) => Object.values(phases).reduce((sum, ms) => sum + ms, 0)));
    const text = [...told.filter(({ said }) => said.kind === "failed"), ...told.filter(({ said }) => said.kind === "serial")].map((each) => `${each.place}: ${each.text}`).join("\n");
    return { ...judged(chosen.zone, told, facts, ctx.wants), phases: { ...resolve, answer }, facts, evidence: evidenceOf({ query: `${name.name} IN SOA, no recursion`, answers: text }) };
  },
};

type Servers = { readonly kind: "found"; readonly hosts: readonly string[] } | { readonly kind: "failed"; readonly verdict: Verdict; readonly phases: Phases; readonly text: string };

/** The zone's NS records, by the resolver of this machine. */
async function serversOf(zone: string, { source }: Options, ctx: ProbeContext): Promise<Servers> {
  const failed = (verdict: Outcome["verdict"], code: FailureCode, sentence: string, phases: Phases = {}, text = ""): Servers => ({ kind: "failed", verdict: { verdict, code, sentence }, phases, text });
  const resolver = await resolverOf(ctx);
  if (resolver === null) return failed("unknown", "resolver", "this machine has no name server; name the zone's with `server`");
  const answer = await askDns({ ...resolver, transport: "udp", family: "any", source, tls: DEFAULT_TLS }, { name: zone, type: "NS", recursion: true }, ctx);
  if (answer.kind === "failed") return failed("unknown", "resolver", `the resolver of this machine: ${answer.failure.sentence}`, answer.phases);
  const { message, phases } = answer;
  const hosts = wantedRecords(message, zone, "NS").records.map(({ text }) => text);
  if (hosts.length > 0) return { kind: "found", hosts };
  if (message.rcode === 3) return failed("down", "mismatch", `${zone} does not exist (NXDOMAIN)`, phases, digText(message));
  if (message.rcode !== 0) return failed("unknown", "resolver", `the resolver of this machine answered ${rcodeName(message.rcode)} to ${zone} NS`, phases, digText(message));
  return failed("down", "mismatch", `${zone} has no name servers (NS)`, phases, digText(message));
}

interface Place {
  readonly place: string;
  readonly ip: string | null;
  readonly failure: Failure | null;
}

async function addressesOf(server: string, { family }: Options, ctx: ProbeContext): Promise<readonly Place[]> {
  const resolution = await everyAddress(server, family, ctx);
  if (resolution.kind === "failed") return [{ place: server, ip: null, failure: resolution.failure }];
  return resolution.addresses.map(({ ip }) => ({ place: ip === server ? ip : `${server} (${ip})`, ip, failure: null }));
}

async function ask({ place, ip, failure }: Place, zone: string, { port, transport, source }: Options, ctx: ProbeContext): Promise<Told> {
  if (ip === null) {
    const told = failure ?? { code: "unresolvable" as const, sentence: `${place} has no address` };
    return { place, said: { kind: "failed", failure: told }, text: told.sentence, phases: {} };
  }
  const answer = await askDns({ host: ip, port, family: "any", source, transport, tls: DEFAULT_TLS }, { name: zone, type: "SOA", recursion: false }, ctx);
  if (answer.kind === "failed") return { place, said: { kind: "failed", failure: answer.failure }, text: answer.failure.sentence, phases: answer.phases };
  return { place, said: serialOf(answer.message, zone), text: digText(answer.message), phases: answer.phases };
}

function serialOf(message: DnsMessage, zone: string): Told["said"] {
  const failed = (code: FailureCode, sentence: string): Told["said"] => ({ kind: "failed", failure: { code, sentence } });
  if (message.rcode !== 0) return failed("status", `the server answered ${rcodeName(message.rcode)}`);
  if (!message.authoritative) return failed("protocol", `the server is not authoritative for ${zone} (lame: no AA flag)`);
  const soa = message.answers.find((record) => record.name === zone && record.type === "SOA" && record.class === 1);
  if (soa === undefined) return failed("mismatch", `${zone} is no zone of its own there (no SOA record)`);
  return { kind: "serial", serial: Number(soa.text.split(" ")[2]) };
}

const serials = (told: readonly Told[]): readonly number[] => told.flatMap(({ said }) => (said.kind === "serial" ? [said.serial] : []));
const old = (told: readonly Told[], newest: number): readonly Told[] => told.filter(({ said }) => said.kind === "serial" && said.serial !== newest);

function factsOf(told: readonly Told[]): Facts {
  const known = serials(told);
  const order = newestOf(known);
  const counts = { servers: told.length, silent: told.length - known.length };
  return order === null ? counts : { serial: order.newest, lag: order.lag, behind: old(told, order.newest).map(({ place }) => place), ...counts };
}

function judged(zone: string, told: readonly Told[], { serial, silent }: Facts, wants: ReadonlySet<string>): Verdict {
  const failures = told.flatMap(({ place, said }) => (said.kind === "failed" ? [{ place, ...said.failure }] : []));
  const worst = failures.find(({ code }) => verdictOf(code) === "down") ?? failures[0];
  const known = serials(told);
  if (worst !== undefined && (known.length === 0 || !wants.has("silent"))) {
    const others = failures.length === 1 ? "" : `, and ${failures.length - 1} more of ${told.length} gave no serial`;
    return { verdict: verdictOf(worst.code), code: worst.code, sentence: `${worst.place}: ${worst.sentence}${others}` };
  }
  const down = (sentence: string): Verdict => ({ verdict: "down", code: "mismatch", sentence });
  if (typeof serial !== "number") return down(`${zone} has serials that have no order (RFC 1982): ${[...new Set(known)].join(", ")}`);
  const [first, ...more] = old(told, serial);
  if (first?.said.kind === "serial" && !wants.has("lag")) return down(`${first.place} has serial ${first.said.serial}, ${stepsBehind(first.said.serial, serial)} behind ${serial}${more.length === 0 ? "" : `; ${more.length} more are behind`}`);
  const missing = silent === 0 ? "" : `, ${failures.length} gave none`;
  return { verdict: "up", code: "ok", sentence: `${zone} has serial ${serial} on ${known.length} ${known.length === 1 ? "address" : "addresses"}${missing}` };
}
