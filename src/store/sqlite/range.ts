import type { DatabaseSync, StatementSync } from "node:sqlite";
import { BucketMaker } from "../bucket.ts";
import type { Bucket, Range } from "../store.ts";
import { verdicts } from "./codes.ts";
import type { Queries } from "./query.ts";
import { PHASE_COLUMNS } from "./parcel.ts";

/** Rows read at a time: some milliseconds, after which other queries have their turn. */
const CHUNK = 4000;

/** Columns as they come: slot, n, verdict, latency, shape, p0 to p5, more. */
type Columns = readonly [slot: number, n: number, verdict: number, latency: number, shape: number, ...phases: (number | null)[]];

export function prepareRange(db: DatabaseSync): StatementSync {
  const statement = db.prepare("SELECT slot, n, verdict, latency, shape, p0, p1, p2, p3, p4, p5, more FROM results WHERE check_id = ? AND (slot, n) > (?, ?) AND slot < ? ORDER BY slot, n LIMIT ?");
  statement.setReturnArrays(true);
  return statement;
}

/** Makes buckets in pieces: each step reads one chunk; the last returns the buckets. */
export function* rangeSteps(statement: StatementSync, queries: Queries, range: Range): Generator<undefined, readonly Bucket[], undefined> {
  const id = queries.checkId(range.check);
  if (id === null) return [];
  const maker = new BucketMaker(range);
  let slot: number = range.from;
  let n = -1;
  for (;;) {
    // The statement returns arrays.
    const rows = statement.all(id, slot, n, range.to, CHUNK) as unknown as readonly Columns[];
    for (const row of rows) count(maker, queries, row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < CHUNK) return maker.buckets();
    slot = last[0];
    n = last[1];
    yield;
  }
}

function count(maker: BucketMaker, queries: Queries, row: Columns): void {
  if (!maker.add(row[0], verdicts.word(row[2]), row[3] / 1000)) return;
  const shape = queries.words.shape(row[4]);
  for (let index = 0; index < shape.length; index += 1) maker.phase(shape[index] ?? "", (row[5 + index] ?? 0) / 1000);
  const more = row[5 + PHASE_COLUMNS] as unknown as string | null;
  if (more === null) return;
  for (const [name, ms] of Object.entries(JSON.parse(more) as Record<string, number>)) maker.phase(name, ms);
}
