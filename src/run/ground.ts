import { SimulatedDisk } from "../../test/sim/disk.ts";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import { Chance } from "../../test/sim/random.ts";
import type { CheckDefinition } from "../config/site.ts";
import { scheduleGapMs, type Schedule } from "../core/schedule.ts";
import type { Batch } from "../core/state.ts";
import { type CheckName, channelName, checkName, type FactValue, type GroupPolicy, type Instant, instant, millis, type Policy, type Result, type Verdict } from "../core/types.ts";
import type { AnyProbe, Outcome, Probe, ProbeContext } from "../probes/probe.ts";
import { openMemoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import type { Log, Pinger, Ports } from "../sys/ports.ts";
import { Beliefs } from "./beliefs.ts";
import { Committer } from "./commit.ts";
import { Engine } from "./engine.ts";
import { policyOf, scheduleOf } from "./entry.ts";
import type { Bench } from "./execute.ts";
import { Paths } from "./paths.ts";
import { Traces } from "./traces.ts";

/** Ground for tests of the run folder: engine, beliefs, committer and a store on a virtual clock; only the probe's answers are made up. */

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const T0 = instant(Date.UTC(2026, 0, 1, 12));

export const outcomeOf = (verdict: Verdict, more: Partial<Outcome> = {}): Outcome => ({ verdict, code: verdict === "up" ? "ok" : "refused", sentence: `saw ${verdict}`, phases: {}, facts: {}, evidence: [], ...more });

export const every = (ms: number): Schedule => ({ kind: "every", ms: millis(ms) });
export const after = (ms: number): Schedule => ({ kind: "after", ms: millis(ms) });
export const NEVER: Schedule = { kind: "never" };

export interface Wish {
  readonly schedule?: Schedule;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly target?: string;
  readonly parents?: readonly string[];
  readonly group?: { readonly members: readonly string[]; readonly require?: GroupPolicy["require"]; readonly run: "turn" | "own"; readonly renotify?: boolean; readonly bySight?: boolean; readonly byState?: true };
  /** Waits for heartbeats: the longest time between two. */
  readonly within?: number;
  readonly policy?: Partial<Policy>;
  readonly definition?: Partial<CheckDefinition>;
}

export function definitionOf(text: string, wish: Wish = {}): CheckDefinition {
  const name = checkName(text);
  const { schedule = every(MINUTE), timeoutMs = 10 * SECOND, retries = 0, group, within, target = text } = wish;
  const type = group !== undefined ? "group" : within !== undefined ? "push" : "fake";
  const turns = group?.run === "turn" ? group.members.length : 1;
  const policy: Policy = {
    check: name,
    type,
    failAfter: 1,
    recoverAfter: 1,
    warnAfter: 1,
    everyMs: scheduleGapMs(schedule, T0),
    failingEveryMs: scheduleGapMs(schedule, T0),
    runMs: millis((retries + 1) * timeoutMs * turns),
    initial: "pending",
    onFail: true,
    onPass: true,
    steps: [{ after: { kind: "runs", count: 1 }, to: [channelName("ops")], repeatMs: null }],
    recipients: { ops: ["ann"] },
    rotations: {},
    parents: (wish.parents ?? []).map(checkName),
    group: group === undefined ? null : { require: group.require ?? "all", run: group.run, members: group.members.map(checkName), renotify: group.renotify ?? false, bySight: group.bySight ?? false, ...(group.byState === undefined ? {} : { byState: group.byState }) },
    flapping: null,
    ...wish.policy,
  };
  return { name, type, options: { name: text, within: within ?? 0 }, target, description: "", tags: [], schedule, timeoutMs: millis(timeoutMs), retries, expect: [], warn: [], policy, was: null, paused: false, traced: null, hashes: { target, judging: "", telling: "" }, ...wish.definition };
}

interface FakeOptions {
  readonly name: string;
  readonly within: number;
}

const quiet = (): void => undefined;

/** What a check's runs do: the verdict, and after how long; `hang` waits for the deadline. */
export interface Behaviour {
  verdict: Verdict;
  tookMs: number;
  hang?: boolean;
  more?: Partial<Outcome>;
  remember?: FactValue;
}

const UP: Behaviour = { verdict: "up", tookMs: 1 };

export class World {
  readonly time: VirtualTime;
  readonly clock: LifeClock;
  readonly behaviours = new Map<string, Behaviour>();
  /** Each run that began, `seconds since T0 name`. */
  readonly began: string[] = [];
  /** Whether each run was told that its check is failing. */
  readonly failing: (boolean | undefined)[] = [];
  /** What each run was given back of what an earlier one learnt. */
  readonly remembered: (FactValue | undefined)[] = [];
  readonly results: Result[] = [];
  readonly batches: Batch[] = [];
  readonly errors: string[] = [];
  readonly stepped: number[] = [];
  /** What traces see; for tests to put another in place. */
  trace: Pinger["trace"] = () => Promise.reject(new Error("no traces"));
  overlaps = 0;
  readonly #running = new Set<string>();
  readonly bench: Bench;
  readonly committer: Committer;
  readonly beliefs: Beliefs;
  readonly engine: Engine;
  readonly paths: Paths;
  readonly definitions = new Map<CheckName, CheckDefinition>();

  private constructor(time: VirtualTime, store: Store, limits: { readonly runs: number; readonly perTarget: number }) {
    this.time = time;
    this.clock = new LifeClock(time);
    this.bench = { ports: this.#ports(), vantage: "here", mask: (text) => text.replaceAll("s3cret", "***") };
    const { clock } = this;
    const watched: Pick<Store, "commit" | "sequence" | "rename"> = {
      commit: async (batch, synced) => {
        await store.commit(batch, synced);
        this.batches.push(batch);
      },
      sequence: () => store.sequence(),
      rename: (from, to) => store.rename(from, to),
    };
    this.committer = new Committer({ store: watched, clock, log: this.bench.ports.log, sequence: 0, hooks: { committed: quiet, unrecorded: quiet, trouble: quiet } });
    this.beliefs = new Beliefs(this.committer, {
      changed: quiet,
      ask: (parent) => void this.engine.demand(parent, "confirm"),
      again: (check) => this.engine.resume(check),
      rerun: (check, since) => this.engine.rerun(check, since),
      regroup: (group, now) => this.engine.regroup(group, now),
      wake: (check, at) => this.engine.wake(check, at),
      seen: (result) => void this.results.push(result),
    });
    this.paths = new Paths({ clock, log: this.bench.ports.log, traces: new Traces(this.bench.ports), late: (check, evidence) => this.beliefs.evidence(check, evidence) });
    const probes = new Map<string, AnyProbe>([["fake", this.#fake("fake")], ["group", this.#fake("group")], ["push", { ...this.#fake("push"), passive: PASSIVE }]]);
    this.engine = new Engine({ bench: this.bench, probes, beliefs: this.beliefs, limits, stepped: (byMs) => void this.stepped.push(byMs), changed: quiet, paths: this.paths });
  }

  static async open(limits = { runs: 100, perTarget: 100 }): Promise<World> {
    const time = new VirtualTime(T0);
    const disk = new SimulatedDisk({ random: () => 0.5, clock: new LifeClock(time) });
    return new World(time, await openMemoryStore({ disk }), limits);
  }

  /** Puts checks in place as a start does. */
  add(...wishes: readonly (readonly [name: string, wish?: Wish])[]): void {
    this.put(wishes.map(([name, wish]) => definitionOf(name, wish)));
  }

  put(definitions: readonly CheckDefinition[]): void {
    for (const definition of definitions) this.definitions.set(definition.name, definition);
    for (const definition of definitions) this.beliefs.put(this.#policy(definition), null, this.engine.now());
    this.beliefs.connect();
    for (const definition of definitions) {
      this.engine.put({ definition, start: "new", heardAt: null });
      this.beliefs.action(definition.name, { kind: "added", expectBy: this.engine.expectBy(definition.name) }, this.engine.now());
    }
  }

  act(check: string, kind: "pause" | "resume"): void {
    const name = checkName(check);
    const by = "ann";
    this.beliefs.action(name, kind === "pause" ? { kind, by } : { kind, by, expectBy: this.engine.expectBy(name) }, this.engine.now());
    if (kind === "resume") this.engine.resume(name);
  }

  set(check: string, verdict: Verdict, tookMs = 1, hang = false): void {
    this.behaviours.set(check, { verdict, tookMs, hang });
  }

  async pass(ms: number): Promise<void> {
    await this.time.runUntil(this.time.monotonic + ms);
  }

  status(check: string): string | undefined {
    return this.beliefs.state(checkName(check))?.belief.status;
  }

  /** Seconds since T0 at which runs of the check began. */
  runsOf(check: string): readonly number[] {
    return this.began.filter((line) => line.slice(line.indexOf(" ") + 1) === check).map((line) => Number.parseFloat(line));
  }

  resultsOf(check: string): readonly Result[] {
    return this.results.filter((result) => result.check === checkName(check));
  }

  #policy(definition: CheckDefinition): Policy {
    return policyOf(definition, scheduleOf(definition, (name) => this.definitions.get(name)?.policy ?? null));
  }

  async #runs({ name }: FakeOptions, ctx: ProbeContext): Promise<Outcome> {
    const { verdict, tookMs, hang = false, remember, more = {} } = this.behaviours.get(name) ?? UP;
    if (this.#running.has(name)) this.overlaps += 1;
    this.#running.add(name);
    this.failing.push(ctx.failing);
    this.remembered.push(ctx.remembered);
    this.began.push(`${Math.round(this.time.monotonic) / 1000} ${name}`);
    try {
      return await new Promise<Outcome>((resolve) => {
        const timer = hang ? null : ctx.clock.timer(tookMs, () => resolve(outcomeOf(verdict, { ...more, ...(remember === undefined ? {} : { remember }) })));
        ctx.signal.addEventListener("abort", () => {
          timer?.cancel();
          resolve(outcomeOf("down", { code: "timeout", sentence: "no answer" }));
        });
      });
    } finally {
      this.#running.delete(name);
    }
  }

  #fake(type: string): AnyProbe {
    const probe: Probe<FakeOptions> = { type, about: "", source: "", options: UNREAD, facts: {}, target: ({ name }) => name, run: (of, ctx) => this.#runs(of, ctx) };
    return probe;
  }

  #ports(): Ports {
    const log: Log = { debug: quiet, info: quiet, warn: quiet, error: (text) => void this.errors.push(text) };
    return {
      clock: this.clock,
      random: new Chance(1),
      network: { resolve: (ip) => Promise.resolve({ kind: "resolved", addresses: [{ ip, family: 4 }] }), connect: () => Promise.reject(new Error("no network")), datagram: () => Promise.reject(new Error("no network")) },
      pinger: { ping: () => Promise.reject(new Error("no pings")), trace: (request) => this.trace(request) },
      processes: { run: () => Promise.reject(new Error("no processes")), environment: {} },
      patterns: { match: ({ source, flags }, text) => new RegExp(source, flags).exec(text), matchesAny: ({ source, flags }, texts) => texts.some((text) => new RegExp(source, flags).test(text)) },
      host: { uptimeMs: () => 0, load: () => [0, 0, 0], processors: () => ({ count: 1, idleMs: 0, totalMs: 0 }), memory: () => ({ totalBytes: 0, availableBytes: 0, swapTotalBytes: 0, swapFreeBytes: 0 }), disk: () => Promise.reject(new Error("no disk")), temperatures: () => Promise.resolve({ kind: "told", readings: [] }), system: () => ({ name: "", release: "", machine: "" }) },
      log,
    };
  }
}

/** The engine takes options as loaded and never reads a schema. */
const UNREAD = {} as Probe<FakeOptions>["options"];

const PASSIVE: NonNullable<AnyProbe["passive"]> = {
  token: () => "t",
  nextDeadline: (options, from) => instant(from + (options as FakeOptions).within),
  ofBeat: (_, { status }) => (status === "start" || status === "log" ? null : outcomeOf(status)),
  ofMiss: (_, last, now) => outcomeOf("down", { code: "missed", sentence: last === null ? "none yet" : `none for ${(now - last) / SECOND} s` }),
};

export const since = (at: Instant): number => (at - T0) / SECOND;
