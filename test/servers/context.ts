import { realClock } from "../../src/sys/clock.ts";
import { realHost } from "../../src/sys/host.ts";
import { realPinger } from "../../src/sys/icmp/pinger.ts";
import { lineLog } from "../../src/sys/log.ts";
import { realPatterns } from "../../src/sys/patterns.ts";
import { realProcesses } from "../../src/sys/processes.ts";
import { realRandom } from "../../src/sys/random.ts";
import { realNetwork } from "../../src/sys/real.ts";
import type { ProbeContext } from "../../src/probes/probe.ts";

export interface ContextRequest {
  /** The run's deadline; long by default, so that only tests of deadlines meet it. */
  readonly deadlineMs?: number;
  /** Instead of a deadline: aborts when the test says so. */
  readonly signal?: AbortSignal;
  readonly wants?: readonly string[];
  /** The check is failing so far. */
  readonly failing?: boolean;
  /** Name servers, `127.0.0.1:5353`; the system's by default. */
  readonly resolvers?: readonly string[];
}

const clock = realClock();
const random = realRandom();
const patterns = realPatterns();
const processes = realProcesses();
const pinger = realPinger(processes);
const host = realHost();
const log = lineLog({ level: "error", terminal: true, write: (line) => void process.stderr.write(line), mask: (text) => text });

/** What a probe gets from the engine, over the real world. */
export function probeContext({ deadlineMs = 30_000, signal, wants = [], failing = false, resolvers = [] }: ContextRequest = {}): ProbeContext {
  const deadline = signal ?? AbortSignal.timeout(deadlineMs);
  return { signal: deadline, clock, random, network: realNetwork({ clock, random, resolvers: () => resolvers }), pinger, processes, patterns, host, log, wants: new Set(wants), failing };
}
