import { z } from "zod";
import type { FailureCode, Facts, Phases } from "../core/types.ts";
import { dnsName } from "../dial/dns.ts";
import { decodeContent } from "../dial/http-body.ts";
import { follow } from "../dial/http-follow.ts";
import { family, sourceAddress, tlsSettings, webAddress } from "../dial/options.ts";
import { evidenceOf, printable, verdictOf } from "../dial/outcome.ts";
import { type DomainRegistration, parseRegistration, serverFor } from "../wire/rdap.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  name: z.string().trim().min(1).max(255).describe("Registered domain: example.com (IDN allowed), not a host in it"),
  server: webAddress().nullable().default(null).describe("RDAP server of its registry: https://rdap.example/v1/; by default found through `bootstrap`"),
  bootstrap: webAddress().default("https://data.iana.org/rdap/dns.json").describe("Registry of the RDAP servers").meta({ source: "RFC 9224" }),
  family: family(),
  source: sourceAddress(),
  tls: tlsSettings().prefault({}).describe("Settings of TLS"),
});
type Options = z.output<typeof options>;

/** The registry of all top-level domains is 80 kB. */
const REGISTRY_OCTETS_MAX = 1_048_576;
const ANSWER_OCTETS_MAX = 262_144;
const REDIRECTS_MAX = 5;
const DAY_MS = 86_400_000;
/** States in which a domain is leaving its holder, or does not work (RFC 8056). */
const LOST = new Set(["redemption period", "pending delete", "client hold", "server hold", "inactive"]);

/** When a domain's registration ends. Own exchange: a client for RDAP is one GET, and would bring an HTTP stack without phases. */
export const domain: Probe<Options> = {
  type: "domain",
  about: "Asks the registry of a domain (RDAP) when its registration ends; fails when it has ended, is unknown there, or is being deleted; once a day is often enough",
  source: "RFC 9082, section 3.1.3; RFC 9083, section 5.3; RFC 9224",
  options,
  facts: {
    days: { unit: "days", about: "Whole days until the registration ends; absent where the registry does not tell: `days: > 30`" },
    expires: { about: "When it ends, as the registry writes it" },
    registered: { about: "When it began" },
    registrar: { about: "Who registered it" },
    status: { about: "States such as `active` or `client transfer prohibited`; a condition on it decides instead of holds and deletions being failures" },
    nameservers: { about: "Name servers as delegated" },
    server: { about: "The RDAP server that was asked" },
  },
  reaches: "outside",
  leaves: ["status"],
  target: ({ name }) => name,
  check({ name }) {
    const ascii = dnsName(name);
    if (ascii.kind === "wrong") return { path: ["name"], wrong: ascii.wrong, right: "write a domain such as example.com" };
    return ascii.name.includes(".") ? null : { path: ["name"], wrong: `\`${name}\` is no registered domain`, right: "write a domain such as example.com" };
  },
  async run(chosen, ctx): Promise<Outcome> {
    const ascii = dnsName(chosen.name);
    if (ascii.kind === "wrong") return { verdict: "unknown", code: "bug", sentence: ascii.wrong, phases: {}, facts: {}, evidence: [] };
    const found = chosen.server === null ? await findServer(ascii.name, chosen, ctx) : { kind: "found" as const, server: chosen.server, phases: {} };
    if (found.kind === "failed") return { verdict: "unknown", code: "resolver", sentence: found.sentence, phases: found.phases, facts: {}, evidence: evidenceOf({ sent: found.sent, received: found.received }) };
    const url = `${found.server.replace(/\/$/, "")}/domain/${ascii.name}`;
    const got = await get(url, ANSWER_OCTETS_MAX, chosen, ctx);
    const phases = added(found.phases, got.phases);
    const evidence = evidenceOf({ sent: got.sent, received: got.received });
    const server = { server: new URL(found.server).host };
    if (got.kind === "failed") return { verdict: verdictOf(got.code), code: got.code, sentence: got.sentence, phases, facts: server, evidence };
    if (got.status === 404) return { verdict: "down", code: "status", sentence: `${chosen.name} is not registered, says ${server.server} (HTTP 404)`, phases, facts: server, evidence };
    // too many questions are our own fault
    if (got.status === 429) return { verdict: "unknown", code: "resources", sentence: `${server.server} was asked too often (HTTP 429); check less often`, phases, facts: server, evidence };
    if (got.status !== 200) return { verdict: "down", code: "status", sentence: `${server.server} answered with HTTP ${got.status}`, phases, facts: server, evidence };
    const registration = parseRegistration(got.text);
    if (registration.kind === "bad") return { verdict: "down", code: "protocol", sentence: `${server.server} sent ${registration.reason}`, phases, facts: server, evidence };
    const facts = { ...factsOf(registration, ctx), ...server };
    return { ...judged(chosen.name, ascii.name, registration, facts, ctx.wants), phases, facts, evidence };
  },
};

