import type { Change } from "../api/handle.ts";
import type { Links } from "../api/links.ts";
import type { AnyChannel } from "../alert/channels/channel.ts";
import { Outbox, type OutboxSite } from "../alert/outbox.ts";
import type { CheckDefinition } from "../config/site.ts";
import { carriedState } from "../core/carried.ts";
import { seenFrom } from "../core/draft.ts";
import { createMask } from "../core/mask.ts";
import type { Action, Terms } from "../core/state.ts";
import { type Alert, type CheckName, type Instant, instant, type Policy } from "../core/types.ts";
import type { AnyProbe, ChannelState } from "../probes/probe.ts";
import { Beliefs } from "../run/beliefs.ts";
import { Committer } from "../run/commit.ts";
import { Engine } from "../run/engine.ts";
import { Digests } from "./digests.ts";
import { latencyPicture } from "./picture.ts";
import { missed, policyOf, scheduleOf } from "../run/entry.ts";
import type { Bench } from "../run/execute.ts";
import { Paths } from "../run/paths.ts";
import { removedPolicy, termsOf } from "../run/terms.ts";
import { Traces } from "../run/traces.ts";
import type { Loaded, Store } from "../store/store.ts";
import type { Ports } from "../sys/ports.ts";
import { Banners } from "./banners.ts";
import { Recent } from "./recent.ts";
import { Roster, type Update } from "./roster.ts";
import { Windows } from "./windows.ts";

/** Without a look at its queue for so long the engine is stuck, ms. */
const STUCK_MS = 10_000;

/** Everything that belief needs: what the simulation drives, and what `tocsin run` wraps with files, signals and a page. */
export interface MonitorParts {
  readonly ports: Ports;
  readonly probes: readonly AnyProbe[];
  /** The channel of a type; undefined when there is none. */
  readonly channelOf: (type: string) => AnyChannel | undefined;
  readonly store: Store;
  readonly loaded: Loaded;
  readonly first: Update;
  /** Signs links in messages; absent where there is no page to lead to. */
  readonly links?: Links;
}

/** Checks on schedule, judged, committed and told: the whole of Tocsin but the world around it. */
export class Monitor {
  readonly parts: MonitorParts;
  readonly roster: Roster;
  readonly committer: Committer;
  readonly beliefs: Beliefs;
  readonly engine: Engine;
  readonly #paths: Paths;
  readonly #windows: Windows;
  readonly #digests: Digests;
  readonly outbox: Outbox;
  readonly banners: Banners;
  readonly recent = new Recent();
  readonly bench: { -readonly [Key in keyof Bench]: Bench[Key] };
  readonly #listeners = new Set<(change: Change) => void>();
  readonly startedAt: Instant;

  constructor(parts: MonitorParts) {
    this.parts = parts;
    const { ports, store, loaded, first } = parts;
    const { clock, log } = ports;
    this.startedAt = instant(clock.now());
    this.roster = new Roster(first.settings);
    this.banners = new Banners(clock, log, () => this.#emit({ kind: "banners" }));
    this.bench = { ports, vantage: first.settings.vantage, mask: createMask(first.secrets), channel: (name) => this.#channel(name) };
    this.outbox = new Outbox({
      store,
      ports,
      channelOf: parts.channelOf,
      site: this.#outboxSite(first),
      mask: (text) => this.bench.mask(text),
      onTrouble: (troubles) => this.banners.channels(troubles),
    });
    this.committer = new Committer({
      store,
      clock,
      log,
      sequence: loaded.sequence,
      hooks: {
        committed: (alerts) => this.outbox.kick(alerts),
        unrecorded: (alerts: readonly Alert[]) => this.outbox.sendUnrecorded(alerts),
        trouble: (sentence) => this.banners.store(sentence),
      },
    });
    this.beliefs = new Beliefs(this.committer, {
      changed: (check) => this.#changed(check),
      ask: (parent) => void this.engine.demand(parent, "confirm"),
      again: (check) => this.engine.resume(check),
      rerun: (check, since) => this.engine.rerun(check, since),
      regroup: (group, now) => this.engine.regroup(group, now),
      wake: (check, at) => this.engine.wake(check, at),
      seen: (result) => this.recent.add(result.check, result.verdict),
    });
    const probes = new Map(parts.probes.map((probe) => [probe.type, probe]));
    const traces = new Traces(ports);
    this.#paths = new Paths({ clock, log, traces, late: (check, evidence) => this.beliefs.evidence(check, evidence) });
    this.engine = new Engine({
      bench: this.bench,
      probes,
      beliefs: this.beliefs,
      limits: first.settings.limits,
      stepped: (byMs) => this.banners.clockStepped(byMs),
      changed: (check) => this.#changed(check),
      paths: this.#paths,
    });
    this.#digests = new Digests({ clock, log, store, site: () => this.roster.settings, checks: () => this.roster.checks, groupsOf: (name) => this.roster.groupsOf(name), made: () => this.outbox.kick() });
    this.#windows = new Windows(clock, {
      subjects: () => this.roster.subjects(),
      believed: (check) => this.beliefs.state(check)?.belief.muting.maintenance ?? [],
      changed: (check, open) => this.act(check, { kind: "maintenance", open }),
    });
  }

