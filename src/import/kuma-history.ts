import type { Carried } from "../core/carried.ts";
import type { CarriedResult, Row, Tables } from "./importer.ts";

/** Heartbeats of Uptime Kuma's: 0 down, 1 up, 2 pending (failing, below its retries), 3 under maintenance. */
const [DOWN, UP, PENDING] = [0, 1, 2];
const SENTENCE_MAX = 500;
/** So far back it is looked for when the state began. */
const LOOKED_AT = 2000;

/** `2026-01-31 02:00:00.000` in UTC; older versions without fraction. */
function timeOf(value: unknown): number | null {
  if (typeof value !== "string") return null;
  const at = Date.parse(/[zZ]$|[+-]\d\d:?\d\d$/.test(value) ? value : `${value.replace(" ", "T")}Z`);
  return Number.isFinite(at) ? at : null;
}

const sentenceOf = (value: unknown): string => (typeof value === "string" ? value.slice(0, 4 * SENTENCE_MAX).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, SENTENCE_MAX) : "");

function resultOf(row: Row, check: string): CarriedResult | null {
  const { status, time, ping, msg } = row;
  const at = timeOf(time);
  if (at === null || (status !== DOWN && status !== UP && status !== PENDING)) return null;
  return { check, at, verdict: status === UP ? "up" : "down", latencyMs: typeof ping === "number" && Number.isFinite(ping) && ping >= 0 ? ping : null, sentence: sentenceOf(msg), outage: status === DOWN };
}

/** Every heartbeat of the monitors that are taken, oldest first; read once, row by row. Throws when the database is damaged. */
export function* heartbeats(tables: Tables, names: ReadonlyMap<string, string>): Generator<CarriedResult> {
  for (const row of tables.rows("heartbeat", "id")) {
    const check = names.get(String(row["monitor_id"]));
    const result = check === undefined ? null : resultOf(row, check);
    if (result !== null) yield result;
  }
}

/** In which state Uptime Kuma left a monitor; null when it has no heartbeats. */
export function lastState(tables: Tables, id: string, check: string): Carried | null {
  const rows = tables.last("heartbeat", { column: "monitor_id", value: Number(id) }, "time", LOOKED_AT);
  const beats = rows.flatMap((row) => resultOf(row, check) ?? []);
  const [newest] = beats;
  if (newest === undefined) return null;
  const well = beats.findIndex(({ verdict }) => verdict === "up");
  const failing = well < 0 ? beats : beats.slice(0, well);
  const down = newest.outage;
  const ill = beats.findIndex(({ outage }) => outage);
  const since = down ? failing.at(-1) : beats[(ill < 0 ? beats.length : ill) - 1];
  return { check, status: down ? "down" : "up", fails: failing.length, since: since?.at ?? newest.at, lastRun: newest.at, sentence: newest.sentence };
}
