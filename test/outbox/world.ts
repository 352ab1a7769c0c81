import { LifeClock, VirtualTime } from "../sim/clock.ts";
import { Chance } from "../sim/random.ts";
import { type Alert, type AlertId, channelName, checkName, type Incident, type IncidentId, instant, millis } from "../../src/core/types.ts";
import { openMemoryStore } from "../../src/store/memory.ts";
import { type Store, StoreError } from "../../src/store/store.ts";
import type { Log, Network, Processes } from "../../src/sys/ports.ts";
import type { AnyChannel, Message, Sending } from "../../src/alert/channels/channel.ts";
import type { ChannelTrouble } from "../../src/alert/health.ts";
import type { Draw } from "../../src/alert/pictures.ts";
import { Outbox, type OutboxChannel, type OutboxSite } from "../../src/alert/outbox.ts";

export const T0 = instant(Date.UTC(2026, 10, 20, 3, 0, 0));
export const MINUTE = 60_000;
export const SENT: Sending = { kind: "sent", detail: "250 ok" };
export const LATER: Sending = { kind: "retry", reason: "451 later", doubt: false };
export const LOST: Sending = { kind: "retry", reason: "no answer", doubt: true };
export const REFUSED: Sending = { kind: "refused", reason: "550 no" };

/** The type of a channel that carries files. */
export const FILES = "files";
/** The type of a channel that keeps open what it is told. */
export const KEEPER = "keeper";
const picture: Draw = (check) => Promise.resolve({ name: "latency.png", type: "image/png", content: Buffer.from(check) });
const siteOf = (channels: readonly OutboxChannel[]): OutboxSite => ({ facts: { name: "Example", vantage: "home", url: null, timezone: "UTC" }, channels, check: () => null, picture });

type Answer = (message: Message, signal: AbortSignal) => Sending | Promise<Sending>;
interface Received {
  readonly channel: string;
  readonly atMs: number;
  readonly message: Message;
}
export const unused = (): never => {
  throw new Error("not in these tests");
};
const network: Network = { resolve: unused, connect: unused, datagram: unused };
const processes: Processes = { run: unused, environment: {} };

export const definition = (name: string, more: Partial<OutboxChannel> = {}): OutboxChannel => ({ name: channelName(name), type: "fake", options: name, recipients: [""], cap: null, groupMs: millis(2000), alone: false, templates: { subject: null, text: null }, fallback: null, ...more });

/** An outbox over a memory store in virtual time, and channels that answer as they are told. */
export class World {
  readonly time = new VirtualTime(T0);
  readonly received: Received[] = [];
  readonly lines: string[] = [];
  answers: { [channel: string]: Answer } = {};
  /** Verbs of the store that fail now. */
  readonly failing = new Set<string>();
  troubles: readonly ChannelTrouble[] = [];
  #sequence = 0;
  readonly store: Store;
  clock = new LifeClock(this.time);
  outbox: Outbox;

  constructor(store: Store, channels: readonly OutboxChannel[]) {
    this.store = store;
    this.outbox = this.make(channels);
  }

  make(channels: readonly OutboxChannel[]): Outbox {
    const { clock } = this;
    const note = (text: string): void => void this.lines.push(text);
    const log: Log = { debug: note, info: note, warn: note, error: note };
    const fake: AnyChannel = {
      type: "fake",
      about: "",
      source: "",
      options: unused as never,
      recipients: () => [""],
      send: async (options, message, { signal }) => {
        this.received.push({ channel: String(options), atMs: this.time.monotonic, message });
        return (this.answers[String(options)] ?? (() => SENT))(message, signal);
      },
    };
    const types = new Map<string, AnyChannel>([[fake.type, fake], [FILES, { ...fake, attaches: true }], [KEEPER, { ...fake, keepsOpen: true }]]);
    const store = new Proxy(this.store, {
      get: (target, verb: keyof Store) => {
        // A dead process writes nothing any more.
        if (clock !== this.clock) return () => new Promise<never>(() => {});
        if (this.failing.has(verb)) return () => Promise.reject(new StoreError("failed", "disk on fire"));
        const value = target[verb];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const ports = { clock, random: new Chance(1), network, processes, log };
    const mask = (text: string): string => text.replaceAll("hunter2", "***");
    return new Outbox({ store, ports, channelOf: (type) => types.get(type), site: siteOf(channels), mask, onTrouble: (troubles) => (this.troubles = troubles) });
  }

  /** The configuration has other channels now. */
  configure(channels: readonly OutboxChannel[]): void {
    this.outbox.setSite(siteOf(channels));
  }

  /** The process dies and another one starts on the same store. */
  async crash(channels: readonly OutboxChannel[]): Promise<void> {
    this.clock.kill();
    this.clock = new LifeClock(this.time);
    this.outbox = this.make(channels);
    this.outbox.start();
    await this.pass(0);
  }

  async commit(alerts: readonly Alert[], incident?: Incident): Promise<void> {
    const incidents = incident === undefined ? [] : [{ incident, change: "opened", evidence: [] }];
    await this.store.commit({ sequence: ++this.#sequence, results: [], states: [], removed: [], transitions: [], incidents, alerts, journal: [] });
    this.outbox.kick();
  }

  async pass(ms: number): Promise<void> {
    const until = this.time.monotonic + ms;
    // What was started outside of an event goes on as far as it can, before time passes.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    await this.time.runUntil(until);
  }

  get subjects(): readonly string[] {
    return this.received.map(({ channel, message }) => `${channel}: ${message.subject}`);
  }
  get keys(): readonly string[] {
    return this.received.map(({ message }) => message.key);
  }
  async rows(): Promise<readonly string[]> {
    return (await this.store.messages({ limit: 100 })).map((row) => `${row.channel} ${row.status}${row.lastReason === "" ? "" : ` (${row.lastReason})`}`);
  }
}

export async function world(...channels: readonly OutboxChannel[]): Promise<World> {
  const made = new World(await openMemoryStore(), channels.length === 0 ? [definition("ops")] : channels);
  made.outbox.start();
  await made.pass(0);
  return made;
}

let count = 0;
export function alert(w: World, kind: Alert["kind"], more: Partial<Alert> = {}): Alert {
  const at = w.time.now;
  const ended = kind === "recovered";
  const rest = { incident: "i1" as IncidentId, channel: channelName("ops"), recipient: "", at, since: at, evidence: [], hides: [], outageFrom: ended ? T0 : null, step: 0, ordinal: 1 } as const;
  return { id: `${kind}${++count}` as AlertId, kind, check: checkName("shop"), status: ended ? "up" : "down", sentence: ended ? "well" : "refused", code: ended ? "ok" : "refused", ...rest, ...more };
}
export const incident: Incident = { id: "i1" as IncidentId, check: checkName("shop"), kind: "down", firstSign: T0, opened: T0, closed: null, closedBy: null, code: "refused", sentence: "refused", acknowledged: null };

