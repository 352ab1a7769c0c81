import type { CheckDefinition } from "../config/site.ts";
import type { Action, Batch, Effect } from "../core/state.ts";
import type { Alert, CheckName, Instant, Result, Transition } from "../core/types.ts";
import type { AnyProbe } from "../probes/probe.ts";
import { Beliefs } from "./beliefs.ts";
import type { Recorder } from "./commit.ts";
import { type Entry, expectBy, newEntry, policyOf, scheduleOf } from "./entry.ts";

/** One thing that the judge was told, as it is on record. */
export type Told =
  | { readonly kind: "result"; readonly at: Instant; readonly result: Result }
  | { readonly kind: "input"; readonly at: Instant; readonly check: CheckName | null; readonly input: unknown };

/** What the judge was told in a batch, in the order in which it was. */
export function* toldIn({ results, judged = [], journal, resultsBefore = [] }: Pick<Batch, "results" | "judged" | "journal" | "resultsBefore">): Generator<Told, void, undefined> {
  let next = 0;
  for (const [index, { at, check, input }] of journal.entries()) {
    for (; next < (resultsBefore[index] ?? 0); next += 1) yield* resultAt(results, judged, next);
    yield { kind: "input", at, check, input };
  }
  for (; next < results.length; next += 1) yield* resultAt(results, judged, next);
}

function* resultAt(results: readonly Result[], judged: readonly Instant[], index: number): Generator<Told, void, undefined> {
  const result = results[index];
  if (result !== undefined) yield { kind: "result", at: judged[index] ?? result.started, result };
}

const kindOf = (input: unknown): string => (typeof input === "object" && input !== null && "kind" in input ? String(input.kind) : "");

/** What this program journalled: `kindOf` told that it is no tick, clock or start. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the journal is written by `Beliefs.action` alone
const actionOf = (input: unknown): Action => input as Action;

const stepOf = (input: unknown): number => (typeof input === "object" && input !== null && "byMs" in input ? Number(input.byMs) : 0);

/** Judges history again: the same judge, told the same in the same order; what it decides is collected and written nowhere. */
export class Replay {
  readonly transitions: Transition[] = [];
  readonly alerts: Alert[] = [];
  /** Results and inputs judged. */
  judged = 0;
  readonly #entries = new Map<CheckName, Entry>();
  readonly #beliefs: Beliefs;
  #rest: Iterator<Told> = [][Symbol.iterator]();
  #next: Told | null = null;
  #now: Instant | null = null;

  constructor(definitions: readonly CheckDefinition[], probes: ReadonlyMap<string, AnyProbe>) {
    const policies = new Map(definitions.map(({ name, policy }) => [name, policy]));
    for (const definition of definitions) {
      const probe = probes.get(definition.type);
      if (probe === undefined) throw new Error(`no probe of type ${definition.type}`);
      this.#entries.set(definition.name, newEntry(definition, probe, scheduleOf(definition, (check) => policies.get(check) ?? null)));
    }
    const nothing = (): void => undefined;
    this.#beliefs = new Beliefs(this.#recorder(), { changed: nothing, ask: nothing, seen: nothing, wake: nothing, regroup: (group) => this.#regroup(group) });
  }

  /** Judges all of it; may be called again with what came after. */
  run(told: Iterable<Told>): void {
    this.#rest = told[Symbol.iterator]();
    this.#advance();
    if (this.#now === null && this.#next !== null) this.#begin(this.#next.at);
    for (let next = this.#take(); next !== null; next = this.#take()) this.#tell(next);
  }

  #begin(now: Instant): void {
    for (const { definition, schedule } of this.#entries.values()) this.#beliefs.put(policyOf(definition, schedule), null, now);
    this.#beliefs.connect();
  }

  #advance(): void {
    const { done, value } = this.#rest.next();
    this.#next = done === true ? null : value;
  }

  #take(): Told | null {
    const taken = this.#next;
    if (taken !== null) this.#advance();
    return taken;
  }

  #tell(told: Told): void {
    const { at } = told;
    this.judged += 1;
    this.#now = at;
    if (told.kind === "result") return this.#result(told.result, at);
    const kind = kindOf(told.input);
    if (kind === "start") return this.#beliefs.reborn();
    if (kind === "clock") return this.#beliefs.step(stepOf(told.input), at);
    if (told.check === null) return;
    if (kind === "tick") return this.#beliefs.tick(told.check, at);
    this.#beliefs.action(told.check, actionOf(told.input), at);
    if (kind === "remove") this.#beliefs.drop(told.check);
  }

  #result(result: Result, at: Instant): void {
    const entry = this.#entries.get(result.check);
    if (entry !== undefined) this.#beliefs.result(result, expectBy(entry, at), at);
  }

  /** A group that was judged because of a member was judged then and there: what follows in the record is its result. */
  #regroup(group: CheckName): void {
    const next = this.#next;
    if (next?.kind !== "result" || next.result.check !== group || next.at !== this.#now || next.result.slot !== next.at || next.result.origin !== "scheduled") return;
    this.#advance();
    this.judged += 1;
    this.#result(next.result, next.at);
  }

  #recorder(): Recorder {
    const nothing = (): void => undefined;
    const effects = (made: readonly Effect[]): void => {
      for (const effect of made) if (effect.kind === "alert") this.alerts.push(effect.alert);
    };
    return {
      result: nothing,
      removed: nothing,
      journal: nothing,
      rename: nothing,
      place: { results: 0, journal: 0 },
      effects,
      decided: (_, transitions, made) => {
        this.transitions.push(...transitions);
        effects(made);
      },
    };
  }
}
