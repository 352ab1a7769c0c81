import { hash128 } from "../core/ids.ts";
import { type Alert, type AlertId, type ChannelName, checkName, type Instant, plus } from "../core/types.ts";
import type { MessageRow, OutboxChange, Store } from "../store/store.ts";
import type { Timer } from "../sys/ports.ts";
import { backoffMs } from "./backoff.ts";
import type { AnyChannel, Sending } from "./channels/channel.ts";
import { Courier, type OutboxChannel, type OutboxSite } from "./courier.ts";
import type { SendingPorts } from "./deliver.ts";
import { Fallback } from "./fallback.ts";
import type { ChannelTrouble } from "./health.ts";
import { Patience, Pauses } from "./patience.ts";
import { CAP_SPAN_MS, type ChannelLimits, dueAt, heads, isEmpty, NOTHING, pairOf, plan, type Plan } from "./plan.ts";
import { Standing } from "./standing.ts";
import { Unrecorded } from "./unrecorded.ts";

export type { OutboxChannel, OutboxSite } from "./courier.ts";

export interface OutboxOptions {
  readonly store: Pick<Store, "outbox" | "unsettled" | "changeOutbox" | "claimMessage" | "settleMessage" | "wasTold" | "formedSince" | "messages" | "incident">;
  readonly ports: SendingPorts;
  /** The channel of a type; undefined when there is none. */
  readonly channelOf: (type: string) => AnyChannel | undefined;
  readonly site: OutboxSite;
  /** Takes secrets out of what channels say before it is stored or logged. */
  readonly mask: (text: string) => string;
  /** Called with all broken channels whenever they changed. */
  readonly onTrouble: (troubles: readonly ChannelTrouble[]) => void;
  /** Time for one try in ms; default 30 s. */
  readonly sendMs?: number;
}

export interface ChannelStatus {
  readonly name: ChannelName;
  readonly type: string;
  readonly recipients: readonly string[];
  readonly brokenSince: Instant | null;
  readonly reason: string;
  /** Recipients that it does not reach though it reaches others. */
  readonly unreachable: readonly { readonly recipient: string; readonly since: Instant; readonly reason: string }[];
  /** Alerts that are not settled, as of the last look. */
  readonly waiting: number;
}

const SEND_MS = 30_000;
/** Rows looked at in one round; with more waiting, rounds follow each other. */
const LIMIT = 5000;
/** Dead letters that can be sent again: the newest. */
const DEAD_LETTERS = 10_000;
/** The longest sleep while something waits, so that a step of the wall clock is noticed. */
const NAP_MS = 60_000;

