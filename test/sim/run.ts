import { type Alert, checkName, type CheckName, instant } from "../../src/core/types.ts";
import type { AnyProbe } from "../../src/probes/probe.ts";
import type { Store } from "../../src/store/store.ts";
import { changeOf } from "./berlin.ts";
import { LifeClock, VirtualTime } from "./clock.ts";
import { NO_FAULTS, SimulatedDisk } from "./disk.ts";
import { type Breach, Ledger } from "./ledger.ts";
import { Life } from "./life.ts";
import { checkEscalation } from "./escalation.ts";
import { checkBounds, checkReceipts, checkStories, checkWindowEnds, type History, type Span } from "./promises.ts";
import { deciding } from "./plants.ts";
import { remembering } from "./probe.ts";
import { Chance } from "./random.ts";
import { Receivers } from "./receivers.ts";
import { HOSTS, NIGHTLY, simulatedSite, TOUCHED, wayTo } from "./site.ts";
import { checkTelling } from "./telling.ts";
import { Timetable } from "./timetable.ts";
import { Truth } from "./truth.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Time for everything to come right after the last fault. */
const HEALING = 8 * HOUR;
/** Half a day before clocks change in Berlin: forward, back, and so on through ten years. */
const startOf = (seed: number): number => changeOf(2026 + (Math.floor((seed - 1) / 2) % 10), seed % 2 === 0 ? "back" : "forward") - 13 * HOUR;

export interface Options {
  readonly seed: number;
  readonly days: number;
  /** Puts a bug between Tocsin and its store, to show that the simulation finds it. */
  readonly plant?: (store: Store) => Store;
  /** Puts a bug into the judge: what it decides to tell instead. */
  readonly decide?: (alerts: readonly Alert[]) => readonly Alert[];
}

export interface Report {
  readonly seed: number;
  readonly days: number;
  readonly breaches: readonly Breach[];
  readonly errors: readonly string[];
  readonly events: number;
  readonly runs: number;
  readonly lives: number;
  readonly transitions: number;
  readonly receipts: number;
  readonly outagesJudged: number;
  /** Runs by the clock on the wall that were looked for. */
  readonly slotsJudged: number;
  /** Steps of escalation by time that were looked for. */
  readonly stepsJudged: number;
  /** Orders that people gave. */
  readonly orders: number;
}

/** Runs the whole of Tocsin but its page for some virtual days, with everything going wrong by chance, and checks its promises. */
export async function simulate(options: Options): Promise<Report> {
  return new Simulation(options).run();
}

class Simulation {
  readonly #seed: number;
  readonly #days: number;
  readonly #plant: (store: Store) => Store;
  readonly #decide: (store: Store) => Store;
  readonly #chance: Chance;
  readonly #time: VirtualTime;
  readonly #timetable: Timetable;
  readonly #root: LifeClock;
  readonly #truth: Truth;
  readonly #receivers: Receivers;
  readonly #ledger: Ledger;
  readonly #probe: AnyProbe;
  readonly #site;
  readonly #lives: { from: number; to: number }[] = [];
  readonly #storeTrouble: Span[] = [];
  readonly #clockSteps: number[] = [];
  readonly #errors: string[] = [];
  readonly #crashes: number[] = [];
  readonly #hushed: (Span & { readonly check: string })[] = [];
  readonly #dead: (Span & { readonly channel: string })[] = [];
  #orders = 0;
  #disk: SimulatedDisk;
  #life: Life | null = null;

