import { expect, test } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import type { ChannelDefinition, CheckDefinition } from "../config/site.ts";
import { parseWeekly } from "../core/maintenance.ts";
import { type Alert, channelName, type CheckName, checkName, type Incident, type IncidentId, millis } from "../core/types.ts";
import { definitionOf } from "../run/ground.ts";
import { openMemoryStore } from "../store/memory.ts";
import { sampleAlert, sampleBatch, sampleChange, sampleMessage, sampleResult } from "../store/samples.ts";
import type { Store } from "../store/store.ts";
import { Digests } from "./digests.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The afternoon before the clocks change in Berlin. */
const T0 = Date.UTC(2026, 2, 28, 14);

function channel(name: string, at: string, of: "told" | "all" = "told"): ChannelDefinition {
  const parsed = parseWeekly(at, "Europe/Berlin");
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  return { name: channelName(name), type: "log", options: {}, recipients: ["ann", "ben"], cap: null, groupMs: millis(0), alone: false, templates: { subject: null, text: null }, fallback: null, digest: { schedule: parsed.schedule, of }, hash: "" };
}

/** Digests on a virtual clock, over a store that may fail, with checks `shop` (told to ops) and `raid` (to nobody). */
class World {
  readonly time = new VirtualTime(T0);
  readonly store: Store;
  failing = false;
  made = 0;
  #sequence = 0;
  #clock = new LifeClock(this.time);
  #digests: Digests | null = null;

  constructor(store: Store) {
    this.store = store;
  }

  start(channels: readonly ChannelDefinition[], again = false): void {
    this.#clock.kill();
    this.#clock = new LifeClock(this.time);
    const quiet = (): void => undefined;
    const changeOutbox: Store["changeOutbox"] = (change) => (this.failing ? Promise.reject(new Error("disk on fire")) : this.store.changeOutbox(change));
    const store = { changeOutbox, incidents: this.store.incidents.bind(this.store), incident: this.store.incident.bind(this.store), messages: this.store.messages.bind(this.store), journal: this.store.journal.bind(this.store), results: this.store.results.bind(this.store) };
    const checks = new Map<CheckName, CheckDefinition>([definitionOf("shop"), definitionOf("raid", { policy: { steps: [] } })].map((definition) => [definition.name, definition]));
    this.#digests = new Digests({ clock: this.#clock, log: { debug: quiet, info: quiet, warn: quiet, error: quiet }, store, site: () => ({ name: "Example", timezone: "Europe/Berlin" }), checks: () => checks, groupsOf: () => [], made: () => void (this.made += 1) });
    this.#digests.configure(channels, again);
  }

  reload(channels: readonly ChannelDefinition[]): void {
    this.#digests?.configure(channels, true);
  }

  stop(): void {
    this.#digests?.stop();
  }

