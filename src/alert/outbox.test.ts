import { describe, expect, test } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import { Chance } from "../../test/sim/random.ts";
import { type Alert, type AlertId, channelName, checkName, type Incident, type IncidentId, instant, millis, plus } from "../core/types.ts";
import { openMemoryStore } from "../store/memory.ts";
import { type Store, StoreError } from "../store/store.ts";
import type { Log, Network, Processes } from "../sys/ports.ts";
import type { AnyChannel, Message, Sending } from "./channels/channel.ts";
import type { ChannelTrouble } from "./health.ts";
import { Outbox, type OutboxChannel } from "./outbox.ts";

const T0 = instant(Date.UTC(2026, 10, 20, 3, 0, 0));
const MINUTE = 60_000;
const SENT: Sending = { kind: "sent", detail: "250 ok" };
const LATER: Sending = { kind: "retry", reason: "451 later", doubt: false };
const LOST: Sending = { kind: "retry", reason: "no answer", doubt: true };
const REFUSED: Sending = { kind: "refused", reason: "550 no" };

type Answer = (message: Message, signal: AbortSignal) => Sending | Promise<Sending>;
interface Received {
  readonly channel: string;
  readonly atMs: number;
  readonly message: Message;
}
const unused = (): never => {
  throw new Error("not in these tests");
};
const network: Network = { resolve: unused, connect: unused, datagram: unused };
const processes: Processes = { run: unused, environment: {} };

const definition = (name: string, more: Partial<OutboxChannel> = {}): OutboxChannel => ({ name: channelName(name), type: "fake", options: name, recipients: [""], cap: null, groupMs: millis(2000), ...more });

