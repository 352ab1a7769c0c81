import type { DatabaseSync } from "node:sqlite";
import { type CheckName, type Evidence, type Facts, type Instant, instant, type Phases, plus, type Result } from "../../core/types.ts";
import { codes, origins, verdicts } from "./codes.ts";
import { PHASE_COLUMNS } from "./parcel.ts";
import { one } from "./rows.ts";

/** Beyond, the cache of words begins anew. */
const CACHED_WORDS = 20_000;

/** The texts behind the numbers; numbers are never used again for another text. */
export class Words {
  readonly #texts = new Map<number, string>();
  readonly #shapes = new Map<number, readonly string[]>();
  readonly #find;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare("SELECT text FROM words WHERE id = ?");
  }

  text(id: number): string {
    const cached = this.#texts.get(id);
    if (cached !== undefined) return cached;
    const row = one<{ text: string }>(this.#find, id);
    if (row === null) throw new RangeError(`word ${id} is missing`);
    if (this.#texts.size >= CACHED_WORDS) this.#texts.clear();
    this.#texts.set(id, row.text);
    return row.text;
  }

  /** The names of the phases in a result's columns. */
  shape(id: number): readonly string[] {
    let shape = this.#shapes.get(id);
    if (shape === undefined) {
      shape = JSON.parse(this.text(id)) as readonly string[];
      if (this.#shapes.size >= CACHED_WORDS) this.#shapes.clear();
      this.#shapes.set(id, shape);
    }
    return shape;
  }
}

export const RESULT_COLUMNS = "r.slot, r.n, r.started, r.verdict, r.origin, r.code, r.tries, r.latency, r.vantage, r.sentence, r.shape, r.p0, r.p1, r.p2, r.p3, r.p4, r.p5, r.more, r.facts, e.body AS evidence";
export const RESULT_TABLES = "results r LEFT JOIN evidence e ON e.check_id = r.check_id AND e.slot = r.slot AND e.n = r.n";

export interface ResultColumns {
  readonly slot: number;
  readonly n: number;
  readonly started: number;
  readonly verdict: number;
  readonly origin: number;
  readonly code: number;
  readonly tries: number;
  readonly latency: number;
  readonly vantage: number;
  readonly sentence: number | string;
  readonly shape: number;
  readonly p0: number | null;
  readonly p1: number | null;
  readonly p2: number | null;
  readonly p3: number | null;
  readonly p4: number | null;
  readonly p5: number | null;
  readonly more: string | null;
  readonly facts: number | string | null;
  readonly evidence: string | null;
}

export function resultOf(check: CheckName, row: ResultColumns, words: Words): Result {
  const text = (value: number | string): string => (typeof value === "string" ? value : words.text(value));
  const slot: Instant = instant(row.slot);
  return {
    check,
    vantage: words.text(row.vantage),
    slot,
    started: plus(slot, row.started),
    origin: origins.word(row.origin),
    verdict: verdicts.word(row.verdict),
    code: codes.word(row.code),
    sentence: text(row.sentence),
    latencyMs: row.latency / 1000,
    phases: phasesOf(row, words),
    facts: row.facts === null ? {} : (JSON.parse(text(row.facts)) as Facts),
    evidence: row.evidence === null ? [] : (JSON.parse(row.evidence) as Evidence),
    tries: row.tries + 1,
  };
}

/** Milliseconds by phase, in their order. */
export function phasesOf(row: ResultColumns, words: Words): Phases {
  const columns = [row.p0, row.p1, row.p2, row.p3, row.p4, row.p5];
  const phases: { [name: string]: number } = {};
  words.shape(row.shape).forEach((name, index) => {
    if (index < PHASE_COLUMNS) phases[name] = (columns[index] ?? 0) / 1000;
  });
  return row.more === null ? phases : { ...phases, ...(JSON.parse(row.more) as Phases) };
}
