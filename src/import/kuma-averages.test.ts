import { expect, test } from "vitest";
import { averagesOf, planOf } from "./kuma-averages.ts";
import type { Row, Tables } from "./importer.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** A day's beginning, s. */
const T = 20_000 * DAY;

type Stats = { readonly [table: string]: readonly Row[] };
const tables = (stats: Stats): Tables => ({ names: () => Object.keys(stats), rows: (table) => stats[table] ?? [], last: () => [] });
const row = (timestamp: number, more: Row = {}): Row => ({ monitor_id: 1, timestamp, up: 10, down: 0, ping: 20, ping_min: 0, ping_max: 0, ...more });
const steps = (from: number, to: number, by: number): readonly Row[] => Array.from({ length: (to - from) / by }, (_, index) => row(from + index * by));

/** The plan in seconds after `T`. */
function plan(unbroken: number | null, stats: Stats): readonly (string | number)[] {
  const { runsFrom, parts } = planOf(unbroken === null ? null : (T + unbroken) * 1000, averagesOf(tables(stats), "1"));
  return [...parts.map(({ table, from, to }) => `${table} ${from / 1000 - T}-${to / 1000 - T}`), runsFrom / 1000 - T];
}

test("without averages every run counts", () => {
  expect(plan(5000, {})).toEqual([Number.NEGATIVE_INFINITY]);
  expect(plan(null, {})).toEqual([Number.NEGATIVE_INFINITY]);
});

test("each coarser table goes up to where the finer one begins for good", () => {
  const all = { stat_daily: steps(T - 3 * DAY, T + 2 * DAY, DAY), stat_hourly: steps(T - DAY + HOUR, T + DAY, HOUR), stat_minutely: steps(T + 90 * 60, T + DAY, 60) };
  expect(plan(20_000, all)).toEqual([`stat_daily ${-3 * DAY}-0`, "stat_hourly 0-7200", "stat_minutely 7200-20040", 20_040]);
  // Runs that begin within an hour of which no minute is kept: that hour is an average.
  expect(plan(20_000, { stat_hourly: all.stat_hourly })).toEqual([`stat_hourly ${-DAY + HOUR}-21600`, 21_600]);
  // A finer table that tells of less than the coarser one's stretch is passed over.
  expect(plan(20_000, { stat_hourly: all.stat_hourly, stat_minutely: steps(T + 19_000, T + DAY, 60) })).toEqual([`stat_hourly ${-DAY + HOUR}-21600`, 21_600]);
  expect(plan(20_000, { stat_daily: steps(T + DAY, T + 2 * DAY, DAY) })).toEqual([20_000]);
});

test("where no run is left, averages tell of everything", () => {
  expect(plan(null, { stat_daily: steps(T - DAY, T + DAY, DAY) })).toEqual([`stat_daily ${-DAY}-Infinity`, Number.POSITIVE_INFINITY]);
});

test("a run is in one part only, whatever the tables hold", () => {
  for (const raw of [-50_000, 0, 1, 59, 3599, 3600, 86_399, 100_000]) {
    for (const minutes of [-4000, 60, 7260, 86_340]) {
      for (const hours of [-100 * HOUR, -HOUR, HOUR, 25 * HOUR]) {
        const { runsFrom, parts } = planOf((T + raw) * 1000, averagesOf(tables({ stat_daily: steps(T - 5 * DAY, T + DAY, DAY), stat_hourly: [row(T + hours)], stat_minutely: [row(T + minutes)] }), "1"));
        const edges = [...parts.flatMap(({ from, to }) => [from, to]), runsFrom];
        expect(edges).toEqual(edges.toSorted((a, b) => a - b));
        for (const [index, { to }] of parts.entries()) expect(to).toBe(parts[index + 1]?.from ?? runsFrom);
      }
    }
  }
});

test("rows are counts and latencies within bounds, each stretch once", () => {
  const f = (more: Row, expected: unknown): void => expect(averagesOf(tables({ stat_daily: [row(T, more)] }), "1")[0]?.rows[0] ?? null).toEqual(expected);
  const common = { at: T * 1000, forMs: DAY * 1000 };
  f({ up: 1400, down: 3, ping: 30, ping_min: 10, ping_max: 90 }, { ...common, up: 1400, down: 3, latencyMs: { mean: 30, min: 10, max: 90 }, sentence: "1400 up, 3 down, of which Uptime Kuma kept the average" });
  f({ up: 10 }, { ...common, up: 10, down: 0, latencyMs: { mean: 20, min: 20, max: 20 }, sentence: "10 up, 0 down, of which Uptime Kuma kept the average" });
  // More than one a minute: the share stays, and a failing run is not lost.
  f({ up: 86_399, down: 1 }, expect.objectContaining({ up: 1439, down: 1 }));
  f({ up: 43_200, down: 43_200 }, expect.objectContaining({ up: 720, down: 720 }));
  f({ up: 1e300, down: -5 }, expect.objectContaining({ up: 1440, down: 0 }));
  f({ up: 0, down: 0 }, null);
  f({ up: "many" }, null);
  f({ timestamp: "yesterday" }, null);
  f({ timestamp: 1e15 }, null);
  f({ timestamp: T + 5 }, expect.objectContaining(common));
  f({ ping: Number.POSITIVE_INFINITY, ping_min: -1 }, expect.objectContaining({ latencyMs: { mean: 0, min: 0, max: 0 } }));
  expect(averagesOf(tables({ stat_daily: [row(T), row(T + 60), row(T - DAY), row(T + DAY)] }), "1")[0]?.rows.map(({ at }) => at / 1000 - T)).toEqual([0, DAY]);
});
