import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type CheckName, type Evidence, type FailureCode, type Facts, type Instant, instant, type Origin, type Phases, plus, type Result, type Verdict } from "../../core/types.ts";
import { codes, origins, verdicts } from "./codes.ts";
import { RESULT_COLUMNS, RESULT_TABLES, type ResultColumns, phasesOf, type Words } from "./results.ts";
import { one } from "./rows.ts";
import type { Turned } from "./turns.ts";

/** Columns as they come. */
type Row = readonly [slot: number, n: number, started: number, verdict: number, origin: number, code: number, latency: number, sentence: number | string, facts: number | string | null, turn: number, judged: number];

/** Where results are looked for: slots from `begins` to before `ends`, turns from `from` to before `to`. */
export interface Extent {
  readonly begins: number;
  readonly ends: number;
  readonly from: number;
  readonly to: number;
}

/** Results for judging them again, read lean. */
export class StoredResults {
  readonly words: Words;
  readonly #slice: StatementSync;
  readonly #recent: StatementSync;
  readonly #whole: StatementSync;

  constructor(db: DatabaseSync, words: Words) {
    this.words = words;
    const columns = "slot, n, started, verdict, origin, code, latency, sentence, facts, turn, judged";
    this.#slice = db.prepare(`SELECT ${columns} FROM results WHERE check_id = ? AND slot >= ? AND slot < ? AND turn >= ? AND turn < ?`);
    this.#recent = db.prepare(`SELECT ${columns} FROM results WHERE check_id = ? AND slot <= ? AND coalesce(turn, 0) <= ? ORDER BY slot DESC, n DESC LIMIT ?`);
    this.#whole = db.prepare(`SELECT ${RESULT_COLUMNS} FROM ${RESULT_TABLES} WHERE r.check_id = ? AND r.slot = ? AND r.n = ?`);
    this.#slice.setReturnArrays(true);
    this.#recent.setReturnArrays(true);
  }

  /** In no order. */
  slice(check: number, { begins, ends, from, to }: Extent): StoredResult[] {
    return this.#of(check, this.#slice.all(check, begins, ends, from, to));
  }

  /** The last ones judged by a turn, oldest first; `before`: with slots no later. */
  recent(check: number, turn: number, before: number, count: number): readonly StoredResult[] {
    return this.#of(check, this.#recent.all(check, before, turn, count)).sort((a, b) => a.turn - b.turn || a.slot - b.slot);
  }

  phases({ id, slot, n }: StoredResult): Phases {
    const row = one<ResultColumns>(this.#whole, id, slot, n);
    return row === null ? {} : phasesOf(row, this.words);
  }

  /** The statements return arrays. */
  #of(check: number, rows: unknown): StoredResult[] {
    return (rows as readonly Row[]).map((row) => new StoredResult(check, row, this));
  }
}

/** A result as it is in the store; what is seldom asked for is read when it is. What was sent and received is left out: nothing is judged by it. */
export class StoredResult implements Result, Turned {
  readonly id: number;
  readonly n: number;
  readonly turn: number;
  /** When it was judged. */
  readonly at: Instant;
  /** Told by whoever hands it on. */
  check = "" as CheckName;
  readonly vantage = "";
  readonly slot: Instant;
  readonly started: Instant;
  readonly origin: Origin;
  readonly verdict: Verdict;
  readonly code: FailureCode;
  readonly latencyMs: number;
  readonly evidence: Evidence = [];
  readonly tries = 1;
  readonly #sentence: number | string;
  readonly #facts: number | string | null;
  readonly #results: StoredResults;

  constructor(id: number, [slot, n, started, verdict, origin, code, latency, sentence, facts, turn, judged]: Row, results: StoredResults) {
    this.id = id;
    this.n = n;
    this.turn = turn;
    this.slot = instant(slot);
    this.started = plus(this.slot, started);
    this.at = plus(this.started, judged);
    this.origin = origins.word(origin);
    this.verdict = verdicts.word(verdict);
    this.code = codes.word(code);
    this.latencyMs = latency / 1000;
    this.#sentence = sentence;
    this.#facts = facts;
    this.#results = results;
  }

  get sentence(): string {
    return this.#text(this.#sentence);
  }

  get facts(): Facts {
    return this.#facts === null ? {} : (JSON.parse(this.#text(this.#facts)) as Facts);
  }

  get phases(): Phases {
    return this.#results.phases(this);
  }

  #text(value: number | string): string {
    return typeof value === "string" ? value : this.#results.words.text(value);
  }
}
