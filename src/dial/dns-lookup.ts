import type { Family, Resolution } from "../sys/ports.ts";
import { type DnsMessage, type DnsRecord, formatRecord, rcodeName } from "../wire/dns.ts";
import { type DialContext, printable } from "./outcome.ts";

/** What the probes that ask name servers share besides the asking. */

const ALIASES_MAX = 16;

/** The first resolver of this machine; null when it has none. */
export async function resolverOf(ctx: Pick<DialContext, "network">): Promise<{ readonly host: string; readonly port: number } | null> {
  const [first] = (await ctx.network.resolvers?.()) ?? [];
  return first === undefined ? null : { host: first.ip, port: first.port };
}

/** All addresses of a host, both families unless one is asked for: other than for connecting, an answer for one family does not end the wait for the other. */
export async function everyAddress(host: string, family: Family | "any", ctx: Pick<DialContext, "network" | "signal">): Promise<Resolution> {
  if (family !== "any") return ctx.network.resolve(host, family, ctx.signal);
  const found = await Promise.all(([4, 6] as const).map((one) => ctx.network.resolve(host, one, ctx.signal)));
  const addresses = found.flatMap((resolution) => (resolution.kind === "resolved" ? resolution.addresses : []));
  if (addresses.length > 0) return { kind: "resolved", addresses };
  const own = found.find((resolution) => resolution.kind === "failed" && resolution.failure.code === "resolver");
  return own ?? ctx.network.resolve(host, null, ctx.signal);
}

/** The records of the asked type, at the end of the chain of aliases (RFC 1034, section 3.6.2), and the smallest TTL on the way in seconds. */
export function wantedRecords(message: DnsMessage, name: string, type: string): { readonly records: readonly DnsRecord[]; readonly ttl: number | null } {
  let owner = name;
  const passed: DnsRecord[] = [];
  for (let aliases = 0; aliases <= ALIASES_MAX; aliases++) {
    const at = owner;
    const records = message.answers.filter((record) => record.name === at && record.type === type && record.class === 1);
    const alias = message.answers.find((record) => record.name === at && record.type === "CNAME");
    if (records.length > 0) return { records, ttl: Math.min(...[...passed, ...records].map((record) => record.ttl)) };
    if (alias === undefined) break;
    passed.push(alias);
    owner = alias.text;
  }
  return { records: [], ttl: null };
}

/** Where names stand in a record's data. */
const NAME_FIELDS: { readonly [type: string]: readonly number[] } = { NS: [0], CNAME: [0], PTR: [0], DNAME: [0], SOA: [0, 1], MX: [1], SRV: [3] };

/** A record as zone files write it, parts apart by tabs and names with their final dot (RFC 1035, section 5.1): what blackbox_exporter's patterns look at. */
export function zoneLine(record: DnsRecord): string {
  const dotted = (name: string): string => (name.endsWith(".") ? name : `${name}.`);
  const [, , inClass = "", type = "", ...data] = formatRecord(record).slice(record.name.length).split(" ");
  const names = NAME_FIELDS[type] ?? [];
  const text = data.map((word, index) => (names.includes(index) ? dotted(word) : word)).join(" ");
  return [dotted(record.name), record.ttl, inClass, type, text].join("\t");
}

/** A message as `dig` shows it, for the evidence. */
export function digText(message: DnsMessage): string {
  const flags = { qr: message.response, aa: message.authoritative, tc: message.truncated, rd: message.recursionDesired, ra: message.recursionAvailable, ad: message.authenticated };
  const set = Object.entries(flags).flatMap(([flag, on]) => (on ? [flag] : []));
  const sections = { ANSWER: message.answers, AUTHORITY: message.authority, ADDITIONAL: message.additional };
  const lines = Object.entries(sections).flatMap(([title, records]) => (records.length === 0 ? [] : [`;; ${title}`].concat(records.map(formatRecord))));
  return printable([`;; ${rcodeName(message.rcode)}, flags: ${set.join(" ")}`, ...lines].join("\n"));
}
