import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { StatusReport } from "../../src/api/types.ts";
import { Chance } from "../sim/random.ts";
import { storeFindings } from "./consistent.ts";
import { Hook } from "./hook.ts";
import { readKept } from "./kept.ts";
import { type Kill, KILLS, liveAndKill } from "./kill.ts";
import { Life } from "./life.ts";
import { Mailbox } from "./mailbox.ts";
import { Receipts } from "./receipts.ts";
import { Shown } from "./shown.ts";
import { configuration, subjects } from "./site.ts";
import { toldFindings } from "./told.ts";
import { World } from "./world.ts";

export interface CrashReport {
  readonly seed: number;
  readonly folder: string;
  readonly kills: { readonly [kind in Kill]: number };
  readonly outages: number;
  /** Outages that lasted long enough to be held against it. */
  readonly sure: number;
  /** Time in which the test itself could not run. */
  readonly stalledMs: number;
  readonly results: number;
  /** Runs for which the process itself was too late, and the like. */
  readonly unknown: number;
  readonly transitions: number;
  readonly alerts: number;
  readonly deliveries: number;
  readonly taken: number;
  readonly repeats: number;
  /** From the start of the process until it was ready, the longest, ms. */
  readonly startMsMax: number;
  readonly findings: readonly string[];
}

/** Bounds of the quiet end: everything is well, and nothing waits, within so many polls. */
const QUIET_POLLS = 1500;
const QUIET_POLL_MS = 200;
/** So often in a row it must look settled: an alert may wait for its group's window. */
const QUIET_TIMES = 8;

/** Starts and kills Tocsin `times` times on one data folder, lets all heal, and holds what it kept and told against what happened. The folder with logs and database stays when something was found, or to `keep` it. */
export async function crashRound(seed: number, times: number, keep = false): Promise<CrashReport> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-crash-"));
  const round = new Round(folder, seed);
  let report: CrashReport | null = null;
  try {
    report = await round.run(times);
    return report;
  } finally {
    await round.close();
    if (!keep && report?.findings.length === 0) rmSync(folder, { recursive: true, force: true });
  }
}

class Round {
  readonly #folder: string;
  readonly #seed: number;
  readonly #chance: Chance;
  readonly #all = subjects();
  readonly #world: World;
  readonly #receipts = new Receipts();
  readonly #hook: Hook;
  readonly #mailbox: Mailbox;
  readonly #shown = new Shown();
  readonly #lives: Life[] = [];
  readonly #findings: string[] = [];

  constructor(folder: string, seed: number) {
    this.#folder = folder;
    this.#seed = seed;
    this.#chance = new Chance(seed);
    this.#world = new World(folder, this.#all);
    this.#hook = new Hook(this.#receipts, new Chance(seed + 1));
    this.#mailbox = new Mailbox(this.#receipts, new Chance(seed + 2));
  }

