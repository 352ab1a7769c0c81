import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Beginning, Belief, Recorded, Terms } from "../../core/state.ts";
import { type Alert, type CheckName, type Instant, type Transition } from "../../core/types.ts";
import { type History, StoreError } from "../store.ts";
import { databaseFile } from "./database.ts";
import { Words } from "./results.ts";
import { all, one } from "./rows.ts";
import { MIGRATIONS } from "./schema.ts";
import { type StoredResult, StoredResults } from "./stored.ts";
import { type Rename, Then } from "./then.ts";
import { type Entry, field, InOrder, type Stretch, stretchesOf, UNSTEADY_MS } from "./turns.ts";

/** Results read before some are handed on: some tens of megabytes. */
const SLICE_ROWS = 50_000;
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
  readonly transitions: readonly Transition[];
  readonly alerts: History["alerts"];
  readonly renames: readonly Rename[];
  readonly checks: readonly CheckName[];
  missing = 0;
  readonly #db: DatabaseSync;
  readonly #results: StoredResults;
  readonly #then: Then;
  readonly #entries: readonly Entry[];
  readonly #ids: readonly number[];
  readonly #from: Snapshot;
  /** The last turn. */
  readonly #until: number;
  readonly #ends: number;

  constructor(db: DatabaseSync, folder: string, since: Instant) {
    this.#db = db;
    // All of one moment: what is written meanwhile is left for the next time.
    db.exec("BEGIN");
    const snapshots = all<Snapshot>(db.prepare("SELECT turn, at, transition_id, alert_number FROM snapshots ORDER BY turn"));
    const from = snapshots.findLast(({ at }) => at <= since) ?? snapshots[0];
    if (from === undefined) throw new StoreError("failed", `no part of the history in ${folder} can be judged again yet; run Tocsin on it first`);
    this.#from = from;
    this.#until = one<{ turn: number }>(db.prepare("SELECT turn FROM ledger"))?.turn ?? 0;
    const checks = all<{ id: number; name: CheckName; top: number | null }>(db.prepare("SELECT id, name, (SELECT max(slot) FROM results r WHERE r.check_id = c.id) AS top FROM checks c"));
    this.#entries = entriesOf(db, from.turn);
    this.transitions = all<{ body: string }>(db.prepare("SELECT body FROM transitions WHERE id > ? ORDER BY id"), from.transition_id).map(({ body }) => JSON.parse(body) as Transition);
    this.alerts = all<{ body: string; name: CheckName }>(db.prepare("SELECT body, name FROM alerts a JOIN checks c ON c.id = a.check_id WHERE number > ? ORDER BY number"), from.alert_number).map(({ body, name }) => ({ alert: JSON.parse(body) as Alert, today: name }));
    db.exec("COMMIT");
    this.checks = checks.map(({ name }) => name);
    this.#ids = checks.filter(({ top }) => top !== null).map(({ id }) => id);
    this.#ends = checks.reduce((latest, { top }) => Math.max(latest, top ?? 0), 0);
    this.renames = this.#entries.flatMap(({ turn, input }) => renamedIn(input).map((rename) => ({ ...rename, turn })));
    this.#then = new Then(checks, this.renames);
    this.#results = new StoredResults(db, new Words(db));
    this.beginning = { at: from.at, terms: this.#termsAtFirst(), states: this.#states() };
  }

  close(): void {
    this.#db.close();
  }

  *read(): Generator<readonly Recorded[], void, undefined> {
    const order = new InOrder<StoredResult, Entry>(this.#entries, this.#from.turn + 1);
    const terms = this.#termsLater();
    const whole = { from: this.#from.turn + 1, to: this.#until + 1, at: this.#from.at, ends: this.#ends };
    let told = 0;
    const taken = (to: number, readTo: number): readonly Recorded[] => {
      const out: Recorded[] = [];
      for (const next of order.take(to, readTo)) out.push("slot" in next ? this.#resultOf(next) : this.#entryOf(next, terms.get(next.turn)));
      told += out.length;
      return out;
    };
    for (const stretch of stretchesOf(this.#entries, whole)) {
      for (const { begins, ends, readTo } of slicesOf(stretch)) {
        if (order.expected >= stretch.to) break;
        order.add(this.#slice(stretch, begins, ends));
        const ready = taken(stretch.to, readTo);
        if (ready.length > 0) yield ready;
      }
      yield taken(stretch.to, Number.POSITIVE_INFINITY);
    }
    this.missing = this.#until - this.#from.turn - told;
  }

  #slice({ from, to }: Stretch, begins: number, ends: number): readonly StoredResult[] {
    return this.#ids.flatMap((id) => this.#results.slice(id, { begins, ends, from, to }));
  }

  #resultOf(result: StoredResult): Recorded {
    result.check = this.#then.name(result.id, result.turn);
    return { kind: "result", at: result.at, result };
  }

  #entryOf({ turn, at, check, input }: Entry, terms: readonly Terms[] | undefined): Recorded {
    return { kind: "input", at, check: check === null ? null : this.#then.name(check, turn), input, ...(terms === undefined ? {} : { terms }) };
  }

  /** What checks were judged by when the history begins. */
  #termsAtFirst(): readonly Terms[] {
    const { turn } = this.#from;
    const rows = all<TermsRow>(this.#db.prepare("SELECT check_id, turn, hash, body FROM terms t WHERE turn <= ?1 AND turn = (SELECT max(turn) FROM terms o WHERE o.check_id = t.check_id AND o.turn <= ?1)"), turn);
    return rows.map((row) => this.#termsOf(row, turn));
  }

  #termsLater(): ReadonlyMap<number, readonly Terms[]> {
    const terms = new Map<number, Terms[]>();
    for (const row of all<TermsRow>(this.#db.prepare("SELECT check_id, turn, hash, body FROM terms WHERE turn > ? AND turn <= ?"), this.#from.turn, this.#until)) {
      const known = terms.get(row.turn);
      const more = this.#termsOf(row, row.turn);
      if (known === undefined) terms.set(row.turn, [more]);
      else known.push(more);
    }
    return terms;
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

function entriesOf(db: DatabaseSync, after: number): readonly Entry[] {
  const rows = all<{ turn: number; at: Instant; check_id: number | null; input: string }>(db.prepare("SELECT turn, at, check_id, input FROM journal WHERE turn > ? ORDER BY turn"), after);
  return rows.map(({ turn, at, check_id, input }) => ({ turn, at, check: check_id, input: JSON.parse(input) as unknown }));
}

/** What `Beliefs.configured` wrote. */
function renamedIn(input: unknown): readonly { readonly from: CheckName; readonly to: CheckName }[] {
  return field(input, "kind") === "site" ? ((field(input, "renamed") ?? []) as readonly { readonly from: CheckName; readonly to: CheckName }[]) : [];
}

interface Slice {
  readonly begins: number;
  readonly ends: number;
  /** All of the turns whose slots are before this were read then. */
  readonly readTo: number;
}

/** Slots to read one after the other, each of about as many results as are read at a time. */
function* slicesOf({ from, to, begins, ends, around }: Stretch): Generator<Slice, void, undefined> {
  if (around !== null) yield { begins: around.from, ends: around.to, readTo: Number.NEGATIVE_INFINITY };
  const slices = Math.max(1, Math.ceil((to - from) / SLICE_ROWS));
  const width = Math.max(1, Math.ceil((ends + 1 - begins) / slices));
  for (let at = begins; at <= ends; at += width) yield { begins: at, ends: at + width, readTo: at + width };
  // Rare: results are missing, or the clock was put back while nothing ran.
  yield { begins: ends + 1, ends: Number.MAX_SAFE_INTEGER, readTo: Number.POSITIVE_INFINITY };
}
