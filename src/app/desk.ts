import type { Done, Figures, Handle } from "../api/handle.ts";
import { type Banner, type ChannelSummary, type CheckDetail, type CheckSummary, type Overview, type RotationView, STATUS_MARKS, type StatusWord } from "../api/types.ts";
import type { CheckDefinition } from "../config/site.ts";
import type { Mask } from "../core/mask.ts";
import { changesOf, onCall } from "../core/rotation.ts";
import { isWell } from "../core/silence.ts";
import type { Action } from "../core/state.ts";
import { type ChannelName, type CheckName, type Millis, plus } from "../core/types.ts";
import type { Beat } from "../probes/probe.ts";
import { findToken } from "./beats.ts";
import type { Monitor } from "./monitor.ts";
import { describe, summarise } from "./summary.ts";
import { readVersion } from "./version.ts";

const refused = (reason: string, advice: string): Done => ({ kind: "refused", reason, advice });
const unknownCheck = (check: CheckName): Done => refused(`there is no check named ${check}`, "see the list of checks");
const VERSION = readVersion();
const CHANGES_SHOWN = 10;
const DONE: Done = { kind: "done" };

/** Where people ask a running monitor and give it orders: most of the API's handle. */
export class Desk {
  readonly #monitor: Monitor;
  /** Definitions as they may be shown, by the mask that was in force. */
  #masked: { readonly mask: Mask; readonly definitions: WeakMap<CheckDefinition, CheckDefinition> } | null = null;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
  }

  overview(): Overview {
    const checks = [...this.#monitor.roster.checks.keys()].map((name) => this.summary(name)).filter((check) => check !== null);
    const counts = Object.fromEntries(Object.keys(STATUS_MARKS).map((status) => [status, 0])) as Record<StatusWord, number>;
    for (const { state } of checks) counts[state] += 1;
    const { name, vantage, timezone } = this.#monitor.roster.settings;
    return { site: { name, vantage, version: VERSION, startedAt: this.#monitor.startedAt, timezone }, now: this.#monitor.parts.ports.clock.now(), counts, banners: this.#monitor.banners.list(), checks, channels: this.channels() };
  }

  summary(check: CheckName): CheckSummary | null {
    const definition = this.#monitor.roster.checks.get(check);
    const state = this.#monitor.beliefs.state(check);
    if (definition === undefined || state === null) return null;
    const groups = this.#monitor.roster.groupsOf(check);
    const hides = state.belief.status === "up" ? [] : this.#monitor.beliefs.hides(check);
    return summarise(this.#shown(definition), state, { recent: this.#monitor.recent.of(check), nextRunAt: this.#monitor.engine.nextRunAt(check), running: this.#monitor.engine.isRunning(check), hides, groups });
  }

  detail(check: CheckName): Omit<CheckDetail, "results" | "incidents"> | null {
    const definition = this.#monitor.roster.checks.get(check);
    const state = this.#monitor.beliefs.state(check);
    const summary = this.summary(check);
    if (definition === undefined || state === null || summary === null) return null;
    const described = describe(definition, state, summary);
    const masked = (texts: readonly string[]): readonly string[] => texts.map((text) => this.mask(text));
    return { ...described, expect: masked(described.expect), warn: masked(described.warn) };
  }

  /** Host, description and the like may be filled in from references, and those are shown nowhere. */
  #shown(definition: CheckDefinition): CheckDefinition {
    const { mask } = this.#monitor.bench;
    if (this.#masked?.mask !== mask) this.#masked = { mask, definitions: new WeakMap() };
    const known = this.#masked.definitions.get(definition);
    if (known !== undefined) return known;
    const shown = { ...definition, target: mask(definition.target), description: mask(definition.description) };
    this.#masked.definitions.set(definition, shown);
    return shown;
  }

  channels(): readonly ChannelSummary[] {
    return this.#monitor.outbox.channels();
  }

  rotations(): readonly RotationView[] {
    const now = this.#monitor.engine.now();
    return this.#monitor.roster.rotations.map(({ name, rotation }) => ({ name, timezone: rotation.zone, now: onCall(rotation, now), next: changesOf(rotation, now, CHANGES_SHOWN) }));
  }

  banners(): readonly Banner[] {
    return this.#monitor.banners.list();
  }

  runNow(check: CheckName): Done {
    const definition = this.#monitor.roster.checks.get(check);
    if (definition === undefined) return unknownCheck(check);
    if (this.#monitor.engine.demand(check, "manual")) return DONE;
    return refused(`${check} waits for heartbeats and cannot be run`, "send one to its push address");
  }

  pause(check: CheckName, by: string): Done {
    return this.#ordered([check], { kind: "pause", by });
  }

  resume(check: CheckName, by: string): Done {
    const done = this.#ordered([check], { kind: "resume", by, expectBy: this.#monitor.engine.expectBy(check) });
    if (done.kind === "done") this.#monitor.engine.resume(check);
    return done;
  }

  acknowledge(check: CheckName, by: string, note: string): Done {
    const state = this.#monitor.beliefs.state(check);
    if (state !== null && state.belief.incident === null && state.belief.flapping === null) return refused(`${check} has no open incident`, "only an open incident can be acknowledged");
    return this.#ordered([check], { kind: "acknowledge", by, note: this.mask(note) });
  }

  silence(check: CheckName, by: string, forMs: Millis | null = null): Done {
    const meant = this.#withMembers(check);
    if (forMs !== null) return this.#ordered(meant, { kind: "silence", by, until: plus(this.#monitor.engine.now(), forMs) });
    const troubled = meant.filter((name) => {
      const state = this.#monitor.beliefs.state(name);
      return state === null || !isWell(state.belief);
    });
    if (troubled.length === 0) return refused(`${check} is not in trouble, so there is nothing to silence`, "silence it for a time, or set a maintenance for what is planned");
    return this.#ordered(troubled, { kind: "silence", by });
  }

  unsilence(check: CheckName, by: string): Done {
    return this.#ordered(this.#withMembers(check), { kind: "unsilence", by });
  }

  linked(token: string): ReturnType<Handle["linked"]> {
    const linked = this.#monitor.parts.links?.read(token) ?? null;
    if (linked === null) return "unknown";
    for (const name of this.#monitor.roster.checks.keys()) {
      const belief = this.#monitor.beliefs.state(name)?.belief;
      // What is said of flapping bears the id of the outage with which it began.
      if (belief?.incident?.id !== linked.incident && belief?.flapping?.incident !== linked.incident) continue;
      const check = this.summary(name);
      return check === null ? "over" : { name, check, by: linked.by };
    }
    return "over";
  }

  beat(token: string, beat: Beat): "taken" | "unknown" {
    const check = findToken(token, this.#monitor.roster.checks.values(), this.#monitor.parts.probes);
    if (check === null) return "unknown";
    this.#monitor.engine.beat(check, beat);
    return "taken";
  }

  mask(text: string): string {
    return this.#monitor.bench.mask(text);
  }

  /** Engine, store and outbox make progress; why not, otherwise. */
  ready(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    const reasons: string[] = [];
    if (!this.#monitor.turning()) reasons.push("the engine has not looked at its queue for 10 s");
    if (this.#monitor.committer.failingSince !== null) reasons.push("the store cannot be written");
    const outbox = this.#monitor.outbox.trouble();
    if (outbox !== null) reasons.push(outbox);
    reasons.push(...this.#monitor.banners.blocking());
    return { ready: reasons.length === 0, reasons };
  }

  figures(): Omit<Figures, "loopDelayMs"> {
    const { committer, engine, outbox } = this.#monitor;
    return {
      runsStarted: engine.started,
      runsSkipped: engine.skipped,
      runsRunning: engine.running,
      resultsDropped: committer.dropped,
      commits: committer.commits,
      commitFailures: committer.failures,
      batchesWaiting: committer.waiting,
      startDelayMs: engine.delays.figures(),
      ...outbox.figures(),
    };
  }

  /** Sends a dead letter after all. */
  async sendAgain(message: string): Promise<Done> {
    const sent = await this.#monitor.outbox.sendAgain(message);
    if (sent === "taken") return DONE;
    return sent === "no-channel" ? refused("its channel is no longer in the configuration", "add a channel of that name again") : refused("there is no failed message with this id", "`tocsin outbox --failed` lists them");
  }

  /** Sends a test message; the channel's own answer. */
  async testChannel(name: ChannelName): Promise<{ readonly kind: "sent" | "retry" | "refused"; readonly detail: string }> {
    const sending = await this.#monitor.outbox.test(name);
    return { kind: sending.kind, detail: sending.kind === "sent" ? sending.detail : sending.reason };
  }

  /** A group stands for its members, as in a maintenance. */
  #withMembers(check: CheckName): readonly CheckName[] {
    const meant = new Set([check]);
    for (const name of meant) for (const member of this.#monitor.roster.checks.get(name)?.policy.group?.members ?? []) meant.add(member);
    return [...meant];
  }

  #ordered(checks: readonly CheckName[], action: Action): Done {
    for (const check of checks) {
      if (!this.#monitor.roster.checks.has(check)) return unknownCheck(check);
      this.#monitor.act(check, action);
    }
    return DONE;
  }
}
