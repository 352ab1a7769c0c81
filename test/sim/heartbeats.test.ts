import { expect, test } from "vitest";
import { Monitor } from "../../src/app/monitor.ts";
import { firstUpdate } from "../../src/app/roster.ts";
import type { CheckDefinition } from "../../src/config/site.ts";
import { checkName, millis } from "../../src/core/types.ts";
import { probes } from "../../src/probes/index.ts";
import { push } from "../../src/probes/push.ts";
import { openMemoryStore } from "../../src/store/memory.ts";
import type { Ports } from "../../src/sys/ports.ts";
import { LifeClock, VirtualTime } from "./clock.ts";
import { SimulatedDisk } from "./disk.ts";
import { simulatedNetwork } from "./network.ts";
import { Chance } from "./random.ts";
import { Receivers } from "./receivers.ts";
import { HOSTS, simulatedSite } from "./site.ts";
import { Truth } from "./truth.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const BACKUP = checkName("backup");

/** Between two instants of its monotonic clock nothing happens, as in a process that gets no time to run. */
class StallingTime extends VirtualTime {
  stall = { from: 0, to: 0 };
  override at(due: number, run: () => void): ReturnType<VirtualTime["at"]> {
    return super.at(due >= this.stall.from && due < this.stall.to ? this.stall.to : due, run);
  }
}

/** Tocsin with one check that waits for heartbeats every ten minutes and one that runs every two, over many lives. */
class World {
  readonly time = new StallingTime(Date.UTC(2026, 2, 28, 12));
  readonly #chance = new Chance(1);
  #disk = new SimulatedDisk({ random: () => this.#chance.fraction(), clock: new LifeClock(this.time) });
  #clock = new LifeClock(this.time);
  monitor: Monitor | null = null;

  async start(): Promise<void> {
    const { time } = this;
    const clock = new LifeClock(time);
    this.#clock = clock;
    const store = await openMemoryStore({ disk: this.#disk });
    const quiet = (): void => undefined;
    const network = simulatedNetwork(clock, this.#chance, new Truth(this.#chance, HOSTS, 0, () => []), () => time.monotonic);
    const ports = { clock, random: this.#chance, network, processes: { run: () => Promise.reject(new Error("none")), environment: {} }, patterns: { match: () => null, matchesAny: () => false }, log: { debug: quiet, info: quiet, warn: quiet, error: quiet } } as unknown as Ports;
    const site = simulatedSite(this.#chance);
    const [gateway] = site.checks;
    if (gateway === undefined) throw new Error("no gateway");
    const options = push.options.parse({ within: "10m", token: "abcdefghijklmnopqrstuvwxyz" });
    const backup: CheckDefinition = { ...gateway, name: BACKUP, type: "push", options, schedule: { kind: "never" }, policy: { ...gateway.policy, check: BACKUP, type: "push", failAfter: 1, everyMs: millis(0) } };
    const channel = new Receivers(this.#chance, () => time.monotonic).type(() => 1);
    this.monitor = new Monitor({ ports, probes, channelOf: (type) => (type === channel.type ? channel : undefined), store, loaded: await store.load(), first: firstUpdate({ ...site, checks: [gateway, backup] }) });
    this.monitor.start();
    await this.pass(0);
  }

  /** The process dies, and nobody listens for so long. */
  async die(awayMs: number): Promise<void> {
    this.#clock.kill();
    this.#disk = this.#disk.crash();
    await this.pass(awayMs);
    await this.start();
  }

  beat(): void {
    this.monitor?.engine.beat(BACKUP, { status: "up", message: "", latencyMs: null });
  }

  pass(ms: number): Promise<void> {
    return this.time.runUntil(this.time.monotonic + ms);
  }

  get status(): string {
    return this.monitor?.beliefs.state(BACKUP)?.belief.status ?? "";
  }
}

async function begun(): Promise<World> {
  const world = new World();
  await world.start();
  return world;
}

test("time in which nobody listened does not count, over however many starts", async () => {
  const world = await begun();
  world.beat();
  // Three times two minutes and a little of listening, with hours between them.
  for (let life = 0; life < 3; life += 1) {
    await world.pass(2 * MINUTE + 10 * SECOND);
    await world.die(60 * MINUTE);
    expect(world.status).toBe("up");
  }
  await world.pass(2 * MINUTE);
  expect(world.status).toBe("up");
  await world.pass(4 * MINUTE);
  expect(world.status).toBe("down");
});

test("the time in which somebody listened does count, over however many starts", async () => {
  const world = await begun();
  world.beat();
  for (let life = 0; life < 5 && world.status === "up"; life += 1) {
    await world.pass(4 * MINUTE);
    if (world.status === "up") await world.die(SECOND);
  }
  expect([world.status, world.time.monotonic < 20 * MINUTE]).toEqual(["down", true]);
});

test("also of one that was never heard", async () => {
  const world = await begun();
  for (let life = 0; life < 5 && world.status === "pending"; life += 1) {
    await world.pass(4 * MINUTE);
    if (world.status === "pending") await world.die(SECOND);
  }
  expect([world.status, world.time.monotonic < 20 * MINUTE]).toEqual(["down", true]);
});

test("what came while this process got no time to run is read before it is missed", async () => {
  const world = await begun();
  world.beat();
  await world.pass(MINUTE);
  const deadline = 10 * MINUTE;
  world.time.stall = { from: deadline - 5 * SECOND, to: deadline + 5 * SECOND };
  await world.pass(deadline + 6 * SECOND - MINUTE);
  expect(world.status).toBe("up");
  world.beat();
  await world.pass(9 * MINUTE);
  expect(world.status).toBe("up");
});

test("a deadline that is late again and again is missed all the same", async () => {
  const world = await begun();
  world.beat();
  const deadline = 10 * MINUTE;
  world.time.stall = { from: deadline - SECOND, to: deadline + SECOND };
  await world.pass(deadline + 1500);
  world.time.stall = { from: deadline + 1600, to: deadline + 3 * SECOND };
  await world.pass(2 * SECOND);
  expect(world.status).toBe("down");
});
