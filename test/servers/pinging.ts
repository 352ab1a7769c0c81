import { text } from "node:stream/consumers";
import { realPinger } from "../../src/sys/icmp/pinger.ts";
import type { PingRequest, TraceRequest } from "../../src/sys/ports.ts";
import { realProcesses } from "../../src/sys/processes.ts";
import type { Asked, Job } from "./namespaces.ts";

/** The engine by itself, for namespaces and users of their own: jobs on standard input, answers on standard output, all as JSON. It ends when nothing keeps it. */

const family = (ip: string): 4 | 6 => (ip.includes(":") ? 6 : 4);
const signal = new AbortController().signal;
const PING = { count: 3, intervalMs: 10, waitMs: 2000, size: 56, ttl: null, dontFragment: false, source: null, signal };
const TRACE = { method: "icmp" as const, port: 33_434, hops: 30, tries: 3, waitMs: 2000, size: 32, source: null, signal };

const jobs = JSON.parse(await text(process.stdin)) as readonly Job[];
const pinger = realPinger(realProcesses());
const cpu = process.cpuUsage();
const answers = await Promise.all(
  jobs.map((job) =>
    "ping" in job
      ? pinger.ping({ ...PING, family: family(job.ping.ip), ...job.ping, signal } satisfies PingRequest)
      : pinger.trace({ ...TRACE, family: family(job.trace.ip), ...job.trace, signal } satisfies TraceRequest),
  ),
);
const { user, system } = process.cpuUsage(cpu);
const asked: Asked = { answers, cpuMs: (user + system) / 1000 };
process.stdout.write(JSON.stringify(asked));
