import { expect, test } from "vitest";
import { checkName, millis } from "../core/types.ts";
import { every, HOUR, MINUTE, NEVER, SECOND, type Wish, World } from "./ground.ts";

const WITNESSES = ["w1", "w2", "w3"];
const beyond = (wish: Wish = {}): Wish => ({ parents: ["gw", "outside"], ...wish });
const witness: Wish = beyond({ policy: { failAfter: 2 } });
const outside: Wish = { schedule: NEVER, parents: ["gw"], group: { members: WITNESSES, require: 2, run: "own", bySight: true } };
const told = (world: World): readonly string[] => world.batches.flatMap((batch) => batch.alerts).map(({ check, kind }) => `${check} ${kind}`);
const statuses = (world: World, ...names: readonly string[]): readonly (string | undefined)[] => names.map((name) => world.status(name));
const set = (world: World, verdict: "up" | "down" | "unknown", ...names: readonly string[]): void => names.forEach((name) => world.set(name, verdict));

/** A gateway, three witnesses of the outside, two checks beyond it (one quick to fail) and one in the local network. */
async function open(): Promise<World> {
  const world = await World.open();
  world.add(["gw", { schedule: every(30 * SECOND), policy: { failAfter: 2 } }], ["outside", outside], ...WITNESSES.map((name) => [name, witness] as const), ["shop", beyond()], ["quick", beyond({ schedule: every(5 * SECOND) })], ["nas", { parents: ["gw"] }]);
  await world.pass(3 * MINUTE);
  return world;
}

test("cut off from the outside: one alert, nothing of the others, and all come back", async () => {
  const world = await open();
  set(world, "down", ...WITNESSES, "shop", "quick");
  await world.pass(10 * MINUTE);
  expect(statuses(world, "gw", "nas", "outside", "shop", "quick", ...WITNESSES)).toEqual(["up", "up", "down", "blocked", "blocked", "blocked", "blocked", "blocked"]);
  expect(world.beliefs.state(checkName("shop"))?.belief).toMatchObject({ cause: "outside", sentence: "outside is down: 0 of 3 up, 2 needed; w1: saw down; w2: saw down; w3: saw down" });
  expect(world.beliefs.hides(checkName("outside"))).toEqual(["quick", "shop", "w1", "w2", "w3"]);
  set(world, "up", ...WITNESSES, "shop", "quick");
  await world.pass(5 * MINUTE);
  expect(statuses(world, "outside", "shop", "quick", ...WITNESSES)).toEqual(["up", "up", "up", "up", "up", "up"]);
  expect(told(world)).toEqual(["outside down", "outside recovered"]);
});

test("cut off from everything: the gateway is the cause", async () => {
  const world = await open();
  set(world, "down", "gw", "nas", ...WITNESSES, "shop", "quick");
  await world.pass(10 * MINUTE);
  expect(statuses(world, "gw", "nas", "outside", "shop", "w1")).toEqual(["down", "blocked", "blocked", "blocked", "blocked"]);
  expect(["nas", "outside", "shop", "w1"].map((name) => world.beliefs.state(checkName(name))?.belief.cause)).toEqual(["gw", "gw", "gw", "gw"]);
  set(world, "up", "gw", "nas", ...WITNESSES, "shop", "quick");
  await world.pass(5 * MINUTE);
  expect(told(world)).toEqual(["gw down", "gw recovered"]);
  expect(statuses(world, "outside", "shop", "w1")).toEqual(["up", "up", "up"]);
});

test("one witness that is down is its own outage, and so is a shop's", async () => {
  const world = await open();
  set(world, "down", "w2");
  await world.pass(4 * MINUTE);
  set(world, "down", "shop");
  await world.pass(3 * MINUTE);
  expect(told(world)).toEqual(["w2 down", "shop down"]);
  expect(world.status("outside")).toBe("up");
});

test("a paused witness takes no part: most of the others decide, and one alone does not", async () => {
  const world = await open();
  world.act("w1", "pause");
  set(world, "down", "w2");
  await world.pass(4 * MINUTE);
  set(world, "down", "shop");
  await world.pass(3 * MINUTE);
  expect(told(world)).toEqual(["w2 down", "shop down"]);
  set(world, "down", "w3", "quick");
  await world.pass(4 * MINUTE);
  expect([world.status("outside"), world.status("quick"), told(world).slice(2)]).toEqual(["down", "blocked", ["outside down"]]);
  world.act("w2", "pause");
  await world.pass(4 * MINUTE);
  expect([world.status("quick"), new Set(told(world).slice(3))]).toEqual(["down", new Set(["quick down", "w3 down"])]);
});

test("a host that cannot even ask is cut off, and nobody is told that others were not checked", async () => {
  const world = await open();
  set(world, "unknown", ...WITNESSES, "shop", "quick");
  await world.pass(HOUR);
  expect(statuses(world, "outside", "shop", "quick", "w1")).toEqual(["down", "blocked", "blocked", "blocked"]);
  expect(told(world)).toEqual(["outside down"]);
});