  constructor({ seed, days, plant, decide }: Options) {
    this.#seed = seed;
    this.#days = days;
    this.#plant = plant ?? ((store) => store);
    this.#decide = (store) => (decide === undefined ? store : deciding(store, decide));
    this.#chance = new Chance(seed);
    this.#time = new VirtualTime(startOf(seed));
    this.#timetable = new Timetable(startOf(seed));
    this.#root = new LifeClock(this.#time);
    this.#site = simulatedSite(this.#chance);
    const monotonic = (): number => this.#time.monotonic;
    this.#truth = new Truth(this.#chance, HOSTS, days * DAY, wayTo);
    this.#receivers = new Receivers(this.#chance, monotonic);
    this.#ledger = new Ledger(this.#truth, this.#site.checks, monotonic);
    this.#probe = remembering((check, known) => {
      this.#ledger.given(check, known);
      this.#timetable.began(check, { atMs: this.#time.monotonic, wall: this.#time.now });
    });
    this.#disk = new SimulatedDisk({ random: () => this.#chance.fraction(), clock: this.#root, faults: { ...NO_FAULTS, delayMsMax: 20 } });
  }

  async run(): Promise<Report> {
    const end = this.#days * DAY;
    this.#boot();
    this.#again(10 * HOUR, end, () => this.#crash());
    this.#again(2 * DAY, end, () => this.#stepClock());
    this.#again(9 * HOUR, end, () => this.#troubleStore());
    this.#again(8 * HOUR, end, () => this.#killChannel());
    this.#again(3 * HOUR, end, () => this.#order());
    await this.#time.runUntil(end);
    this.#heal();
    await this.#time.runUntil(end + HEALING);
    this.#close();
    return this.#report(end + HEALING);
  }

  #report(endMs: number): Report {
    const { receipts } = this.#receivers;
    checkReceipts(this.#ledger, receipts);
    checkStories(this.#ledger, receipts);
    checkTelling(this.#ledger, this.#crashes, this.#clockSteps);
    const slotsJudged = this.#timetable.check(this.#ledger, this.#site.checks, this.#lives);
    const windows = this.#ledger.windows(NIGHTLY.check, endMs);
    checkWindowEnds(this.#ledger, this.#truth, windows);
    const hushed = [...this.#hushed, ...windows];
    const history: History = { lives: this.#lives, storeTrouble: this.#storeTrouble, clockSteps: this.#clockSteps, hushed, dead: this.#dead, endMs };
    const judged = checkBounds(this.#ledger, this.#truth, this.#site.checks, receipts, history);
    const stepsJudged = checkEscalation(this.#ledger, this.#site.checks, history);
    const { breaches, results, transitions } = this.#ledger;
    return { seed: this.#seed, days: this.#days, breaches, errors: this.#errors, events: this.#time.events, runs: results, lives: this.#lives.length, transitions, receipts: receipts.length, outagesJudged: judged, slotsJudged, stepsJudged, orders: this.#orders };
  }

  /** Does something at random times with this mean distance, until `end`. */
  #again(meanMs: number, end: number, what: () => void): void {
    const next = this.#time.monotonic + this.#chance.waiting(meanMs);
    if (next >= end) return;
    this.#time.at(next, () => {
      what();
      this.#again(meanMs, end, what);
    });
  }

  #boot(): void {
    const life = new Life({
      time: this.#time,
      chance: this.#chance,
      truth: this.#truth,
      disk: this.#disk,
      site: this.#site,
      channel: this.#receivers.type(() => this.#lives.length),
      probe: this.#probe,
      watch: (store) => this.#decide(this.#ledger.watch(this.#plant(store))),
      errors: this.#errors,
    });
    this.#life = life;
    void this.#live(life);
  }

  async #live(life: Life): Promise<void> {
    const alive = await life.begin((sequence) => this.#ledger.reborn(sequence));
    if (alive && this.#life === life) this.#lives.push({ from: this.#time.monotonic, to: Number.POSITIVE_INFINITY });
  }

  #crash(): void {
    const life = this.#life;
    if (life === null) return;
    const last = this.#lives.at(-1);
    if (last !== undefined && last.to === Number.POSITIVE_INFINITY) last.to = this.#time.monotonic;
    this.#crashes.push(this.#time.monotonic);
    this.#disk = life.crash();
    this.#life = null;
    const absent = this.#chance.chance(0.7) ? this.#chance.between(SECOND, MINUTE) : this.#chance.between(MINUTE, HOUR);
    // Healing may have begun meanwhile.
    this.#time.at(this.#time.monotonic + absent, () => {
      if (this.#life === null) this.#boot();
    });
  }

  #stepClock(): void {
    const size = this.#chance.chance(0.3) ? DAY : this.#chance.between(3 * SECOND, HOUR);
    const byMs = Math.round(this.#chance.chance(0.5) ? size : -size);
    this.#clockSteps.push(this.#time.monotonic);
    this.#timetable.stepped(this.#time.monotonic, byMs);
    this.#time.step(byMs);
  }

  /** Somebody acknowledges, silences or pauses a check; what is paused is resumed some time later. */
  #order(): void {
    const check = checkName(this.#chance.pick(TOUCHED));
    const monitor = this.#life?.monitor ?? null;
    const belief = monitor?.beliefs.state(check)?.belief;
    if (monitor === null || belief === undefined) return;
    const by = "ann";
    const what = this.#chance.pick(["acknowledge", "silence", "silence for a time", "pause"]);
    this.#orders += 1;
    // What was held back may only be told much later, with the recovery; a clock put back makes a silence longer.
    this.#hushed.push({ check, from: this.#time.monotonic, to: this.#time.monotonic + (what === "silence for a time" ? 40 : 12) * HOUR });
    if (what === "acknowledge") monitor.act(check, { kind: "acknowledge", by, note: "" });
    else if (what === "silence") monitor.act(check, { kind: "silence", by });
    else if (what === "silence for a time") monitor.act(check, { kind: "silence", by, until: instant(this.#time.now + Math.round(this.#chance.between(MINUTE, 3 * HOUR))) });
    else {
      monitor.act(check, { kind: "pause", by });
      this.#time.at(this.#time.monotonic + this.#chance.between(MINUTE, HOUR), () => this.#resume(check));
    }
  }

  #resume(check: CheckName): void {
    const monitor = this.#life?.monitor ?? null;
    // Nobody hears it now: they come back later.
    if (monitor === null) {
      this.#time.at(this.#time.monotonic + MINUTE, () => this.#resume(check));
      return;
    }
    monitor.act(check, { kind: "resume", by: "ann", expectBy: monitor.engine.expectBy(check) });
    monitor.engine.resume(check);
  }

  #troubleStore(): void {
    const from = this.#time.monotonic;
    const to = from + this.#chance.between(SECOND, 3 * MINUTE);
    const kind = this.#chance.pick(["fail", "doubt", "full", "slow"]);
    this.#disk.faults = { delayMsMax: kind === "slow" ? 4000 : 20, failRate: kind === "fail" ? 0.7 : 0, doubtRate: kind === "doubt" ? 0.5 : 0, full: kind === "full" };
    this.#storeTrouble.push({ from, to });
    this.#time.at(to, () => {
      this.#disk.faults = { ...NO_FAULTS, delayMsMax: 20 };
    });
  }

  #killChannel(): void {
    const name = this.#chance.pick(["flaky", "boss", "flaky"]);
    const from = this.#time.monotonic;
    const to = from + this.#chance.between(MINUTE, 3 * HOUR);
    this.#receivers.dead.add(name);
    this.#dead.push({ channel: name, from, to });
    this.#time.at(to, () => void this.#receivers.dead.delete(name));
  }

  #heal(): void {
    this.#receivers.dead.clear();
    this.#receivers.trouble = {};
    this.#disk.faults = NO_FAULTS;
    if (this.#life === null) this.#boot();
    // Whatever was held back is told, and all go on.
    this.#time.at(this.#time.monotonic + MINUTE, () => {
      for (const check of TOUCHED.map(checkName)) {
        this.#life?.monitor?.act(check, { kind: "unsilence", by: "ann" });
        this.#resume(check);
      }
    });
  }

  #close(): void {
    const monitor = this.#life?.monitor ?? null;
    const last = this.#lives.at(-1);
    if (last !== undefined && last.to === Number.POSITIVE_INFINITY) last.to = this.#time.monotonic;
    if (monitor === null) return this.#ledger.breach("it starts again", "there is no running process at the end");
    for (const { name } of this.#site.checks) {
      const status = monitor.beliefs.state(name)?.belief.status;
      if (status !== "up") this.#ledger.breach("belief follows truth", `${name} is believed ${status} though every host has been well for hours`);
    }
    this.#life?.crash();
  }
}