  async run(times: number): Promise<CrashReport> {
    await this.#prepare();
    const kills = { starting: 0, running: 0, writing: 0, sending: 0 };
    for (let count = 0; count < times; count += 1) {
      // The first lives make the database: a kill there is a case of its own.
      const kind = count < 2 ? "starting" : this.#chance.pick(KILLS);
      kills[kind] += 1;
      const wrong = await liveAndKill(this.#start(), kind, this.#chance, { data: join(this.#folder, "data"), receipts: this.#receipts });
      if (wrong !== null) this.#findings.push(`start ${count + 1}: ${wrong}`);
    }
    const life = await this.#quiet();
    const end = await life.stop();
    if (end !== "exit code 0") this.#findings.push(`asked to end, it ended with ${end}`);
    // Without a database to look at, why it did not start is all there is to say.
    if (!existsSync(join(this.#folder, "data/tocsin.db"))) throw new Error(["no database was made", ...this.#findings].join("\n"));
    return this.#judge(kills);
  }

  async close(): Promise<void> {
    await this.#shown.end();
    const last = this.#lives.at(-1);
    if (last !== undefined && last.end === null) await last.kill();
    this.#hook.close();
    await this.#mailbox.close();
    await this.#world.close();
  }

  async #prepare(): Promise<void> {
    const [hookPort, mailPort] = [await this.#hook.open(), await this.#mailbox.open()];
    const world = this.#world;
    const places = { addressOf: (name: string) => world.addressOf(name), flagOf: (name: string) => world.flagOf(name), tokenOf: (name: string) => world.tokenOf(name), hookPort, mailPort };
    const data = join(this.#folder, "data");
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(this.#folder, "tocsin.yaml"), configuration(this.#all, places), { mode: 0o600 });
    await this.#world.open();
    this.#world.play(this.#seed);
    this.#shown.watch(() => {
      const life = this.#lives.at(-1);
      return life === undefined || life.end !== null || life.readyAt === null ? null : life;
    });
  }

  #start(): Life {
    const life = new Life(this.#folder, this.#lives.length);
    this.#lives.push(life);
    return life;
  }

  /** Everything heals and everybody listens: the last process must bring all to its end. */
  async #quiet(): Promise<Life> {
    this.#hook.calm();
    this.#mailbox.calm();
    await this.#world.calm();
    const life = this.#start();
    const wrong = await life.ready();
    if (wrong !== null) this.#findings.push(`the last start: ${wrong}`);
    else await this.#settle(life);
    await this.#shown.end();
    return life;
  }

  async #settle(life: Life): Promise<void> {
    let settled = 0;
    for (let polls = 0; settled < QUIET_TIMES; polls += 1) {
      const waitsFor = await unsettled(life);
      settled = waitsFor === "" ? settled + 1 : 0;
      if (life.end !== null || polls === QUIET_POLLS) return void this.#findings.push(`all healed, and after ${polls} polls ${waitsFor}`);
      await pause(QUIET_POLL_MS);
    }
  }

  #judge(kills: CrashReport["kills"]): CrashReport {
    const kept = readKept(join(this.#folder, "data"));
    const { receipts, world } = { receipts: this.#receipts.taken, world: this.#world };
    const lives = this.#lives.map(({ spawnedAt, endedAt }) => ({ from: spawnedAt, to: endedAt ?? Date.now() }));
    const told = toldFindings({ all: this.#all, outages: (name) => world.outages(name), beats: (name) => world.beats(name), lives, receipts, stalls: world.stalls }, kept);
    const logs = this.#lives.flatMap((life, at) => life.log.split("\n").filter(isAlarming).map((line) => `process ${at + 1} wrote: ${line.slice(0, 500)}`));
    return {
      seed: this.#seed,
      folder: this.#folder,
      kills,
      outages: this.#all.reduce((sum, { name }) => sum + world.outages(name).length, 0),
      sure: told.sure,
      stalledMs: world.stalls.reduce((sum, { from, to }) => sum + to - from, 0),
      results: kept.results.length,
      unknown: kept.results.filter(({ verdict }) => verdict === "unknown").length,
      transitions: kept.transitions.length,
      alerts: kept.alerts.length,
      deliveries: this.#receipts.begun,
      taken: receipts.length,
      repeats: receipts.length - new Set(receipts.map(({ key }) => key)).size,
      startMsMax: Math.max(0, ...this.#lives.map(({ spawnedAt, readyAt }) => (readyAt ?? spawnedAt) - spawnedAt)),
      findings: [...this.#findings, ...this.#receipts.oddities, ...storeFindings(kept, this.#all), ...told.findings, ...this.#shown.findings(kept), ...logs],
    };
  }
}

/** Lines of the log that nothing in this test excuses. */
const isAlarming = (line: string): boolean => /this is a bug|given up|damaged|set aside|cannot write|uncaught/i.test(line);

/** What is not yet well, or waits to be told; empty when nothing. */
async function unsettled(life: Life): Promise<string> {
  const status = await life.ask("/api/v1/status");
  if (status?.status !== 200) return "the status was not to be had";
  const { checks } = JSON.parse(status.body) as StatusReport;
  const ill = checks.filter(({ state }) => state !== "up").map(({ name, state }) => `${name} is ${state}`);
  if (ill.length > 0) return ill.join(", ");
  const channels = await life.ask("/api/v1/channels");
  const waiting = (JSON.parse(channels?.body ?? "[]") as { name: string; waiting: number }[]).filter((channel) => channel.waiting > 0);
  return waiting.map((channel) => `${channel.waiting} alerts wait for ${channel.name}`).join(", ");
}
