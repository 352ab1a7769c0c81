import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { duration, family, host, sourceAddress } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import type { Address, PingAnswer } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  host: host().describe("Host name or address"),
  count: z.number().int().min(1).max(100).default(3).describe("Echoes of one run; all lost: down, some lost: see the fact `loss`"),
  interval: duration()
    .refine((ms) => ms >= 10, { error: "echoes less than 10 ms apart are a flood", params: { right: "write 10ms or more" } })
    .prefault("200ms")
    .describe("Time between two echoes"),
  wait: duration()
    .refine((ms) => ms >= 10, { error: "no answer comes within less than 10 ms on every network", params: { right: "write 10ms or more" } })
    .prefault("2s")
    .describe("How long the answer to an echo is waited for; one that comes later counts as lost"),
  size: z.number().int().min(0).max(65_500).default(56).describe("Octets of payload").meta({ unit: "B" }),
  ttl: z.number().int().min(1).max(255).nullable().default(null).describe("Hops that a packet may take; the system's default when not given"),
  dontFragment: z.boolean().default(false).describe("No router may take a packet apart: with a `size`, whether the path takes packets so long"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;
type Pinged = Extract<PingAnswer, { kind: "pinged" }>;

const microseconds = (ms: number): number => Math.round(ms * 1000) / 1000;

interface Measured {
  /** Percent. */
  readonly loss: number;
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
  readonly min?: number;
  readonly avg?: number;
  readonly max?: number;
  readonly stddev?: number;
  readonly median?: number;
  readonly jitter?: number;
  readonly ttl?: number;
}

/** Statistics of round trips in the order of sending. */
function spread(times: readonly number[]): Pick<Measured, "min" | "avg" | "max" | "stddev" | "median" | "jitter"> {
  const sorted = times.toSorted((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const middle = ((sorted[(times.length - 1) >> 1] ?? mean) + (sorted[times.length >> 1] ?? mean)) / 2;
  const common = { min: microseconds(sorted[0] ?? mean), avg: microseconds(mean), max: microseconds(sorted.at(-1) ?? mean), median: microseconds(middle) };
  if (times.length < 2) return common;
  const squares = times.reduce((sum, time) => sum + (time - mean) ** 2, 0);
  // RFC 3550, section 6.4.1: the noise of one difference counts a sixteenth
  const jitter = times.slice(1).reduce((sofar, time, index) => sofar + (Math.abs(time - (times[index] ?? time)) - sofar) / 16, 0);
  return { ...common, stddev: microseconds(Math.sqrt(squares / (times.length - 1))), jitter: microseconds(jitter) };
}

function measure({ echoes, duplicates }: Pinged): Measured {
  const answered = echoes.filter((echo) => echo !== null);
  const counts = { sent: echoes.length, received: answered.length, duplicates, loss: echoes.length === 0 ? 100 : microseconds((100 * (echoes.length - answered.length)) / echoes.length) };
  const ttl = answered.at(-1)?.ttl ?? null;
  return answered.length === 0 ? counts : { ...counts, ...spread(answered.map(({ rttMs }) => rttMs)), ...(ttl === null ? {} : { ttl }) };
}

function judge(pinged: Pinged, measured: Measured, place: string): Pick<Outcome, "verdict" | "code" | "sentence"> {
  const { sent, received, loss, avg } = measured;
  if (received === 0) {
    const [report] = pinged.reports;
    if (report !== undefined) return { verdict: "down", code: "unreachable", sentence: `${place} does not answer: ${report.sentence}, says ${report.from}` };
    return { verdict: "down", code: "timeout", sentence: `${place} answered none of ${sent} ${sent === 1 ? "echo" : "echoes"}` };
  }
  const lost = received === sent ? "" : `; ${sent - received} of ${sent} echoes lost (${Math.round(loss)} %)`;
  return { verdict: "up", code: "ok", sentence: `${place} answers in ${avg} ms${lost}` };
}

/** What came of each echo, for people. */
function transcriptOf({ echoes, late, duplicates, reports, by }: Pinged, ip: string, size: number): string {
  const lines = echoes.map((echo, index) => `${index + 1}: ${echo === null ? "no answer" : `${microseconds(echo.rttMs)} ms${echo.ttl === null ? "" : `, ttl ${echo.ttl}`}`}`);
  const more = [late === 0 ? [] : `${late} answered too late`, duplicates === 0 ? [] : `${duplicates} duplicates`, reports.map(({ from, sentence }) => `${from} says: ${sentence}`)];
  return [`${echoes.length} echoes of ${size} octets to ${ip} (${by})`, ...lines, ...more.flat()].join("\n");
}

async function pingOne(options: Options, address: Address, ctx: ProbeContext): Promise<Outcome> {
  const { count, interval, wait, size, ttl, dontFragment, source } = options;
  const answer = await ctx.pinger.ping({ ...address, count, intervalMs: interval, waitMs: wait, size, ttl, dontFragment, source, signal: ctx.signal });
  const place = address.ip === options.host ? address.ip : `${options.host} (${address.ip})`;
  if (answer.kind === "failed") return { verdict: verdictOf(answer.failure.code), code: answer.failure.code, sentence: `${place} could not be pinged: ${answer.failure.sentence}`, phases: {}, facts: {}, evidence: [] };
  const measured = measure(answer);
  const outcome = { ...judge(answer, measured, place), facts: { ...measured, address: address.ip } satisfies Facts, evidence: evidenceOf({ ping: transcriptOf(answer, address.ip, size) }) };
  return measured.avg === undefined ? { ...outcome, phases: {} } : { ...outcome, phases: { echo: measured.avg }, latencyMs: measured.avg };
}

/** Ping. The latency of a run is the mean round trip, not the time that the run took. */
export const icmp: Probe<Options> = {
  type: "icmp",
  about: "Pings a host with ICMP echoes and measures round trips, loss and jitter",
  source: "RFC 792; RFC 4443, section 4; RFC 3550, section 6.4.1 (jitter)",
  options,
  facts: {
    loss: { unit: "%", about: "Echoes without an answer" },
    sent: { number: true, about: "Echoes sent" },
    received: { number: true, about: "Echoes answered in time, duplicates not counted" },
    duplicates: { number: true, about: "Second answers to the same echo" },
    min: { unit: "ms", about: "Shortest round trip" },
    avg: { unit: "ms", about: "Mean round trip" },
    max: { unit: "ms", about: "Longest round trip" },
    median: { unit: "ms", about: "Median round trip" },
    stddev: { unit: "ms", about: "Standard deviation of the round trips (of a sample: n-1); from two answers on" },
    jitter: { unit: "ms", about: "Smoothed difference between successive round trips; it begins at 0, so it takes some dozens of echoes to show the whole of it" },
    ttl: { number: true, about: "Hops that the last answer could still have taken" },
    address: { about: "Address that was pinged" },
  },
  target: (options) => options.host,
  async run(options, ctx): Promise<Outcome> {
    const begun = ctx.clock.monotonic();
    const resolution = await ctx.network.resolve(options.host, options.family === "any" ? null : options.family, ctx.signal);
    const resolve = tenth(ctx.clock.monotonic() - begun);
    if (resolution.kind === "failed") return { verdict: verdictOf(resolution.failure.code), ...resolution.failure, phases: { resolve }, facts: {}, evidence: [] };
    let outcome: Outcome = { verdict: "down", code: "unresolvable", sentence: `${options.host} has no address`, phases: { resolve }, facts: {}, evidence: [] };
    // one address of each family at most: this place may have no way to the first one
    for (const address of resolution.addresses.filter((one, index, all) => all.findIndex(({ family }) => family === one.family) === index)) {
      outcome = await pingOne(options, address, ctx);
      if (outcome.verdict === "up" || ctx.signal.aborted) break;
    }
    return resolution.addresses[0]?.ip === options.host ? outcome : { ...outcome, phases: { resolve, ...outcome.phases } };
  },
};
