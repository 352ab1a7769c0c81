import { afterEach, expect, test, vi } from "vitest";
import type { BucketView, IncidentView } from "../../../src/api/types.ts";
import { asks, availabilityOf, edges, fill } from "./cells.ts";

const HOUR = 3_600_000;
const bucket = (from: number, up: number, degraded: number, down: number, unknown = 0): BucketView => ({ from, runs: up + degraded + down + unknown, up, degraded, down, unknown, latency: null, phases: {} });
const incident = (kind: IncidentView["kind"], firstSign: number, closed: number | null): IncidentView => ({ id: `${kind}${firstSign}`, check: "shop", kind, firstSign, opened: firstSign, closed, closedBy: null, code: "status", sentence: "HTTP 503", acknowledged: null });

afterEach(() => {
  vi.unstubAllEnvs();
});

test("days are the reader's, and a day of a changed clock asks for itself", () => {
  vi.stubEnv("TZ", "Europe/Berlin");
  const now = Date.parse("2026-10-27T09:30:00+01:00");
  const days = edges(now, 4, "days");
  expect(days.map((at) => new Date(at).toISOString())).toEqual(["2026-10-23T22:00:00.000Z", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z", "2026-10-26T23:00:00.000Z", "2026-10-27T23:00:00.000Z"]);
  expect(asks(days).map((ask) => ask.stepMs / HOUR)).toEqual([24, 25, 24]);
  expect(asks(days).at(-1)).toEqual({ from: days[2], to: days[4], stepMs: 24 * HOUR });
});

test("hours end with the current one", () => {
  const now = Date.parse("2026-10-27T09:30:00Z");
  const hours = edges(now, 3, "hours");
  expect(hours.map((at) => new Date(at).toISOString().slice(11, 16))).toEqual(["07:00", "08:00", "09:00", "10:00"]);
  expect(asks(hours)).toHaveLength(1);
});

test("a cell wears its worst state", () => {
  const f = (buckets: readonly BucketView[], incidents: readonly IncidentView[], worst: string, partial: boolean): void => {
    const [cell] = fill([0, 100], buckets, incidents, 1000);
    expect({ worst: cell?.worst, partial: cell?.partial }).toEqual({ worst, partial });
  };
  f([], [], "none", false);
  f([bucket(0, 5, 0, 0)], [], "up", false);
  f([bucket(0, 5, 0, 1)], [], "up", true); // one failed run, nobody was told
  f([bucket(0, 0, 5, 0)], [], "degraded", false);
  f([bucket(0, 0, 0, 0, 3)], [], "unknown", false);
  f([bucket(0, 5, 0, 5)], [incident("down", 50, 90)], "down", true);
  f([bucket(0, 0, 0, 5)], [incident("down", -50, null)], "down", false);
  f([bucket(0, 3, 2, 0)], [incident("degraded", 50, null)], "degraded", true);
  f([bucket(0, 5, 0, 5)], [incident("down", 50, 90), incident("degraded", 10, 20)], "down", true);
});

test("buckets and incidents fall into their own cells", () => {
  const cells = fill([0, 100, 200, 300], [bucket(100, 1, 0, 1), bucket(0, 4, 0, 0), bucket(150, 2, 0, 0)], [incident("down", 120, 130)], 1000);
  expect(cells.map((cell) => cell.runs)).toEqual([4, 4, 0]);
  expect(cells.map((cell) => cell.worst)).toEqual(["up", "down", "none"]);
  expect(cells.map((cell) => cell.availability)).toEqual([1, 0.75, null]);
  expect(cells.map((cell) => cell.incidents.length)).toEqual([0, 1, 0]);
});

test("availability leaves out runs without a verdict", () => {
  expect(availabilityOf([bucket(0, 8, 1, 1, 90)])).toBe(0.9);
  expect(availabilityOf([bucket(0, 0, 0, 0, 90)])).toBeNull();
});
