import type { DatabaseSync } from "node:sqlite";
import type { CheckName, Incident, Result, Transition } from "../../core/types.ts";
import { codes, origins, verdicts } from "./codes.ts";
import { makeFolder, openDatabase } from "./database.ts";
import { type Holder, takeLock } from "./lock.ts";
import { dayOf, Names } from "./names.ts";
import { troubleOf } from "./trouble.ts";
import { StoreError } from "../store.ts";

const BUSY_MS = 2000;
const NO_PHASES = "[]";

/** What is taken over of a check's past: a result, or an outage that is over with its changes of state. */
export type Past = { readonly kind: "result"; readonly result: Result } | { readonly kind: "outage"; readonly incident: Incident; readonly transitions: readonly Transition[] };

export interface Adopted {
  readonly results: number;
  readonly outages: number;
}

/** A data folder that takes over what another system kept; no Tocsin runs on it meanwhile. */
export interface Adoption {
  /** Whether Tocsin itself has judged the check. */
  isJudged(check: CheckName): boolean;
  /**
   * Writes a check's past, oldest first, whole or not at all. What lies within the results that are there already is left out: done twice, nothing is
   * doubled. Of a check that was judged here only what is older than its results is taken. What `past` throws ends it, and nothing is written.
   */
  adopt(check: CheckName, past: Iterable<Past>): Adopted;
  close(): void;
}

/** Takes the folder, made when it is not there, and brings its database to the newest form. Throws `StoreError`: `locked` says by whom. */
export function openAdoption(folder: string, holder: Holder): Adoption {
  makeFolder(folder);
  const lock = takeLock(folder, holder);
  try {
    return new SqliteAdoption(openDatabase(folder, BUSY_MS, null).db, () => lock.release());
  } catch (error) {
    lock.release();
    throw storeError(error);
  }
}

function storeError(error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const { trouble, message } = troubleOf(error);
  return new StoreError(trouble, message, { cause: error });
}

class SqliteAdoption implements Adoption {
  readonly #db: DatabaseSync;
  readonly #release: () => void;
  readonly #names: Names;
  readonly #statements;

  constructor(db: DatabaseSync, release: () => void) {
    this.#db = db;
    this.#release = release;
    this.#names = new Names(db);
    this.#statements = prepare(db);
  }

  isJudged(check: CheckName): boolean {
    const id = this.#names.find(check);
    return id !== null && this.#statements.state.get(id) !== undefined;
  }

  adopt(check: CheckName, past: Iterable<Past>): Adopted {
    const isJudged = this.isJudged(check);
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const { id } = this.#names.check(check);
      const bounds = this.#statements.bounds.get(id);
      const [oldest, newest] = [bounds?.["oldest"], bounds?.["newest"]].map((slot) => (typeof slot === "number" ? slot : null));
      const isNew = (at: number): boolean => oldest === null || oldest === undefined || at < oldest || (!isJudged && at > (newest ?? 0));
      const adopted = { results: 0, outages: 0 };
      const changes: Transition[] = [];
      for (const one of past) {
        if (one.kind === "result" && isNew(one.result.slot)) adopted.results += this.#result(id, one.result);
        // Of an outage that the results there are of, nothing is known but its id.
        if (one.kind === "outage" && (!isJudged || isNew(one.incident.opened)) && this.#outage(id, one.incident)) {
          adopted.outages += 1;
          changes.push(...one.transitions);
        }
      }
      this.#transitions(id, changes);
      this.#statements.ledger.run(adopted.results);
      this.#db.exec("COMMIT");
      return adopted;
    } catch (error) {
      this.#names.forget();
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#db.close();
    this.#release();
  }

  #result(id: number, { slot, started, verdict, origin, code, tries, latencyMs, vantage, sentence }: Result): number {
    const day = dayOf(slot);
    // Sentences of other systems repeat: each is a word.
    const said = sentence.length > 200 || sentence === "" ? sentence : this.#names.word(sentence, day);
    const { changes } = this.#statements.result.run(id, slot, started - slot, verdicts.number(verdict), origins.number(origin), codes.number(code), tries - 1, Math.round(latencyMs * 1000), this.#names.word(vantage, day), said, this.#names.word(NO_PHASES, day));
    return Number(changes);
  }

  #outage(id: number, incident: Incident): boolean {
    return this.#statements.incident.run(incident.id, id, incident.opened, incident.closed, JSON.stringify(incident)).changes === 1;
  }

  /** Below all that is there: the history that can be judged again begins later, and none of this is part of it. */
  #transitions(id: number, changes: readonly Transition[]): void {
    const first = Math.min(0, Number(this.#statements.least.get()?.["id"] ?? 0)) - changes.length;
    for (const [index, change] of changes.entries()) this.#statements.transition.run(first + index, id, change.at, change.incident, JSON.stringify(change));
  }
}

// The shape of what `prepare` returns is the list itself.
function prepare(db: DatabaseSync) {
  return {
    state: db.prepare("SELECT 1 FROM states WHERE check_id = ?"),
    bounds: db.prepare("SELECT min(slot) AS oldest, max(slot) AS newest FROM results WHERE check_id = ?"),
    result: db.prepare("INSERT INTO results (check_id, slot, n, started, verdict, origin, code, tries, latency, vantage, sentence, shape) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    incident: db.prepare("INSERT INTO incidents (id, check_id, opened, closed, body, evidence) VALUES (?, ?, ?, ?, ?, '[]') ON CONFLICT (id) DO NOTHING"),
    least: db.prepare("SELECT min(id) AS id FROM transitions"),
    transition: db.prepare("INSERT INTO transitions (id, check_id, at, incident, body) VALUES (?, ?, ?, ?, ?)"),
    ledger: db.prepare("UPDATE ledger SET results = results + ?"),
  };
}