  #channel(name: string): ChannelState | null {
    const known = this.outbox.channels().find((one) => one.name === name);
    return known === undefined ? null : { waiting: known.waiting, broken: known.brokenSince === null ? null : { reason: known.reason }, unreachable: known.unreachable };
  }

  #outboxSite({ settings, channels }: Pick<Update, "settings" | "channels">): OutboxSite {
    const { name, vantage, url, timezone } = settings;
    return { facts: { name, vantage, url, timezone }, channels, check: (check) => this.roster.checks.get(check) ?? null, picture: (check, asOf) => latencyPicture(this.parts.store, check, asOf, timezone), ...(this.parts.links === undefined ? {} : { token: (linked) => this.parts.links?.token(linked) ?? "" }) };
  }

  /** Takes up what was believed before, and begins. */
  start(): void {
    const { first, loaded } = this.parts;
    const now = this.#now();
    this.#configure(first);
    this.beliefs.begin(now);
    const known = new Map(loaded.states.map((state) => [state.check, state]));
    const aliveAt = loaded.states.reduce((latest, state) => Math.max(latest, state.last?.started ?? 0), 0);
    const arrivals = this.#taken(known, now);
    const renamed = arrivals.filter(({ definition, before }) => before !== definition.name).map(({ definition, before }) => ({ from: before, to: definition.name }));
    const fresh = arrivals.filter(({ terms, stored }) => terms.hash !== stored?.terms?.hash);
    this.beliefs.configured({ renamed, gone: [...known.keys()] }, fresh.map(({ terms }) => terms), now);
    for (const { definition, before, stored, terms } of arrivals) {
      const { name } = definition;
      const state = stored === undefined ? (terms.begun ?? null) : { check: before, belief: stored.belief, seen: seenFrom(stored.last), wakeAt: null };
      this.beliefs.put({ ...this.#effective(definition), check: before }, state, now);
      if (before === name) continue;
      this.beliefs.rename(before, name);
      this.beliefs.put(this.#effective(definition), null, now);
    }
    this.beliefs.connect();
    for (const { definition } of arrivals) this.#arrive(definition, aliveAt, now);
    // Changed while Tocsin was not running.
    for (const { definition, stored, terms } of arrivals) if (stored?.terms?.target !== undefined && stored.terms.target !== terms.target) this.#reload(definition, "target");
    for (const [check, stored] of known) this.#forgetStored(check, stored, now);
    this.#windows.configure(first.maintenance);
    this.outbox.start();
    void this.#fillRecent();
  }

  /** The checks to begin with, each with what is stored of it, which `known` no longer has then. */
  #taken(known: Map<CheckName, Loaded["states"][number]>, now: Instant): readonly { readonly definition: CheckDefinition; readonly before: CheckName; readonly stored: Loaded["states"][number] | undefined; readonly terms: Terms }[] {
    const { first } = this.parts;
    const left = new Map(first.carried?.map((one) => [one.check as CheckName, one]));
    return first.added.map((definition) => {
      const { name, was } = definition;
      // Renamed while Tocsin was not running.
      const before = was !== null && !known.has(name) && known.has(was) && !this.roster.checks.has(was) ? was : name;
      const stored = known.get(before);
      known.delete(before);
      const carried = stored === undefined ? left.get(name) : undefined;
      const begun = carried === undefined ? null : carriedState(this.#effective(definition), carried, now);
      return { definition, before, stored, terms: this.#termsOf(definition, stored === undefined ? { begun } : {}) };
    });
  }

  /** Puts a changed configuration in place: what did not change keeps its state and its schedule. */
  apply(update: Update): void {
    const now = this.#now();
    for (const { from, definition } of update.renamed) this.#rename(from, definition.name);
    for (const check of update.removed) this.#remove(check, now);
    this.#configure(update);
    const old = [...update.changed.map((change) => change.definition), ...update.renamed.map((rename) => rename.definition)];
    const arrivals = [...update.added, ...old];
    const renamed = update.renamed.map(({ from, definition }) => ({ from, to: definition.name }));
    const terms = [...update.added.map((definition) => this.#termsOf(definition, { begun: null })), ...old.map((definition) => this.#termsOf(definition, {}))];
    this.beliefs.configured({ renamed, gone: [] }, terms, now);
    for (const definition of arrivals) this.beliefs.put(this.#effective(definition), null, now);
    this.beliefs.connect();
    for (const definition of update.added) {
      this.engine.put({ definition, start: "new", heardAt: null });
      const watch = this.#waits(definition) ? { watchFrom: now } : {};
      this.act(definition.name, { kind: "added", expectBy: this.engine.expectBy(definition.name), ...watch });
      if (definition.paused) this.act(definition.name, { kind: "pause", by: "configuration" });
    }
    for (const { definition, what } of [...update.changed, ...update.renamed]) this.#reload(definition, what ?? "telling");
    this.#windows.configure(update.maintenance);
    this.#emit({ kind: "site" });
  }

  /** The engine looks at its queue as it should. */
  turning(): boolean {
    return this.parts.ports.clock.monotonic() - this.engine.turnedAt < STUCK_MS;
  }

  /** Runs end or are aborted, what is believed is written, channels finish their sends; within about `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    const { clock } = this.parts.ports;
    const deadline = clock.monotonic() + withinMs;
    this.#windows.stop();
    this.#digests.stop();
    this.#paths.stop();
    await this.engine.stop(withinMs / 2);
    await this.committer.flush(clock.monotonic() + withinMs / 4);
    await this.outbox.stop(Math.max(0, deadline - clock.monotonic()));
    this.committer.close();
  }

  #now(): Instant {
    return this.engine.now();
  }

  /** The policy that is judged by: a group judged from its members' states has its own pace and no threshold. */
  #effective(definition: CheckDefinition): Policy {
    const schedule = scheduleOf(definition, (check) => this.roster.checks.get(check)?.policy ?? null);
    return policyOf(definition, schedule);
  }

  #termsOf(definition: CheckDefinition, begun: Pick<Terms, "begun">): Terms {
    const policyOf = (check: CheckName): Policy | null => this.roster.checks.get(check)?.policy ?? null;
    return termsOf(definition, { probes: this.parts.probes, policyOf, mask: this.bench.mask, ...begun });
  }

  #configure(update: Update): void {
    this.roster.apply(update);
    this.bench.mask = createMask(update.secrets);
    this.bench.vantage = update.settings.vantage;
    this.beliefs.siteVersion = update.version;
    this.engine.limit(update.settings.limits);
    this.outbox.setSite(this.#outboxSite(update));
    this.#digests.configure(update.channels, this.parts.loaded.states.length > 0);
  }

  #arrive(definition: CheckDefinition, aliveAt: number, now: Instant): void {
    const { name } = definition;
    const { seen, belief } = this.beliefs.state(name) ?? {};
    const last = seen?.last ?? null;
    // What is open is told further once a run has seen that it still is so.
    const soon = last === null || missed(definition, last.started, now) || (belief?.incident ?? null) !== null;
    const heardAt = this.#waits(definition) ? this.#watchFrom(name, aliveAt, now) : null;
    this.engine.put({ definition, start: soon ? "new" : "old", heardAt });
    const watch = heardAt === null ? {} : { watchFrom: heardAt };
    const anew = last !== null && definition.schedule.kind !== "never" && missed(definition, last.started, now, 2) ? { anew: true as const } : {};
    const expectBy = this.engine.expectBy(name);
    this.act(name, last === null ? { kind: "added", expectBy, ...watch } : { kind: "restart", expectBy, ...watch, ...anew });
    const paused = this.beliefs.state(name)?.belief.muting.paused ?? null;
    if (definition.paused && paused === null) this.act(name, { kind: "pause", by: "configuration" });
    if (!definition.paused && paused?.by === "configuration") this.act(name, { kind: "resume", by: "configuration", expectBy: this.engine.expectBy(name) });
  }

  /** Whether the check waits to be told. */
  #waits({ type }: CheckDefinition): boolean {
    return this.parts.probes.some((probe) => probe.type === type && probe.passive !== undefined);
  }

  /** From when a silence counts: since the last result, or since the watch began, with the time added in which nobody listened, over however many starts. */
  #watchFrom(check: CheckName, aliveAt: number, now: Instant): Instant {
    const state = this.beliefs.state(check);
    const last = state?.seen.last?.started ?? null;
    const { from, at } = state?.belief.watch ?? { from: last ?? now, at: last ?? now };
    return instant(Math.min(now, from + Math.max(0, now - Math.max(aliveAt, at))));
  }

  #reload(definition: CheckDefinition, what: "target" | "judging" | "telling"): void {
    const { name, paused } = definition;
    this.engine.put({ definition, start: what === "target" ? "new" : "keep", heardAt: this.beliefs.state(name)?.seen.last?.started ?? null });
    const expectBy = this.engine.expectBy(name);
    this.act(name, { kind: "reload", changed: what, expectBy });
    const by = this.beliefs.state(name)?.belief.muting.paused?.by ?? null;
    if (paused && by === null) this.act(name, { kind: "pause", by: "configuration" });
    if (!paused && by === "configuration") this.act(name, { kind: "resume", by: "configuration", expectBy });
  }

  #rename(from: CheckName, to: CheckName): void {
    this.engine.remove(from);
    this.beliefs.rename(from, to);
    this.recent.rename(from, to);
  }

  #remove(check: CheckName, now: Instant): void {
    this.beliefs.action(check, { kind: "remove" }, now);
    this.beliefs.drop(check);
    this.engine.remove(check);
    this.recent.drop(check);
  }

  /** A check that is in the store but no longer in the file: it was removed while Tocsin was not running. */
  #forgetStored(check: CheckName, stored: Loaded["states"][number], now: Instant): void {
    const policy = removedPolicy(check);
    this.beliefs.put(policy, { check, belief: stored.belief, seen: seenFrom(stored.last), wakeAt: null }, now);
    this.#remove(check, now);
  }

  act(check: CheckName, action: Action): void {
    this.beliefs.action(check, action, this.#now());
  }

  #changed(check: CheckName): void {
    if (this.#listeners.size > 0) this.#emit({ kind: "checks", names: [check] });
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #emit(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** The bars of the list, from the store, without hurry. */
  async #fillRecent(): Promise<void> {
    for (const check of this.roster.checks.keys()) {
      try {
        const results = await this.parts.store.results({ check, limit: 30 });
        const older = results.filter((result) => result.started < this.startedAt).map((result) => result.verdict);
        if (older.length > 0) this.recent.fill(check, older.toReversed());
      } catch {
        return;
      }
    }
    this.#emit({ kind: "site" });
  }
}

