import type { Instant } from "../../core/types.ts";

/** A run may be judged so long after its slot. */
const RUN_MS_MOST = 3_600_000;
/** The wall clock may go back so far without being put right. */
export const UNSTEADY_MS = 5000;

/** Something with its place in the order of judging, and when that was. */
export interface Turned {
  readonly turn: number;
  readonly at: number;
}

/** A journal entry; `check` by its number. */
export interface Entry extends Turned {
  readonly at: Instant;
  readonly check: number | null;
  readonly input: unknown;
}

/** Turns in which the wall clock only went on, and where their results lie. */
export interface Stretch {
  /** The first turn, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Their slots: from there on, and not after this. */
  readonly begins: number;
  readonly ends: number;
  /** Runs were under way when the clock was put right: their slots lie about here. */
  readonly around: { readonly from: number; readonly to: number } | null;
}

/** Where the process began anew, or the clock was put right by so much. */
export interface Mark {
  readonly turn: number;
  readonly at: number;
  readonly kind: "start" | "clock";
  readonly byMs: number;
}

/** Divides turns at their marks. `ends`: the greatest slot of all. */
export function stretchesOf(marks: readonly Mark[], whole: { readonly from: number; readonly to: number; readonly at: number; readonly ends: number }): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let open = { from: whole.from, begins: whole.at - RUN_MS_MOST, around: null as Stretch["around"] };
  for (const { turn, at, kind, byMs } of marks) {
    const before = at - byMs;
    stretches.push({ ...open, to: turn, ends: before });
    open = kind === "start" ? { from: turn, begins: at - UNSTEADY_MS, around: null } : { from: turn, begins: at - RUN_MS_MOST, around: { from: before - RUN_MS_MOST, to: before + UNSTEADY_MS } };
  }
  return [...stretches, { ...open, to: whole.to, ends: whole.ends }].filter(({ from, to }) => to > from);
}

/** Puts results and journal entries back in their order: they are read by time, and some were judged late. */
export class InOrder<Row extends Turned, One extends Turned> {
  readonly #entries: Iterator<One>;
  #entry: One | undefined;
  #rows: readonly Row[] = [];
  #expected: number;

  /** `entries` in order; `first`: the turn that is expected first. */
  constructor(entries: Iterable<One>, first: number) {
    this.#entries = entries[Symbol.iterator]();
    this.#expected = first;
    this.#advance();
  }

  /** The turn that comes next. */
  get expected(): number {
    return this.#expected;
  }

  add(rows: readonly Row[]): void {
    this.#rows = [...this.#rows, ...rows].sort((a, b) => a.turn - b.turn);
  }

  /** All before turn `to` whose time has come: nothing is missing before it, or what is would have been read, as all slots before `readTo` were. */
  *take(to: number, readTo: number): Generator<Row | One, void, undefined> {
    let taken = 0;
    for (;;) {
      const row = this.#rows[taken];
      const entry = this.#entry;
      const next = row === undefined || (entry !== undefined && entry.turn < row.turn) ? entry : row;
      if (next === undefined || next.turn >= to || (next.turn > this.#expected && next.at + UNSTEADY_MS > readTo)) break;
      if (next === row) taken += 1;
      else this.#advance();
      // Stretches of slots may overlap: read twice, told once.
      if (next.turn < this.#expected) continue;
      this.#expected = next.turn + 1;
      yield next;
    }
    this.#rows = this.#rows.slice(taken);
  }

  #advance(): void {
    const { done, value } = this.#entries.next();
    this.#entry = done === true ? undefined : value;
  }
}
