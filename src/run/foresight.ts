import type { Recorded } from "../core/state.ts";
import type { CheckName, Instant, Result } from "../core/types.ts";

/** Looks ahead in what is on record, so that a check that is asked at a moment when it was not may answer what its next run saw. */
export class Foresight {
  readonly #aheadMs: number;
  readonly #today: (check: CheckName) => CheckName;
  #told: Recorded[] = [];
  #at = 0;
  /** The next result of a check, or none within reach, as found by `until`. */
  readonly #found = new Map<CheckName, { readonly until: Instant; readonly result: Result | null }>();

  /** `aheadMs`: how far it must be able to look; `today`: what a check of the record is called now. */
  constructor(aheadMs: number, today: (check: CheckName) => CheckName) {
    this.#aheadMs = aheadMs;
    this.#today = today;
  }

  /** Takes more of the record and gives what may be judged by now: what is far enough before its end. */
  *take(more: Iterable<Recorded>): Generator<Recorded, void, undefined> {
    this.#told = [...this.#told.slice(this.#at), ...more];
    this.#at = 0;
    const end = this.#told.at(-1);
    if (end === undefined) return;
    // What is later than the end was before the clock was put back.
    yield* this.#while(({ at }) => at <= end.at - this.#aheadMs || at > end.at);
  }

  /** The rest, when no more comes. */
  *end(): Generator<Recorded, void, undefined> {
    yield* this.#while(() => true);
  }

  /** What was found holds no longer: the clock was put right, or nobody was there for a while. */
  forget(): void {
    this.#found.clear();
  }

  /** The next result of a check, of a run begun from now on (starts are whole milliseconds); null where none is within reach. */
  next(check: CheckName, now: Instant): Result | null {
    const found = this.#found.get(check);
    if (found !== undefined && found.until > now) return found.result;
    let until = now;
    let result: Result | null = null;
    for (let index = this.#at; index < this.#told.length && until <= now + this.#aheadMs; index += 1) {
      const told = this.#told[index];
      if (told === undefined) break;
      until = told.at;
      if (told.kind !== "result" || told.result.started < Math.floor(now) || this.#today(told.result.check) !== check) continue;
      ({ result } = told);
      break;
    }
    this.#found.set(check, { until, result });
    return result;
  }

  *#while(isReady: (told: Recorded) => boolean): Generator<Recorded, void, undefined> {
    for (let told = this.#told[this.#at]; told !== undefined && isReady(told); told = this.#told[this.#at]) {
      this.#at += 1;
      yield told;
    }
  }
}
