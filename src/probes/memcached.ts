import { z } from "zod";
import type { Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import { verdictOf } from "../dial/outcome.ts";
import { connectionFacts, endpoint, serviceOptions } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { parseMemcachedLine } from "../wire/memcached.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORT = 11211;
/** Twice and more what `stats` has. */
const STATS_MAX = 300;

const options = z.strictObject({
  ...serviceOptions(),
  stats: z.boolean().default(true).describe("Asks with `stats` for connections, memory and hits"),
});
type Options = z.output<typeof options>;

/** Two questions in lines, so the exchange is our own: clients of memcached are pools that hide which server failed, and when. */
export const memcached: Probe<Options> = {
  type: "memcached",
  about: "Asks a memcached server for its version and statistics over the text protocol",
  source: "memcached, doc/protocol.txt: version, stats, quit",
  options,
  facts: {
    version: { about: "Version of the server" },
    uptime: { unit: "s", about: "How long the server has been running" },
    connections: { number: true, about: "Open connections, this one included" },
    items: { number: true, about: "Items in the cache" },
    memoryPercent: { unit: "%", about: "Memory in use by items, of the limit" },
    hitPercent: { unit: "%", about: "Hits among all reads since the start; absent before the first read" },
    evictions: { number: true, about: "Items thrown out before their time since the start" },
    ...connectionFacts,
  },
  target: ({ host, port }) => endpoint(host, port ?? PORT),
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, port: chosen.port ?? PORT }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const version = await session.timed("version", () => askVersion(session));
  const facts: Record<string, Facts[string]> = { ...session.facts };
  let failure = version.kind === "failed" ? version.failure : null;
  if (version.kind === "read") facts["version"] = version.value;
  if (failure === null && chosen.stats) {
    const stats = await session.timed("stats", () => askStats(session));
    if (stats.kind === "failed") failure = stats.failure;
    else Object.assign(facts, factsOf(stats.value));
  }
  // `quit` has no answer: the server closes.
  await session.leave("quit\r\n", () => session.dialogue.line());
  const seen = { phases: session.phases, facts, evidence: session.evidence };
  if (failure !== null) return { verdict: verdictOf(failure.code), ...failure, ...seen };
  return { verdict: "up", code: "ok", sentence: `${session.peer} is memcached ${version.kind === "read" ? version.value : ""}`, ...seen };
}

const refused = (text: string): Read<never> => ({ kind: "failed", failure: { code: "status", sentence: `the server says: ${text.slice(0, 200)}` } });
const alien = (line: string): Read<never> => ({ kind: "failed", failure: { code: "protocol", sentence: `the server does not speak the protocol of memcached: ${line.slice(0, 80)}` } });

async function askVersion({ dialogue }: Session): Promise<Read<string>> {
  dialogue.write("version\r\n");
  const line = await dialogue.line();
  if (line.kind === "failed") return line;
  const said = parseMemcachedLine(line.value);
  if (said.kind === "version") return { kind: "read", value: said.version };
  return said.kind === "error" ? refused(said.text) : alien(line.value);
}

async function askStats({ dialogue }: Session): Promise<Read<ReadonlyMap<string, string>>> {
  dialogue.write("stats\r\n");
  const stats = new Map<string, string>();
  for (let lines = 0; lines <= STATS_MAX; lines++) {
    const line = await dialogue.line();
    if (line.kind === "failed") return line;
    const said = parseMemcachedLine(line.value);
    if (said.kind === "end") return { kind: "read", value: stats };
    if (said.kind === "error") return refused(said.text);
    if (said.kind !== "stat") return alien(line.value);
    stats.set(said.name, said.value);
  }
  return tooMany;
}

const tooMany: { readonly kind: "failed"; readonly failure: Failure } = { kind: "failed", failure: { code: "too-large", sentence: `the server sent more than ${STATS_MAX} statistics` } };

function factsOf(stats: ReadonlyMap<string, string>): Facts {
  const number = (name: string): number | null => (/^\d+$/.test(stats.get(name) ?? "") ? Number(stats.get(name)) : null);
  const percent = (part: number | null, whole: number | null): number | null => (part === null || whole === null || whole === 0 ? null : Math.round((part / whole) * 1000) / 10);
  const hits = number("get_hits");
  const misses = number("get_misses");
  const facts = {
    uptime: number("uptime"),
    connections: number("curr_connections"),
    items: number("curr_items"),
    memoryPercent: percent(number("bytes"), number("limit_maxbytes")),
    hitPercent: percent(hits, hits === null || misses === null ? null : hits + misses),
    evictions: number("evictions"),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
}
