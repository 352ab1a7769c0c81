import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { type Looked, Lookups, lookUp } from "./lookup.ts";
import type { Question, Transport } from "./nameserver.ts";
import { type Hosts, type ResolverConfiguration, type Server, parseServer } from "./nameservice.ts";
import type { Address, Clock, Family, Network, Resolution } from "./ports.ts";
import type { SystemLookup } from "./getaddrinfo.ts";

export interface ResolverOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  /** Servers to ask instead of the system's, `host` or `host:port`; asked anew at each look-up, so that a reload takes effect. */
  readonly servers: () => readonly string[];
  readonly hosts: () => Promise<Hosts>;
  readonly configuration: () => Promise<ResolverConfiguration>;
  /** The last resort, and for names that only the system knows (mDNS); not asked when servers are configured. */
  readonly system: SystemLookup;
}

/** RFC 8305, section 3: how long the answer for one family is waited for when that for the other is there. */
const RESOLUTION_DELAY_MS = 50;

/** A resolver that never blocks a thread: literals, the hosts file, then name servers. `unresolvable` is a finding; `resolver` says that this place could not tell. */
export function resolver(options: ResolverOptions): Network["resolve"] {
  const lookups = new Lookups(options.clock, async (question, signal) => {
    const own = options.servers().flatMap((text) => parseServer(text) ?? []);
    const servers: readonly Server[] = own.length > 0 ? own : (await options.configuration()).servers;
    return lookUp(question, servers, options.transport, options.clock, signal);
  });
  return async (host, family, signal) => {
    if (isIP(host) !== 0) return literal(host, family);
    const name = asciiName(host);
    if (name === null) return failed("unresolvable", `\`${host}\` is not a valid host name`);
    if (isIP(name) !== 0) return literal(name, family);
    const known = fromHosts(await options.hosts(), name, family);
    if (known !== null) return known;
    return resolveByServers(name, host, family, lookups, options, signal);
  };
}

/** The name as it goes over the wire: A-labels, lower case; a final dot (an absolute name) stays. Null when it is no name (RFC 1035, section 2.3.4). */
export function asciiName(host: string): string | null {
  const ascii = domainToASCII(host).toLowerCase();
  const bare = ascii.replace(/\.$/, "");
  if (bare === "" || bare.length > 253) return null;
  return bare.split(".").every((label) => label.length >= 1 && label.length <= 63) ? ascii : null;
}

const failed = (code: "unresolvable" | "resolver", sentence: string): Resolution => ({ kind: "failed", failure: { code, sentence } });

function literal(ip: string, family: Family | null): Resolution {
  const own = isIP(ip) === 6 ? 6 : 4;
  if (family !== null && family !== own) return failed("unresolvable", `${ip} is not an IPv${family} address`);
  return { kind: "resolved", addresses: [{ ip, family: own }] };
}

/** RFC 6761, section 6.3: localhost and what is below it never go to a server. */
const LOOPBACK: readonly Address[] = [
  { ip: "::1", family: 6 },
  { ip: "127.0.0.1", family: 4 },
];

function fromHosts(hosts: Hosts, name: string, family: Family | null): Resolution | null {
  const bare = name.replace(/\.$/, "");
  const local = bare === "localhost" || bare.endsWith(".localhost");
  const listed = (hosts.get(bare) ?? []).filter((address) => family === null || address.family === family);
  const addresses = listed.length > 0 || !local ? listed : LOOPBACK.filter((address) => family === null || address.family === family);
  return addresses.length > 0 ? { kind: "resolved", addresses: alternating(addresses.map(({ ip }) => ip)) } : null;
}

/** resolv.conf(5), `ndots` and `search`: the names to try, in order. */
export function candidates(name: string, { search, ndots }: Pick<ResolverConfiguration, "search" | "ndots">): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const searched = search.map((domain) => `${name}.${domain}`).filter((candidate) => candidate.length <= 253);
  return name.split(".").length - 1 >= ndots ? [name, ...searched] : [...searched, name];
}

async function resolveByServers(name: string, shown: string, family: Family | null, lookups: Lookups, options: ResolverOptions, signal: AbortSignal): Promise<Resolution> {
  const configuration = await options.configuration();
  let missing = failed("unresolvable", `${shown} does not exist`);
  for (const candidate of candidates(name, configuration)) {
    const answer = await askBoth(candidate, family, lookups, options.clock, signal);
    if (answer === null) return late(shown);
    if (answer.kind === "found") return { kind: "resolved", addresses: alternating(answer.ips) };
    if (answer.kind === "broken") {
      if (answer.agreed) return failed("unresolvable", `${shown} cannot be resolved: ${answer.reason}, and a second resolver agrees`);
      return fromSystem(name, shown, family, options, signal, `${shown} could not be looked up: ${answer.reason}`);
    }
    if (answer.exists) missing = failed("unresolvable", `${shown} has no ${family === null ? "" : `IPv${family} `}address`);
  }
  // Names of the local network are known to the system alone (multicast DNS, RFC 6762).
  return name.endsWith(".local") ? fromSystem(name, shown, family, options, signal, `${shown} does not exist`, missing) : missing;
}

const late = (shown: string): Resolution => failed("resolver", `${shown} was not looked up in time`);

async function fromSystem(name: string, shown: string, family: Family | null, options: ResolverOptions, signal: AbortSignal, reason: string, missing?: Resolution): Promise<Resolution> {
  if (options.servers().length > 0) return missing ?? failed("resolver", reason);
  const answer = await options.system(name, family, signal);
  if (answer.kind === "found") return { kind: "resolved", addresses: alternating(answer.ips) };
  if (answer.kind === "none") return failed("unresolvable", `${shown} does not exist`);
  return missing ?? failed("resolver", reason);
}

/** A and AAAA at the same time; one with addresses does not wait for one that is slow or broken. */
async function askBoth(name: string, family: Family | null, lookups: Lookups, clock: Clock, signal: AbortSignal): Promise<Looked | null> {
  const types: readonly Question["type"][] = family === null ? ["AAAA", "A"] : [family === 6 ? "AAAA" : "A"];
  const enough = new AbortController();
  const stop = (): void => enough.abort();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  let timer = null;
  const asking = types.map(async (type) => {
    const answer = await lookups.ask({ name, type }, enough.signal);
    if (answer?.kind === "found") timer ??= clock.timer(RESOLUTION_DELAY_MS, stop);
    return answer;
  });
  const answers = await Promise.all(asking);
  (timer as { cancel(): void } | null)?.cancel();
  signal.removeEventListener("abort", stop);
  const ips = answers.flatMap((answer) => (answer?.kind === "found" ? answer.ips : []));
  if (ips.length > 0) return { kind: "found", ips, ttlS: 0 };
  if (answers.includes(null)) return null;
  return answers.find((answer) => answer?.kind === "broken") ?? answers.find((answer) => answer?.kind === "none" && answer.exists) ?? answers[0] ?? null;
}

/** RFC 8305, section 4: the families take turns, IPv6 first. */
function alternating(ips: readonly string[]): readonly Address[] {
  const six = ips.filter((ip) => isIP(ip) === 6);
  const four = ips.filter((ip) => isIP(ip) === 4);
  const ordered: Address[] = [];
  for (let index = 0; index < Math.max(six.length, four.length); index++) {
    const [a, b] = [six[index], four[index]];
    if (a !== undefined) ordered.push({ ip: a, family: 6 });
    if (b !== undefined) ordered.push({ ip: b, family: 4 });
  }
  return ordered;
}
