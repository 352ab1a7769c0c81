import type { BucketView, IncidentView } from "../../../src/api/types.ts";

const HOUR = 3_600_000;

export type Grain = "days" | "hours";
/** A cell's worst state; `none` when nothing ran in it. */
export type Worst = "none" | "up" | "degraded" | "down" | "unknown";

/** A stretch of the bar of time. */
export interface Cell {
  readonly from: number;
  readonly to: number;
  readonly worst: Worst;
  /** Only a part of it was as bad as `worst`. */
  readonly partial: boolean;
  /** Share of the runs with a verdict that were up or degraded; null without any. */
  readonly availability: number | null;
  readonly runs: number;
  readonly incidents: readonly IncidentView[];
}

/** A question to the history: one stretch cut into equal steps. */
export interface Ask {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

/** The reader's local midnight that begins the day of `at`, `days` later. */
function midnight(at: number, days: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

/** Edges of the last `count` days or hours in the reader's zone, the current one included: `count + 1` instants. */
export function edges(now: number, count: number, grain: Grain): number[] {
  if (grain === "days") return Array.from({ length: count + 1 }, (_, i) => midnight(now, i - count + 1));
  const last = new Date(now).setMinutes(0, 0, 0) + HOUR;
  return Array.from({ length: count + 1 }, (_, i) => last + (i - count) * HOUR);
}

/** The fewest questions that answer for all cells: a day of 23 or 25 hours, at a change of the clocks, asks for itself. */
export function asks(edges: readonly number[]): Ask[] {
  const found: { from: number; to: number; stepMs: number }[] = [];
  for (const [i, from] of edges.slice(0, -1).entries()) {
    const to = edges[i + 1] ?? from;
    const last = found.at(-1);
    if (last?.to === from && last.stepMs === to - from) last.to = to;
    else found.push({ from, to, stepMs: to - from });
  }
  return found;
}

/** Puts what the history answered into the cells. Incidents that only degraded colour a cell no worse than that. */
export function fill(edges: readonly number[], buckets: readonly BucketView[], incidents: readonly IncidentView[], now: number): Cell[] {
  const sorted = [...buckets].sort((a, b) => a.from - b.from);
  let next = 0;
  return edges.slice(0, -1).map((from, i) => {
    const to = edges[i + 1] ?? from;
    const sum = { runs: 0, up: 0, degraded: 0, down: 0, unknown: 0 };
    for (; next < sorted.length && (sorted[next]?.from ?? to) < to; next += 1) {
      const bucket = sorted[next];
      if (bucket === undefined || bucket.from < from) continue;
      for (const key of ["runs", "up", "degraded", "down", "unknown"] as const) sum[key] += bucket[key];
    }
    const here = incidents.filter((incident) => incident.firstSign < to && (incident.closed ?? now) >= from && incident.firstSign <= now);
    const { worst, partial, availability } = judge(sum, here);
    return { from, to, worst, partial, availability, runs: sum.runs, incidents: here };
  });
}

function judge(sum: Omit<BucketView, "from" | "latency" | "phases">, incidents: readonly IncidentView[]): Pick<Cell, "worst" | "partial" | "availability"> {
  const told = sum.up + sum.degraded + sum.down;
  const availability = told === 0 ? null : (sum.up + sum.degraded) / told;
  const kinds = new Set(incidents.map((incident) => incident.kind));
  if (kinds.has("down")) return { worst: "down", partial: sum.up + sum.degraded > 0, availability };
  if (kinds.has("degraded")) return { worst: "degraded", partial: sum.up > 0, availability };
  if (kinds.has("unchecked")) return { worst: "unknown", partial: told > 0, availability };
  if (told === 0) return { worst: sum.unknown > 0 ? "unknown" : "none", partial: false, availability };
  // Failed runs under the threshold made nobody believe in an outage: the cell is up, with a notch.
  return { worst: sum.degraded > 0 && sum.up === 0 ? "degraded" : "up", partial: sum.down + sum.degraded > 0 && sum.up > 0, availability };
}

/** Share of the runs with a verdict that were up or degraded, over all cells; null without any. */
export function availabilityOf(buckets: readonly BucketView[]): number | null {
  let well = 0;
  let told = 0;
  for (const bucket of buckets) {
    well += bucket.up + bucket.degraded;
    told += bucket.up + bucket.degraded + bucket.down;
  }
  return told === 0 ? null : well / told;
}
