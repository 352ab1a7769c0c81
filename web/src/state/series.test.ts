import { expect, test } from "vitest";
import type { BucketView, HistoryView } from "../../../src/api/types.ts";
import { ceiling, latencies, phaseNames, stacked } from "./series.ts";

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