/** Sends what is in the store's outbox: durable before it is sent, in order for each recipient, tried again until it is settled. One a process. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #standing: Standing;
  readonly #patience: Patience;
  readonly #pauses: Pauses;
  readonly #fallback: Fallback;
  readonly #courier: Courier;
  readonly #unrecorded: Unrecorded;
  #site: OutboxSite;
  #channels: ReadonlyMap<ChannelName, OutboxChannel & ChannelLimits>;
  #state: "idle" | "running" | "stopped" = "stopped";
  #again = false;
  #timer: Timer | null = null;
  /** Messages to be tried before their time, because news waits behind them. */
  readonly #hastened = new Set<string>();
  /** Pairs of which news that was never tried waits behind another message. */
  #behind: ReadonlySet<string> = new Set();
  #waiting: ReadonlyMap<ChannelName, number> = new Map();
  /** Committed and not sent: with a store that fails for long they go out from memory as well, before what came later. */
  readonly #unsent = new Map<AlertId, Alert>();

  constructor(options: OutboxOptions) {
    const { store, ports, mask, sendMs = SEND_MS } = options;
    this.#options = options;
    this.#site = options.site;
    this.#channels = this.#byName(options.site);
    this.#patience = new Patience(ports.clock, ports.log, mask);
    this.#pauses = new Pauses(ports.clock);
    this.#standing = new Standing({ store, clock: ports.clock, channels: () => this.#site.channels, write: (change) => this.#write(change), onTrouble: options.onTrouble });
    this.#fallback = new Fallback({ store, channels: () => this.#site.channels, keepsOpen: (type) => options.channelOf(type)?.keepsOpen === true });
    this.#courier = new Courier({
      store,
      ports,
      channelOf: options.channelOf,
      site: () => this.#site,
      mask,
      sendMs,
      patience: this.#patience,
      pauses: this.#pauses,
      fallback: this.#fallback,
      onClaimed: (alerts) => this.#keep(alerts),
      onDone: (alerts) => {
        for (const { id } of alerts) this.#unsent.delete(id);
      },
      onOutcome: (channel, recipient, sending) => this.#noteOutcome(channel, recipient, sending),
      onFree: () => this.kick(),
      isInTheWay: (row) => this.#behind.has(pairOf(row)),
      isBroken: (channel) => this.#standing.broken.has(channel),
      isFailing: (channel, recipient) => this.#standing.isFailing(channel, recipient),
    });
    this.#standing.keep();
    this.#unrecorded = new Unrecorded({
      send: (key, alerts) => this.#sendFromMemory(key, alerts),
      pause: (tries) => this.#pauses.pause(backoffMs(tries, ports.random.fraction(), undefined)),
      stopped: () => this.#pauses.signal.aborted,
    });
  }

  /** Begins with what an earlier life left behind. */
  start(): void {
    this.#state = "idle";
    this.kick();
  }

  /** Call after each commit with alerts in it, with these. Cheap; never throws. */
  kick(committed: readonly Alert[] = []): void {
    this.#keep(committed);
    this.#again = true;
    if (this.#state !== "idle") return;
    const wait = this.#patience.waitMs();
    if (wait > 0) this.#arm(wait);
    else void this.#run();
  }

  #byName(site: OutboxSite): ReadonlyMap<ChannelName, OutboxChannel & ChannelLimits> {
    const limits = ({ type }: OutboxChannel): Pick<ChannelLimits, "alertsPerMessage"> => {
      const most = this.#options.channelOf(type)?.alertsPerMessage;
      return most === undefined ? {} : { alertsPerMessage: most };
    };
    return new Map(site.channels.map((channel) => [channel.name, { ...channel, ...limits(channel) }]));
  }

  /** Another configuration: what waits goes out by it; what waits for a channel that is gone becomes a dead letter. */
  setSite(site: OutboxSite): void {
    this.#site = site;
    this.#channels = this.#byName(site);
    this.#standing.keep();
    this.kick();
  }

  /** Sends alerts that could not be committed, from memory, marked as such, and before them what was committed and not sent; the same alert is taken once. */
  sendUnrecorded(alerts: readonly Alert[]): void {
    this.#unrecorded.send([...this.#unsent.values(), ...alerts]);
  }

  /** Sends a test message past the outbox to every recipient of a channel; the worst of the answers. */
  async test(name: ChannelName): Promise<Sending> {
    const channel = this.#channels.get(name);
    if (channel === undefined) return { kind: "refused", reason: `there is no channel ${name}` };
    const { clock, random } = this.#options.ports;
    const at = clock.now();
    const answers: Sending[] = [];
    for (const recipient of channel.recipients) {
      const id = hash128(JSON.stringify(["test", name, recipient, at, random.fraction()])) as AlertId;
      const sentence = `this is a test of channel ${name}; nothing is wrong`;
      const rest = { incident: null, at, status: "up", since: at, code: "ok", evidence: [], hides: [], outageFrom: null, step: 0, ordinal: 1 } as const;
      const alert: Alert = { id, kind: "test", check: checkName(this.#site.facts.name), channel: name, recipient, sentence, ...rest };
      const { sending } = await this.#courier.send(channel, this.#courier.render(channel, id, [alert], { asOf: at, alsoTold: [], unrecorded: false }));
      answers.push(sending);
    }
    const worst = answers.find((answer) => answer.kind === "refused") ?? answers.find((answer) => answer.kind === "retry");
    return worst ?? answers[0] ?? { kind: "refused", reason: `channel ${name} has no recipients` };
  }

  /** Sends a dead letter after all, by a new message; why not, when it cannot. */
  async sendAgain(id: string): Promise<"taken" | "not-failed" | "no-channel"> {
    const failed = await this.#options.store.messages({ status: "failed", limit: DEAD_LETTERS });
    const row = failed.find((one) => one.id === id);
    if (row === undefined) return "not-failed";
    if (!this.#channels.has(row.channel)) return "no-channel";
    await this.#write({ ...NOTHING, revive: [id] });
    this.kick();
    return "taken";
  }

  /** How each channel of the site is. */
  channels(): readonly ChannelStatus[] {
    return this.#site.channels.map(({ name, type, recipients }) => {
      const broken = this.#standing.broken.get(name);
      const unreachable = [...this.#standing.unreachable(name)].map(([recipient, how]) => ({ recipient, ...how }));
      return { name, type, recipients, brokenSince: broken?.since ?? null, reason: broken?.reason ?? "", unreachable, waiting: this.#waiting.get(name) ?? 0 };
    });
  }

  figures(): { readonly alertsWaiting: number; readonly messagesSent: number; readonly messagesFailed: number } {
    const { sent, failed } = this.#courier.counts;
    return { alertsWaiting: [...this.#waiting.values()].reduce((sum, count) => sum + count, 0), messagesSent: sent, messagesFailed: failed };
  }

  /** Why the outbox makes no progress; null while it does. */
  trouble(): string | null {
    return this.#patience.trouble();
  }

  /** Begins no more sends, gives those under way `graceMs`, then ends them; what is not settled by then is sent again after the next start. */
  async stop(graceMs: number): Promise<void> {
    this.#state = "stopped";
    this.#timer?.cancel();
    const grace = this.#options.ports.clock.timer(graceMs, () => this.#pauses.end());
    await Promise.all([this.#courier.settled(), this.#unrecorded.settled()]);
    grace.cancel();
    this.#pauses.end();
  }

  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  #arm(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.ports.clock.timer(Math.max(0, ms), () => this.kick());
  }

  async #run(): Promise<void> {
    this.#state = "running";
    try {
      while (this.#again && !this.#isStopped() && this.#patience.waitMs() <= 0) {
        this.#again = false;
        await this.#round();
      }
    } catch (error) {
      this.#again = true;
      this.#patience.failed("looking at the outbox", error);
      this.#standing.report();
    }
    if (this.#isStopped()) return;
    this.#state = "idle";
    if (this.#again) this.kick();
  }

  /** One look at the outbox: channels' incidents, then new messages, then sending what is due. */
  async #round(): Promise<void> {
    const { store, ports } = this.#options;
    // What settles while the store is read looks like a message that a crash left behind: left for the next round.
    const leftAlone = new Set(this.#courier.busy.keys());
    const unsent = [...this.#unsent.keys()];
    const { alerts, messages, health } = await store.outbox(LIMIT);
    this.#forget(unsent, alerts, messages);
    this.#keep(alerts);
    if (await this.#standing.settle(health, alerts)) {
      this.#again = true;
      return;
    }
    await this.#tellEndsOfRemoved([...alerts, ...messages.filter((row) => !leftAlone.has(row.id))]);
    const formed = await this.#formed(alerts);
    const made = plan({ now: ports.clock.now(), alerts, messages, busy: leftAlone, channels: this.#channels, formed, told: this.#unsent, notBefore: this.#standing.notBefore() });
    if (!isEmpty(made.change)) await this.#write(made.change);
    const gone = new Set(made.change.supersede);
    const rows = [...messages.filter((row) => !gone.has(row.id)), ...made.change.messages.filter((row) => row.status === "waiting")];
    for (const id of made.hasten) this.#hastened.add(id);
    this.#count(alerts, messages);
    if (this.#isStopped()) return;
    this.#dispatch(rows, leftAlone, made);
    if (alerts.length === LIMIT && !isEmpty(made.change)) this.#again = true;
    if (this.#courier.busy.size === 0) this.#patience.worked();
  }

  /** What waits for channels that are gone leaves the outbox with the next plan. */
  async #tellEndsOfRemoved(waiting: readonly Pick<Alert, "channel" | "recipient">[]): Promise<void> {
    const removed = new Map(waiting.filter(({ channel }) => !this.#channels.has(channel)).map((one) => [pairOf(one), one]));
    for (const one of removed.values()) await this.#fallback.tellEndsFor(one);
    if (removed.size > 0) this.#again = true;
  }

  #keep(alerts: readonly Alert[]): void {
    for (const alert of alerts) this.#unsent.set(alert.id, alert);
  }

  /** Of those known before the look, what waits no longer was withdrawn or given up. */
  #forget(unsent: readonly AlertId[], alerts: readonly Alert[], messages: readonly MessageRow[]): void {
    if (unsent.length === 0 || alerts.length === LIMIT || messages.length === LIMIT) return;
    const waiting = new Set([...alerts.map((alert) => alert.id), ...messages.flatMap((row) => row.alerts)]);
    for (const id of unsent) if (!waiting.has(id)) this.#unsent.delete(id);
  }

  async #write(change: OutboxChange): Promise<void> {
    await this.#options.store.changeOutbox(change);
    this.#patience.worked();
    for (const row of change.messages) if (row.status === "failed") this.#courier.noteFailed(row, row.lastReason);
  }

  async #formed(alerts: readonly Alert[]): Promise<ReadonlyMap<ChannelName, number>> {
    const formed = new Map<ChannelName, number>();
    const since = plus(this.#options.ports.clock.now(), -CAP_SPAN_MS);
    for (const name of new Set(alerts.map((alert) => alert.channel))) {
      if ((this.#channels.get(name)?.cap ?? null) !== null) formed.set(name, (await this.#options.store.formedSince(name, since)).length);
    }
    return formed;
  }

  #count(alerts: readonly Alert[], messages: readonly MessageRow[]): void {
    const waiting = new Map<ChannelName, number>();
    for (const { channel } of alerts) waiting.set(channel, (waiting.get(channel) ?? 0) + 1);
    for (const row of messages) waiting.set(row.channel, (waiting.get(row.channel) ?? 0) + row.alerts.length);
    this.#waiting = waiting;
  }

  /** Starts what is due and finds the time of the next look. */
  #dispatch(rows: readonly MessageRow[], leftAlone: ReadonlySet<string>, { wakeAt }: Plan): void {
    const now = this.#options.ports.clock.now();
    const notBefore = this.#standing.notBefore();
    let next = wakeAt === null ? NAP_MS : wakeAt - now;
    const first = new Set(heads(rows));
    this.#behind = new Set(rows.filter((row) => row.tries === 0 && !first.has(row)).map(pairOf));
    for (const row of first) {
      if (leftAlone.has(row.id) || this.#courier.busy.has(row.id) || !this.#channels.has(row.channel)) continue;
      const wait = Math.max(this.#hastened.has(row.id) ? 0 : dueAt(row, now) - now, (notBefore.get(row.channel) ?? 0) - now);
      if (wait > 0) next = Math.min(next, wait);
      else if (this.#courier.hasRoom(row.channel)) {
        this.#hastened.delete(row.id);
        this.#courier.begin(row);
      }
    }
    if (rows.length > 0 || wakeAt !== null) this.#arm(Math.min(next, NAP_MS));
  }

  async #sendFromMemory(key: string, alerts: readonly [Alert, ...Alert[]]): Promise<Sending | null> {
    const { log, clock } = this.#options.ports;
    const [{ channel: name, recipient }] = alerts;
    const channel = this.#channels.get(name);
    if (channel === undefined) return null;
    const { sending } = await this.#courier.send(channel, this.#courier.render(channel, key, alerts, { asOf: clock.now(), alsoTold: [], unrecorded: true }));
    if (sending.kind === "sent") log.warn(`message to ${name} sent from memory, not recorded`, { key, recipient });
    else log.error(`message to ${name} could not be sent from memory: ${sending.reason}`, { key, recipient });
    return sending;
  }

  #noteOutcome(channel: ChannelName, recipient: string, sending: Sending): void {
    // What fails because Tocsin stops says nothing of the channel.
    if (sending.kind !== "sent" && this.#pauses.signal.aborted) return;
    // The next look tells the others, and reports when it is known whether anybody was told.
    if (this.#standing.outcome(channel, recipient, sending)) this.kick();
  }
}
