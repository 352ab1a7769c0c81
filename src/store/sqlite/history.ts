import { existsSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Beginning, Belief, Recorded, Terms } from "../../core/state.ts";
import { type Alert, type CheckName, type Instant, type Transition } from "../../core/types.ts";
import { type History, StoreError } from "../store.ts";
import { databaseFile } from "./database.ts";
import { Words } from "./results.ts";
import { all, one } from "./rows.ts";
import { MIGRATIONS } from "./schema.ts";
import { type StoredResult, StoredResults } from "./stored.ts";
import { type Rename, Then } from "./then.ts";
import { type Entry, InOrder, type Mark, type Stretch, stretchesOf, UNSTEADY_MS } from "./turns.ts";

/** Results read before some are handed on: some megabytes; and not only a few of each check, as each is asked for its own. */
const SLICE_ROWS = 10_000;
const SLICE_ROWS_OF_CHECK = 5;
/** Rows of all else that are read at a time. */
const PAGE_ROWS = 2000;
/** What was seen last before the beginning is told from so many results. */
const RECENT = 30;

interface Snapshot {
  readonly turn: number;
  readonly at: Instant;
  readonly transition_id: number;
  readonly alert_number: number;
}

/** Opens the history from the last snapshot before `since` on, or from the first one. Throws `StoreError` where there is none. */
export function openHistory(folder: string, since: Instant): History {
  const path = databaseFile(folder);
  if (!existsSync(path)) throw new StoreError("failed", `there is no history in ${folder}; name the data folder with --data`);
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
  try {
    const form = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (form > MIGRATIONS.length) throw new StoreError("newer", `the history in ${folder} was written by a newer Tocsin`);
    if (form < MIGRATIONS.length) throw new StoreError("failed", `the history in ${folder} was written by an older Tocsin; start this one on it first`);
    return new SqliteHistory(db, folder, since);
  } catch (error) {
    db.close();
    throw error;
  }
}

class SqliteHistory implements History {
  readonly beginning: Beginning;
  readonly renames: readonly Rename[];
  readonly checks: readonly CheckName[];
  missing = 0;
  readonly #db: DatabaseSync;
  readonly #results: StoredResults;
  readonly #then: Then;
  readonly #termsAt: StatementSync;
  readonly #ids: readonly number[];
  readonly #from: Snapshot;
  readonly #marks: readonly Mark[];
  /** What was there when it was opened: what is written meanwhile is left for the next time. */
  readonly #until: Until;
  readonly #ends: number;

