import { cpus, loadavg, machine, release, type, uptime } from "node:os";
import type { HostFacts, ProcessorTimes } from "./ports.ts";

/** This machine, as its system tells it. */
export function realHost(): HostFacts {
  return {
    uptimeMs: () => Math.round(uptime() * 1000),
    load: () => {
      const [one = 0, five = 0, fifteen = 0] = loadavg();
      return [one, five, fifteen];
    },
    processors,
    system: () => ({ name: type(), release: release(), machine: machine() }),
  };
}

function processors(): ProcessorTimes {
  const times = cpus().map((processor) => processor.times);
  const idleMs = times.reduce((sum, { idle }) => sum + idle, 0);
  return { count: times.length, idleMs, totalMs: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idleMs) };
}