/** An outbox over a memory store in virtual time, and channels that answer as they are told. */
class World {
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
    const store = new Proxy(this.store, {
      get: (target, verb: keyof Store) => {
        if (this.failing.has(verb)) return () => Promise.reject(new StoreError("failed", "disk on fire"));
        const value = target[verb];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const facts = { name: "Example", vantage: "home", url: null, timezone: "UTC" };
    const ports = { clock: this.clock, random: new Chance(1), network, processes, log };
    const mask = (text: string): string => text.replaceAll("hunter2", "***");
    return new Outbox({ store, ports, types: [fake], site: { facts, channels }, mask, onTrouble: (troubles) => (this.troubles = troubles) });
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

async function world(...channels: readonly OutboxChannel[]): Promise<World> {
  const made = new World(await openMemoryStore(), channels.length === 0 ? [definition("ops")] : channels);
  made.outbox.start();
  await made.pass(0);
  return made;
}

let count = 0;
function alert(w: World, kind: Alert["kind"], more: Partial<Alert> = {}): Alert {
  const at = w.time.now;
  const ended = kind === "recovered";
  const rest = { incident: "i1" as IncidentId, channel: channelName("ops"), recipient: "", at, since: at, evidence: [], hides: [], outageFrom: ended ? T0 : null, step: 0, ordinal: 1 } as const;
  return { id: `${kind}${++count}` as AlertId, kind, check: checkName("shop"), status: ended ? "up" : "down", sentence: ended ? "well" : "refused", code: ended ? "ok" : "refused", ...rest, ...more };
}
const incident: Incident = { id: "i1" as IncidentId, check: checkName("shop"), kind: "down", firstSign: T0, opened: T0, closed: null, closedBy: null, code: "refused", sentence: "refused", acknowledged: null };

describe("sending", () => {
  test("when the window ends, once, and settled", async () => {
    const w = await world();
    await w.commit([alert(w, "down")]);
    await w.pass(1999);
    expect(w.received.length).toBe(0);
    await w.pass(1);
    expect(w.subjects).toEqual(["ops: ▲ DOWN shop — refused, since 03:00 (2 s)"]);
    await w.pass(60 * MINUTE);
    expect([w.received.length, await w.rows(), w.outbox.figures()]).toEqual([1, ["ops sent (250 ok)"], { alertsWaiting: 0, messagesSent: 1, messagesFailed: 0 }]);
  });

  test("what comes within the window goes into one message", async () => {
    const w = await world();
    await w.commit([alert(w, "down")]);
    await w.pass(1000);
    await w.commit([alert(w, "down", { check: checkName("mail"), incident: "i2" as IncidentId })]);
    await w.pass(5000);
    expect(w.subjects).toEqual(["ops: ▲ 2 down — shop, mail"]);
  });

  test("a failed message is tried again with growing waits, under one id", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(60_000);
    const waits = w.received.slice(1).map(({ atMs }, index) => atMs - (w.received[index]?.atMs ?? 0));
    expect(waits.length).toBe(3);
    waits.forEach((wait, index) => expect(Math.abs(wait / (5000 * 2 ** index) - 1)).toBeLessThanOrEqual(0.2));
    expect(new Set(w.keys).size).toBe(1);
  });

  test("as long as the receiver asks", async () => {
    const w = await world();
    w.answers = { ops: () => ({ ...LATER, kind: "retry", reason: "429", doubt: false, afterMs: 90_000 }) };
    await w.commit([alert(w, "down")]);
    await w.pass(200_000);
    expect(w.received.map(({ atMs }) => atMs)).toEqual([2000, 92_000, 182_000]);
  });

  test("given up after two days", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(49 * 60 * MINUTE);
    expect(await w.rows()).toEqual([expect.stringMatching(/^ops failed \(given up after \d+ tries: 451 later\)$/)]);
    expect(w.outbox.figures().messagesFailed).toBe(1);
  });

  test("secrets in what a channel says are masked", async () => {
    const w = await world();
    w.answers = { ops: () => ({ kind: "retry", reason: "bad password hunter2", doubt: false }) };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    expect([await w.rows(), w.lines.join("\n").includes("hunter2")]).toEqual([["ops waiting (bad password ***)"], false]);
  });

  test("who else was told", async () => {
    const w = await world(definition("ops"), definition("boss", { recipients: ["b@x"] }));
    await w.commit([alert(w, "down"), alert(w, "down", { channel: channelName("boss"), recipient: "b@x" })], incident);
    await w.pass(3000);
    expect(w.received.map(({ message }) => /Also told: (.*)/.exec(message.text)?.[1])).toEqual(["boss to b@x", "ops"]);
  });
});

describe("order", () => {
  test("what was dead for an hour sends one message", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(3 * MINUTE);
    await w.commit([alert(w, "recovered")]);
    await w.pass(10 * MINUTE);
    w.answers = {};
    const before = w.received.length;
    await w.pass(11 * MINUTE);
    expect(w.subjects.slice(before)).toEqual(["ops: ● WAS DOWN shop — refused, 03:00-03:03 (3 min)"]);
  });

  test("news on a dead channel is tried at once", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(30 * MINUTE);
    const before = w.received.length;
    await w.commit([alert(w, "down", { incident: "i2" as IncidentId, check: checkName("mail") })]);
    await w.pass(2000);
    expect(w.subjects.slice(before)).toEqual(["ops: ▲ 2 down — shop, mail"]);
  });

  test("a message in doubt is sent again unchanged, and news waits behind it", async () => {
    const w = await world();
    w.answers = { ops: () => LOST };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    w.answers = {};
    await w.commit([alert(w, "recovered")]);
    await w.pass(3000);
    expect(w.subjects).toEqual(["ops: ▲ DOWN shop — refused, since 03:00 (2 s)", "ops: ▲ DOWN shop — refused, since 03:00 (2 s)", "ops: ● RECOVERED shop — again since 03:00, after 3 s"]);
    expect([w.keys[0] === w.keys[1], w.keys[1] === w.keys[2], w.received[0]?.message.text === w.received[1]?.message.text]).toEqual([true, false, true]);
  });

  test("a recovery waits for its outage that is being sent", async () => {
    const w = await world();
    const slow = Promise.withResolvers<Sending>();
    w.answers = { ops: () => slow.promise };
    await w.commit([alert(w, "down")]);
    await w.pass(2000);
    await w.commit([alert(w, "recovered")]);
    await w.pass(10_000);
    expect(w.received.length).toBe(1);
    w.answers = {};
    slow.resolve(SENT);
    await w.pass(0);
    expect(w.received.map(({ message }) => message.alerts[0]?.kind)).toEqual(["down", "recovered"]);
  });

  test("a recovery of an outage that nobody was told of is withdrawn", async () => {
    const w = await world();
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "down")], incident);
    await w.pass(3000);
    w.answers = {};
    await w.commit([alert(w, "recovered"), alert(w, "down", { incident: "i2" as IncidentId, check: checkName("mail") })]);
    await w.pass(5000);
    expect(w.received.slice(1).map(({ message }) => message.alerts.map((one) => one.check))).toEqual([["mail"]]);
    expect((await w.store.incident(incident.id))?.alerts.map((one) => one.status)).toEqual(["failed", "withdrawn"]);
  });

  test("a recovery that was addressed without an outage is told", async () => {
    const w = await world();
    await w.commit([alert(w, "recovered")], incident);
    await w.pass(5000);
    expect(w.received.length).toBe(1);
  });
});

