import { ANSWER_MS } from "../core/depend.ts";
import type { Matcher } from "../core/expect.ts";
import { type MaintenanceWindow, nextEdge, openWindows, type Subject } from "../core/maintenance.ts";
import { nextSlot } from "../core/schedule.ts";
import type { Beginning, Recorded, Terms } from "../core/state.ts";
import { type CheckName, type Instant, instant, type Policy, type Result } from "../core/types.ts";
import { Beliefs } from "./beliefs.ts";
import { differenceOf, rejudge, sameThresholds } from "./conditions.ts";
import { DueQueue } from "./due.ts";
import { expectBy } from "./entry.ts";
import { Foresight } from "./foresight.ts";
import { isNews, ownResult, turnResult } from "./groups.ts";
import { Decisions, type Journalled, journalled, stateAt } from "./replay.ts";

type Renames = readonly { readonly from: CheckName; readonly to: CheckName }[];

/** What history is judged by instead. Names are today's. */
export interface OtherTerms {
  readonly terms: readonly Terms[];
  readonly windows: readonly MaintenanceWindow[];
  /** What windows are matched against: one a check. */
  readonly subjects: readonly Subject[];
  /** Checks that the configuration pauses. */
  readonly paused: ReadonlySet<CheckName>;
  readonly match: Matcher;
}

/** How far it looks ahead for what a parent would have answered, at most. */
const AHEAD_MS_MAX = 10 * 60_000;
const BY_CONFIGURATION = "configuration";

type Due = { readonly kind: "wake"; readonly check: CheckName } | { readonly kind: "answer"; readonly check: CheckName; readonly asked: Instant; readonly result: Result };

/**
 * Judges history by other terms than those of the time: the same judge, told of the same results and deeds. What follows from its own
 * decisions or from the configuration is made anew: ticks, maintenance, results of groups, what conditions make of a result, and answers of
 * parents. Runs are those that were, so their pace is that of the time.
 */
export class WhatIf {
  readonly decisions = new Decisions();
  /** Facts that conditions asked for and that were not kept, by check. */
  readonly unkept = new Map<CheckName, Set<string>>();
  readonly #other: OtherTerms;
  readonly #terms: ReadonlyMap<CheckName, Terms>;
  /** What each check was judged by at the time. */
  readonly #was = new Map<CheckName, Terms>();
  /** Checks whose results would have been others, by what differs. */
  readonly #differs = new Map<CheckName, "conditions" | "group">();
  /** Since when a check asks what it asks now: 0 when it never asked anything else, null while it asks something else. */
  readonly #since = new Map<CheckName, Instant | null>();
  readonly #beliefs: Beliefs;
  readonly #foresight: Foresight;
  /** Names that change later on, oldest first. */
  #renames: Renames;
  #due = new DueQueue<Due>();
  /** When each check is woken next; it may want it later by then. */
  readonly #wakeAt = new Map<CheckName, Instant>();
  /** When a window opens or closes next. */
  #edge: Instant | null = null;
  #now: Instant;
  /** When groups that are judged from their members' states were judged last. */
  readonly #judgedAt = new Map<CheckName, Instant>();

  constructor(beginning: Beginning, other: OtherTerms, renames: Renames) {
    this.#other = other;
    this.#terms = new Map(other.terms.map((one) => [one.check, one]));
    this.#renames = renames;
    this.#now = beginning.at;
    const nothing = (): void => undefined;
    this.#beliefs = new Beliefs(this.decisions, { changed: nothing, ask: (parent) => this.#ask(parent), again: nothing, seen: nothing, wake: (check, at) => this.#wake(check, at), rerun: () => true, regroup: (group) => this.#regroup(group) });
    const parents = new Set(other.terms.flatMap(({ policy }) => policy.parents));
    const aheadMs = 2 * Math.max(0, ...other.terms.map(({ check, policy }) => (parents.has(check) || policy.group !== null ? policy.everyMs + policy.runMs : 0)));
    this.#foresight = new Foresight(parents.size === 0 ? 0 : Math.min(aheadMs, AHEAD_MS_MAX), (check) => this.#today(check));
    this.#begin(beginning);
  }

