import { chmodSync, renameSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../store.ts";

/**
 * The steps from one form of the database to the next; a step that was released is never changed.
 * results: latency and p0..p5 in microseconds, started in ms after slot, tries less one, sentence and facts as text or as the number of a word,
 * shape the word that names the phases. words.day: the last day (since 1970) whose results may use the word.
 * checks.behind_*: the result committed last, where it is not the one with the greatest slot.
 * turn: the place among all that the judge was told, from 1 on without gaps; null where it was not told or written before turns were kept.
 * judged: when it was told of a result, in ms after its start. terms: what a check was judged by from a turn on.
 * snapshots and beliefs: what was believed after a turn, and the last rows of alerts and transitions by then; the first is from when turns began.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE ledger (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, results INTEGER NOT NULL);
   INSERT INTO ledger VALUES (1, 0, 0);
   CREATE TABLE checks (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, behind_slot INTEGER, behind_n INTEGER);
   CREATE TABLE words (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE, day INTEGER NOT NULL);
   CREATE TABLE results (
     check_id INTEGER NOT NULL, slot INTEGER NOT NULL, n INTEGER NOT NULL, started INTEGER NOT NULL,
     verdict INTEGER NOT NULL, origin INTEGER NOT NULL, code INTEGER NOT NULL, tries INTEGER NOT NULL, latency INTEGER NOT NULL,
     vantage INTEGER NOT NULL, sentence, shape INTEGER NOT NULL, p0 INTEGER, p1 INTEGER, p2 INTEGER, p3 INTEGER, p4 INTEGER, p5 INTEGER, more TEXT, facts,
     PRIMARY KEY (check_id, slot, n)) WITHOUT ROWID;
   CREATE INDEX results_failed ON results (check_id, slot, n) WHERE verdict <> 0;
   CREATE TABLE evidence (check_id INTEGER NOT NULL, slot INTEGER NOT NULL, n INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (check_id, slot, n)) WITHOUT ROWID;
   CREATE TABLE states (check_id INTEGER PRIMARY KEY, belief TEXT NOT NULL);
   CREATE TABLE transitions (id INTEGER PRIMARY KEY, check_id INTEGER NOT NULL, at INTEGER NOT NULL, incident TEXT, body TEXT NOT NULL);
   CREATE INDEX transitions_at ON transitions (at);
   CREATE INDEX transitions_check ON transitions (check_id, at);
   CREATE INDEX transitions_incident ON transitions (incident) WHERE incident IS NOT NULL;
   CREATE TABLE incidents (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, check_id INTEGER NOT NULL, opened INTEGER NOT NULL, closed INTEGER, body TEXT NOT NULL, evidence TEXT NOT NULL);
   CREATE INDEX incidents_opened ON incidents (opened);
   CREATE INDEX incidents_check ON incidents (check_id, opened);
   CREATE INDEX incidents_open ON incidents (opened) WHERE closed IS NULL;
   CREATE INDEX incidents_closed ON incidents (closed) WHERE closed IS NOT NULL;
   CREATE TABLE alerts (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, check_id INTEGER NOT NULL, incident TEXT, at INTEGER NOT NULL, status INTEGER NOT NULL, message TEXT, body TEXT NOT NULL);
   CREATE INDEX alerts_waiting ON alerts (at) WHERE status = 0;
   CREATE INDEX alerts_incident ON alerts (incident) WHERE incident IS NOT NULL;
   CREATE INDEX alerts_at ON alerts (at);
   CREATE INDEX alerts_check ON alerts (check_id);
   CREATE TABLE messages (
     number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, recipient TEXT NOT NULL, status INTEGER NOT NULL, formed_at INTEGER NOT NULL,
     tries INTEGER NOT NULL, next_try_at INTEGER NOT NULL, lease_until INTEGER, doubt INTEGER NOT NULL, last_reason TEXT NOT NULL);
   CREATE INDEX messages_open ON messages (formed_at) WHERE status < 2;
   CREATE INDEX messages_formed ON messages (formed_at);
   CREATE INDEX messages_status ON messages (status, formed_at);
   CREATE INDEX messages_channel ON messages (channel, formed_at);
   CREATE TABLE message_alerts (message TEXT NOT NULL, position INTEGER NOT NULL, alert TEXT NOT NULL, PRIMARY KEY (message, position)) WITHOUT ROWID;
   CREATE INDEX message_alerts_alert ON message_alerts (alert);
   CREATE TABLE tries (message TEXT NOT NULL, at INTEGER NOT NULL, outcome INTEGER NOT NULL, took REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (message, at, outcome)) WITHOUT ROWID;
   CREATE TABLE health (channel TEXT PRIMARY KEY, body TEXT NOT NULL);
   CREATE TABLE journal (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, check_id INTEGER, site TEXT NOT NULL, input TEXT NOT NULL);
   CREATE INDEX journal_at ON journal (at);
   CREATE INDEX journal_check ON journal (check_id, at);`,
  `ALTER TABLE results ADD COLUMN turn INTEGER;
   ALTER TABLE results ADD COLUMN judged INTEGER;
   ALTER TABLE journal ADD COLUMN turn INTEGER;
   ALTER TABLE ledger ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE terms (check_id INTEGER NOT NULL, turn INTEGER NOT NULL, at INTEGER NOT NULL, hash TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (check_id, turn)) WITHOUT ROWID;
   CREATE TABLE snapshots (turn INTEGER PRIMARY KEY, at INTEGER NOT NULL, transition_id INTEGER NOT NULL, alert_number INTEGER NOT NULL);
   CREATE TABLE beliefs (turn INTEGER NOT NULL, check_id INTEGER NOT NULL, belief TEXT NOT NULL, PRIMARY KEY (turn, check_id)) WITHOUT ROWID;
   INSERT INTO snapshots SELECT 0, unixepoch() * 1000, coalesce((SELECT max(id) FROM transitions), 0), coalesce((SELECT max(number) FROM alerts), 0);
   INSERT INTO beliefs SELECT 0, check_id, belief FROM states;`,
  `CREATE INDEX terms_turn ON terms (turn);`,
];

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}

/** Writes a consistent copy to a path, replacing what is there, whole or not at all; only its owner can read it. */
export function copyTo(db: DatabaseSync, path: string): void {
  const part = `${path}.part`;
  rmSync(part, { force: true });
  db.prepare("VACUUM INTO ?").run(part);
  chmodSync(part, 0o600);
  renameSync(part, path);
}

/**
 * Brings a database to the newest form in one transaction; of one that has data a copy is taken first, beside it, named with its version.
 * Returns the copy's path, null when none was needed. Throws `StoreError` (`newer`, or `failed` for a database that is not ours).
 */
export function migrate(db: DatabaseSync, path: string, migrations: readonly string[] = MIGRATIONS): string | null {
  const version = versionOf(db);
  const latest = migrations.length;
  if (version === latest) return null;
  if (version > latest) throw new StoreError("newer", `${path} was written by a newer Tocsin (form ${version}, this one knows ${latest}); start that one, or put back the copy that was taken before it was changed (${path}.v${latest})`);
  let copy: string | null = null;
  if (version > 0) {
    copy = `${path}.v${version}`;
    copyTo(db, copy);
  } else if (db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.["tables"] !== 0) {
    throw new StoreError("failed", `${path} is a database of another program; give another data folder with --data`);
  }
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const step of migrations.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${latest}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
  return copy;
}
