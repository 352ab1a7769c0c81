import { benchCommits } from "../src/store/sqlite/commit.bench.ts";
import { type Figure, type Measure, median } from "./figure.ts";

/** What the embedded store alone costs. */
export const commit: Measure = async () => {
  const { loads, yearMs, bytesPerResult } = await benchCommits();
  const costs = loads.map(({ rows, checks, size, microsPerResult }): Figure => ({ name: `commit ${rows / 1000}k-of-${checks} by-${size}`, value: microsPerResult, unit: "µs", goal: null }));
  return [...costs, { name: "commit year-read", value: median(yearMs), unit: "ms", goal: null }, { name: "commit row", value: bytesPerResult, unit: "bytes", goal: null }];
};
