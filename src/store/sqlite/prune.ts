import type { DatabaseSync } from "node:sqlite";
import type { Instant } from "../../core/types.ts";
import type { Retention } from "../store.ts";
import { dayOf } from "./names.ts";
import { all, one } from "./rows.ts";
import type { Writer } from "./write.ts";

/** Rows removed, and checks looked at, in one step: well under 100 ms on a slow machine. */
const ROWS = 2000;
const CHECKS = 500;
const PAGES = 500;

/** The rows that are too old, table by table; each statement takes the bound and the most rows to remove. */
const AGED = [
  `DELETE FROM transitions WHERE id IN (SELECT t.id FROM transitions t WHERE t.at < ? AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = t.incident AND i.closed IS NULL) ORDER BY t.at LIMIT ?)`,
  `DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < ? ORDER BY at LIMIT ?)`,
] as const;

/** Removes what retention no longer keeps, one small transaction a step; yields the rows that the step removed. */
export function* pruneSteps(db: DatabaseSync, writer: Writer, retention: Retention, now: Instant): Generator<number, void, undefined> {
  yield* dropResults(db, writer, now - retention.resultsMs);
  yield* dropBefore(db, writer, now - retention.resultsMs);
  const before = now - retention.incidentsMs;
  for (const sql of AGED) yield* repeat(writer, db.prepare(sql), before);
  yield* dropMessages(db, writer, before);
  yield* dropAlerts(db, writer, before);
  yield* repeat(writer, db.prepare("DELETE FROM incidents WHERE number IN (SELECT number FROM incidents WHERE closed IS NOT NULL AND closed < ? LIMIT ?)"), before);
  if (retention.bytes !== null) yield* shrinkTo(db, writer, retention.bytes, now);
  const oldest = oldestSlot(db);
  const words = db.prepare("DELETE FROM words WHERE id IN (SELECT id FROM words WHERE day < ? LIMIT ?)");
  // Words are no rows of anybody's history: not counted.
  for (const _ of repeat(writer, words, oldest === null ? dayOf(now) : dayOf(oldest))) yield 0;
  yield* giveBack(db);
}

function* repeat(writer: Writer, statement: ReturnType<DatabaseSync["prepare"]>, before: number): Generator<number, void, undefined> {
  for (let removed = ROWS; removed === ROWS; ) {
    removed = writer.transact(false, () => Number(statement.run(before, ROWS).changes));
    if (removed > 0) writer.names.forget();
    yield removed;
  }
}

function* dropResults(db: DatabaseSync, writer: Writer, before: number): Generator<number, void, undefined> {
  const checks = db.prepare("SELECT id FROM checks WHERE id > ? ORDER BY id LIMIT ?");
  const bound = db.prepare("SELECT slot + 1 AS bound FROM results WHERE check_id = ? AND slot < ? ORDER BY slot LIMIT 1 OFFSET ?");
  const drop = db.prepare("DELETE FROM results WHERE check_id = ? AND slot < ?");
  const dropEvidence = db.prepare("DELETE FROM evidence WHERE check_id = ? AND slot < ?");
  const count = db.prepare("UPDATE ledger SET results = results - ?");
  let after = 0;
  for (;;) {
    const ids = all<{ id: number }>(checks, after, CHECKS).map((row) => row.id);
    if (ids.length === 0) return;
    let index = 0;
    while (index < ids.length) {
      const removed = writer.transact(false, () => {
        let removed = 0;
        for (; index < ids.length; index += 1) {
          const id = ids[index] ?? 0;
          const upTo = one<{ bound: number }>(bound, id, before, ROWS - removed - 1)?.bound ?? before;
          removed += Number(drop.run(id, upTo).changes);
          dropEvidence.run(id, upTo);
          // More of this check may be left: look at it again in the next step.
          if (removed >= ROWS) break;
        }
        if (removed > 0) count.run(removed);
        return removed;
      });
      if (removed > 0) writer.names.forget();
      yield removed;
    }
    after = ids.at(-1) ?? after;
  }
}

