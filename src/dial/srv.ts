import { wantedRecords } from "./dns-lookup.ts";
import { type DnsContext, askDns } from "./dns.ts";
import { impatience } from "./datagrams.ts";
import { DEFAULT_TLS } from "./options.ts";

/** Where services of a domain are found by name (RFC 2782). */

export interface SrvTarget {
  readonly host: string;
  readonly port: number;
  /** The lowest is tried first. */
  readonly priority: number;
  /** Of several of the same priority: its part of the tries. */
  readonly weight: number;
}

export type SrvAnswer =
  | { readonly kind: "found"; readonly targets: readonly SrvTarget[] }
  /** The domain offers the service nowhere, and says so: the only target is the root. */
  | { readonly kind: "absent" }
  /** No such records. */
  | { readonly kind: "none" }
  /** Nobody could tell. */
  | { readonly kind: "failed"; readonly reason: string };

const RESOLVERS_MAX = 3;
const RESOLVER_MS = 3000;
const TARGETS_MAX = 16;
const NXDOMAIN = 3;

/** Asks for the records of `_service._tcp.domain`, A-labels; resolvers of this machine in turn, 3 s each. */
export async function lookUpSrv(name: string, ctx: DnsContext): Promise<SrvAnswer> {
  const resolvers = (await ctx.network.resolvers?.()) ?? [];
  let reason = "this machine has no resolver";
  for (const { ip, port } of resolvers.slice(0, RESOLVERS_MAX)) {
    const patience = impatience(RESOLVER_MS, ctx);
    const answer = await askDns({ host: ip, port, family: "any", source: null, transport: "udp", tls: DEFAULT_TLS }, { name, type: "SRV", recursion: true }, { ...ctx, signal: patience.signal });
    patience.end();
    if (answer.kind === "failed") reason = answer.failure.sentence;
    else if (answer.message.rcode === 0 || answer.message.rcode === NXDOMAIN) {
      const targets = wantedRecords(answer.message, name.toLowerCase(), "SRV").records.flatMap(({ text }) => targetOf(text) ?? []);
      if (targets.length === 0) return { kind: "none" };
      return targets.every(({ host }) => host === ".") ? { kind: "absent" } : { kind: "found", targets: targets.filter(({ host }) => host !== ".").slice(0, TARGETS_MAX) };
    } else reason = `${ip} port ${port} answers with code ${answer.message.rcode}`;
  }
  return { kind: "failed", reason };
}

/** `0 1 993 imap.example.com`; null when it is something else. */
function targetOf(text: string): SrvTarget | null {
  const [, priority, weight, port, host] = /^(\d+) (\d+) (\d+) (\S+)$/.exec(text) ?? [];
  return host === undefined ? null : { host, port: Number(port), priority: Number(priority), weight: Number(weight) };
}

/** In the order in which they are to be tried: by priority, and within one drawn by weight. `fraction`: random, in [0, 1). */
export function srvOrder<Target extends SrvTarget>(targets: readonly Target[], fraction: () => number): readonly Target[] {
  const left = targets.toSorted((a, b) => a.priority - b.priority);
  const ordered: Target[] = [];
  for (let [first] = left; first !== undefined; [first] = left) {
    const { priority } = first;
    // Those of no weight come first: they have a small chance.
    const equals = left.filter((target) => target.priority === priority).sort((a, b) => a.weight - b.weight);
    const number = Math.floor(fraction() * (1 + equals.reduce((sum, { weight }) => sum + weight, 0)));
    let running = 0;
    const drawn = equals.find(({ weight }) => (running += weight) >= number) ?? first;
    ordered.push(drawn);
    left.splice(left.indexOf(drawn), 1);
  }
  return ordered;
}
