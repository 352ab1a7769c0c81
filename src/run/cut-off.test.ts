import { expect, test } from "vitest";
import { checkName, millis } from "../core/types.ts";
import { every, HOUR, MINUTE, NEVER, SECOND, T0, type Wish, World } from "./ground.ts";

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

test("this host cannot ask anybody: told of the outside at the first start, behind a gateway that is back, at a window's end", async () => {
  const world = await World.open();
  set(world, "unknown", ...WITNESSES, "shop");
  world.add(["gw", { schedule: every(10 * SECOND), policy: { failAfter: 2 } }], ["outside", outside], ...WITNESSES.map((name) => [name, witness] as const), ["shop", beyond()]);
  const since = (): readonly number[] => world.batches.flatMap((batch) => batch.alerts).filter(({ check, kind }) => check === "outside" && kind === "down").map(({ since: at }) => Math.round((at - T0) / MINUTE));
  await world.pass(5 * MINUTE);
  set(world, "up", ...WITNESSES, "shop");
  await world.pass(5 * MINUTE);
  set(world, "down", "gw");
  set(world, "unknown", ...WITNESSES, "shop");
  await world.pass(10 * MINUTE);
  set(world, "up", "gw");
  await world.pass(HOUR);
  expect(statuses(world, "gw", "outside", "shop")).toEqual(["up", "down", "blocked"]);
  set(world, "up", ...WITNESSES, "shop");
  await world.pass(5 * MINUTE);
  const all = ["gw", "outside", "shop", ...WITNESSES].map((name) => checkName(name));
  const window = (open: readonly string[]): void => all.forEach((name) => world.beliefs.action(name, { kind: "maintenance", open }, world.engine.now()));
  window(["night"]);
  set(world, "unknown", ...WITNESSES, "shop");
  await world.pass(5 * MINUTE);
  window([]);
  await world.pass(5 * MINUTE);
  expect(told(world)).toEqual(["outside down", "outside recovered", "gw down", "gw recovered", "outside down", "outside recovered", "outside down"]);
  expect(since()).toEqual([0, 21, 86]);
});

test("before the outside goes down the gateway is asked, by the newest of what the witnesses saw", async () => {
  for (let offset = 0; offset < 60; offset += 6) {
    const world = await World.open();
    const each = (seconds: number): Wish => beyond({ schedule: every(seconds * SECOND), policy: { failAfter: 2 } });
    world.add(["gw", { schedule: every(30 * SECOND), policy: { failAfter: 2 } }], ["outside", outside], ["w1", each(60)], ["w2", each(10)], ["w3", each(10)]);
    await world.pass(5 * MINUTE);
    set(world, "down", "w1");
    await world.pass(10 * MINUTE + offset * SECOND);
    set(world, "down", "gw", "w2", "w3");
    await world.pass(10 * MINUTE);
    expect(told(world), `cut ${offset} s later`).toEqual(["w1 down", "gw down"]);
  }
});

test("runs under way when the line is back do not count, whether the witnesses failed or could not tell", async () => {
  for (const verdict of ["unknown", "down"] as const) {
    for (let offset = 0; offset < 60; offset += 4) {
      const world = await World.open();
      world.add(["gw", { schedule: every(10 * SECOND), policy: { failAfter: 2 } }], ["outside", outside], ...WITNESSES.map((name) => [name, { ...witness, schedule: every(10 * SECOND) }] as const), ...["shop", "mail", "api"].map((name) => [name, witness] as const));
      await world.pass(5 * MINUTE);
      set(world, verdict, ...WITNESSES);
      for (const name of ["shop", "mail", "api"]) world.set(name, "down", 1, true);
      await world.pass(10 * MINUTE + offset * SECOND);
      set(world, "up", ...WITNESSES, "shop", "mail", "api");
      await world.pass(10 * MINUTE);
      expect(told(world), `${verdict}, ${offset} s later`).toEqual(["outside down", "outside recovered"]);
    }
  }
});

test("a witness that is a group says nothing before its members do", async () => {
  const world = await World.open();
  const provider = (...members: readonly string[]): Wish => beyond({ schedule: NEVER, group: { members, run: "own", require: "any" } });
  world.add(["outside", { ...outside, parents: [], group: { members: ["pa", "pb"], require: 1, run: "own", bySight: true } }], ...["pa", "pb"].map((name) => [name, { ...provider(`${name}1`, `${name}2`), parents: ["outside"] }] as const), ...["pa1", "pa2", "pb1", "pb2"].map((name) => [name, { parents: ["outside"] }] as const));
  await world.pass(5 * MINUTE);
  expect([told(world), statuses(world, "outside", "pa", "pb")]).toEqual([[], ["up", "up", "up"]]);
});

test("where nothing can be asked, the gateway either, that is told of the gateway and not of each check", async () => {
  const world = await World.open();
  const local: Wish = { parents: ["gw"] };
  world.add(["gw", { schedule: every(30 * SECOND), policy: { failAfter: 2 } }], ["nas", local], ["printer", { ...local, schedule: every(20 * SECOND) }], ["door", { ...local, schedule: every(5 * MINUTE) }]);
  await world.pass(6 * MINUTE);
  set(world, "unknown", "gw", "nas", "printer", "door");
  await world.pass(HOUR);
  expect([told(world), statuses(world, "gw", "nas", "printer", "door")]).toEqual([["gw unchecked"], ["pending", "blocked", "blocked", "blocked"]]);
  set(world, "up", "gw", "nas", "printer");
  set(world, "down", "door");
  await world.pass(10 * MINUTE);
  expect([told(world), statuses(world, "gw", "nas", "printer", "door")]).toEqual([["gw unchecked", "gw recovered", "door down"], ["up", "up", "up", "down"]]);
});
