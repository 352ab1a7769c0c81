import { expect, test } from "vitest";
import type { Update } from "../../src/app/roster.ts";
import type { CheckDefinition } from "../../src/config/site.ts";
import { type CheckName, checkName } from "../../src/core/types.ts";
import { LifeClock, VirtualTime } from "./clock.ts";
import { SimulatedDisk } from "./disk.ts";
import { Life } from "./life.ts";
import { remembering } from "./probe.ts";
import { Chance } from "./random.ts";
import { Receivers } from "./receivers.ts";
import { HOSTS, simulatedSite } from "./site.ts";
import { Truth } from "./truth.ts";

const MINUTE = 60_000;
const GATEWAY = checkName("gateway");

/** Tocsin with one check that remembers, over many lives and configurations. */
class World {
  readonly #time = new VirtualTime(Date.UTC(2026, 2, 28, 12));
  readonly #chance = new Chance(1);
  readonly #site = simulatedSite(this.#chance);
  #disk = new SimulatedDisk({ random: () => this.#chance.fraction(), clock: new LifeClock(this.#time) });
  #life: Life | null = null;
  /** With what runs began: 0 for nothing. */
  #given: number[] = [];
  readonly gateway: CheckDefinition;

  constructor() {
    const [gateway] = this.#site.checks;
    if (gateway === undefined) throw new Error("no gateway");
    this.gateway = gateway;
  }

  async start(...checks: readonly CheckDefinition[]): Promise<void> {
    const probe = remembering((_, changes) => void this.#given.push(changes));
    const channel = new Receivers(this.#chance, () => this.#time.monotonic).type(() => 1);
    const truth = new Truth(this.#chance, HOSTS, 0, () => []);
    this.#life = new Life({ time: this.#time, chance: this.#chance, truth, disk: this.#disk, site: { ...this.#site, checks }, channel, probe, watch: (store) => store, errors: [] });
    const begun = this.#life.begin(() => undefined);
    await this.#time.runUntil(this.#time.monotonic);
    await begun;
  }

  /** Dies and comes back, perhaps with another configuration. */
  async again(...checks: readonly CheckDefinition[]): Promise<void> {
    await this.#time.runUntil(this.#time.monotonic + MINUTE);
    if (this.#life !== null) this.#disk = this.#life.crash();
    await this.start(...checks);
  }

  reload(update: Partial<Update>): void {
    const { settings, channels, rotations, maintenance, version, secrets } = this.#site;
    this.#life?.monitor?.apply({ settings, channels, rotations, maintenance, version, secrets, added: [], changed: [], renamed: [], removed: [], ...update });
  }

  /** With what the next run begins, and the one after it. */
  async next(): Promise<readonly number[]> {
    this.#given = [];
    await this.#time.runUntil(this.#time.monotonic + 5 * MINUTE);
    return this.#given.slice(0, 2);
  }
}

async function begun(): Promise<World> {
  const world = new World();
  await world.start(world.gateway);
  expect(await world.next()).toEqual([0, 1]);
  return world;
}

const renamed = (definition: CheckDefinition, name: CheckName): CheckDefinition => ({ ...definition, name, was: definition.name, policy: { ...definition.policy, check: name } });

test("what was learnt is there after a crash, and not for a target that was changed meanwhile", async () => {
  const world = await begun();
  const { gateway } = world;
  await world.again(gateway);
  expect(await world.next()).toEqual([1, 1]);
  await world.again({ ...gateway, target: "another host" });
  expect(await world.next()).toEqual([0, 1]);
});

test("what was learnt stays over a reload and goes with the target", async () => {
  const world = await begun();
  const { gateway } = world;
  world.reload({ changed: [{ definition: { ...gateway, retries: 1 }, what: "judging" }] });
  expect(await world.next()).toEqual([1, 1]);
  world.reload({ changed: [{ definition: { ...gateway, target: "another host" }, what: "target" }] });
  expect(await world.next()).toEqual([0, 1]);
});

test("what was learnt moves along with a new name, now and while nothing runs", async () => {
  const world = await begun();
  const router = renamed(world.gateway, checkName("router"));
  world.reload({ renamed: [{ from: GATEWAY, definition: router, what: null }] });
  expect(await world.next()).toEqual([1, 1]);
  await world.again(renamed(router, checkName("edge")));
  expect(await world.next()).toEqual([1, 1]);
});

test("what was learnt goes with its check", async () => {
  const world = await begun();
  world.reload({ removed: [GATEWAY] });
  world.reload({ added: [world.gateway] });
  expect(await world.next()).toEqual([0, 1]);
});