describe("trouble of a channel", () => {
  const two = [definition("ops"), definition("boss")];
  test("a thrown error is a bug: logged, in doubt, tried again", async () => {
    const w = await world();
    w.answers = { ops: () => unused() };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    expect(await w.store.messages({ limit: 1 })).toMatchObject([{ status: "waiting", doubt: true, lastReason: "a bug in channel type fake: not in these tests" }]);
    w.answers = {};
    await w.pass(10_000);
    expect(await w.rows()).toEqual(["ops sent (250 ok)"]);
  });

  test("one that never answers is left behind after the deadline, in doubt", async () => {
    const w = await world(...two);
    w.answers = { ops: () => new Promise<never>(() => {}) };
    await w.commit([alert(w, "down"), alert(w, "down", { channel: channelName("boss") })]);
    await w.pass(3000);
    expect(w.received.map((one) => one.channel)).toEqual(["ops", "boss"]);
    await w.pass(32_000);
    expect(await w.store.messages({ limit: 9, status: "waiting" })).toMatchObject([{ channel: "ops", doubt: true, lastReason: "no answer before the deadline" }]);
  });

  test("broken after three failures over 30 s; told once on the others, and so is the mending", async () => {
    const w = await world(...two);
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(60 * MINUTE);
    expect(w.subjects.filter((one) => one.startsWith("boss"))).toEqual([expect.stringMatching(/^boss: ▲ CHANNEL BROKEN ops — 451 later, since 03:00/)]);
    expect([w.troubles, w.outbox.channels()[0]]).toMatchObject([[{ channel: "ops", reason: "451 later", told: true }], { name: "ops", brokenSince: plus(T0, 2000), waiting: 1 }]);
    w.answers = {};
    await w.pass(20 * MINUTE);
    expect(w.subjects.at(-1)).toMatch(/^boss: ● CHANNEL MENDED ops — again since 04:\d\d, after 1 h/);
    expect([w.troubles, w.received.filter((one) => one.channel === "boss").length]).toEqual([[], 2]);
  });

  test("told once even across a restart", async () => {
    const w = await world(...two);
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "down")]);
    await w.pass(MINUTE);
    await w.crash(two);
    expect(w.troubles).toMatchObject([{ channel: "ops", told: true }]);
    await w.commit([alert(w, "down", { incident: "i2" as IncidentId })]);
    await w.pass(MINUTE);
    expect(w.subjects.filter((one) => one.startsWith("boss")).length).toBe(1);
  });

  test("with none left it is reported, and told when one works again", async () => {
    const w = await world(...two);
    w.answers = { ops: () => REFUSED, boss: () => REFUSED };
    await w.commit([alert(w, "down"), alert(w, "down", { channel: channelName("boss") })]);
    await w.pass(MINUTE);
    expect(w.troubles.map((one) => one.told)).toEqual([false, false]);
    w.answers = { ops: () => REFUSED };
    expect(await w.outbox.test(channelName("boss"))).toEqual(SENT);
    await w.pass(MINUTE);
    expect(w.subjects.slice(-1)).toEqual([expect.stringMatching(/^boss: ▲ CHANNEL BROKEN ops/)]);
    expect(w.troubles).toMatchObject([{ channel: "ops", told: true }]);
  });

  test("a channel that is removed: its alerts are dead letters, its trouble is over, nobody is told of a mending", async () => {
    const w = await world(...two);
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(2 * MINUTE);
    w.outbox.setSite({ facts: { name: "Example", vantage: "home", url: null, timezone: "UTC" }, channels: two.slice(1) });
    await w.pass(MINUTE);
    expect([w.troubles, (await w.rows()).includes("ops failed (channel removed)"), w.received.filter((one) => one.channel === "boss").length]).toEqual([[], true, 1]);
  });
});

