import { expect, test } from "vitest";
import { LifeClock, VirtualTime } from "./clock.ts";
import { SimulatedDisk } from "./disk.ts";
import { Life } from "./life.ts";
import { remembering } from "./probe.ts";
import { Chance } from "./random.ts";
import { Receivers } from "./receivers.ts";
import { HOSTS, simulatedSite } from "./site.ts";
import { type Outage, Truth } from "./truth.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Hosts that are down when the test says so. */
class Said extends Truth {
  readonly down = new Set<string>();
  override hinders(host: string): Outage | null {
    return this.down.has(host) ? { from: 0, to: Number.POSITIVE_INFINITY, how: "refuse" } : null;
  }
}

/** Tocsin with a gateway and a check behind it, whose wall clock is put back while nothing runs. */
class World {
  readonly #time = new VirtualTime(Date.UTC(2026, 4, 1, 12));
  readonly #chance = new Chance(1);
  readonly #receivers = new Receivers(this.#chance, () => this.#time.monotonic);
  readonly #truth = new Said(this.#chance, HOSTS, 0, () => []);
  #disk = new SimulatedDisk({ random: () => this.#chance.fraction(), clock: new LifeClock(this.#time) });
  #life: Life | null = null;

  constructor() {
    this.#receivers.trouble = {};
  }

  async start(): Promise<void> {
    const site = simulatedSite(this.#chance);
    const checks = site.checks.filter(({ name }) => name === "gateway" || name === "behind-0");
    this.#life = new Life({ time: this.#time, chance: this.#chance, truth: this.#truth, disk: this.#disk, site: { ...site, checks }, channel: this.#receivers.type(() => 1), probe: remembering(() => undefined), watch: (store) => store, errors: [] });
    const begun = this.#life.begin(() => undefined);
    await this.#time.runUntil(this.#time.monotonic);
    await begun;
  }

  /** Dies, and comes back with a clock that was put back by so much. */
  async putBack(byMs: number): Promise<void> {
    if (this.#life !== null) this.#disk = this.#life.crash();
    this.#time.step(-byMs);
    await this.start();
  }

  /** What is told while these hosts are down for so long. */
  async told(hosts: readonly string[], forMs: number): Promise<readonly string[]> {
    const before = this.#receivers.receipts.length;
    for (const host of hosts) this.#truth.down.add(host);
    await this.#time.runUntil(this.#time.monotonic + forMs);
    this.#truth.down.clear();
    const alerts = this.#receivers.receipts.slice(before).flatMap((receipt) => receipt.alerts);
    return [...new Set(alerts.map(({ kind, check }) => `${kind} ${check}`))];
  }
}

/** The check behind the gateway was blocked by it a short time ago, by a clock that is a day ahead. */
async function blockedBefore(byMs = DAY): Promise<World> {
  const world = new World();
  await world.start();
  await world.told([], HOUR);
  expect(await world.told(["gateway", "behind-0"], HOUR)).toEqual(["down gateway"]);
  expect(await world.told([], HOUR)).toEqual(["recovered gateway"]);
  await world.putBack(byMs);
  return world;
}

test("an outage is told though the clock was put back while nothing ran", async () => {
  const world = await blockedBefore();
  expect(await world.told(["behind-0"], HOUR)).toEqual(["down behind-0"]);
});

test("the gateway alone is told of its outage, though its last good run seems to lie ahead", async () => {
  // Whichever of the two runs first.
  for (let later = 0; later < 6; later += 1) {
    const world = await blockedBefore(DAY + later * 20_000);
    expect(await world.told(["gateway", "behind-0"], HOUR)).toEqual(["down gateway"]);
  }
});

test("clocks put back again and again change nothing more", async () => {
  const world = await blockedBefore();
  for (let times = 0; times < 3; times += 1) await world.putBack(3 * HOUR);
  expect(await world.told(["behind-0"], HOUR)).toEqual(["down behind-0"]);
  expect(await world.told([], HOUR)).toEqual(["recovered behind-0"]);
});