  /** Judges more of it, up to shortly before its end. */
  run(told: Iterable<Recorded>): void {
    for (const one of this.#foresight.take(told)) this.#tell(one);
  }

  /** Judges the rest, when no more comes. */
  end(): void {
    for (const one of this.#foresight.end()) this.#tell(one);
  }

  /** From when on a check's results say how it would have been judged, 0 for all of them; null: not at all. */
  judgedFrom(check: CheckName): Instant | null {
    return this.#since.get(check) ?? null;
  }

  /** What a check was judged by at the time, at last; null: it was not there. */
  was(check: CheckName): Terms | null {
    return this.#was.get(check) ?? null;
  }

  #asksThat(check: CheckName): boolean {
    return this.judgedFrom(check) !== null;
  }

  /** It asks something else now, and nobody is told of it here: what depends on it sees it as it was. */
  #isAsItWas({ check, policy }: Terms): boolean {
    return !this.#asksThat(check) && policy.group === null && this.#was.get(check)?.policy.group === null;
  }

  #begin({ at, terms, states }: Beginning): void {
    const known = new Map(states.map((one) => [this.#today(one.check), one]));
    this.#wasJudgedBy(terms, at);
    for (const one of this.#other.terms) {
      const state = known.get(one.check);
      const isKnown = this.#asksThat(one.check) || this.#isAsItWas(one);
      this.#beliefs.put(this.#policyOf(one), state === undefined || !isKnown ? null : { ...stateAt(state, this.#was.get(one.check)), check: one.check }, at);
    }
    this.#beliefs.connect();
    for (const { check } of this.#other.terms) this.#beliefs.tick(check, at);
    for (const { check } of this.#other.terms) this.#pause(check, at);
    this.#edge = at;
  }

  #wasJudgedBy(terms: readonly Terms[], at: Instant): void {
    for (const was of terms) {
      const check = this.#today(was.check);
      this.#was.set(check, was);
      const one = this.#terms.get(check);
      if (one === undefined) continue;
      const differs = differenceOf(was, one);
      if (differs === null) this.#differs.delete(check);
      else this.#differs.set(check, differs);
      // What a group asks is what its members say.
      const same = one.asks === was.asks || (one.policy.group !== null && was.policy.group !== null);
      if (!same) this.#since.set(check, null);
      else if (this.#since.get(check) === undefined) this.#since.set(check, instant(0));
      else if (this.#since.get(check) === null) this.#since.set(check, at);
    }
  }

  /** Its pace is that of the runs that were. */
  #policyOf(terms: Terms): Policy {
    const { check, policy } = terms;
    const was = this.#was.get(check)?.policy;
    if (was === undefined) return policy;
    const { everyMs, failingEveryMs, runMs } = was;
    if (this.#isAsItWas(terms)) return { ...was, check, parents: was.parents.map((parent) => this.#today(parent)), steps: [] };
    return { ...policy, everyMs, failingEveryMs, runMs };
  }

  /** A group that did not exist then is looked at when a member changes, and at no other time. */
  #expectBy(check: CheckName, at: Instant): Instant | null {
    const was = this.#was.get(check);
    return was === undefined ? null : expectBy(was, at);
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
      this.#sleep(at);
      return this.#beliefs.reborn(at);
    }
    if (input.kind === "clock") return this.#step(input.byMs, at);
    this.#pass(at);
    if (input.kind === "site") {
      this.#renames = this.#renames.slice(input.renamed.length);
      this.#wasJudgedBy(told.terms ?? [], at);
      for (const { check } of told.terms ?? []) this.#reput(this.#today(check), at);
      return;
    }
    if (input.kind !== "tick" && told.check !== null) this.#act(this.#today(told.check), input, at);
  }

  #reput(check: CheckName, at: Instant): void {
    const terms = this.#terms.get(check);
    if (terms !== undefined && this.#beliefs.state(check) !== null) this.#beliefs.put(this.#policyOf(terms), null, at);
  }

  /** What people and the process did. Windows are those of the other configuration; what one of the two paused did not run, or would not have. */
  #act(check: CheckName, input: Exclude<Journalled, { readonly kind: "start" | "clock" | "site" | "tick" }>, at: Instant): void {
    const terms = this.#terms.get(check);
    if (terms === undefined || input.kind === "maintenance") return;
    if (input.kind === "resume" && input.by === BY_CONFIGURATION && this.#other.paused.has(check)) return;
    const isNew = this.#beliefs.state(check) === null;
    if (isNew) {
      this.#beliefs.put(this.#policyOf(terms), null, at);
      this.#beliefs.connect();
    }
    // Of what asked something else no verdict is due.
    const known = "expectBy" in input && !this.#asksThat(check) && !this.#isAsItWas(terms) ? { ...input, expectBy: null } : input;
    this.#beliefs.action(check, known, at);
    if (input.kind === "remove") return this.#beliefs.drop(check);
    if (!isNew) return;
    this.#pause(check, at);
    this.#look(at);
  }

  #pause(check: CheckName, at: Instant): void {
    if (this.#other.paused.has(check)) this.#beliefs.action(check, { kind: "pause", by: BY_CONFIGURATION }, at);
  }

  /** Time goes on, with all that comes due in it. */
  #pass(to: Instant): void {
    for (;;) {
      const due = this.#due.earliest;
      if (this.#edge !== null && this.#edge <= to && (due === null || this.#edge <= due)) {
        this.#look(instant(Math.max(this.#now, this.#edge)));
        continue;
      }
      const next = due === null || due > to ? null : this.#due.pop(due);
      if (due === null || next === null) break;
      this.#now = instant(Math.max(this.#now, due));
      if (next.kind === "wake") this.#woken(next.check, due);
      else this.#beliefs.result({ ...named(next.result, next.check), slot: next.asked, started: next.asked, origin: "confirm" }, this.#expectBy(next.check, this.#now), this.#now);
    }
    this.#now = to;
  }

  #woken(check: CheckName, due: number): void {
    if (this.#wakeAt.get(check) !== due) return;
    this.#wakeAt.delete(check);
    if ((this.#beliefs.state(check)?.wakeAt ?? Number.POSITIVE_INFINITY) <= due) this.#beliefs.tick(check, this.#now);
    const wakeAt = this.#beliefs.state(check)?.wakeAt ?? null;
    if (wakeAt !== null) this.#wake(check, instant(Math.max(wakeAt, due + 1)));
  }

  #wake(check: CheckName, at: Instant): void {
    if ((this.#wakeAt.get(check) ?? Number.POSITIVE_INFINITY) <= at) return;
    this.#wakeAt.set(check, at);
    this.#due.push(at, { kind: "wake", check });
  }

  #sleep(at: Instant): void {
    this.#due = new DueQueue();
    this.#wakeAt.clear();
    this.#foresight.forget();
    this.#now = at;
    this.#edge = at;
  }

  #step(byMs: number, at: Instant): void {
    this.#sleep(at);
    this.#beliefs.step(byMs, at);
    for (const check of this.#terms.keys()) {
      const wakeAt = this.#beliefs.state(check)?.wakeAt ?? null;
      if (wakeAt !== null) this.#wake(check, wakeAt);
    }
  }

  /** Opens and closes windows. */
  #look(at: Instant): void {
    this.#now = at;
    for (const subject of this.#other.subjects) {
      const state = this.#beliefs.state(subject.check);
      const open = openWindows(this.#other.windows, subject, at);
      if (state !== null && open.join("\n") !== state.belief.muting.maintenance.join("\n")) this.#beliefs.action(subject.check, { kind: "maintenance", open }, at);
    }
    this.#edge = nextEdge(this.#other.windows, at);
  }

  /** A parent answers what its next run saw; one that was asked at that moment answers by itself. */
  #ask(parent: CheckName): void {
    const next = this.#foresight.next(parent, this.#now);
    const terms = this.#terms.get(parent);
    if (next === null || terms === undefined) return;
    const { runMs } = this.#policyOf(terms);
    if (next.origin === "confirm" && next.started <= this.#now + ANSWER_MS) return;
    const result = this.#asOther(next, terms);
    this.#due.push(this.#now + Math.min(runMs, Math.max(1, next.latencyMs)), { kind: "answer", check: parent, asked: this.#now, result });
  }

  #result(result: Result, at: Instant): void {
    const check = this.#today(result.check);
    const terms = this.#terms.get(check);
    if (terms === undefined || !(this.#asksThat(check) || this.#isAsItWas(terms))) return;
    if (terms.policy.group?.run === "own") {
      if (this.#judgedAt.get(check) !== at && !this.#becauseOfMember(check, result)) this.#judgeGroup(terms, result.slot, result.origin);
      return;
    }
    const other = this.#asOther(result, terms);
    this.#beliefs.result(check === other.check ? other : named(other, check), this.#expectBy(check, at), at);
  }

  /** A group was judged between its slots: that is done here whenever a member changes, and not twice. */
  #becauseOfMember(group: CheckName, { check, slot, origin }: Result): boolean {
    const schedule = this.#was.get(group)?.schedule;
    return schedule !== undefined && origin === "scheduled" && nextSlot(schedule, instant(slot - 1), check) !== slot;
  }

  /** What the terms make of what was seen; as it was where that cannot be known. */
  #asOther(result: Result, terms: Terms): Result {
    const { check } = terms;
    const differs = this.#differs.get(check);
    const was = this.#was.get(check);
    if (was === undefined || this.#isAsItWas(terms)) return result;
    if (differs === "group" || this.#countsOtherwise(terms)) return this.#turnResult(terms, result);
    if (differs === undefined) return result;
    const rejudged = rejudge(result, was, terms, this.#other.match);
    if (rejudged.kind === "judged") return rejudged.result;
    this.unkept.set(check, (this.unkept.get(check) ?? new Set()).add(rejudged.fact));
    return result;
  }

  /** Its members fail by their own thresholds, and one has others now, or other conditions. */
  #countsOtherwise({ policy: { group } }: Terms): boolean {
    return group?.byState === true && group.members.some((member) => this.#differs.has(member) || !sameThresholds(this.#was.get(member), this.#terms.get(member)));
  }

  /** Another group of the same runs: by what its members saw last; paused ones took no part. */
  #turnResult({ check, policy }: Terms, { slot, origin, started, latencyMs, vantage }: Result): Result {
    const states = (policy.group?.members ?? []).map((member) => [member, this.#beliefs.state(member)] as const);
    const seen = new Map(states.filter(([, state]) => state?.belief.status !== "paused").map(([member, state]) => [member, state?.seen.last ?? null]));
    return turnResult({ name: check, policy }, seen, (member) => this.#beliefs.view(member), { slot, origin, started, tookMs: latencyMs, vantage });
  }

  #regroup(group: CheckName): void {
    const terms = this.#terms.get(group);
    const state = this.#beliefs.state(group);
    if (terms === undefined || state === null || state.belief.status === "paused") return;
    const result = this.#ownResult(terms, this.#now, "scheduled");
    if (isNews(result, state, terms.policy.group)) this.#judgeGroup(terms, this.#now, "scheduled");
  }

  #judgeGroup(terms: Terms, slot: Instant, origin: Result["origin"]): void {
    this.#judgedAt.set(terms.check, this.#now);
    this.#beliefs.result(this.#ownResult(terms, slot, origin), this.#expectBy(terms.check, this.#now), this.#now);
  }

  #ownResult({ check, policy }: Terms, slot: Instant, origin: Result["origin"]): Result {
    return ownResult({ name: check, policy }, (member) => this.#beliefs.view(member), { slot, origin, countFrom: this.#beliefs.state(check)?.belief.countFrom ?? this.#now, started: this.#now, tookMs: 0, vantage: "" });
  }

  #today(then: CheckName): CheckName {
    let name = then;
    for (const { from, to } of this.#renames) {
      // Another check had that name before.
      if (name === to) return `${to}\u0000` as CheckName;
      if (name === from) name = to;
    }
    return name;
  }
}

/** The same result under another name, without its phases, which nothing is judged by any more; field by field, as the store reads some only when they are asked for. */
function named({ vantage, slot, started, origin, verdict, code, sentence, latencyMs, facts, evidence, tries }: Result, check: CheckName): Result {
  return { check, vantage, slot, started, origin, verdict, code, sentence, latencyMs, phases: {}, facts, evidence, tries };
}