describe("limits", () => {
  const forever = (): Promise<never> => new Promise<never>(() => {});
  const people = (name: string, many: number): OutboxChannel => definition(name, { recipients: Array.from({ length: many }, (_, index) => `p${index}`) });
  const toAll = (w: World, channel: OutboxChannel): readonly Alert[] => channel.recipients.map((recipient) => alert(w, "down", { channel: channel.name, recipient }));
  test("four at once a channel", async () => {
    const ops = people("ops", 9);
    const w = await world(ops);
    w.answers = { ops: forever };
    await w.commit(toAll(w, ops));
    await w.pass(20_000);
    expect(w.received.length).toBe(4);
  });
  test("sixteen in all", async () => {
    const all = ["a", "b", "c", "d", "e", "f"].map((name) => people(name, 9));
    const w = await world(...all);
    w.answers = Object.fromEntries(all.map((one) => [one.name, forever]));
    await w.commit(all.flatMap((one) => toAll(w, one)));
    await w.pass(20_000);
    expect(w.received.length).toBe(16);
  });
  test("broken channels that hang keep no place from the others", async () => {
    const dead = ["a", "b", "c", "d", "e", "f"].map((name) => people(name, 9));
    const w = await world(...dead, definition("ops"));
    w.answers = Object.fromEntries(dead.map((one) => [one.name, forever]));
    await w.commit(dead.flatMap((one) => toAll(w, one)));
    await w.pass(30 * MINUTE);
    const began = w.time.monotonic;
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    expect(w.received.filter((one) => one.channel === "ops" && one.message.subject.includes("shop")).map((one) => one.atMs - began)).toEqual([2000]);
  });
  test("beyond its cap a channel gets one message in five minutes that names every check", async () => {
    const w = await world(definition("ops", { cap: 2 }));
    const names = Array.from({ length: 20 }, (_, index) => `check${index}`);
    for (const name of names) {
      await w.commit([alert(w, "down", { check: checkName(name), incident: name as IncidentId })]);
      await w.pass(10_000);
    }
    await w.pass(5 * MINUTE);
    expect(w.received.length).toBe(3);
    const all = w.received.map((one) => one.message.text).join("\n");
    expect(names.filter((name) => !all.includes(` ${name} — `))).toEqual([]);
  });
});

describe("crashes and clocks", () => {
  test("a message that was being sent is sent again at once under its id", async () => {
    const w = await world();
    w.answers = { ops: () => new Promise<never>(() => {}) };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    w.answers = {};
    await w.crash([definition("ops")]);
    expect([w.received.length, w.keys[0] === w.keys[1], await w.rows()]).toEqual([2, true, ["ops sent (250 ok)"]]);
  });

  test("stopping gives a send its time, then ends it; it is sent again after the start", async () => {
    const w = await world();
    w.answers = { ops: (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(LOST), { once: true })) };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    const stopped = w.outbox.stop(4000);
    await w.pass(4000);
    await stopped;
    expect(await w.store.messages({ limit: 1 })).toMatchObject([{ status: "waiting", doubt: true }]);
    w.answers = {};
    await w.crash([definition("ops")]);
    await w.pass(10_000);
    expect([w.received.length, w.keys[0] === w.keys[1]]).toEqual([2, true]);
  });

  test("stopping with nothing to do ends at once", async () => {
    const w = await world();
    await w.outbox.stop(4000);
    await w.commit([alert(w, "down")]);
    await w.pass(MINUTE);
    expect(w.received.length).toBe(0);
  });

  for (const days of [-1, 1]) {
    test(`the clock jumps ${days < 0 ? "back" : "forward"} a day while a message waits`, async () => {
      const w = await world();
      w.answers = { ops: () => LATER };
      await w.commit([alert(w, "down")]);
      await w.pass(3 * MINUTE);
      w.time.step(days * 86_400_000);
      w.answers = {};
      await w.pass(3 * MINUTE);
      await w.commit([alert(w, "recovered")]);
      await w.pass(3000);
      expect([await w.rows(), w.received.at(-1)?.message.alerts[0]?.kind]).toEqual([["ops sent (250 ok)", "ops sent (250 ok)"], "recovered"]);
    });
  }
});

