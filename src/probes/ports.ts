import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { duration, family, host, sourceAddress } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import { type PortSeen, type PortsScanned, scanPorts } from "../dial/scan-ports.ts";
import type { Address } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORT_MAX = 65_535;
/** More are a survey and no check; each is a connection at every run. */
const PORTS_MAX = 1024;
/** Open ports whose service is kept with the result. */
const DETAILED_MAX = 64;
const RIGHT = "write numbers and ranges: [22, 80, 8000-8010], or \"22,80,8000-8010\"";

/** Numbers and ranges, as a list or with commas; as sorted numbers, each once. */
const portList = () =>
  z.union([z.number(), z.string(), z.array(z.union([z.number(), z.string()]))]).transform((given, ctx): readonly number[] => {
    const ports = new Set<number>();
    const wrong = (message: string): never => {
      ctx.addIssue({ code: "custom", message, params: { right: RIGHT } });
      return z.NEVER;
    };
    for (const part of [given].flat().flatMap((one) => String(one).split(","))) {
      const [, first = "", last = first] = /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part) ?? [];
      if (first === "" || Number(first) < 1 || Number(last) > PORT_MAX || Number(last) < Number(first)) return wrong(`\`${part.trim()}\` is neither a port nor a range of ports`);
      if (Number(last) - Number(first) >= PORTS_MAX) return wrong(`\`${part.trim()}\` is more than ${PORTS_MAX} ports`);
      for (let port = Number(first); port <= Number(last); port++) ports.add(port);
    }
    return ports.size > PORTS_MAX ? wrong(`these are ${ports.size} ports, more than ${PORTS_MAX}`) : [...ports].sort((a, b) => a - b);
  });