  constructor(db: DatabaseSync, folder: string, since: Instant) {
    this.#db = db;
    // All of one moment.
    db.exec("BEGIN");
    const snapshots = all<Snapshot>(db.prepare("SELECT turn, at, transition_id, alert_number FROM snapshots ORDER BY turn"));
    const from = snapshots.findLast(({ at }) => at <= since) ?? snapshots[0];
    if (from === undefined) throw new StoreError("failed", `no part of the history in ${folder} can be judged again yet; run Tocsin on it first`);
    this.#from = from;
    this.#until = one<Until>(db.prepare(UNTIL)) ?? { turn: 0, transition: 0, alert: 0 };
    const checks = all<KnownCheck>(db.prepare("SELECT id, name, (SELECT max(slot) FROM results r WHERE r.check_id = c.id) AS top FROM checks c"));
    const turned = all<Turning>(db.prepare(TURNINGS), from.turn);
    this.#termsAt = db.prepare("SELECT check_id, turn, hash, body FROM terms WHERE turn = ?");
    db.exec("COMMIT");
    this.#marks = turned.flatMap(({ turn, at, kind, byMs }) => (kind === "site" ? [] : [{ turn, at, kind, byMs: byMs ?? 0 }]));
    this.renames = turned.flatMap(({ turn, renamed }) => renamedIn(renamed).map(({ from: before, to }) => ({ turn, from: before, to })));
    this.checks = checks.map(({ name }) => name);
    this.#ids = checks.filter(({ top }) => top !== null).map(({ id }) => id);
    this.#ends = checks.reduce((latest, { top }) => Math.max(latest, top ?? 0), 0);
    this.#then = new Then(checks, this.renames);
    this.#results = new StoredResults(db, new Words(db));
    this.beginning = { at: from.at, terms: this.#termsAtFirst(), states: this.#states() };
  }

  get transitions(): Iterable<Transition> {
    const rows = pages<{ readonly id: number; readonly body: string }>(this.#db, "SELECT id, body FROM transitions WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", this.#from.transition_id, this.#until.transition);
    return mapped(rows, ({ body }) => JSON.parse(body) as Transition);
  }

  get alerts(): History["alerts"] {
    const rows = pages<{ readonly id: number; readonly body: string; readonly name: CheckName }>(this.#db, "SELECT number AS id, body, name FROM alerts a JOIN checks c ON c.id = a.check_id WHERE number > ? AND number <= ? ORDER BY number LIMIT ?", this.#from.alert_number, this.#until.alert);
    return mapped(rows, ({ body, name }) => ({ alert: JSON.parse(body) as Alert, today: name }));
  }

  close(): void {
    this.#db.close();
  }

  *read(): Generator<readonly Recorded[], void, undefined> {
    const order = new InOrder<StoredResult, Entry>(this.#entries(), this.#from.turn + 1);
    const whole = { from: this.#from.turn + 1, to: this.#until.turn + 1, at: this.#from.at, ends: this.#ends };
    let told = 0;
    const taken = (to: number, readTo: number): readonly Recorded[] => {
      const out: Recorded[] = [];
      for (const next of order.take(to, readTo)) out.push("slot" in next ? this.#resultOf(next) : this.#entryOf(next));
      told += out.length;
      return out;
    };
    for (const stretch of stretchesOf(this.#marks, whole)) {
      for (const { begins, ends, readTo } of slicesOf(stretch, Math.max(SLICE_ROWS, SLICE_ROWS_OF_CHECK * this.#ids.length))) {
        if (order.expected >= stretch.to) break;
        order.add(this.#slice(stretch, begins, ends));
        const ready = taken(stretch.to, readTo);
        if (ready.length > 0) yield ready;
      }
      yield taken(stretch.to, Number.POSITIVE_INFINITY);
    }
    this.missing = this.#until.turn - this.#from.turn - told;
  }

  #slice({ from, to }: Stretch, begins: number, ends: number): readonly StoredResult[] {
    return this.#ids.flatMap((id) => this.#results.slice(id, { begins, ends, from, to }));
  }

  #resultOf(result: StoredResult): Recorded {
    result.check = this.#then.name(result.id, result.turn);
    return { kind: "result", at: result.at, result };
  }

  #entryOf({ turn, at, check, input }: Entry): Recorded {
    const told = { kind: "input" as const, at, check: check === null ? null : this.#then.name(check, turn), input };
    // Only a configuration has terms.
    return check === null ? { ...told, terms: all<TermsRow>(this.#termsAt, turn).map((row) => this.#termsOf(row, turn)) } : told;
  }

  #entries(): Iterable<Entry> {
    const { turn } = this.#from;
    const first = one<{ id: number }>(this.#db.prepare("SELECT min(id) AS id FROM journal WHERE turn > ?"), turn)?.id ?? 0;
    // Numbers of rows are in the order of turns.
    const rows = pages<JournalRow>(this.#db, "SELECT id, turn, at, check_id, input FROM journal WHERE id > ? AND turn <= ? ORDER BY id LIMIT ?", first - 1, this.#until.turn);
    return mapped(rows, (row) => ({ turn: row.turn, at: row.at, check: row.check_id, input: JSON.parse(row.input) as unknown }));
  }

  /** What checks were judged by when the history begins. */
  #termsAtFirst(): readonly Terms[] {
    const { turn } = this.#from;
    const rows = all<TermsRow>(this.#db.prepare("SELECT check_id, turn, hash, body FROM terms t WHERE turn <= ?1 AND turn = (SELECT max(turn) FROM terms o WHERE o.check_id = t.check_id AND o.turn <= ?1)"), turn);
    return rows.map((row) => this.#termsOf(row, turn));
  }

  #termsOf({ check_id, hash, body }: TermsRow, turn: number): Terms {
    return { ...(JSON.parse(body) as Omit<Terms, "check" | "hash">), check: this.#then.name(check_id, turn), hash };
  }

  #states(): Beginning["states"] {
    const { turn, at } = this.#from;
    return all<{ check_id: number; belief: string }>(this.#db.prepare("SELECT check_id, belief FROM beliefs WHERE turn = ?"), turn).map(({ check_id, belief }) => {
      const check = this.#then.name(check_id, turn);
      const recent = this.#results.recent(check_id, turn, at + UNSTEADY_MS, RECENT).map((result) => this.#resultOf(result));
      return { check, belief: JSON.parse(belief) as Belief, recent: recent.filter((told) => told.kind === "result") };
    });
  }
}

interface TermsRow {
  readonly check_id: number;
  readonly turn: number;
  readonly hash: string;
  readonly body: string;
}

/** The last of each when the history was opened. */
interface Until {
  readonly turn: number;
  readonly transition: number;
  readonly alert: number;
}

const UNTIL = "SELECT turn, coalesce((SELECT max(id) FROM transitions), 0) AS transition, coalesce((SELECT max(number) FROM alerts), 0) AS alert FROM ledger";

interface KnownCheck {
  readonly id: number;
  readonly name: CheckName;
  readonly top: number | null;
}

interface JournalRow {
  readonly id: number;
  readonly turn: number;
  readonly at: Instant;
  readonly check_id: number | null;
  readonly input: string;
}

/** What must be known of the journal before it is read. */
interface Turning {
  readonly turn: number;
  readonly at: Instant;
  readonly kind: Mark["kind"] | "site";
  readonly byMs: number | null;
  readonly renamed: string | null;
}

// No check: what `Beliefs` wrote of the whole site.
const TURNINGS = `SELECT turn, at, input ->> '$.kind' AS kind, input ->> '$.byMs' AS byMs, input -> '$.renamed' AS renamed FROM journal
  WHERE turn > ? AND check_id IS NULL AND input ->> '$.kind' IN ('start', 'clock', 'site') ORDER BY id`;

/** What `Beliefs.configured` wrote. */
const renamedIn = (renamed: string | null): readonly { readonly from: CheckName; readonly to: CheckName }[] => (renamed === null ? [] : (JSON.parse(renamed) as readonly { readonly from: CheckName; readonly to: CheckName }[]));

/** Rows by their rising `id`, read a page at a time; the statement is given the last id so far, the bound, and the most rows. */
function* pages<Row extends { readonly id: number }>(db: DatabaseSync, sql: string, after: number, bound: number): Generator<Row, void, undefined> {
  const statement = db.prepare(sql);
  let last = after;
  for (let count = PAGE_ROWS; count === PAGE_ROWS; ) {
    const rows = all<Row>(statement, last, bound, PAGE_ROWS);
    yield* rows;
    count = rows.length;
    last = rows.at(-1)?.id ?? last;
  }
}

function* mapped<From, To>(rows: Iterable<From>, map: (row: From) => To): Generator<To, void, undefined> {
  for (const row of rows) yield map(row);
}

interface Slice {
  readonly begins: number;
  readonly ends: number;
  /** All of the turns whose slots are before this were read then. */
  readonly readTo: number;
}

/** Slots to read one after the other, each of about as many results as are read at a time. */
function* slicesOf({ from, to, begins, ends, around }: Stretch, rows: number): Generator<Slice, void, undefined> {
  if (around !== null) yield { begins: around.from, ends: around.to, readTo: Number.NEGATIVE_INFINITY };
  const slices = Math.max(1, Math.ceil((to - from) / rows));
  const width = Math.max(1, Math.ceil((ends + 1 - begins) / slices));
  for (let at = begins; at <= ends; at += width) yield { begins: at, ends: at + width, readTo: at + width };
  // Rare: results are missing, or the clock was put back while nothing ran.
  yield { begins: ends + 1, ends: Number.MAX_SAFE_INTEGER, readTo: Number.POSITIVE_INFINITY };
}
