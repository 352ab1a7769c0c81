import type { CheckDefinition } from "../config/site.ts";
import { counts } from "../core/count.ts";
import { type CheckName, type Instant, instant, type Result } from "../core/types.ts";
import { Admission } from "./admission.ts";
import type { Beliefs } from "./beliefs.ts";
import { type Demand, dueOf, type Entry, expectBy } from "./entry.ts";
import { type Bench, execute, type Ran } from "./execute.ts";
import { isNews, ownResult, turnResult } from "./groups.ts";
import type { Paths } from "./paths.ts";
import { asOfNow, momentOf } from "./pulse.ts";

export interface RunsParts {
  readonly bench: Bench;
  readonly beliefs: Beliefs;
  readonly limits: { readonly runs: number; readonly perTarget: number };
  entry(check: CheckName): Entry | undefined;
  /** The wall clock's time, to judge by. */
  now(): Instant;
  /** A run began or ended. */
  changed(check: CheckName): void;
  readonly paths: Pick<Paths, "saw">;
  /** A run ended, or could not begin: a fixed delay is counted from now, a pace from `begun`, its slot or later. */
  ended(entry: Entry, begun: Instant): void;
}

/** Carries out runs that are wanted: one at a time for each check, as many at once as the limits allow, groups with their members. */
export class Runs {
  readonly #parts: RunsParts;
  readonly #admission: Admission;
  #stopping = false;
  started = 0;
  skipped = 0;

  constructor(parts: RunsParts) {
    this.#parts = parts;
    this.#admission = new Admission(parts.limits);
  }

  get running(): number {
    return this.#admission.running;
  }

  limit(limits: RunsParts["limits"]): void {
    this.#admission.limit(limits);
  }

