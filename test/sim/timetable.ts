import type { CheckDefinition } from "../../src/config/site.ts";
import { dueBetween } from "./berlin.ts";
import type { Ledger } from "./ledger.ts";
import type { Span } from "./promises.ts";
import { WALL, WALL_MINUTES } from "./site.ts";

const SECOND = 1000;
/** A run that is due begins within this time. */
const LATE_MS = SECOND;
/** Start runs, and what a stepped clock missed, come within this time. */
const SETTLING_MS = 32 * SECOND;

/** A run that began: by the monotonic clock, and by the wall's. */
export interface Begun {
  readonly atMs: number;
  readonly wall: number;
}

/** A stretch of one life in which the wall clock was not put right. */
interface Stretch extends Span {
  /** The wall clock's time less the monotonic one's. */
  readonly offset: number;
}

/** What began when, and what the clock on the wall showed. */
export class Timetable {
  readonly #runs = new Map<string, Begun[]>();
  readonly #steps: { readonly atMs: number; readonly offset: number }[] = [];

  constructor(offset: number) {
    this.#steps.push({ atMs: 0, offset });
  }

  began(check: string, run: Begun): void {
    const runs = this.#runs.get(check);
    if (runs === undefined) this.#runs.set(check, [run]);
    else runs.push(run);
  }

  stepped(atMs: number, byMs: number): void {
    this.#steps.push({ atMs, offset: (this.#steps.at(-1)?.offset ?? 0) + byMs });
  }

  #stretches(lives: readonly Span[]): readonly Stretch[] {
    return lives.flatMap((life) =>
      this.#steps.flatMap(({ atMs, offset }, index): Stretch[] => {
        const [from, to] = [Math.max(life.from, atMs), Math.min(life.to, this.#steps[index + 1]?.atMs ?? Number.POSITIVE_INFINITY)];
        return to - from < 2 * SETTLING_MS ? [] : [{ from: from + SETTLING_MS, to: to - LATE_MS, offset }];
      }),
    );
  }

  /** Runs by the clock on the wall come when they are due and at no other time; those of an interval stay where they were. Returns how many were due. */
  check(ledger: Ledger, checks: readonly CheckDefinition[], lives: readonly Span[]): number {
    const stretches = this.#stretches(lives);
    for (const { name, schedule, policy } of checks) if (schedule.kind === "every" && policy.group === null && policy.failingEveryMs === policy.everyMs) this.#staysPut(ledger, name, policy.everyMs, stretches);
    let due = 0;
    for (const [name, twice] of Object.entries(WALL)) for (const stretch of stretches) due += this.#byTheWall(ledger, name, twice, stretch);
    return due;
  }

  #within(name: string, { from, to }: Span): readonly Begun[] {
    return (this.#runs.get(name) ?? []).filter(({ atMs }) => atMs >= from && atMs <= to);
  }

  #byTheWall(ledger: Ledger, name: string, twice: boolean, stretch: Stretch): number {
    const due = dueBetween(WALL_MINUTES, stretch.from + stretch.offset, stretch.to + stretch.offset - LATE_MS, twice);
    const began = this.#within(name, stretch).map(({ wall }) => wall);
    const show = (at: number): string => new Date(at).toISOString();
    for (const slot of due) if (!began.some((at) => at >= slot - 1 && at <= slot + LATE_MS)) ledger.breach("runs come when they are due", `${name} did not run at ${show(slot)}`);
    const all = dueBetween(WALL_MINUTES, stretch.from + stretch.offset - LATE_MS, stretch.to + stretch.offset, twice);
    for (const at of began) if (![...all].some((slot) => at >= slot - 1 && at <= slot + LATE_MS)) ledger.breach("runs come when they are due", `${name} ran at ${show(at)}, when it was not due`);
    return due.size;
  }

  /** Over restarts and stepped clocks a check's runs keep their place in the interval. */
  #staysPut(ledger: Ledger, name: string, everyMs: number, stretches: readonly Stretch[]): void {
    const places = stretches.flatMap((stretch) => this.#within(name, stretch).map(({ wall }) => wall % everyMs));
    // Most runs are on schedule; the others are answers to those who ask, and what people wanted.
    const counted = new Map<number, number>();
    for (const place of places) counted.set(Math.floor(place / 10), (counted.get(Math.floor(place / 10)) ?? 0) + 1);
    const most = Math.max(0, ...counted.values());
    if (places.length > 20 && most < 0.6 * places.length) ledger.breach("starts stay put", `only ${most} of ${places.length} runs of ${name} began at the same place of ${everyMs / SECOND} s`);
  }
}
