import { type CheckName, type Instant, instant, type Origin } from "../core/types.ts";
import type { CheckDefinition } from "../config/site.ts";
import { runsFirst } from "../core/schedule.ts";
import type { AnyProbe, Beat, Outcome } from "../probes/probe.ts";
import type { Timer } from "../sys/ports.ts";
import type { Beliefs } from "./beliefs.ts";
import { Delays } from "./delays.ts";
import { DueQueue, EARLY_MS } from "./due.ts";
import { dueOf, type Entry, expectBy, isComing, newEntry, scheduleOf } from "./entry.ts";
import { type Bench, toResult } from "./execute.ts";
import { deadlineOf, hear, LATE_MS, miss, PUT_OFF_LEAST_MS, shiftHeard } from "./passive.ts";
import type { Paths } from "./paths.ts";
import { Pulse } from "./pulse.ts";
import { Runs } from "./runs.ts";
import { Spread, SPREAD_MS } from "./spread.ts";
import { hurriedSlot, regularSlot } from "./slots.ts";

/** The clocks are compared at least so often, so that a step is noticed while nothing is due. */
const IDLE_MS = 1000;

type Due = { readonly entry: Entry; readonly what: "slot" | "start" | "wake" };

export interface EngineParts {
  readonly bench: Bench;
  readonly probes: ReadonlyMap<string, AnyProbe>;
  readonly beliefs: Beliefs;
  readonly limits: { readonly runs: number; readonly perTarget: number };
  /** The wall clock stepped by so many ms. */
  readonly stepped: (byMs: number) => void;
  /** Something that shows changed: a run began or ended. */
  readonly changed: (check: CheckName) => void;
  readonly paths: Pick<Paths, "saw">;
}

/** How a check comes to the engine. */
export interface Arrival {
  readonly definition: CheckDefinition;
  /** `new`: a start run soon; `old`: as its last result was recent; `keep`: its slot stands. */
  readonly start: "new" | "old" | "keep";
  /** Of a check that waits to be told: when it was last heard, the time without listening already added. */
  readonly heardAt: Instant | null;
}