  async wrong(check: string, forMs: number): Promise<string> {
    const opened = this.time.now;
    const incident: Incident = { id: `${check} ${opened}` as IncidentId, check: checkName(check), kind: "down", firstSign: opened, opened, closed: null, closedBy: null, code: "refused", sentence: "refused", acknowledged: null };
    await this.store.commit(sampleBatch((this.#sequence += 1), { incidents: [{ incident, change: "opened", evidence: [] }] }));
    await this.pass(forMs);
    await this.store.commit(sampleBatch((this.#sequence += 1), { incidents: [{ incident: { ...incident, closed: this.time.now, closedBy: "recovered" }, change: "closed", evidence: [] }] }));
    return incident.id;
  }

  /** Alerts of a check's incident, all of which were given up or not. */
  async addressed(incident: string, status: "failed" | "sent"): Promise<void> {
    const id = `${status} ${this.#sequence}`;
    await this.store.commit(sampleBatch((this.#sequence += 1), { alerts: [sampleAlert(id, "shop", 0, { incident: incident as IncidentId })] }));
    await this.store.changeOutbox(sampleChange({ messages: [sampleMessage(`m ${id}`, [id], 0, { status })] }));
  }

  /** What waits goes into messages, as the outbox would do. */
  async form(): Promise<void> {
    const { alerts } = await this.store.outbox(100);
    await this.store.changeOutbox(sampleChange({ messages: alerts.map(({ id, channel: name, recipient }) => ({ ...sampleMessage(`of ${id}`, [id], 0), channel: name, recipient, formedAt: this.time.now })) }));
  }

  /** A run of a check, and a start of the process. */
  async ran(check: string): Promise<void> {
    const started = this.time.now;
    await this.store.commit(sampleBatch((this.#sequence += 1), { results: [{ ...sampleResult(check, 0), slot: started, started }] }));
  }
  async restarted(check: string): Promise<void> {
    await this.store.commit(sampleBatch((this.#sequence += 1), { journal: [{ at: this.time.now, check: checkName(check), siteVersion: "1", input: { kind: "restart", expectBy: null } }] }));
  }

  pass(ms: number): Promise<void> {
    return this.time.runUntil(this.time.monotonic + ms);
  }

  async digests(): Promise<readonly Alert[]> {
    return (await this.store.outbox(100)).alerts.filter(({ kind }) => kind === "digest");
  }

  async told(): Promise<readonly string[]> {
    return (await this.digests()).map(({ at, channel: name, recipient, sentence }) => `${new Date(at).toISOString().slice(5, 16)} ${name} ${recipient}: ${sentence}`);
  }
}

const world = async (): Promise<World> => new World(await openMemoryStore());

test("each day at its time by the wall, to every recipient, of what the channel is told of", async () => {
  const w = await world();
  w.start([channel("ops", "daily 08:00")]);
  await w.wrong("shop", HOUR);
  await w.wrong("raid", HOUR);
  await w.pass(2 * DAY);
  // The night in which the clocks go forward is an hour shorter.
  expect(await w.told()).toEqual([
    "03-29T06:00 ops ann: one incident of one check in 23 h, 1 h in all",
    "03-29T06:00 ops ben: one incident of one check in 23 h, 1 h in all",
    "03-30T06:00 ops ann: nothing was wrong in 24 h",
    "03-30T06:00 ops ben: nothing was wrong in 24 h",
  ]);
  expect(w.made).toBe(2);
});

test("of all checks where that is wanted, and since the digest before", async () => {
  const w = await world();
  w.start([channel("boss", "mon-fri 17:00", "all")]);
  await w.wrong("raid", HOUR);
  await w.pass(3 * DAY);
  expect((await w.told()).filter((line) => line.includes("ann"))).toEqual(["03-30T15:00 boss ann: one incident of one check in 71 h, 1 h in all", "03-31T15:00 boss ann: nothing was wrong in 24 h"].map((line) => line.replace("71 h", "2 d 23 h")));
});

test("one that came due while nothing ran is made up for, once; a channel that is new gets none of before", async () => {
  const w = await world();
  const ops = [channel("ops", "daily 08:00")];
  w.start(ops);
  w.stop();
  await w.pass(20 * HOUR);
  w.start(ops, true);
  await w.pass(2 * 60_000);
  expect((await w.digests()).length).toBe(2);
  for (let times = 0; times < 3; times += 1) {
    w.start(ops, true);
    await w.pass(60_000);
  }
  expect((await w.digests()).length).toBe(2);
  const fresh = await world();
  fresh.start([]);
  await fresh.pass(17 * HOUR);
  fresh.start(ops);
  await fresh.pass(HOUR);
  expect((await fresh.digests()).length).toBe(0);
  fresh.start([], true);
  fresh.reload(ops);
  await fresh.pass(HOUR);
  expect((await fresh.digests()).length).toBe(0);
});

test("what cannot be written is written later; a clock that is put back repeats nothing", async () => {
  const w = await world();
  w.start([channel("ops", "daily 08:00")]);
  w.failing = true;
  await w.pass(16 * HOUR);
  expect(await w.digests()).toEqual([]);
  w.failing = false;
  await w.pass(2 * HOUR);
  expect((await w.digests()).length).toBe(2);
  w.time.step(-5 * HOUR);
  await w.pass(6 * HOUR);
  expect((await w.digests()).length).toBe(2);
});

test("an incident of which every message was given up is one that nobody was told of", async () => {
  const w = await world();
  w.start([channel("ops", "daily 08:00")]);
  await w.addressed(await w.wrong("shop", HOUR), "failed");
  await w.addressed(await w.wrong("shop", HOUR), "sent");
  await w.pass(DAY);
  expect((await w.digests())[0]?.evidence).toEqual([{ label: "Checks", text: "shop: down 2 times, 2 h in all; nobody was told of 1" }]);
});

test("since the last digest that was made: one that was missed leaves no gap, and how long nothing ran is said", async () => {
  const w = await world();
  const ops = [channel("ops", "daily 18:00")];
  w.start(ops);
  await w.pass(4 * HOUR);
  await w.form();
  await w.wrong("shop", HOUR);
  await w.ran("shop");
  w.stop();
  // The evening's is too old to be made up for.
  await w.pass(36 * HOUR);
  await w.restarted("shop");
  w.start(ops, true);
  await w.pass(DAY);
  expect((await w.told()).map((line) => line.slice(6))).toEqual(["ann", "ben"].map((who) => `16:00 ops ${who}: one incident of one check in 47 h, 1 h in all; Tocsin did not run for 36 h of that time`));
});

test("the first one tells also of the time before one that was missed", async () => {
  const w = await world();
  const ops = [channel("ops", "daily 18:00")];
  w.start(ops);
  await w.wrong("shop", HOUR);
  await w.ran("shop");
  w.stop();
  await w.pass(17 * HOUR);
  await w.restarted("shop");
  w.start(ops, true);
  await w.pass(DAY);
  expect((await w.told()).map((line) => line.slice(6))).toEqual(["ann", "ben"].map((who) => `16:00 ops ${who}: one incident of one check in 47 h, 1 h in all; Tocsin did not run for 17 h of that time`));
});