describe("a failing store", () => {
  test("nothing is sent that could not be claimed", async () => {
    const w = await world();
    w.failing.add("claimMessage");
    await w.commit([alert(w, "down")]);
    await w.pass(MINUTE);
    expect([w.received.length, w.outbox.trouble()]).toEqual([0, "the outbox cannot use its store: messages wait"]);
    w.failing.clear();
    await w.pass(15_000);
    expect([w.received.length, w.outbox.trouble()]).toEqual([1, null]);
  });

  test("what was sent and could not be settled is not sent again", async () => {
    const w = await world();
    w.failing.add("settleMessage");
    await w.commit([alert(w, "down")]);
    await w.pass(10 * MINUTE);
    expect(w.received.length).toBe(1);
    w.failing.clear();
    await w.pass(MINUTE);
    expect([w.received.length, await w.rows()]).toEqual([1, ["ops sent (250 ok)"]]);
  });

  for (const verb of ["outbox", "changeOutbox", "formedSince", "incident", "wasTold"]) {
    test(`${verb} fails for a minute: told all the same`, async () => {
      const w = await world(definition("ops", { cap: 60 }));
      w.failing.add(verb);
      await w.commit([alert(w, "down")], incident);
      await w.pass(MINUTE);
      w.failing.clear();
      await w.commit([alert(w, "recovered")]);
      await w.pass(30_000);
      expect(w.received.length).toBeGreaterThan(0);
      expect((await w.store.incident(incident.id))?.alerts.map((one) => one.status)).toEqual(["sent", "sent"]);
    });
  }

  test("it is not asked without pause", async () => {
    const w = await world();
    w.failing.add("outbox");
    for (let times = 0; times < 1000; times++) w.outbox.kick();
    await w.pass(MINUTE);
    expect(w.lines.filter((line) => line.includes("looking at the outbox failed")).length).toBeLessThan(15);
  });
});

describe("from memory", () => {
  test("marked, and once however often it is handed over", async () => {
    const w = await world();
    const down = alert(w, "down");
    w.outbox.sendUnrecorded([down]);
    w.outbox.sendUnrecorded([down]);
    await w.pass(MINUTE);
    expect([w.subjects, w.keys]).toEqual([["ops: ▲ DOWN shop — refused, since 03:00 (0 s) (not recorded, may repeat)"], [down.id]]);
  });
  test("tried again, in order", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    w.outbox.sendUnrecorded([alert(w, "down")]);
    w.outbox.sendUnrecorded([alert(w, "recovered")]);
    await w.pass(1000);
    w.answers = {};
    await w.pass(MINUTE);
    expect(w.received.map(({ message }) => message.alerts[0]?.kind)).toEqual(["down", "down", "recovered"]);
  });
  test("ends when Tocsin stops", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    w.outbox.sendUnrecorded([alert(w, "down")]);
    await w.pass(1000);
    const stopped = w.outbox.stop(3000);
    await w.pass(3000);
    await stopped;
    await w.pass(60 * MINUTE);
    expect(w.received.length).toBe(1);
  });
});

describe("test message", () => {
  test("to every recipient", async () => {
    const w = await world(definition("ops", { recipients: ["a@x", "b@x"] }));
    expect([await w.outbox.test(channelName("ops")), w.received.map(({ message }) => message.recipient)]).toEqual([SENT, ["a@x", "b@x"]]);
    expect(w.subjects[0]).toBe("ops: ● TEST Example — this is a test of channel ops; nothing is wrong");
  });
  test("the channel's own answer", async () => {
    const w = await world();
    w.answers = { ops: () => REFUSED };
    expect(await w.outbox.test(channelName("ops"))).toEqual(REFUSED);
  });
  test("no such channel", async () => expect(await (await world()).outbox.test(channelName("boss"))).toEqual({ kind: "refused", reason: "there is no channel boss" }));
});
