import type { Row, Tables } from "./importer.ts";

const [MINUTE_S, HOUR_S, DAY_S] = [60, 3600, 86_400];
/** From the finest on. A day's runs are at most one a minute: with more, their shares are kept. */
const TABLES = [
  { table: "stat_minutely", spanS: MINUTE_S, most: 60 },
  { table: "stat_hourly", spanS: HOUR_S, most: 3600 },
  { table: "stat_daily", spanS: DAY_S, most: 1440 },
] as const;
/** Ten years of days, thirty days of hours, one of minutes are what Uptime Kuma keeps at most. */
const MOST_ROWS = 4000;

export interface Average {
  /** ms since the epoch. */
  readonly at: number;
  readonly forMs: number;
  readonly up: number;
  readonly down: number;
  /** Over the runs that were up. */
  readonly latencyMs: { readonly mean: number; readonly min: number; readonly max: number };
  readonly sentence: string;
}

/** What one table of averages holds of a monitor, oldest first. */
export interface Averages {
  readonly table: string;
  readonly spanMs: number;
  readonly rows: readonly Average[];
}

/** From when on there are runs, and what is told of the time before by which table, oldest first; instants in ms. */
export interface Plan {
  readonly runsFrom: number;
  readonly parts: readonly { readonly table: string; readonly from: number; readonly to: number }[];
}

const count = (value: unknown): number => (typeof value === "number" && value > 0 ? Math.floor(value) : 0);
const latency = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0);

function averageOf(row: Row, spanS: number, most: number): Average | null {
  const { timestamp, ping } = row;
  if (typeof timestamp !== "number" || !(timestamp > 0) || timestamp > 1e11) return null;
  const [all, bad] = [count(row["up"]) + count(row["down"]), count(row["down"])];
  if (all === 0) return null;
  const taken = Math.min(most, all);
  // A failing run is never lost among many.
  const down = bad === 0 ? 0 : Math.min(taken, Math.max(1, Math.round((bad / all) * taken)));
  const mean = latency(ping);
  const [least, greatest] = [latency(row["ping_min"]), latency(row["ping_max"])];
  const kept = `${all - bad} up, ${bad} down, of which Uptime Kuma kept the average`;
  return { at: Math.floor(timestamp / spanS) * spanS * 1000, forMs: spanS * 1000, up: taken - down, down, latencyMs: { mean, min: least > 0 && least <= mean ? least : mean, max: Math.max(greatest, mean) }, sentence: kept };
}

/** The averages of a monitor, from the finest table on; a table without any is left out. */
export function averagesOf(tables: Tables, id: string): readonly Averages[] {
  return TABLES.flatMap(({ table, spanS, most }) => {
    const rows: Average[] = [];
    for (const row of tables.rows(table, "timestamp", { column: "monitor_id", value: Number(id) })) {
      const average = averageOf(row, spanS, most);
      if (average === null || average.at <= (rows.at(-1)?.at ?? -1)) continue;
      rows.push(average);
      if (rows.length >= MOST_ROWS) break;
    }
    return rows.length === 0 ? [] : [{ table, spanMs: spanS * 1000, rows }];
  });
}

/** So that no run is counted twice: each coarser table is used up to where a finer one, or the runs themselves, begin for good. */
export function planOf(unbrokenFrom: number | null, averages: readonly Averages[]): Plan {
  let runsFrom = unbrokenFrom ?? (averages.length === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
  if (averages.length === 0) return { runsFrom: Number.NEGATIVE_INFINITY, parts: [] };
  const parts: { table: string; from: number; to: number }[] = [];
  let start = runsFrom;
  for (const { table, spanMs, rows } of averages) {
    const from = rows[0]?.at ?? start;
    if (from >= start) continue;
    const to = Math.ceil(start / spanMs) * spanMs;
    while ((parts[0]?.to ?? Number.POSITIVE_INFINITY) <= to && parts.length > 0) parts.shift();
    if (parts[0] === undefined) runsFrom = to;
    else parts[0].from = to;
    parts.unshift({ table, from, to });
    start = from;
  }
  return { runsFrom, parts };
}