/** What results were judged by and from, once they are gone. */
function* dropBefore(db: DatabaseSync, writer: Writer, before: number): Generator<number, void, undefined> {
  const drop = [
    "DELETE FROM beliefs WHERE turn < (SELECT coalesce(min(turn), 9e15) FROM snapshots WHERE at >= ?)",
    "DELETE FROM snapshots WHERE at < ?",
    "DELETE FROM terms WHERE EXISTS (SELECT 1 FROM terms later WHERE later.check_id = terms.check_id AND later.turn > terms.turn AND later.at < ?)",
  ].map((sql) => db.prepare(sql));
  for (const statement of drop) {
    writer.transact(false, () => statement.run(before));
    // No rows of anybody's history: not counted.
    yield 0;
  }
}

/** Messages that are settled, formed before, and hold no alert that is younger or of an open incident. */
function* dropMessages(db: DatabaseSync, writer: Writer, before: number): Generator<number, void, undefined> {
  const old = db.prepare(
    `SELECT m.number, m.id, NOT EXISTS (SELECT 1 FROM message_alerts l JOIN alerts a ON a.id = l.alert LEFT JOIN incidents i ON i.id = a.incident
       WHERE l.message = m.id AND (a.at >= ?1 OR (i.id IS NOT NULL AND i.closed IS NULL))) AS gone
     FROM messages m WHERE m.status >= 2 AND m.formed_at < ?1 AND (m.formed_at, m.number) > (?2, ?3) ORDER BY m.formed_at, m.number LIMIT ?4`,
  );
  const formed = db.prepare("SELECT formed_at FROM messages WHERE number = ?");
  const tries = db.prepare("DELETE FROM tries WHERE message = ?");
  const links = db.prepare("DELETE FROM message_alerts WHERE message = ?");
  const message = db.prepare("DELETE FROM messages WHERE number = ?");
  let at = Number.MIN_SAFE_INTEGER;
  let number = 0;
  for (;;) {
    const rows = all<{ number: number; id: string; gone: number }>(old, before, at, number, CHECKS);
    const last = rows.at(-1);
    if (last === undefined) return;
    at = one<{ formed_at: number }>(formed, last.number)?.formed_at ?? at;
    number = last.number;
    yield writer.transact(false, () => {
      let removed = 0;
      for (const row of rows) {
        if (row.gone === 0) continue;
        removed += 1 + Number(tries.run(row.id).changes);
        links.run(row.id);
        message.run(row.number);
      }
      return removed;
    });
  }
}

/** Alerts that are settled, old, in no message that stays and of no open incident. */
function* dropAlerts(db: DatabaseSync, writer: Writer, before: number): Generator<number, void, undefined> {
  const drop = db.prepare(
    `DELETE FROM alerts WHERE number IN (SELECT a.number FROM alerts a WHERE a.at < ? AND a.status <> 0
       AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = a.message) AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = a.incident AND i.closed IS NULL) ORDER BY a.at LIMIT ?)`,
  );
  yield* repeat(writer, drop, before);
}

/** Drops the oldest results until the used pages fit; in rounds, since how much a stretch of time holds is not known before. */
function* shrinkTo(db: DatabaseSync, writer: Writer, bytes: number, now: Instant): Generator<number, void, undefined> {
  for (;;) {
    const used = usedBytes(db);
    const oldest = oldestSlot(db);
    if (used <= bytes || oldest === null) return;
    // A little less than what is too much at even density, at least a hundredth of the stretch, and always something.
    const share = Math.max(0.01, ((used - bytes) / used) * 0.9);
    const newest = Math.max(now, oldest);
    yield* dropResults(db, writer, oldest + Math.max(1, Math.ceil((newest - oldest) * share)));
    if (oldest >= now) return;
  }
}

function* giveBack(db: DatabaseSync): Generator<number, void, undefined> {
  const free = db.prepare("SELECT freelist_count AS pages FROM pragma_freelist_count()");
  for (let left = one<{ pages: number }>(free)?.pages ?? 0; left > 0; left -= PAGES) {
    db.exec(`PRAGMA incremental_vacuum(${PAGES})`);
    yield 0;
  }
}

function usedBytes(db: DatabaseSync): number {
  return Number(db.prepare("SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()").get()?.["bytes"] ?? 0);
}

function oldestSlot(db: DatabaseSync): number | null {
  return one<{ oldest: number | null }>(db.prepare("SELECT min((SELECT min(slot) FROM results r WHERE r.check_id = c.id)) AS oldest FROM checks c"))?.oldest ?? null;
}