test("a short cut that no witness's threshold notices tells nobody anything", async () => {
  const world = await open();
  set(world, "down", ...WITNESSES, "quick");
  await world.pass(20 * SECOND);
  set(world, "up", ...WITNESSES, "quick");
  await world.pass(5 * MINUTE);
  expect(told(world)).toEqual([]);
});

test("what was told before the cut stays told, and recovers after it", async () => {
  const world = await open();
  set(world, "down", "shop");
  await world.pass(2 * MINUTE);
  set(world, "down", ...WITNESSES, "quick");
  await world.pass(5 * MINUTE);
  set(world, "up", ...WITNESSES, "quick", "shop");
  await world.pass(3 * MINUTE);
  expect([told(world).slice(0, 2), new Set(told(world).slice(2))]).toEqual([["shop down", "outside down"], new Set(["outside recovered", "shop recovered"])]);
});

test("what the witnesses saw before the gateway was back says nothing of the outside since", async () => {
  const world = await World.open();
  const slow: Wish = beyond({ schedule: every(7 * MINUTE), policy: { failAfter: 2, failingEveryMs: millis(20 * SECOND) } });
  world.add(["gw", { schedule: every(30 * SECOND), policy: { failAfter: 2 } }], ["outside", outside], ...WITNESSES.map((name) => [name, slow] as const));
  await world.pass(10 * MINUTE);
  for (let times = 0; times < 12; times += 1) {
    set(world, "down", "gw", ...WITNESSES);
    await world.pass(12 * MINUTE);
    set(world, "up", "gw", ...WITNESSES);
    await world.pass(15 * MINUTE + times * 17 * SECOND);
  }
  expect(new Set(told(world))).toEqual(new Set(["gw down", "gw recovered"]));
  expect(statuses(world, "gw", "outside", ...WITNESSES)).toEqual(["up", "up", "up", "up", "up"]);
});

/** Witnesses that run seldom, and sooner while they fail. */
async function seldom(failAfter = 2): Promise<World> {
  const world = await World.open();
  const slow: Wish = beyond({ schedule: every(7 * MINUTE), policy: { failAfter, failingEveryMs: millis(20 * SECOND) } });
  world.add(["gw", { schedule: every(30 * SECOND), policy: { failAfter: 2 } }], ["outside", outside], ...WITNESSES.map((name) => [name, slow] as const), ["shop", beyond()]);
  await world.pass(10 * MINUTE);
  return world;
}

test("when the gateway is back, the witnesses say at once whether the outside is too", async () => {
  const world = await seldom();
  set(world, "down", "gw", ...WITNESSES, "shop");
  await world.pass(20 * MINUTE);
  set(world, "up", "gw", ...WITNESSES, "shop");
  await world.pass(31 * SECOND);
  expect(statuses(world, "gw", "outside", ...WITNESSES)).toEqual(["up", "up", "up", "up", "up"]);
  set(world, "down", "gw", ...WITNESSES, "shop");
  await world.pass(20 * MINUTE);
  set(world, "up", "gw");
  await world.pass(90 * SECOND);
  expect(statuses(world, "gw", "outside", "shop", ...WITNESSES)).toEqual(["up", "down", "blocked", "blocked", "blocked", "blocked"]);
});

test("while the outside is down its witnesses run at their faster pace, behind the gateway they rest", async () => {
  const world = await seldom();
  set(world, "down", ...WITNESSES);
  await world.pass(20 * MINUTE);
  expect(world.status("outside")).toBe("down");
  const before = world.runsOf("w1").length;
  await world.pass(10 * MINUTE);
  expect(world.runsOf("w1").length - before).toBeGreaterThan(25);
  set(world, "up", ...WITNESSES);
  await world.pass(21 * SECOND);
  expect(statuses(world, "outside", ...WITNESSES)).toEqual(["up", "up", "up", "up"]);
  set(world, "down", "gw", ...WITNESSES);
  await world.pass(20 * MINUTE);
  const behind = world.runsOf("w1").length;
  await world.pass(14 * MINUTE);
  expect(world.runsOf("w1").length - behind).toBe(2);
});

test("the gateway is back before the line: the outside is not up in between", async () => {
  const world = await seldom();
  for (let times = 0; times < 40; times += 1) {
    set(world, "down", "gw", ...WITNESSES, "shop");
    await world.pass(20 * MINUTE + times * 11 * SECOND);
    set(world, "up", "gw");
    await world.pass(3 * MINUTE);
    set(world, "up", ...WITNESSES, "shop");
    await world.pass(15 * MINUTE);
  }
  const moves = world.batches.flatMap(({ transitions }) => transitions).filter(({ check }) => check === "outside").map(({ to }) => to);
  expect(moves.join(" ").replaceAll("blocked down up", "").trim()).toBe("up");
});

test("a witness's own outage and one failing run of another, after the gateway was away, are not the outside", async () => {
  const world = await seldom(3);
  set(world, "down", "gw", ...WITNESSES);
  await world.pass(20 * MINUTE);
  set(world, "up", "gw", "w3");
  await world.pass(35 * SECOND);
  set(world, "up", "w2");
  await world.pass(10 * MINUTE);
  expect(told(world)).toEqual(["gw down", "gw recovered", "w1 down"]);
});
