import { seenAfter } from "../core/count.ts";
import { seenFrom } from "../core/draft.ts";
import type { Action, Batch, Beginning, CheckState, Effect, Recorded, Terms } from "../core/state.ts";
import type { Alert, CheckName, Instant, Result, Transition } from "../core/types.ts";
import { Beliefs, type SiteChange } from "./beliefs.ts";
import type { Recorder } from "./commit.ts";
import { expectBy } from "./entry.ts";
import { removedPolicy } from "./terms.ts";

/** What the judge was told in a batch, in the order in which it was. */
export function* toldIn({ results, judged = [], journal, resultsBefore = [] }: Pick<Batch, "results" | "judged" | "journal" | "resultsBefore">): Generator<Recorded, void, undefined> {
  let next = 0;
  for (const [index, { at, check, input, terms = [] }] of journal.entries()) {
    for (; next < (resultsBefore[index] ?? 0); next += 1) yield* resultAt(results, judged, next);
    yield { kind: "input", at, check, input, terms };
  }
  for (; next < results.length; next += 1) yield* resultAt(results, judged, next);
}

function* resultAt(results: readonly Result[], judged: readonly Instant[], index: number): Generator<Recorded, void, undefined> {
  const result = results[index];
  if (result !== undefined) yield { kind: "result", at: judged[index] ?? result.started, result };
}

/** A journalled input by its kind: what this program wrote. */
export type Journalled =
  | { readonly kind: "start" }
  | { readonly kind: "tick" }
  | { readonly kind: "clock"; readonly byMs: number }
  | ({ readonly kind: "site" } & SiteChange)
  | Action;

/** An input as `Beliefs` journalled it. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the journal is written by `Beliefs` alone
export const journalled = (input: unknown): Journalled => input as Journalled;

/** Collects what the judge decides; it is written nowhere. */
export class Decisions implements Recorder {
  readonly transitions: Transition[] = [];
  readonly alerts: Alert[] = [];
  readonly place = { results: 0, journal: 0 };

  /** What was decided since this was asked for last. */
  take(): { readonly transitions: readonly Transition[]; readonly alerts: readonly Alert[] } {
    return { transitions: this.transitions.splice(0), alerts: this.alerts.splice(0) };
  }

  decided(_: CheckState, transitions: readonly Transition[], effects: readonly Effect[]): void {
    this.transitions.push(...transitions);
    this.effects(effects);
  }

  effects(effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.kind === "alert") this.alerts.push(effect.alert);
  }

  result(): void {}
  removed(): void {}
  journal(): void {}
  rename(): void {}
}

/** What was believed of a check at the beginning, as it is judged from there on. */
export function stateAt({ check, belief, recent }: Beginning["states"][number], terms: Terms | undefined): CheckState {
  let seen = seenFrom(null);
  for (const { at, result } of recent) seen = seenAfter(seen, result, terms === undefined ? null : expectBy(terms, at));
  return { check, belief, seen, wakeAt: null };
}

/** Judges history again: the same judge, by the same terms, told the same in the same order. */
export class Replay {
  readonly decisions = new Decisions();
  /** Results and inputs judged. */
  judged = 0;
  readonly #terms = new Map<CheckName, Terms>();
  /** Known from the beginning, without the terms that they are judged by. */
  readonly #waiting = new Map<CheckName, CheckState>();
  readonly #beliefs: Beliefs;
  #rest: Iterator<Recorded> = [][Symbol.iterator]();
  #next: Recorded | null = null;
  #now: Instant | null = null;

  constructor(beginning: Beginning | null) {
    const nothing = (): void => undefined;
    this.#beliefs = new Beliefs(this.decisions, { changed: nothing, ask: nothing, again: nothing, seen: nothing, wake: nothing, rerun: () => true, regroup: (group) => this.#regroup(group) });
    if (beginning !== null) this.#begin(beginning);
  }

  /** Judges all of it; may be called again with what came after. */
  run(told: Iterable<Recorded>): void {
    this.#rest = told[Symbol.iterator]();
    this.#advance();
    for (let next = this.#take(); next !== null; next = this.#take()) this.#tell(next);
  }

  #begin({ at, terms, states }: Beginning): void {
    for (const one of terms) this.#terms.set(one.check, one);
    for (const known of states) {
      const one = this.#terms.get(known.check);
      const state = stateAt(known, one);
      if (one === undefined) this.#waiting.set(known.check, state);
      else this.#beliefs.put(one.policy, state, at);
    }
    this.#beliefs.connect();
  }

  #advance(): void {
    const { done, value } = this.#rest.next();
    this.#next = done === true ? null : value;
  }

  #take(): Recorded | null {
    const taken = this.#next;
    if (taken !== null) this.#advance();
    return taken;
  }

  #tell(told: Recorded): void {
    const { at } = told;
    this.judged += 1;
    this.#now = at;
    if (told.kind === "result") return this.#result(told.result, at);
    const input = journalled(told.input);
    if (input.kind === "start") return this.#beliefs.reborn(at);
    if (input.kind === "clock") return this.#beliefs.step(input.byMs, at);
    if (input.kind === "site") return this.#configure(input, told.terms ?? [], at);
    if (told.check === null) return;
    if (input.kind === "tick") return this.#beliefs.tick(told.check, at);
    this.#beliefs.action(told.check, input, at);
    if (input.kind === "remove") this.#beliefs.drop(told.check);
  }

  #configure({ renamed, gone }: SiteChange, terms: readonly Terms[], at: Instant): void {
    for (const { from, to } of renamed) {
      this.#beliefs.rename(from, to);
      move(this.#terms, from, to);
      move(this.#waiting, from, to);
    }
    for (const one of terms) {
      this.#terms.set(one.check, one);
      if (one.begun !== undefined) this.#beliefs.drop(one.check);
      this.#beliefs.put(one.policy, one.begun ?? this.#waiting.get(one.check) ?? null, at);
      this.#waiting.delete(one.check);
    }
    for (const check of gone) this.#beliefs.put(removedPolicy(check), this.#waiting.get(check) ?? null, at);
    this.#beliefs.connect();
  }

  #result(result: Result, at: Instant): void {
    const terms = this.#terms.get(result.check);
    if (terms !== undefined) this.#beliefs.result(result, expectBy(terms, at), at);
  }

  /** A group that was judged because of a member was judged then and there: what follows in the record is its result. */
  #regroup(group: CheckName): void {
    const next = this.#next;
    if (next?.kind !== "result" || next.result.check !== group || next.at !== this.#now || next.result.slot !== next.at || next.result.origin !== "scheduled") return;
    this.#advance();
    this.judged += 1;
    this.#result(next.result, next.at);
  }
}

function move<Value>(map: Map<CheckName, Value>, from: CheckName, to: CheckName): void {
  const value = map.get(from);
  if (value === undefined) return;
  map.delete(from);
  map.set(to, value);
}