type Got = { readonly phases: Phases; readonly sent: string; readonly received: string } & (
  | { readonly kind: "got"; readonly status: number; readonly text: string }
  | { readonly kind: "failed"; readonly code: FailureCode; readonly sentence: string }
);

async function get(address: string, limit: number, { family, source, tls }: Options, ctx: ProbeContext): Promise<Got> {
  const headers = { Accept: "application/rdap+json, application/json", "Accept-Encoding": "gzip" };
  const followed = await follow({ url: new URL(address), method: "GET", headers, body: null, family, source, tls, http2: "auto", proxy: null, bodyLimit: limit, credentials: null, redirects: REDIRECTS_MAX }, ctx);
  const { phases, sent, received } = followed;
  if (followed.kind === "failed") return { kind: "failed", ...followed.failure, phases, sent, received };
  const { response } = followed;
  const body = await decodeContent(response.body, response.headers["content-encoding"], limit, response.cut, ctx.signal);
  if (body.kind === "failed") return { kind: "failed", code: body.code, sentence: body.reason, phases, sent, received };
  if (response.cut || body.cut) return { kind: "failed", code: "too-large", sentence: `${new URL(address).host} sent more than ${limit} octets`, phases, sent, received };
  const text = Buffer.from(body.bytes).toString("utf8");
  return { kind: "got", status: response.status, text, phases, sent, received: received.endsWith("\r\n\r\n") ? `${received}${printable(text)}` : received };
}

type Server = { readonly phases: Phases } & ({ readonly kind: "found"; readonly server: string } | { readonly kind: "failed"; readonly sentence: string; readonly sent: string; readonly received: string });

/** The registry says where to ask; that it cannot be read says nothing about the domain. */
async function findServer(name: string, chosen: Options, ctx: ProbeContext): Promise<Server> {
  const got = await get(chosen.bootstrap, REGISTRY_OCTETS_MAX, chosen, ctx);
  const { phases, sent, received } = got;
  const failed = (sentence: string): Server => ({ kind: "failed", sentence, phases, sent, received });
  const where = new URL(chosen.bootstrap).host;
  if (got.kind === "failed") return failed(`the registry of RDAP servers: ${got.sentence}`);
  if (got.status !== 200) return failed(`the registry of RDAP servers: ${where} answered with HTTP ${got.status}`);
  const found = serverFor(got.text, name);
  if (found.kind === "bad") return failed(`${where} sent ${found.reason}`);
  if (found.server === null || !URL.canParse(found.server)) return failed(`${where} knows no RDAP server for ${name}; name one with \`server\``);
  return { kind: "found", server: found.server, phases };
}

function added(before: Phases, now: Phases): Phases {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return Object.fromEntries(names.map((name) => [name, Math.round(((before[name] ?? 0) + (now[name] ?? 0)) * 1000) / 1000]));
}

function factsOf({ expires, registered, registrar, status, nameservers }: DomainRegistration, ctx: ProbeContext): Facts {
  return {
    ...(expires === null ? {} : { days: Math.floor((Date.parse(expires) - ctx.clock.now()) / DAY_MS), expires }),
    ...(registered === null ? {} : { registered }),
    ...(registrar === null ? {} : { registrar }),
    status,
    nameservers,
  };
}

function judged(shown: string, asked: string, { name, expires, status }: DomainRegistration, { days }: Facts, wants: ReadonlySet<string>): Pick<Outcome, "verdict" | "code" | "sentence"> {
  const answered = dnsName(name);
  if (answered.kind === "wrong" || answered.name !== asked) return { verdict: "down", code: "protocol", sentence: `the registry answered about ${printable(name)}, not ${shown}` };
  const lost = status.map((state) => state.toLowerCase()).find((state) => LOST.has(state));
  if (lost !== undefined && !wants.has("status")) return { verdict: "down", code: "mismatch", sentence: `${shown} is in the state \`${lost}\`` };
  if (typeof days !== "number") return { verdict: "up", code: "ok", sentence: `${shown} is registered; its registry does not tell until when` };
  if (days < 0) return { verdict: "down", code: "mismatch", sentence: `the registration of ${shown} ended on ${expires?.slice(0, 10)}` };
  return { verdict: "up", code: "ok", sentence: `${shown} is registered for ${days} more ${days === 1 ? "day" : "days"}` };
}
