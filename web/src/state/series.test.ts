import { expect, test } from "vitest";
import type { BucketView, HistoryView } from "../../../src/api/types.ts";
import { broken, ceiling, latencies, phaseNames, spacing, stacked } from "./series.ts";

const bucket = (from: number, median: number | null, phases: BucketView["phases"]): BucketView => ({
  from, runs: 1, up: 1, degraded: 0, down: 0, unknown: 0, phases,
  latency: median === null ? null : { min: 1, p10: median / 2, median, p90: median * 2, p99: median * 50, max: median * 60 },
});
const history: HistoryView = {
  from: 0, to: 3000, stepMs: 1000, incidents: [],
  buckets: [bucket(0, 10, { connect: 3, resolve: 1, firstByte: 6 }), bucket(1000, null, {}), bucket(2000, 20, { connect: 5, query: 4 })],
};

test("columns of latency", () => {
  const data = latencies(history);
  expect(data.at).toEqual([0.5, 1.5, 2.5]);
  expect(data.median).toEqual([10, null, 20]);
  expect(data.p90).toEqual([20, null, 40]);
  expect(ceiling(data)).toBe(80);
  expect(ceiling({ at: [], p99: [], p90: [], p10: [], median: [] })).toBe(1);
});

test("phases in the order they happen, each upon the one before", () => {
  const phases = phaseNames(history.buckets);
  expect(phases).toEqual(["resolve", "connect", "firstByte", "query"]);
  expect(stacked(history, phases)).toEqual([[1, null, 0], [4, null, 5], [10, null, 5], [10, null, 9]]);
});

test("a line runs over the usual distance of runs and breaks at a silence", () => {
  const f = (froms: readonly number[], usual: number, drawn: readonly number[]): void => {
    const rare: HistoryView = { ...history, to: 90_000, buckets: froms.map((from) => bucket(from, 5, {})) };
    expect(spacing(rare)).toBe(usual);
    expect(broken(rare).buckets.map((one) => one.from)).toEqual(drawn);
  };
  f([], 1000, []);
  f([0], 1000, [0]);
  f([0, 1000, 2000], 1000, [0, 1000, 2000]);
  f([0, 3000, 6000, 9000], 3000, [0, 3000, 6000, 9000]); // runs every three steps
  f([0, 1000, 3000, 4000], 1000, [0, 1000, 3000, 4000]); // one run missed
  f([0, 1000, 2000, 9000, 10_000], 1000, [0, 1000, 2000, 3000, 9000, 10_000]);
  expect(latencies(broken({ ...history, buckets: [bucket(0, 5, {}), bucket(1000, 5, {}), bucket(9000, 5, {})] })).median).toEqual([5, 5, null, 5]);
});