/** Runs every check when it is due: one queue, one timer, no overlap, no backlog. */
export class Engine {
  readonly #parts: EngineParts;
  readonly #entries = new Map<CheckName, Entry>();
  readonly #due = new DueQueue<Due>();
  readonly #runs: Runs;
  readonly #pulse: Pulse;
  readonly delays = new Delays();
  #timer: Timer | null = null;
  #timerDue = Number.POSITIVE_INFINITY;
  #stopping = false;
  readonly #spread = new Spread();
  /** Last time the queue was looked at, on the monotonic clock. */
  turnedAt = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#pulse = new Pulse(parts.bench.ports.clock);
    this.#runs = new Runs({
      bench: parts.bench,
      beliefs: parts.beliefs,
      limits: parts.limits,
      entry: (check) => this.#entries.get(check),
      now: () => this.now(),
      changed: parts.changed,
      paths: parts.paths,
      ended: (entry, begun) => this.#ended(entry, begun),
    });
  }

  /** Runs under way, those of a group's members in turn not counted. */
  get running(): number {
    return this.#runs.running;
  }

  get started(): number {
    return this.#runs.started;
  }

  get skipped(): number {
    return this.#runs.skipped;
  }

  limit(limits: EngineParts["limits"]): void {
    this.#runs.limit(limits);
  }

  nextRunAt(check: CheckName): Instant | null {
    return this.#entries.get(check)?.slot ?? null;
  }

  isRunning(check: CheckName): boolean {
    return (this.#entries.get(check)?.run ?? null) !== null;
  }

  expectBy(check: CheckName): Instant | null {
    const entry = this.#entries.get(check);
    return entry === undefined ? null : expectBy(dueOf(entry), this.now());
  }

  /** Adds a check, or puts a changed definition in place of the old one. The beliefs must have it already. */
  put(arrival: Arrival): void {
    const { definition, start, heardAt } = arrival;
    const probe = this.#parts.probes.get(definition.type);
    if (probe === undefined) throw new Error(`no probe of type ${definition.type}`);
    const schedule = scheduleOf(definition, (check) => this.#entries.get(check)?.definition.policy ?? this.#parts.beliefs.policy(check));
    const known = this.#entries.get(definition.name);
    const sameSchedule = known !== undefined && JSON.stringify(known.schedule) === JSON.stringify(schedule);
    const fresh = newEntry(definition, probe, schedule);
    const entry = known ?? fresh;
    Object.assign(entry, { definition, probe, schedule, wants: fresh.wants });
    this.#entries.set(definition.name, entry);
    const { now, monotonic } = this.#read();
    if (probe.passive !== undefined) {
      const heard = this.#parts.beliefs.state(definition.name)?.seen.verdict === "up";
      if (known === undefined) entry.heardAt = heard ? heardAt : null;
      else if (start === "new") entry.heardAt = null;
      return this.#expectBeat(entry, heardAt ?? now, now, monotonic);
    }
    if (!sameSchedule || start !== "keep") this.#plan(entry, now, monotonic);
    if (start === "new" && runsFirst(schedule, now)) this.#planStart(entry, monotonic);
    this.#arm();
  }

  remove(check: CheckName): void {
    const entry = this.#entries.get(check);
    if (entry === undefined) return;
    entry.gone = true;
    entry.slotDue = entry.startDue = entry.wakeDue = Number.POSITIVE_INFINITY;
    entry.run?.stop.abort();
    this.#entries.delete(check);
  }

  /** Runs a check now, or at once after the run under way. */
  demand(check: CheckName, origin: Origin): boolean {
    const entry = this.#entries.get(check);
    if (entry === undefined || this.#stopping || entry.probe.passive !== undefined) return false;
    this.#runs.want(entry, { slot: this.now(), origin });
    return true;
  }

  /** Runs a check soon that was paused, or of which telling rested, and counts it; one that waits to be told has its whole time again. */
  resume(check: CheckName): void {
    const entry = this.#entries.get(check);
    if (entry === undefined || this.#stopping) return;
    const { now, monotonic } = this.#read();
    if (entry.probe.passive !== undefined) return this.#expectBeat(entry, now, now, monotonic);
    if (entry.schedule.kind !== "never") this.#runs.want(entry, { slot: now, origin: "start" });
  }

  /** Runs a check soon, and counts it, unless a run begun at `since` or later is under way, or its own slot comes as soon. False: it does not run by itself. */
  rerun(check: CheckName, since: Instant): boolean {
    const entry = this.#entries.get(check);
    if (entry === undefined || this.#stopping || entry.probe.passive !== undefined) return true;
    if (entry.schedule.kind === "never") return false;
    const monotonic = this.#parts.bench.ports.clock.monotonic();
    if (!isComing(entry, since, monotonic + SPREAD_MS)) this.#planStart(entry, monotonic);
    return true;
  }

  /** A group's member was judged at `now` and changed: look at the group again. */
  regroup(check: CheckName, now: Instant): void {
    const entry = this.#entries.get(check);
    if (entry !== undefined) this.#runs.regroup(entry, now);
  }

  /** Takes a heartbeat for a check that waits for them. */
  beat(check: CheckName, beat: Beat): void {
    const entry = this.#entries.get(check);
    if (entry === undefined) return;
    const { now, monotonic } = this.#read();
    const outcome = hear(entry, beat, now);
    if (outcome === null) return;
    this.#expectBeat(entry, now, now, monotonic);
    this.#recordPassive(entry, outcome, now, beat.latencyMs ?? 0);
  }

  /** The judge wants a tick at `at`. */
  wake(check: CheckName, at: Instant): void {
    const entry = this.#entries.get(check);
    if (entry === undefined) return;
    const { clock } = this.#parts.bench.ports;
    const due = clock.monotonic() + Math.max(0, at - clock.now());
    if (due >= entry.wakeDue) return;
    entry.wakeDue = due;
    this.#due.push(due, { entry, what: "wake" });
    this.#arm();
  }

  /** Starts nothing more, waits for what runs, aborts what is left when half the time is over. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    await this.#runs.stop(this.#entries.values(), withinMs);
  }

  /** The wall clock's time, to judge by: a step of it is dealt with first. */
  now(): Instant {
    return this.#read().now;
  }

  #read(): { readonly now: Instant; readonly monotonic: number } {
    const { now, monotonic, steppedMs } = this.#pulse.read();
    if (steppedMs !== 0) this.#step(steppedMs, now, monotonic);
    return { now, monotonic };
  }

  /** Sets the next slot after now, by the faster pace where that holds. */
  #plan(entry: Entry, now: Instant, monotonic: number): void {
    const regular = regularSlot(entry, now);
    const sooner = hurriedSlot(entry, this.#parts.beliefs, now);
    entry.slot = regular === null || sooner === null ? regular : instant(Math.min(regular, sooner));
    this.#setSlot(entry, now, monotonic);
  }

  #setSlot(entry: Entry, now: Instant, monotonic: number): void {
    entry.slotDue = entry.slot === null ? Number.POSITIVE_INFINITY : monotonic + Math.max(0, entry.slot - now);
    if (entry.slot !== null) this.#due.push(entry.slotDue, { entry, what: "slot" });
  }

  #planStart(entry: Entry, monotonic: number): void {
    entry.startDue = monotonic + this.#spread.delayMs(entry.definition.policy.everyMs, monotonic, this.#parts.bench.ports.random);
    this.#due.push(entry.startDue, { entry, what: "start" });
    this.#arm();
  }

  #expectBeat(entry: Entry, from: Instant, now: Instant, monotonic: number): void {
    entry.slot = deadlineOf(entry, from);
    entry.putOff = false;
    this.#setSlot(entry, now, monotonic);
    this.#arm();
  }

  #arm(): void {
    const earliest = this.#due.earliest;
    if (this.#stopping) return;
    const { clock } = this.#parts.bench.ports;
    const now = clock.monotonic();
    const due = Math.min(earliest ?? Number.POSITIVE_INFINITY, now + IDLE_MS);
    if (this.#timer !== null && this.#timerDue <= due) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = clock.timer(Math.max(0, due - now), () => this.#turn());
  }

  #turn(): void {
    this.#timer = null;
    const { now, monotonic } = this.#read();
    this.turnedAt = monotonic;
    for (let due = this.#due.pop(monotonic + EARLY_MS); due !== null; due = this.#due.pop(monotonic + EARLY_MS)) this.#happen(due, now, monotonic);
    this.#arm();
  }

  /** The wall clock was put right: durations go on, slots by the wall clock are worked out anew. */
  #step(byMs: number, now: Instant, monotonic: number): void {
    this.#parts.stepped(byMs);
    for (const entry of this.#entries.values()) entry.wakeDue = Number.POSITIVE_INFINITY;
    this.#parts.beliefs.step(byMs, now);
    for (const entry of this.#entries.values()) {
      const wakeAt = this.#parts.beliefs.state(entry.definition.name)?.wakeAt ?? null;
      if (wakeAt !== null) this.wake(entry.definition.name, wakeAt);
      shiftHeard(entry, byMs);
      if (entry.slot === null) continue;
      if (entry.probe.passive !== undefined || entry.schedule.kind === "after") entry.slot = instant(entry.slot + byMs);
      else {
        const missed = entry.slot <= now;
        this.#plan(entry, now, monotonic);
        // A suspended machine: one run for all that were missed.
        if (missed) this.#planStart(entry, monotonic);
      }
    }
  }

  #happen({ entry, what }: Due, now: Instant, monotonic: number): void {
    if (entry.gone) return;
    if (what === "wake") {
      if (entry.wakeDue > monotonic + EARLY_MS) return;
      entry.wakeDue = Number.POSITIVE_INFINITY;
      return this.#wakeUp(entry, now);
    }
    if (what === "start") {
      if (entry.startDue > monotonic + EARLY_MS) return;
      entry.startDue = Number.POSITIVE_INFINITY;
      return this.#runs.want(entry, { slot: now, origin: "start" });
    }
    if (entry.slotDue > monotonic + EARLY_MS || entry.slot === null) return;
    const { slot } = entry;
    const lateMs = monotonic - entry.slotDue;
    this.delays.add(lateMs);
    entry.slotDue = Number.POSITIVE_INFINITY;
    if (entry.probe.passive !== undefined) return lateMs > LATE_MS && !entry.putOff ? this.#putOff(entry, lateMs, now, monotonic) : this.#miss(entry, now, monotonic);
    if (entry.schedule.kind === "after") entry.slot = null;
    else {
      // The wall clock may be short of the slot by a little. The faster pace is looked at when the run has ended.
      entry.slot = regularSlot(entry, instant(Math.max(now, slot)));
      this.#setSlot(entry, now, monotonic);
    }
    this.#runs.want(entry, { slot, origin: "scheduled" });
  }

  #wakeUp(entry: Entry, now: Instant): void {
    const check = entry.definition.name;
    const wakeAt = this.#parts.beliefs.state(check)?.wakeAt ?? null;
    if (wakeAt === null) return;
    if (wakeAt > now) return this.wake(check, wakeAt);
    this.#parts.beliefs.tick(check, now);
    const next = this.#parts.beliefs.state(check)?.wakeAt ?? null;
    if (next !== null) this.wake(check, instant(Math.max(next, now + 1)));
  }

  /** Time in which nobody listened does not count: the deadline comes once more, later by as much or a little more. */
  #putOff(entry: Entry, lateMs: number, now: Instant, monotonic: number): void {
    entry.putOff = true;
    entry.slot = instant(now + Math.round(Math.max(lateMs, PUT_OFF_LEAST_MS)));
    this.#setSlot(entry, now, monotonic);
  }

  /** A paused check still listens, and misses nothing. */
  #miss(entry: Entry, now: Instant, monotonic: number): void {
    this.#expectBeat(entry, now, now, monotonic);
    const outcome = miss(entry, now);
    const paused = this.#parts.beliefs.state(entry.definition.name)?.belief.status === "paused";
    if (outcome !== null && !paused) this.#recordPassive(entry, outcome, now, 0);
  }

  /** After a run's end a fixed delay begins; and a check that fails may run sooner than planned. */
  #ended(entry: Entry, begun: Instant): void {
    if (entry.gone || this.#stopping) return;
    const { now, monotonic } = this.#read();
    if (entry.schedule.kind === "after" && entry.slot === null) this.#plan(entry, now, monotonic);
    else {
      const sooner = hurriedSlot(entry, this.#parts.beliefs, begun);
      if (sooner === null || entry.slot === null || sooner >= entry.slot) return;
      entry.slot = instant(Math.max(now, sooner));
      this.#setSlot(entry, now, monotonic);
    }
    this.#arm();
  }

  #recordPassive(entry: Entry, outcome: Outcome, now: Instant, latencyMs: number): void {
    const { bench, beliefs } = this.#parts;
    beliefs.result(toResult(bench, entry.definition, { slot: now, origin: "scheduled", started: now }, { outcome, tookMs: latencyMs }, 1), null, now);
  }
}
