import { z } from "zod";
import { type Path, pathText } from "../core/path.ts";
import type { Facts, FactValue } from "../core/types.ts";
import { duration, family, host, port, sourceAddress } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import type { Address, Hop, HopAnswer, TraceAnswer } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";
import { compareRoute, readKnownRoute, type RouteNews, writeKnownRoute } from "./trace-route.ts";

const UDP_PORT = 33_434;
const TCP_PORT = 443;

const options = z.strictObject({
  host: host().describe("Host name or address"),
  method: z.enum(["icmp", "udp", "tcp"]).default("icmp").describe("What is sent: echoes, UDP to a port where nobody is, or TCP connections"),
  port: port().nullable().default(null).describe(`Port of the target, for UDP (by default ${UDP_PORT}) and TCP (${TCP_PORT})`),
  hops: z.number().int().min(1).max(64).default(30).describe("Most hops that are looked at"),
  tries: z.number().int().min(1).max(10).default(3).describe("Packets to each hop"),
  wait: duration()
    .refine((ms) => ms >= 10, { error: "no answer comes within less than 10 ms on every network", params: { right: "write 10ms or more" } })
    .prefault("1s")
    .describe("How long the last packet is waited for"),
  size: z.number().int().min(0).max(1400).default(32).describe("Octets of payload, of echoes and UDP").meta({ unit: "B" }),
  changedFor: z.number().int().min(1).max(1000).default(2).describe("Runs for which a new route counts as changed; then it is the known one"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;
type Traced = Extract<TraceAnswer, { kind: "traced" }>;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const answersOf = ({ answers }: Hop): readonly HopAnswer[] => answers.filter((answer) => answer !== null);
const pathOf = (hops: readonly Hop[]): Path => hops.map((hop) => [...new Set(answersOf(hop).map(({ ip }) => ip))]);
const lossOf = ({ answers }: Hop): number => (answers.length === 0 ? 0 : tenth((100 * answers.filter((answer) => answer === null).length) / answers.length));

/** Address, mean round trip and loss of each hop, by its number. */
function hopFacts(hops: readonly Hop[]): Facts {
  return Object.fromEntries(
    hops.map((hop): [string, FactValue] => {
      const answers = answersOf(hop);
      const times = answers.map(({ rttMs }) => rttMs);
      return [String(hop.ttl), { address: answers[0]?.ip ?? null, loss: lossOf(hop), ...(times.length === 0 ? {} : { avg: tenth(mean(times)), max: tenth(Math.max(...times)) }) }];
    }),
  );
}

/** As people know it from traceroute. */
function transcriptOf({ hops, reached, mtu }: Traced): string {
  const answerText = (answer: HopAnswer | null): string => (answer === null ? "*" : `${answer.ip} ${tenth(answer.rttMs)} ms${answer.report === null ? "" : ` (${answer.report})`}`);
  const lines = hops.map(({ ttl, answers }) => `${ttl}: ${answers.map(answerText).join(", ")}`);
  return [...lines, reached ? "" : "the target was not reached", mtu === null ? "" : `MTU ${mtu}`].filter((line) => line !== "").join("\n");
}

function judge(traced: Traced, news: RouteNews | null, place: string, latency: number | null): Pick<Outcome, "verdict" | "code" | "sentence"> {
  const { hops, reached } = traced;
  if (reached) {
    const changed = news === null || news.route === "same" ? "" : `; the route ${news.route}`;
    return { verdict: "up", code: "ok", sentence: `${place} is ${hops.length} ${hops.length === 1 ? "hop" : "hops"} away, ${latency} ms${changed}` };
  }
  const last = hops.findLast((hop) => answersOf(hop).length > 0);
  if (last === undefined) return { verdict: "down", code: "timeout", sentence: `no hop on the way to ${place} answers` };
  const [answer] = answersOf(last);
  const report = answersOf(last).find(({ report }) => report !== null)?.report;
  if (report !== undefined && report !== null) return { verdict: "down", code: "unreachable", sentence: `the way to ${place} ends at hop ${last.ttl}: ${report}, says ${answer?.ip}` };
  return { verdict: "down", code: "timeout", sentence: `${place} does not answer: the last hop that does is ${last.ttl}, ${answer?.ip}` };
}

async function traceOne(options: Options, address: Address, ctx: ProbeContext): Promise<Outcome> {
  const { method, hops, tries, wait, size, source, changedFor } = options;
  const port = options.port ?? (method === "tcp" ? TCP_PORT : UDP_PORT);
  const answer = await ctx.pinger.trace({ ...address, method, port, hops, tries, waitMs: wait, size, source, signal: ctx.signal });
  const place = address.ip === options.host ? address.ip : `${options.host} (${address.ip})`;
  if (answer.kind === "failed") return { verdict: verdictOf(answer.failure.code), code: answer.failure.code, sentence: `the way to ${place} could not be traced: ${answer.failure.sentence}`, phases: {}, facts: {}, evidence: [] };
  const path = pathOf(answer.hops);
  const to = `${method} ${address.ip}`;
  const news = answer.reached ? compareRoute(readKnownRoute(ctx.remembered, to), to, path, changedFor) : null;
  const target = answer.hops.at(-1);
  const times = answer.reached && target !== undefined ? answersOf(target).map(({ rttMs }) => rttMs) : [];
  const latency = times.length === 0 ? null : tenth(mean(times));
  const reached = { reached: answer.reached, loss: answer.reached && target !== undefined ? lossOf(target) : 100, address: address.ip };
  const facts: Facts = { ...reached, hops: answer.hops.length, path: path.map((hop) => hop.join("/") || "*"), hop: hopFacts(answer.hops), ...(answer.mtu === null ? {} : { mtu: answer.mtu }), ...(news === null ? {} : { route: news.route }) };
  const before = news?.before ?? "";
  const evidence = evidenceOf({ trace: transcriptOf(answer), "route before": before, "route now": before === "" ? "" : pathText(path) });
  return {
    ...judge(answer, news, place, latency),
    facts,
    evidence,
    phases: latency === null ? {} : { target: latency },
    ...(latency === null ? {} : { latencyMs: latency }),
    ...(news === null ? {} : { remember: writeKnownRoute(news.learnt) }),
  };
}

/** The way to a host, hop by hop. The latency of a run is the mean round trip to the target. */
export const trace: Probe<Options> = {
  type: "trace",
  about: "Traces the way to a host by ICMP, UDP or TCP, with all hops on their way at once over one path; tells when the route changes",
  source: "RFC 792; RFC 4443, section 3.3; RFC 1191",
  options,
  facts: {
    reached: { about: "Whether the target answered" },
    hops: { number: true, about: "Hops to the target, or to the last hop that answered" },
    path: { about: "Addresses of the hops, the nearest first; `*` for one that did not answer, several with `/` where they share the load" },
    route: { about: "`same`, or what is different from the known route: `changed at hop 3: ...`. Absent when the target was not reached" },
    hop: { about: "Of each hop by its number: `hop.3.address`, `hop.3.avg` and `hop.3.max` (ms), `hop.3.loss` (%)" },
    loss: { unit: "%", about: "Packets to the target without an answer" },
    mtu: { unit: "bytes", about: "The longest packet that reaches the target whole; absent where it answers no such echoes" },
    address: { about: "Address that was traced" },
  },
  target: (options) => options.host,
  // The run itself is a trace.
  host: () => null,
  check: ({ method, port }) => (port !== null && method === "icmp" ? { path: ["port"], wrong: "echoes have no port", right: "leave `port` away, or set `method` to udp or tcp" } : null),
  async run(options, ctx): Promise<Outcome> {
    const begun = ctx.clock.monotonic();
    const resolution = await ctx.network.resolve(options.host, options.family === "any" ? null : options.family, ctx.signal);
    const resolve = tenth(ctx.clock.monotonic() - begun);
    if (resolution.kind === "failed") return { verdict: verdictOf(resolution.failure.code), ...resolution.failure, phases: { resolve }, facts: {}, evidence: [] };
    const [address] = resolution.addresses;
    if (address === undefined) return { verdict: "down", code: "unresolvable", sentence: `${options.host} has no address`, phases: { resolve }, facts: {}, evidence: [] };
    const outcome = await traceOne(options, address, ctx);
    return address.ip === options.host ? outcome : { ...outcome, phases: { resolve, ...outcome.phases } };
  },
};
