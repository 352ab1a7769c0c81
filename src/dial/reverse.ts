import { reverseLabels } from "../wire/dns-names.ts";
import { type DnsContext, askDns } from "./dns.ts";
import { resolverOf, wantedRecords } from "./dns-lookup.ts";
import { DEFAULT_TLS } from "./options.ts";

/** The name of an address by its PTR record (RFC 1035, section 3.5; RFC 3596, section 2.5), as this machine's first resolver has it; null for none, and when nobody says so before the deadline. */
export async function nameOfAddress(ip: string, ctx: DnsContext): Promise<string | null> {
  const reversed = reverseLabels(ip);
  const resolver = await resolverOf(ctx);
  if (reversed === null || resolver === null) return null;
  const name = `${reversed.labels}.${reversed.family === 4 ? "in-addr" : "ip6"}.arpa`;
  const answer = await askDns({ ...resolver, family: "any", source: null, transport: "udp", tls: DEFAULT_TLS }, { name, type: "PTR", recursion: true }, ctx);
  if (answer.kind === "failed") return null;
  return wantedRecords(answer.message, name, "PTR").records[0]?.text.replace(/\.$/, "") ?? null;
}
