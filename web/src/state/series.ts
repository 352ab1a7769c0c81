import type { BucketView, HistoryView } from "../../../src/api/types.ts";

type Column = (number | null)[];

/** Columns for the chart, all of one length; seconds since the epoch, then milliseconds. Null where nothing was measured. */
export interface Latencies {
  readonly at: number[];
  readonly p99: Column;
  readonly p90: Column;
  readonly p10: Column;
  readonly median: Column;
}

/** A silence this many times as long as the usual distance of runs breaks the line. */
const GAP = 2.5;

/** The usual distance of buckets with runs, in ms: the step, or more for a check that runs more rarely. */
export function spacing(history: HistoryView): number {
  const { buckets, stepMs } = history;
  const apart = buckets.slice(1).map((bucket, i) => bucket.from - (buckets[i]?.from ?? 0)).sort((a, b) => a - b);
  return Math.max(stepMs, apart[Math.floor((apart.length - 1) / 2)] ?? 0);
}

/** The history leaves out buckets without runs; here one empty bucket stands in each long silence, so that no line crosses it. */
export function broken(history: HistoryView): HistoryView {
  const usual = spacing(history);
  const nothing = { runs: 0, up: 0, degraded: 0, down: 0, unknown: 0, latency: null, phases: {} };
  const buckets = history.buckets.flatMap((bucket, i): BucketView[] => {
    const before = history.buckets[i - 1]?.from ?? bucket.from;
    return bucket.from - before > usual * GAP ? [{ from: before + history.stepMs, ...nothing }, bucket] : [bucket];
  });
  return { ...history, buckets };
}

/** A point lies in the middle of its bucket. */
export function latencies(history: HistoryView): Latencies {
  const { stepMs, buckets } = history;
  const pick = (key: "p99" | "p90" | "p10" | "median"): Column => buckets.map((bucket) => bucket.latency?.[key] ?? null);
  return { at: buckets.map((bucket) => (bucket.from + stepMs / 2) / 1000), p99: pick("p99"), p90: pick("p90"), p10: pick("p10"), median: pick("median") };
}

/** In the order they happen, for the legend and the stack; a probe's own follow by first sight. */
const KNOWN_PHASES = ["resolve", "connect", "tls", "greeting", "auth", "send", "firstByte", "transfer"];

/** All phases that occur. */
export function phaseNames(buckets: readonly BucketView[]): string[] {
  const seen = new Set<string>();
  for (const bucket of buckets) for (const phase of Object.keys(bucket.phases)) seen.add(phase);
  return [...seen].sort((a, b) => rank(a) - rank(b));
}

function rank(phase: string): number {
  const at = KNOWN_PHASES.indexOf(phase);
  return at === -1 ? KNOWN_PHASES.length : at;
}

/** Running sums of the phases' means: each column lies upon the one before; null where a bucket has no phase at all. */
export function stacked(history: HistoryView, phases: readonly string[]): Column[] {
  const sums = history.buckets.map(() => 0);
  return phases.map((phase) =>
    history.buckets.map((bucket, i) => {
      if (Object.keys(bucket.phases).length === 0) return null;
      const sum = (sums[i] ?? 0) + (bucket.phases[phase] ?? 0);
      sums[i] = sum;
      return sum;
    }),
  );
}

/** The top of the axis: outliers of p99 must not flatten the median, so it is cut at twice the highest p90. */
export function ceiling(data: Latencies): number {
  const highest = (column: Column): number => column.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return Math.max(1, Math.min(highest(data.p99), highest(data.p90) * 2));
}

/** The words of phases on the page. */
export function phaseWord(phase: string): string {
  return phase === "firstByte" ? "first byte" : phase;
}
