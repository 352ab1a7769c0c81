import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "../src/cli/ask.ts";

const ROOT = join(import.meta.dirname, "..");

const silent = (): void => undefined;
export const quiet = { debug: silent, info: silent, warn: silent, error: silent };

/** A folder for one bench, removed at its end. */
export async function withFolder<Value>(work: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A listener in its own process, so that its work is on nobody's account. */
export async function withTarget<Value>(work: (port: number) => Promise<Value>): Promise<Value> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "target.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    return await work(Number(line));
  } finally {
    child.stdin.end();
  }
}

/** The n-th of 65,000 loopback addresses: each check has a peer of its own, as in life. */
export const loopback = (index: number): string => `127.1.${Math.floor(index / 250) % 250}.${1 + (index % 250)}`;

/** A site of tcp checks against the target. */
export function tcpSite(count: number, every: string, port: number): string {
  const checks = Array.from({ length: count }, (_, index) => `  port-${index}: {type: tcp, host: ${loopback(index)}, port: ${port}}`);
  return ["name: Bench", `defaults: {every: ${every}, timeout: 10s, notify: [ops]}`, "channels: {ops: {type: log}}", "checks:", ...checks, ""].join("\n");
}

/** A running `tocsin run`. */
export interface Instance {
  readonly pid: number;
  readonly data: string;
  /** Wall clock at the moment it was started. */
  readonly startedAt: number;
  /** JSON of `GET path` over the socket, or null while nobody answers. */
  readonly get: (path: string) => Promise<unknown>;
  /** Seconds since the start until `seen` holds; looked at every 10 ms. */
  readonly until: (path: string, seen: (answer: unknown) => boolean) => Promise<number>;
}

const START_S_MAX = 120;

/** Starts the program as a user does, and ends it after the work. */
export async function withTocsin<Value>(folder: string, site: string, listen: string, work: (instance: Instance) => Promise<Value>): Promise<Value> {
  const config = join(folder, "tocsin.yaml");
  const data = join(folder, "data");
  writeFileSync(config, site, { mode: 0o600 });
  const startedAt = Date.now();
  const begun = performance.now();
  const child = spawn(join(ROOT, "bin/tocsin"), ["run", config, "--data", data, "--listen", listen], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4000)));
  const { pid } = child;
  if (pid === undefined) throw new Error("tocsin could not be started");
  const get = async (path: string): Promise<unknown> => {
    const answer = await ask(data, path);
    return answer.kind === "answered" && answer.status === 200 ? JSON.parse(answer.body) : null;
  };
  const until = async (path: string, seen: (answer: unknown) => boolean): Promise<number> => {
    for (;;) {
      const answer = await get(path);
      const took = (performance.now() - begun) / 1000;
      if (answer !== null && seen(answer)) return took;
      if (child.exitCode !== null || took > START_S_MAX) throw new Error(`tocsin did not get there: ${said}`);
      await sleep(10);
    }
  };
  try {
    return await work({ pid, data, startedAt, get, until });
  } finally {
    await end(child);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** Megabytes (10^6 bytes) from `/proc/PID/status`: `VmRSS` now, `VmHWM` at most. */
export function memoryMb(pid: number, field: "VmRSS" | "VmHWM"): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return (Number(line?.[1] ?? 0) * 1024) / 1e6;
}

/** CPU seconds of a process, all its threads, by `/proc/PID/stat` (proc(5): fields 14 and 15, in hundredths). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
