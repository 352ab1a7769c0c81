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
