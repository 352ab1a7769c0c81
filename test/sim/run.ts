import type { AnyProbe } from "../../src/probes/probe.ts";
import type { Store } from "../../src/store/store.ts";
import { LifeClock, VirtualTime } from "./clock.ts";
import { NO_FAULTS, SimulatedDisk } from "./disk.ts";
import { type Breach, Ledger } from "./ledger.ts";
import { Life } from "./life.ts";
import { checkBounds, checkReceipts, type Span } from "./promises.ts";
import { remembering } from "./probe.ts";
import { Chance } from "./random.ts";
import { Receivers } from "./receivers.ts";
import { HOSTS, simulatedSite } from "./site.ts";
import { Truth } from "./truth.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Time for everything to come right after the last fault. */
const HEALING = 8 * HOUR;
const START = Date.UTC(2026, 2, 28, 12);

export interface Options {
  readonly seed: number;
  readonly days: number;
  /** Puts a bug between Tocsin and its store, to show that the simulation finds it. */
  readonly plant?: (store: Store) => Store;
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
}

/** Runs the whole of Tocsin but its page for some virtual days, with everything going wrong by chance, and checks its promises. */
export async function simulate({ seed, days, plant }: Options): Promise<Report> {
  return new Simulation(seed, days, plant ?? ((store) => store)).run();
}

class Simulation {
  readonly #seed: number;
  readonly #days: number;
  readonly #plant: (store: Store) => Store;
  readonly #chance: Chance;
  readonly #time = new VirtualTime(START);
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
  #disk: SimulatedDisk;
  #life: Life | null = null;

  constructor(seed: number, days: number, plant: (store: Store) => Store) {
    this.#seed = seed;
    this.#days = days;
    this.#plant = plant;
    this.#chance = new Chance(seed);
    this.#root = new LifeClock(this.#time);
    this.#site = simulatedSite(this.#chance);
    const monotonic = (): number => this.#time.monotonic;
    this.#truth = new Truth(this.#chance, HOSTS, days * DAY, (host) => host.startsWith("behind"));
    this.#receivers = new Receivers(this.#chance, monotonic);
    this.#ledger = new Ledger(this.#truth, this.#site.checks, monotonic);
    this.#probe = remembering((check, known) => this.#ledger.given(check, known));
    this.#disk = new SimulatedDisk({ random: () => this.#chance.fraction(), clock: this.#root, faults: { ...NO_FAULTS, delayMsMax: 20 } });
  }

  async run(): Promise<Report> {
    const end = this.#days * DAY;
    this.#boot();
    this.#again(10 * HOUR, end, () => this.#crash());
    this.#again(2 * DAY, end, () => this.#stepClock());
    this.#again(9 * HOUR, end, () => this.#troubleStore());
    this.#again(8 * HOUR, end, () => this.#killChannel());
    await this.#time.runUntil(end);
    this.#heal();
    await this.#time.runUntil(end + HEALING);
    this.#close();
    return this.#report(end + HEALING);
  }

  #report(endMs: number): Report {
    const { receipts } = this.#receivers;
    checkReceipts(this.#ledger, receipts);
    const judged = checkBounds(this.#ledger, this.#truth, this.#site.checks, receipts, { lives: this.#lives, storeTrouble: this.#storeTrouble, clockSteps: this.#clockSteps, endMs });
    const { breaches, results, transitions } = this.#ledger;
    return { seed: this.#seed, days: this.#days, breaches, errors: this.#errors, events: this.#time.events, runs: results, lives: this.#lives.length, transitions, receipts: receipts.length, outagesJudged: judged };
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
      watch: (store) => this.#ledger.watch(this.#plant(store)),
      errors: this.#errors,
    });
    this.#life = life;
    void this.#live(life);
  }

  async #live(life: Life): Promise<void> {
    const alive = await life.begin((sequence) => this.#ledger.reborn(sequence));
    if (alive) this.#lives.push({ from: this.#time.monotonic, to: Number.POSITIVE_INFINITY });
  }

  #crash(): void {
    const life = this.#life;
    if (life === null) return;
    const last = this.#lives.at(-1);
    if (last !== undefined && last.to === Number.POSITIVE_INFINITY) last.to = this.#time.monotonic;
    this.#disk = life.crash();
    this.#life = null;
    const absent = this.#chance.chance(0.7) ? this.#chance.between(SECOND, MINUTE) : this.#chance.between(MINUTE, HOUR);
    this.#time.at(this.#time.monotonic + absent, () => this.#boot());
  }

  #stepClock(): void {
    const size = this.#chance.chance(0.3) ? DAY : this.#chance.between(3 * SECOND, HOUR);
    this.#clockSteps.push(this.#time.monotonic);
    this.#time.step(this.#chance.chance(0.5) ? size : -size);
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
    this.#receivers.dead.add(name);
    this.#time.at(this.#time.monotonic + this.#chance.between(MINUTE, 3 * HOUR), () => void this.#receivers.dead.delete(name));
  }

  #heal(): void {
    this.#receivers.dead.clear();
    this.#receivers.trouble = {};
    this.#disk.faults = NO_FAULTS;
    if (this.#life === null) this.#boot();
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
