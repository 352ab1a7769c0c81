import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { duration, family, host, sourceAddress } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import { type Echoed, pingEcho } from "../dial/ping.ts";
import type { Address } from "../sys/ports.ts";
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
    .describe("How long an answer is waited for after the last echo"),
  size: z.number().int().min(0).max(65_500).default(56).describe("Octets of payload").meta({ unit: "B" }),
  ttl: z.number().int().min(1).max(255).nullable().default(null).describe("Hops that a packet may take; the system's default when not given"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const microseconds = (ms: number): number => Math.round(ms * 1000) / 1000;

interface Measured {
  /** Percent. */
  readonly loss: number;
  readonly sent: number;
  readonly received: number;
  readonly min?: number;
  readonly avg?: number;
  readonly max?: number;
  readonly jitter?: number;
}

/** Jitter is the mean difference between successive round trips, as RFC 3550, section 6.4.1, takes it but without its smoothing. */
function measure(times: readonly (number | null)[]): Measured {
  const answered = times.filter((time) => time !== null);
  const counts = { sent: times.length, received: answered.length, loss: microseconds((100 * (times.length - answered.length)) / times.length) };
  if (answered.length === 0) return counts;
  const differences = answered.slice(1).map((time, index) => Math.abs(time - (answered[index] ?? time)));
  return { ...counts, min: Math.min(...answered), avg: microseconds(mean(answered)), max: Math.max(...answered), ...(differences.length === 0 ? {} : { jitter: microseconds(mean(differences)) }) };
}

function judge(echoed: Extract<Echoed, { kind: "echoed" }>, measured: Measured, place: string): Pick<Outcome, "verdict" | "code" | "sentence"> {
  const { sent, received, loss, avg } = measured;
  if (received === 0) {
    const [report] = echoed.reports;
    if (report !== undefined) return { verdict: "down", code: "unreachable", sentence: `${place} does not answer: ${report}` };
    return { verdict: "down", code: "timeout", sentence: `${place} answered none of ${sent} ${sent === 1 ? "echo" : "echoes"}` };
  }
  const lost = received === sent ? "" : `; ${sent - received} of ${sent} echoes lost (${Math.round(loss)} %)`;
  return { verdict: "up", code: "ok", sentence: `${place} answers in ${avg} ms${lost}` };
}

async function pingOne(options: Options, address: Address, ctx: ProbeContext): Promise<Outcome> {
  const { count, interval, wait, size, ttl, source } = options;
  const echoed = await pingEcho(ctx.processes)({ ...address, count, intervalMs: interval, waitMs: wait, size, ttl, source, signal: ctx.signal });
  const evidence = evidenceOf({ ping: echoed.transcript });
  const place = address.ip === options.host ? address.ip : `${options.host} (${address.ip})`;
  if (echoed.kind === "failed") return { verdict: verdictOf(echoed.failure.code), code: echoed.failure.code, sentence: `${place} could not be pinged: ${echoed.failure.sentence}`, phases: {}, facts: {}, evidence };
  const measured = measure(echoed.times);
  const outcome = { ...judge(echoed, measured, place), facts: { ...measured, address: address.ip } satisfies Facts, evidence };
  return measured.avg === undefined ? { ...outcome, phases: {} } : { ...outcome, phases: { echo: measured.avg }, latencyMs: measured.avg };
}

/** Ping. The latency of a run is the mean round trip, not the time that the run took. */
export const icmp: Probe<Options> = {
  type: "icmp",
  about: "Pings a host with ICMP echoes and measures round trips, loss and jitter; needs the system's ping program",
  source: "RFC 792; RFC 4443, section 4",
  options,
  facts: {
    loss: { unit: "%", about: "Echoes without an answer" },
    sent: { about: "Echoes sent" },
    received: { about: "Echoes answered in time, duplicates not counted" },
    min: { unit: "ms", about: "Shortest round trip" },
    avg: { unit: "ms", about: "Mean round trip" },
    max: { unit: "ms", about: "Longest round trip" },
    jitter: { unit: "ms", about: "Mean difference between successive round trips" },
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