  /** A paused check runs only when somebody asks; an overrun waits for the run before it, a second one is skipped. */
  want(entry: Entry, demand: Demand): void {
    if (this.#isPaused(entry) && demand.origin !== "manual") return this.#parts.ended(entry, demand.slot);
    if (entry.next !== null && counts(entry.next)) {
      if (demand.origin !== "scheduled") return;
      if (entry.next.origin === "scheduled") {
        this.skipped += 1;
        return this.#parts.beliefs.action(entry.definition.name, { kind: "skipped", slot: demand.slot }, this.#parts.now());
      }
    }
    if (entry.next === null || counts(demand)) entry.next = demand;
    if (entry.run === null) this.#queue(entry);
  }

  /** Judges a group from what is believed of its members. */
  judgeGroup(entry: Entry, { slot, origin }: Demand, now = this.#parts.now()): Result {
    const { bench, beliefs } = this.#parts;
    const result = ownResult(entry.definition, (member) => beliefs.view(member), { slot, origin, countFrom: beliefs.state(entry.definition.name)?.belief.countFrom ?? now, started: now, tookMs: 0, vantage: bench.vantage });
    beliefs.result(result, expectBy(dueOf(entry), now), now);
    return result;
  }

  /** A member changed: where that changes the group too, it is judged in the same instant, before its next slot. Also by what still ends when nothing more begins. */
  regroup(entry: Entry, now: Instant): void {
    const { bench, beliefs } = this.#parts;
    const state = beliefs.state(entry.definition.name);
    if (entry.gone || state === null || state.belief.status === "paused") return;
    const result = ownResult(entry.definition, (member) => beliefs.view(member), { slot: now, origin: "scheduled", countFrom: state.belief.countFrom, started: now, tookMs: 0, vantage: bench.vantage });
    if (isNews(result, state, entry.definition.policy.group)) this.judgeGroup(entry, { slot: now, origin: "scheduled" }, now);
  }

  /** Starts nothing more, waits for what runs, aborts what is left when half the time is over. */
  async stop(entries: Iterable<Entry>, withinMs: number): Promise<void> {
    this.#stopping = true;
    const running = [...entries].map((entry) => entry.run).filter((run) => run !== null);
    const { clock } = this.#parts.bench.ports;
    const abort = clock.timer(withinMs / 2, () => {
      for (const run of running) run.stop.abort();
    });
    let giveUp = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      giveUp = resolve;
    });
    const last = clock.timer(withinMs, giveUp);
    await Promise.race([Promise.allSettled(running.map((run) => run.ended)), over]);
    abort.cancel();
    last.cancel();
  }

  #isPaused({ definition }: Entry): boolean {
    return this.#parts.beliefs.state(definition.name)?.belief.status === "paused";
  }

  #queue(entry: Entry): void {
    if (entry.queued) return;
    entry.queued = true;
    const target = entry.definition.policy.group === null ? entry.definition.target : "";
    this.#admission.ask({ target, start: () => this.#begin(entry, target) });
  }

  #begin(entry: Entry, target: string): void {
    entry.queued = false;
    // A group may be running it by now: what is wanted begins when that run ends.
    const demand = entry.run === null ? entry.next : null;
    if (demand === null || entry.gone || this.#stopping) return this.#admission.done(target);
    entry.next = null;
    void this.#occupy(entry, demand, new AbortController()).catch((error: unknown) => this.#failed(entry, error)).finally(() => this.#admission.done(target));
  }

  #failed({ definition }: Entry, error: unknown): null {
    this.#parts.bench.ports.log.error("a run failed by itself; this is a bug in Tocsin", { check: definition.name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    return null;
  }

  /** Holds the check while it runs; then comes what waited for the end of the run. */
  async #occupy(entry: Entry, demand: Demand, stop: AbortController): Promise<Result | null> {
    const { name } = entry.definition;
    const { clock } = this.#parts.bench.ports;
    const begun = momentOf(clock);
    this.started += 1;
    if (entry.schedule.kind === "after") {
      entry.slot = null;
      entry.slotDue = Number.POSITIVE_INFINITY;
    }
    const ended = this.#run(entry, demand, stop);
    entry.run = { origin: demand.origin, begun: asOfNow(clock, begun), stop, ended };
    this.#parts.changed(name);
    try {
      return await ended;
    } finally {
      entry.run = null;
      this.#parts.changed(name);
      // The wall clock may be short of the slot by a little.
      this.#parts.ended(entry, asOfNow(clock, { ...begun, wall: instant(Math.max(begun.wall, demand.slot)) }));
      if (entry.next !== null && !entry.gone && !this.#stopping) this.#queue(entry);
    }
  }

  async #run(entry: Entry, demand: Demand, stop: AbortController): Promise<Result | null> {
    const { group } = entry.definition.policy;
    if (group?.run === "own") {
      const open = this.#parts.beliefs.state(entry.definition.name)?.belief.incident ?? null;
      if (demand.origin === "start" && open !== null) await this.#membersRan(group.members);
      return entry.gone || this.#stopping ? null : this.judgeGroup(entry, demand);
    }
    const { target } = entry.definition.hashes;
    const ran = group === null ? await this.#runProbe(entry, demand, stop.signal) : await this.#runTurn(entry, demand, stop);
    // What was asked of an old target says nothing of the new one.
    if (ran === null || entry.gone || entry.definition.hashes.target !== target) return null;
    const now = this.#parts.now();
    const learnt = ran.remember === undefined ? {} : { remember: { of: targetOf(entry.definition), value: ran.remember } };
    const result = this.#parts.paths.saw(entry.definition, ran.result);
    this.#parts.beliefs.result(result, expectBy(dueOf(entry), now), now, learnt);
    return result;
  }

  /** Runs of the members that begin at the same moment are awaited: what is open is not judged by what they saw before. */
  async #membersRan(members: readonly CheckName[]): Promise<void> {
    await Promise.resolve();
    await Promise.allSettled(members.map((member) => this.#parts.entry(member)?.run?.ended).filter((ended) => ended !== undefined));
  }

  #runProbe({ definition, probe, wants }: Entry, demand: Demand, stop: AbortSignal): Promise<Ran | null> {
    const { beliefs, bench } = this.#parts;
    const belief = beliefs.state(definition.name)?.belief;
    const failing = belief?.status === "down" || belief?.incident?.kind === "down";
    const known = belief?.remembered;
    const remembered = known?.of === targetOf(definition) ? known.value : null;
    return execute(bench, { definition, probe, wants, failing, remembered, stop, ...demand });
  }

  /** Runs the members one after the other; null when it was stopped before the last one. */
  async #runTurn(entry: Entry, demand: Demand, stop: AbortController): Promise<Ran | null> {
    const { clock } = this.#parts.bench.ports;
    const begun = momentOf(clock);
    const results = new Map<CheckName, Result | null>();
    for (const name of entry.definition.policy.group?.members ?? []) {
      const member = this.#parts.entry(name);
      // A run of its own, or another group's, may be under way: one at a time, whoever comes first.
      for (let run = member?.run; run; run = member?.run) await Promise.allSettled([run.ended]);
      if (stop.signal.aborted || entry.gone) return null;
      if (member === undefined || member.gone || this.#isPaused(member)) continue;
      results.set(name, await this.#runMember(member, demand, stop.signal).catch((error: unknown) => this.#failed(member, error)));
    }
    if (stop.signal.aborted) return null;
    const result = turnResult(entry.definition, results, (member) => this.#parts.beliefs.view(member), { ...demand, started: asOfNow(clock, begun), tookMs: clock.monotonic() - begun.monotonic, vantage: this.#parts.bench.vantage });
    return { result, remember: undefined };
  }

  /** A member that is removed stops alone; one whose group is stopped stops too. */
  async #runMember(member: Entry, demand: Demand, groupStop: AbortSignal): Promise<Result | null> {
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    groupStop.addEventListener("abort", abort, { once: true });
    try {
      return await this.#occupy(member, demand, stop);
    } finally {
      groupStop.removeEventListener("abort", abort);
    }
  }
}

/** Whose memory it is: of all options only those count that say whom the check asks. */
const targetOf = ({ type, target }: CheckDefinition): string => `${type} ${target}`;
