import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { cpus, freemem, loadavg, machine, release, totalmem, type, uptime } from "node:os";
import { errnoOf } from "./failures.ts";
import type { DiskAnswer, Failure, HostFacts, MemoryUse, ProcessorTimes, SensorReading } from "./ports.ts";
import { readTemperatures } from "./temperatures.ts";
import { first } from "./until-aborted.ts";

/** Linux counts in hundredths of a second, whatever the kernel's own clock is (USER_HZ). */
const TICK_MS = 10;

/** This machine, as its system tells it. */
export function realHost(): HostFacts {
  const asked = new Map<string, Promise<DiskAnswer>>();
  let sensors: Promise<readonly SensorReading[]> | null = null;
  return {
    uptimeMs: () => Math.round(uptime() * 1000),
    load: () => {
      const [one = 0, five = 0, fifteen = 0] = loadavg();
      return [one, five, fifteen];
    },
    processors,
    memory,
    disk: async (path, signal) => {
      // A thread of few waits for a share that hangs: never more than one for each path.
      const answer = asked.get(path) ?? askDisk(path).finally(() => asked.delete(path));
      asked.set(path, answer);
      return (await first(answer, signal)) ?? { kind: "failed", failure: { code: "timeout", sentence: `the file system of ${path} did not answer in time` } };
    },
    temperatures: async (signal) => {
      sensors ??= readTemperatures().finally(() => (sensors = null));
      const readings = await first(sensors, signal);
      return readings === null ? { kind: "failed", failure: { code: "resources", sentence: "this machine's sensors did not answer in time" } } : { kind: "told", readings };
    },
    system: () => ({ name: type(), release: release(), machine: machine() }),
  };
}

/** Waiting for a disk is idle time, which the runtime's own count leaves out: it would take a busy disk for a busy processor. */
function processors(): ProcessorTimes {
  const [, line] = /^cpu +(.*)$/m.exec(textOf("/proc/stat")) ?? [];
  const times = cpus().map((processor) => processor.times);
  if (line !== undefined) {
    // user nice system idle iowait irq softirq steal, and guests, which user and nice hold already (proc(5))
    const ticks = line.trim().split(/\s+/).slice(0, 8).map(Number);
    return { count: times.length, idleMs: ((ticks[3] ?? 0) + (ticks[4] ?? 0)) * TICK_MS, totalMs: ticks.reduce((sum, each) => sum + each, 0) * TICK_MS };
  }
  const idleMs = times.reduce((sum, { idle }) => sum + idle, 0);
  return { count: times.length, idleMs, totalMs: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idleMs) };
}

function memory(): MemoryUse {
  const text = textOf("/proc/meminfo");
  const bytes = (name: string): number | null => {
    const kibibytes = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  };
  return { totalBytes: bytes("MemTotal") ?? totalmem(), availableBytes: bytes("MemAvailable") ?? freemem(), swapTotalBytes: bytes("SwapTotal") ?? 0, swapFreeBytes: bytes("SwapFree") ?? 0 };
}

async function askDisk(path: string): Promise<DiskAnswer> {
  try {
    const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
    return { kind: "told", use: { totalBytes: blocks * bsize, freeBytes: bfree * bsize, availableBytes: bavail * bsize, files, filesFree: ffree } };
  } catch (error) {
    return { kind: "failed", failure: diskFailure(path, error) };
  }
}

function diskFailure(path: string, error: unknown): Failure {
  const errno = errnoOf(error);
  if (errno === "ENOENT" || errno === "ENOTDIR") return { code: "unreachable", sentence: `${path} is not there` };
  if (errno === "EACCES" || errno === "EPERM") return { code: "permission", sentence: `Tocsin may not look at ${path}` };
  return { code: "unreachable", sentence: `the file system of ${path} does not answer: ${error instanceof Error ? error.message : errno}` };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
