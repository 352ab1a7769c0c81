import type { Batch, Belief } from "../../core/state.ts";
import type { CheckName, Result } from "../../core/types.ts";
import { codes, origins, verdicts } from "./codes.ts";

/** Phases that have a column of their own; further ones go into `more`. */
export const PHASE_COLUMNS = 6;
/** Numbers of one result in a parcel; the last two are its turn after those before the batch and when it was judged, NaN where the judge was not told. */
export const NUMBERS = 12 + PHASE_COLUMNS;
/** Texts of one result in a parcel: sentence, facts, evidence, more. */
export const TEXTS = 4;

/** What of a batch is rare and goes as it is. */
export interface Rare extends Omit<Batch, "results" | "states" | "sequence" | "judged" | "resultsBefore"> {
  /** Of each entry of `journal`; empty where the judge was not told. */
  readonly turns: readonly number[];
  readonly states: readonly { readonly check: CheckName; readonly belief: Belief }[];
}

/** A batch as it crosses to the writer: numbers in one buffer that is handed over, texts in one string. A structured clone of the results would cost several times more. */
export interface Parcel {
  readonly sequence: number;
  /** Names that are new since the parcel before, numbered onward. */
  readonly names: readonly string[];
  readonly count: number;
  /** Results and journal entries that the judge was told of. */
  readonly turns: number;
  /** When the judge was told of the last of them; null for none. */
  readonly toldAt: number | null;
  readonly numbers: Float64Array;
  /** JSON: `TEXTS` strings a result, "" for none. */
  readonly texts: string;
  /** JSON of `Rare`; null when there is none of it. */
  readonly rare: string | null;
  /** There is more in it than results and states: it must be on the disk when it is done. */
  readonly synced: boolean;
}

/** Packs batches for one writer, which remembers the names it was told. */
export class Packer {
  #numbers = new Map<string, number>();
  #fresh: string[] = [];
  /** Phases mostly come in the same order: the joined names of the last few shapes. */
  #shapes = new Map<string, string>();

  pack(batch: Batch, mustSync: boolean): Parcel {
    const { results, judged, resultsBefore = [] } = batch;
    const numbers = new Float64Array(results.length * NUMBERS);
    const texts: string[] = [];
    let at = 0;
    let journalled = 0;
    for (const [index, result] of results.entries()) {
      this.#result(result, numbers, at, texts);
      while (journalled < resultsBefore.length && (resultsBefore[journalled] ?? 0) <= index) journalled += 1;
      const told = judged?.[index];
      numbers[at + 10 + PHASE_COLUMNS] = told === undefined ? Number.NaN : index + journalled;
      numbers[at + 11 + PHASE_COLUMNS] = told === undefined ? Number.NaN : told - result.started;
      at += NUMBERS;
    }
    const { states, removed, transitions, incidents, alerts, journal } = batch;
    const synced = mustSync || removed.length + transitions.length + incidents.length + alerts.length + journal.length > 0;
    let rare: string | null = null;
    if (removed.length + states.length + transitions.length + incidents.length + alerts.length + journal.length > 0) {
      rare = JSON.stringify({ states: states.map(({ check, belief }) => ({ check, belief })), removed, transitions, incidents, alerts, journal, turns: resultsBefore.map((before, index) => before + index) } satisfies Rare);
    }
    const names = this.#fresh;
    this.#fresh = [];
    const turns = (judged === undefined ? 0 : results.length) + resultsBefore.length;
    const told = [judged?.at(-1), resultsBefore.length === 0 ? undefined : journal.at(-1)?.at].filter((one) => one !== undefined);
    return { sequence: batch.sequence, names, count: results.length, turns, toldAt: told.length === 0 ? null : Math.max(...told), numbers, texts: JSON.stringify(texts), rare, synced };
  }

  #result(result: Result, numbers: Float64Array, at: number, texts: string[]): void {
    const { slot, phases } = result;
    numbers[at] = this.#number(result.check);
    numbers[at + 1] = slot;
    numbers[at + 2] = result.started - slot;
    numbers[at + 3] = verdicts.number(result.verdict);
    numbers[at + 4] = origins.number(result.origin);
    numbers[at + 5] = codes.number(result.code);
    numbers[at + 6] = result.tries - 1;
    numbers[at + 7] = micros(result.latencyMs);
    numbers[at + 8] = this.#number(result.vantage);
    let shape = "";
    let more = "";
    let phase = 0;
    for (const name in phases) {
      const ms = phases[name] ?? 0;
      if (phase < PHASE_COLUMNS) {
        shape += `${name}\n`;
        numbers[at + 10 + phase] = micros(ms);
      } else if (more === "") more = JSON.stringify(Object.fromEntries(Object.entries(phases).slice(PHASE_COLUMNS)));
      phase += 1;
    }
    for (; phase < PHASE_COLUMNS; phase += 1) numbers[at + 10 + phase] = Number.NaN;
    numbers[at + 9] = this.#number(this.#shape(shape, phases));
    texts.push(result.sentence, facts(result.facts), result.verdict === "up" || result.evidence.length === 0 ? "" : JSON.stringify(result.evidence), more);
  }

  #shape(key: string, phases: Result["phases"]): string {
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      shape = JSON.stringify(Object.keys(phases).slice(0, PHASE_COLUMNS));
      // A name with a line break in it could be taken for two.
      if (!Object.keys(phases).some((name) => name.includes("\n"))) this.#shapes.set(key, shape);
    }
    return shape;
  }

  #number(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(name, number);
      this.#fresh.push(name);
    }
    return number;
  }
}

/** A time that is no number is a bug elsewhere; it must not keep the batch and all behind it from being written. */
const micros = (ms: number): number => (Number.isFinite(ms) ? Math.round(ms * 1000) : 0);

function facts(value: Result["facts"]): string {
  for (const _ in value) return JSON.stringify(value);
  return "";
}