const options = z.strictObject({
  host: host().describe("Host name or address"),
  ports: portList().prefault([80, 443, 3306]).describe("TCP ports to look at: numbers and ranges, up to 1024 in all with those of `open` and `closed`"),
  open: portList().prefault([]).describe("Ports that must be open; without `open` and `closed` one open port is enough"),
  closed: portList().prefault([]).describe("Ports that must not be open"),
  detect: z.boolean().default(true).describe("Whether to find out what listens at open ports: by its greeting, by `HEAD /` with and without TLS, whatever the certificate"),
  wait: duration()
    .refine((ms) => ms >= 10, { error: "no answer comes within less than 10 ms on every network", params: { right: "write 10ms or more" } })
    .prefault("2s")
    .describe("How long one step may take: connecting, or one question to find out what listens"),
  atOnce: z.number().int().min(1).max(256).default(32).describe("Ports looked at at the same time"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;
type Open = Extract<PortSeen, { state: "open" }>;

const allPorts = ({ ports, open, closed }: Options): readonly number[] => [...new Set([...ports, ...open, ...closed])].sort((a, b) => a - b);

/** Which TCP ports of a host are open, and what listens there. */
export const ports: Probe<Options> = {
  type: "ports",
  about: "Looks which TCP ports of a host are open and what listens there: HTTP with status and server, MySQL with version, others by their greeting",
  source: "RFC 9293, section 3.10.7 (refusals); RFC 9110, section 9.3.2 (HEAD)",
  options,
  facts: {
    open: { about: "Numbers of the open ports; `open.length` counts them" },
    closed: { number: true, about: "How many ports refused the connection" },
    filtered: { number: true, about: "How many ports gave no answer, or were reported unreachable" },
    "ports.N.service": { about: "What listens at port N: http, https, mysql, ssh, smtp, imap, imaps, ...; `tls` for TLS and no more; empty when it does not show itself" },
    "ports.N.product": { about: "What it calls itself: the Server field of HTTP, the version of MySQL, the first line of others" },
    "ports.N.status": { about: "Status of the answer to `HEAD /`, of web servers" },
    "ports.N.connect": { unit: "ms", about: "Time to connect" },
    "ports.N.rtt": { unit: "ms", about: "Time from the first packet until it showed itself" },
    address: { about: "Address that was looked at" },
  },
  target: ({ host }) => host,
  check(chosen) {
    const both = chosen.open.find((port) => chosen.closed.includes(port));
    if (both !== undefined) return { path: ["closed"], wrong: `port ${both} must be open and closed at the same time`, right: "leave it out of one of them" };
    const { length } = allPorts(chosen);
    return length > PORTS_MAX ? { path: ["ports"], wrong: `these are ${length} ports with those of open and closed, more than ${PORTS_MAX}`, right: "make several checks of them" } : null;
  },
  async run(chosen, ctx): Promise<Outcome> {
    const begun = ctx.clock.monotonic();
    const resolution = await ctx.network.resolve(chosen.host, chosen.family === "any" ? null : chosen.family, ctx.signal);
    const resolve = tenth(ctx.clock.monotonic() - begun);
    if (resolution.kind === "failed") return { verdict: verdictOf(resolution.failure.code), ...resolution.failure, phases: { resolve }, facts: {}, evidence: [] };
    let outcome: Outcome = { verdict: "down", code: "unresolvable", sentence: `${chosen.host} has no address`, phases: {}, facts: {}, evidence: [] };
    // One address of each family at most: this place may have no way to the first one.
    for (const address of resolution.addresses.filter((one, index, all) => all.findIndex(({ family }) => family === one.family) === index)) {
      outcome = await scanOne(chosen, address, ctx);
      if (outcome.code !== "unreachable" || ctx.signal.aborted) break;
    }
    return resolution.addresses[0]?.ip === chosen.host ? outcome : { ...outcome, phases: { resolve, ...outcome.phases } };
  },
};

async function scanOne(chosen: Options, address: Address, ctx: ProbeContext): Promise<Outcome> {
  const begun = ctx.clock.monotonic();
  const wanted = allPorts(chosen);
  const scanned = await scanPorts({ name: chosen.host, address, source: chosen.source, ports: wanted, atOnce: chosen.atOnce, waitMs: chosen.wait, detect: chosen.detect }, ctx);
  const phases = { scan: tenth(ctx.clock.monotonic() - begun) };
  if (scanned.kind === "failed") return { verdict: verdictOf(scanned.failure.code), ...scanned.failure, phases, facts: { address: address.ip }, evidence: [] };
  const place = address.ip === chosen.host ? address.ip : `${chosen.host} (${address.ip})`;
  return { ...judge(chosen, wanted.length, scanned, place), phases, facts: factsOf(scanned.seen, address), evidence: evidenceOf({ ports: listing(scanned.seen) }) };
}

const isOpen = (seen: PortSeen): seen is Open => seen.state === "open";

function judge({ open, closed }: Options, wanted: number, { seen, cut }: Extract<PortsScanned, { kind: "scanned" }>, place: string): Pick<Outcome, "verdict" | "code" | "sentence"> {
  const opened = seen.filter(isOpen);
  const intruder = opened.find(({ port }) => closed.includes(port));
  if (intruder !== undefined) return { verdict: "down", code: "mismatch", sentence: `port ${intruder.port} of ${place} is open${named(intruder)}, and must not be` };
  const missing = seen.find((one) => !isOpen(one) && open.includes(one.port));
  if (missing !== undefined && !isOpen(missing)) return { verdict: "down", code: missing.failure.code, sentence: `port ${missing.port} of ${place} is not open: ${missing.failure.sentence}` };
  if (cut) return { verdict: "down", code: "timeout", sentence: `only ${seen.length} of ${wanted} ports of ${place} could be looked at in time; give it a longer timeout, or a shorter wait` };
  const [first] = seen;
  if (opened.length === 0 && open.length === 0 && closed.length === 0 && first !== undefined && !isOpen(first)) {
    const refused = seen.find((one) => one.state === "closed");
    const { code, sentence } = refused !== undefined && !isOpen(refused) ? refused.failure : first.failure;
    return { verdict: "down", code, sentence: `none of ${wanted} ${wanted === 1 ? "port" : "ports"} of ${place} is open: ${sentence}` };
  }
  const shown = opened.slice(0, 5).map((one) => `${one.port}${named(one)}`).join(", ");
  return { verdict: "up", code: "ok", sentence: opened.length === 0 ? `no port of ${place} is open` : `${opened.length} of ${wanted} ports of ${place} ${opened.length === 1 ? "is" : "are"} open: ${shown}${opened.length > 5 ? ", ..." : ""}` };
}

const named = ({ found }: Open): string => (found.service === "" ? "" : ` (${found.service})`);

function factsOf(seen: readonly PortSeen[], { ip }: Address): Facts {
  const opened = seen.filter(isOpen);
  const details = opened.slice(0, DETAILED_MAX).map(({ port, connectMs, found: { service, product, status, rttMs } }): [string, Facts] => [
    String(port),
    { service, product, ...(status === null ? {} : { status }), connect: connectMs, ...(rttMs === null ? {} : { rtt: rttMs }) },
  ]);
  const count = (state: PortSeen["state"]): number => seen.filter((one) => one.state === state).length;
  return { open: opened.map(({ port }) => port), closed: count("closed"), filtered: count("filtered"), ports: Object.fromEntries(details), address: ip };
}

/** A line for each open port, and one for all that are closed or filtered. */
function listing(seen: readonly PortSeen[]): string {
  const opened = seen.filter(isOpen).map(({ port, found: { service, product, status } }) => [`${port} open`, service, status ?? "", product].filter((part) => part !== "").join(" "));
  const others = (["closed", "filtered"] as const).map((state) => [state, ranges(seen.filter((one) => one.state === state).map(({ port }) => port))] as const);
  return [...opened, ...others.filter(([, text]) => text !== "").map(([state, text]) => `${state}: ${text}`)].join("\n");
}

/** Sorted numbers as `20-22, 80`. */
function ranges(sorted: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const port of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === port - 1) last[1] = port;
    else runs.push([port, port]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}
