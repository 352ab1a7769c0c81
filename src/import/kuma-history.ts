import type { Carried } from "../core/carried.ts";
import type { FailureCode } from "../core/types.ts";
import { type Averages, averagesOf, planOf } from "./kuma-averages.ts";
import type { CarriedPast, Row, Tables } from "./importer.ts";

/** Heartbeats of Uptime Kuma's: 0 down, 1 up, 2 pending (failing, below its retries), 3 under maintenance. */
const [DOWN, UP, PENDING] = [0, 1, 2];
const SENTENCE_MAX = 500;
/** So far back it is looked for when the state began. */
const LOOKED_AT = 2000;
/** What Uptime Kuma writes of failing runs, with what it means here. */
const CODES: readonly (readonly [RegExp, FailureCode])[] = [
  [/time(d )?-?out|ETIMEDOUT|aborted/i, "timeout"],
  [/ECONNREFUSED/, "refused"],
  [/EHOSTUNREACH|ENETUNREACH|connection failed/i, "unreachable"],
  [/ECONNRESET|socket hang up/, "reset"],
  [/ENOTFOUND|EAI_AGAIN|queryA/, "unresolvable"],
  [/certificate has expired/i, "tls-expired"],
  [/certificate/i, "tls-untrusted"],
  [/status code \d|^\d{3} - /i, "status"],
  [/keyword|expected/i, "mismatch"],
  [/no heartbeat/i, "missed"],
  [/child/i, "members"],
];

type Run = Extract<CarriedPast, { kind: "run" }>;

/** `2026-01-31 02:00:00.000` in UTC; older versions without fraction. */
function timeOf(value: unknown): number | null {
  if (typeof value !== "string" || value.length > 40) return null;
  const at = Date.parse(/[zZ]$|[+-]\d\d:?\d\d$/.test(value) ? value : `${value.replace(" ", "T")}Z`);
  return Number.isFinite(at) ? at : null;
}

const sentenceOf = (value: unknown): string => (typeof value === "string" ? value.slice(0, 4 * SENTENCE_MAX).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, SENTENCE_MAX) : "");
const codeOf = (sentence: string): FailureCode => CODES.find(([words]) => words.test(sentence))?.[1] ?? "exit";

function runOf({ status, time, ping, msg }: Row, check: string, counted = false): Run | null {
  const at = timeOf(time);
  if (at === null || (status !== DOWN && status !== UP && status !== PENDING)) return null;
  const sentence = sentenceOf(msg);
  const latencyMs = typeof ping === "number" && Number.isFinite(ping) && ping >= 0 ? ping : null;
  return { kind: "run", counted, check, at, verdict: status === UP ? "up" : "down", latencyMs, code: status === UP ? "ok" : codeOf(sentence), sentence, outage: status === DOWN };
}

/** Oldest first. */
function* beatsOf(tables: Tables, id: string): Generator<Row> {
  yield* tables.rows("heartbeat", "time", { column: "monitor_id", value: Number(id) });
}

/** When the runs begin that are there without gaps: of older ones Uptime Kuma 2 keeps only those that changed the state. */
function unbrokenFrom(tables: Tables, id: string): number | null {
  for (const row of beatsOf(tables, id)) {
    const at = row["important"] === 1 ? null : timeOf(row["time"]);
    if (at !== null) return at;
  }
  return null;
}

function* pastOf(tables: Tables, id: string, check: string): Generator<CarriedPast> {
  const stats = averagesOf(tables, id);
  const { runsFrom, parts } = planOf(unbrokenFrom(tables, id), stats);
  const begins = parts[0]?.from ?? Number.POSITIVE_INFINITY;
  const averages = parts.flatMap(({ table, from, to }): Averages["rows"] => stats.find((one) => one.table === table)?.rows.filter(({ at }) => at >= from && at < to) ?? []);
  let next = 0;
  const before = function* (at: number): Generator<CarriedPast> {
    for (let average = averages[next]; average !== undefined && average.at <= at; average = averages[next]) {
      next += 1;
      yield { kind: "average", check, ...average };
    }
  };
  for (const row of beatsOf(tables, id)) {
    const run = runOf(row, check);
    if (run === null) continue;
    if (run.at >= runsFrom) {
      yield* before(Number.POSITIVE_INFINITY);
      yield run;
    } else if (row["important"] === 1 || run.at < begins) {
      yield* before(run.at);
      yield { ...run, counted: run.at >= begins };
    }
  }
  yield* before(Number.POSITIVE_INFINITY);
}

/** The past of the monitors that are taken, one after the other, each oldest first. Throws when the database is damaged. */
export function* history(tables: Tables, names: ReadonlyMap<string, string>): Generator<CarriedPast> {
  for (const [id, check] of names) yield* pastOf(tables, id, check);
}

/** In which state Uptime Kuma left a monitor; null when it has no heartbeats. */
export function lastState(tables: Tables, id: string, check: string): Carried | null {
  const rows = tables.last("heartbeat", { column: "monitor_id", value: Number(id) }, "time", LOOKED_AT);
  const beats = rows.flatMap((row) => runOf(row, check) ?? []);
  const [newest] = beats;
  if (newest === undefined) return null;
  const well = beats.findIndex(({ verdict }) => verdict === "up");
  const failing = well < 0 ? beats : beats.slice(0, well);
  const down = newest.outage;
  const ill = beats.findIndex(({ outage }) => outage);
  const since = down ? failing.at(-1) : beats[(ill < 0 ? beats.length : ill) - 1];
  return { check, status: down ? "down" : "up", fails: failing.length, since: since?.at ?? newest.at, lastRun: newest.at, sentence: newest.sentence };
}
