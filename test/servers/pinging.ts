import { text } from "node:stream/consumers";
import { icmp } from "../../src/probes/icmp.ts";
import { trace } from "../../src/probes/trace.ts";
import type { PingRequest, TraceRequest } from "../../src/sys/ports.ts";
import { probeContext } from "./context.ts";
import type { Job } from "./namespaces.ts";

/** The engine by itself, for namespaces and users of their own: jobs on standard input, answers on standard output, all as JSON. It ends when nothing keeps it. */

const family = (ip: string): 4 | 6 => (ip.includes(":") ? 6 : 4);
const signal = new AbortController().signal;
const PING = { count: 3, intervalMs: 10, waitMs: 2000, size: 56, ttl: null, dontFragment: false, source: null, signal };
const TRACE = { method: "icmp" as const, port: 33_434, hops: 30, tries: 3, waitMs: 2000, size: 32, source: null, signal };
const context = probeContext({ signal });

async function done(job: Job): Promise<unknown> {
  if ("ping" in job) return context.pinger.ping({ ...PING, family: family(job.ping.ip), ...job.ping, signal } satisfies PingRequest);
  if ("trace" in job) return context.pinger.trace({ ...TRACE, family: family(job.trace.ip), ...job.trace, signal } satisfies TraceRequest);
  if ("beside" in job) {
    const { processes } = context;
    const end = await processes.run({ command: job.beside, environment: processes.environment, folder: null, input: "", outputLimit: 65_536, signal });
    return end.kind === "ended" ? end.stdout + end.stderr : end.failure.sentence;
  }
  const ctx = { ...context, remembered: job.remembered ?? null };
  return job.run === "icmp" ? icmp.run(icmp.options.parse(job.options), ctx) : trace.run(trace.options.parse(job.options), ctx);
}

// What is loaded once is loaded before.
await context.pinger.ping({ ...PING, ip: "127.0.0.1", family: 4, count: 1, waitMs: 10 });
const jobs = JSON.parse(await text(process.stdin)) as readonly Job[];
process.stdout.write(JSON.stringify(await Promise.all(jobs.map(done))));
