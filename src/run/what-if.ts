import { failingMembers } from "../core/members.ts";
import type { Beginning, Recorded, Terms } from "../core/state.ts";
import { type CheckName, type Instant, instant, type Result } from "../core/types.ts";
import { Beliefs } from "./beliefs.ts";
import { DueQueue } from "./due.ts";
import { expectBy } from "./entry.ts";
import { ownResult } from "./groups.ts";
import { Decisions, journalled, stateAt } from "./replay.ts";

type Renames = readonly { readonly from: CheckName; readonly to: CheckName }[];

/**
 * Judges history by other terms than those of the time: the same judge, told of the same results and deeds. What follows from its own
 * decisions is made anew: ticks, and the results of groups that are judged from their members' states. Names are today's.
 */
export class WhatIf {
  readonly decisions = new Decisions();
  readonly #terms: ReadonlyMap<CheckName, Terms>;
  readonly #beliefs: Beliefs;
  /** Names that change later on, oldest first. */
  #renames: Renames;
  #wakes = new DueQueue<CheckName>();
  #now: Instant;
  /** When groups that are judged from their members' states were judged last. */
  readonly #judgedAt = new Map<CheckName, Instant>();

  constructor(beginning: Beginning, terms: readonly Terms[], renames: Renames) {
    this.#terms = new Map(terms.map((one) => [one.check, one]));
    this.#renames = renames;
    this.#now = beginning.at;
    const nothing = (): void => undefined;
    this.#beliefs = new Beliefs(this.decisions, { changed: nothing, ask: nothing, seen: nothing, wake: (check, at) => this.#wakes.push(at, check), regroup: (group) => this.#regroup(group) });
    const states = new Map(beginning.states.map((known) => [this.#today(known.check), known]));
    for (const one of terms) {
      const known = states.get(one.check);
      this.#beliefs.put(one.policy, known === undefined ? null : { ...stateAt(known, one), check: one.check }, beginning.at);
    }
    this.#beliefs.connect();
    for (const { check } of terms) this.#beliefs.tick(check, beginning.at);
  }

  /** Judges all of it; may be called again with what came after. */
  run(told: Iterable<Recorded>): void {
    for (const one of told) this.#tell(one);
  }

  #tell(told: Recorded): void {
    const { at } = told;
    if (told.kind === "result") {
      this.#pass(at);
      return this.#result(told.result, at);
    }
    const input = journalled(told.input);
    // Nobody was there to wake: how long before the start is not known.
    if (input.kind === "start") {
      this.#wakes = new DueQueue();
      this.#now = at;
      return this.#beliefs.reborn(at);
    }
    if (input.kind === "clock") return this.#step(input.byMs, at);
    this.#pass(at);
    if (input.kind === "site") this.#renames = this.#renames.slice(input.renamed.length);
    if (input.kind === "site" || input.kind === "tick" || told.check === null) return;
    const check = this.#today(told.check);
    const terms = this.#terms.get(check);
    if (terms === undefined) return;
    if (this.#beliefs.state(check) === null) {
      this.#beliefs.put(terms.policy, null, at);
      this.#beliefs.connect();
    }
    this.#beliefs.action(check, input, at);
    if (input.kind === "remove") this.#beliefs.drop(check);
  }

  /** Time goes on, with a tick whenever the judge wants one. */
  #pass(to: Instant): void {
    for (let due = this.#wakes.earliest; due !== null && due <= to; due = this.#wakes.earliest) {
      const check = this.#wakes.pop(due);
      const wakeAt = check === null ? null : (this.#beliefs.state(check)?.wakeAt ?? null);
      // Wanted at another time by now: that one is in the queue as well.
      if (check === null || wakeAt === null || wakeAt > due) continue;
      this.#now = instant(Math.max(this.#now, due));
      this.#beliefs.tick(check, this.#now);
      const next = this.#beliefs.state(check)?.wakeAt ?? null;
      if (next !== null && next <= this.#now) this.#wakes.push(this.#now + 1, check);
    }
    this.#now = to;
  }

  #step(byMs: number, at: Instant): void {
    this.#wakes = new DueQueue();
    this.#now = at;
    this.#beliefs.step(byMs, at);
    for (const check of this.#terms.keys()) {
      const wakeAt = this.#beliefs.state(check)?.wakeAt ?? null;
      if (wakeAt !== null) this.#wakes.push(wakeAt, check);
    }
  }

  #result(result: Result, at: Instant): void {
    const check = this.#today(result.check);
    const terms = this.#terms.get(check);
    if (terms === undefined) return;
    if (terms.policy.group?.run === "own") {
      // Judged because of a member at this moment: not twice.
      if (this.#judgedAt.get(check) !== at) this.#judgeGroup(terms, result.slot, result.origin);
      return;
    }
    this.#beliefs.result(check === result.check ? result : named(result, check), expectBy(terms, at), at);
  }

  #regroup(group: CheckName): void {
    const terms = this.#terms.get(group);
    const state = this.#beliefs.state(group);
    if (terms === undefined || state === null || state.belief.status === "paused") return;
    const result = this.#ownResult(terms, this.#now, "scheduled");
    const { last } = state.seen;
    const others = terms.policy.group?.renotify === true && last !== null && failingMembers(result).join("\n") !== failingMembers(last).join("\n");
    if (others || result.verdict !== last?.verdict) this.#judgeGroup(terms, this.#now, "scheduled");
  }

  #judgeGroup(terms: Terms, slot: Instant, origin: Result["origin"]): void {
    this.#judgedAt.set(terms.check, this.#now);
    this.#beliefs.result(this.#ownResult(terms, slot, origin), expectBy(terms, this.#now), this.#now);
  }

  #ownResult({ check, policy }: Terms, slot: Instant, origin: Result["origin"]): Result {
    return ownResult({ name: check, policy }, (member) => this.#beliefs.view(member), { slot, origin, started: this.#now, tookMs: 0, vantage: "" });
  }

  #today(then: CheckName): CheckName {
    let name = then;
    for (const { from, to } of this.#renames) if (name === from) name = to;
    return name;
  }
}

/** The same result under another name; field by field, as the store reads some only when they are asked for. */
function named({ vantage, slot, started, origin, verdict, code, sentence, latencyMs, phases, facts, evidence, tries }: Result, check: CheckName): Result {
  return { check, vantage, slot, started, origin, verdict, code, sentence, latencyMs, phases, facts, evidence, tries };
}
