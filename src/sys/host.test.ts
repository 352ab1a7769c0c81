import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { realHost } from "./host.ts";

const host = realHost();

test("the uptime and the load are the system's own", () => {
  const read = (path: string): number => Number(readFileSync(path, "utf8").split(" ")[0]);
  const before = read("/proc/uptime");
  const uptimeMs = host.uptimeMs();
  // what os.uptime gives is cut to hundredths or to seconds
  expect(uptimeMs).toBeGreaterThanOrEqual((before - 1) * 1000);
  expect(uptimeMs).toBeLessThanOrEqual((read("/proc/uptime") + 1) * 1000);
  expect(host.load()).toHaveLength(3);
  expect(host.load().every((mean) => mean >= 0)).toBe(true);
});

test("the processors were idle for a part of their time", () => {
  const { count, idleMs, totalMs } = host.processors();
  expect(count).toBeGreaterThanOrEqual(1);
  expect(idleMs).toBeGreaterThan(0);
  expect(totalMs).toBeGreaterThan(idleMs);
});

test("the system has a name and a release", () => {
  expect(host.system().name).toMatch(/^\w+$/);
  expect(host.system().release).toMatch(/\d/);
  expect(host.system().machine).not.toBe("");
});

test("waiting for a disk counts as idle", () => {
  const read = (): { readonly idle: number; readonly total: number } => {
    const ticks = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "").split(/\s+/).slice(1, 9).map(Number);
    return { idle: 10 * ((ticks[3] ?? 0) + (ticks[4] ?? 0)), total: 10 * ticks.reduce((sum, each) => sum + each, 0) };
  };
  const before = read();
  const { idleMs, totalMs } = host.processors();
  const after = read();
  // the kernel lets the count of waiting run backward a little
  expect(idleMs).toBeGreaterThanOrEqual(before.idle - 1000);
  expect(idleMs).toBeLessThanOrEqual(after.idle + 1000);
  expect(totalMs).toBeGreaterThanOrEqual(before.total - 1000);
  expect(totalMs).toBeLessThanOrEqual(after.total + 1000);
});

test("memory is as the system tells it", () => {
  const { totalBytes, availableBytes, swapTotalBytes, swapFreeBytes } = host.memory();
  expect(totalBytes).toBe(1024 * Number(/^MemTotal: +(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]));
  expect(availableBytes).toBeGreaterThan(0);
  expect(availableBytes).toBeLessThan(totalBytes);
  expect(swapFreeBytes).toBeLessThanOrEqual(swapTotalBytes);
});

test("a file system tells its sizes", async () => {
  const answer = await host.disk("/", new AbortController().signal);
  if (answer.kind === "failed") throw new Error(answer.failure.sentence);
  const { totalBytes, freeBytes, availableBytes } = answer.use;
  expect(availableBytes).toBeLessThanOrEqual(freeBytes);
  expect(freeBytes).toBeLessThanOrEqual(totalBytes);
  expect(await host.disk("/nowhere/at/all", new AbortController().signal)).toEqual({ kind: "failed", failure: { code: "unreachable", sentence: "/nowhere/at/all is not there" } });
  expect(await host.disk("/", AbortSignal.abort())).toMatchObject({ failure: { code: "timeout" } });
});
