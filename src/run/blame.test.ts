import { expect, test } from "vitest";
import { checkName, millis } from "../core/types.ts";
import { every, HOUR, MINUTE, NEVER, SECOND, type Wish, World } from "./ground.ts";

const told = (world: World): readonly string[] => world.batches.flatMap((batch) => batch.alerts).map(({ check, kind }) => `${check} ${kind}`);
const statuses = (world: World, ...names: readonly string[]): readonly (string | undefined)[] => names.map((name) => world.status(name));
const turn = (...members: readonly string[]): Wish => ({ group: { members, run: "turn" } });
const own = (...members: readonly string[]): Wish => ({ schedule: NEVER, group: { members, run: "own" } });
const behind: Wish = { parents: ["gw"] };
const set = (world: World, verdict: "up" | "down", ...names: readonly string[]): void => names.forEach((name) => world.set(name, verdict));

test("a group of members that are hidden by a gateway is hidden by it too, and comes back with them", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(10 * SECOND) }], ["a", behind], ["b", behind], ["all", own("a", "b")], ["outer", own("all")]);
  await world.pass(2 * MINUTE);
  set(world, "down", "gw", "a", "b");
  await world.pass(3 * MINUTE);
  expect(statuses(world, "a", "b", "all", "outer")).toEqual(["blocked", "blocked", "blocked", "blocked"]);
  expect(world.beliefs.state(checkName("outer"))?.belief.cause).toBe("gw");
  expect(world.beliefs.hides(checkName("gw"))).toEqual(["a", "all", "b", "outer"]);
  await world.pass(HOUR);
  set(world, "up", "gw", "a", "b");
  await world.pass(3 * MINUTE);
  expect(statuses(world, "a", "b", "all", "outer")).toEqual(["up", "up", "up", "up"]);
  expect(told(world)).toEqual(["gw down", "gw recovered"]);
});

test("a member that fails by itself takes its group down, whatever others are hidden by", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(10 * SECOND) }], ["a", behind], ["web"], ["all", own("a", "web")]);
  await world.pass(2 * MINUTE);
  set(world, "down", "gw", "a", "web");
  await world.pass(3 * MINUTE);
  expect(statuses(world, "a", "web", "all")).toEqual(["blocked", "down", "down"]);
  expect(world.beliefs.hides(checkName("gw"))).toEqual(["a"]);
  const any = await World.open();
  any.add(["gw", { schedule: every(10 * SECOND) }], ["a", behind], ["web"], ["any", { schedule: NEVER, group: { members: ["a", "web"], run: "own", require: "any" } }]);
  await any.pass(2 * MINUTE);
  set(any, "down", "gw", "a", "web");
  await any.pass(3 * MINUTE);
  expect(statuses(any, "a", "web", "any")).toEqual(["blocked", "down", "blocked"]);
});

test("of members in turn too: before the group goes down, those are asked that its failing members depend on", async () => {
  const world = await World.open();
  const quiet: Wish = { ...behind, schedule: NEVER, policy: { steps: [] } };
  world.add(["gw", { schedule: every(2 * MINUTE), policy: { failAfter: 2 } }], ["a", quiet], ["b", quiet], ["mail", { ...turn("a", "b"), schedule: every(5 * MINUTE) }]);
  await world.pass(6 * MINUTE);
  set(world, "down", "gw", "a", "b");
  await world.pass(20 * MINUTE);
  expect(statuses(world, "gw", "a", "b", "mail")).toEqual(["down", "blocked", "blocked", "blocked"]);
  expect(world.resultsOf("mail").at(-1)).toMatchObject({ verdict: "unknown", sentence: "0 of 2 up, 2 needed; not known: a, b" });
  set(world, "up", "gw", "a", "b");
  await world.pass(10 * MINUTE);
  expect(statuses(world, "gw", "mail")).toEqual(["up", "up"]);
  expect(told(world)).toEqual(["gw down", "gw recovered"]);
  // The gateway is well: then it is their own.
  set(world, "down", "b");
  await world.pass(6 * MINUTE);
  expect(statuses(world, "b", "mail")).toEqual(["down", "down"]);
  expect(world.resultsOf("gw").filter(({ origin }) => origin === "confirm").length).toBeGreaterThan(1);
});

test("a group in turn with a member that nothing hides is told at once", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(2 * MINUTE) }], ["a", { ...behind, schedule: NEVER }], ["web", { schedule: NEVER }], ["mail", turn("a", "web")]);
  await world.pass(3 * MINUTE);
  set(world, "down", "gw", "a", "web");
  await world.pass(MINUTE + SECOND);
  expect(world.status("mail")).toBe("down");
});

test("who depends on a group asks its members: well only when so many of them are seen to be", async () => {
  const seldom = { schedule: every(HOUR), policy: { failAfter: 2 } };
  const world = await World.open();
  world.add(["g1", seldom], ["g2", seldom], ["gates", { schedule: NEVER, group: { members: ["g1", "g2"], run: "own", require: "any" } }], ["shop", { parents: ["gates"] }]);
  await world.pass(SECOND);
  // Both gateways fall, and nobody has seen it yet.
  set(world, "down", "g1", "g2", "shop");
  await world.pass(5 * MINUTE);
  expect(statuses(world, "gates", "shop")).toEqual(["up", "up"]);
  expect(world.resultsOf("g1").map(({ origin }) => origin)).toEqual(["start", "confirm"]);
  expect(told(world)).toEqual([]);
  // One is back, which is enough: what still fails is told.
  set(world, "up", "g1");
  world.engine.demand(checkName("g1"), "manual");
  await world.pass(3 * MINUTE);
  expect(told(world)).toEqual(["shop down"]);
});

test("a group that depends on nothing is not asked about, and one that is paused takes no part", async () => {
  const world = await World.open();
  world.add(["g1", { schedule: every(HOUR) }], ["gates", own("g1")], ["shop", { parents: ["gates"] }]);
  await world.pass(SECOND);
  world.act("g1", "pause");
  set(world, "down", "shop");
  await world.pass(2 * MINUTE);
  expect(told(world)).toEqual(["shop down"]);
});

test("a group that tells of changes does so as soon as another member fails", async () => {
  const world = await World.open();
  world.add(["a"], ["b"], ["all", { schedule: NEVER, group: { members: ["a", "b"], run: "own", renotify: true } }]);
  await world.pass(SECOND);
  set(world, "down", "a");
  await world.pass(2 * MINUTE);
  set(world, "down", "b");
  await world.pass(2 * MINUTE);
  const reminders = world.batches.flatMap((batch) => batch.alerts).filter(({ check, kind }) => check === checkName("all") && kind === "reminder");
  expect(reminders.map(({ sentence }) => sentence)).toEqual(["now failing: a, b (before: a); 0 of 2 up, 2 needed; a: saw down; b: saw down"]);
});

test("down a line of dependencies the one that is to blame is told, however seldom it and those between run", async () => {
  const line = async (gw: Wish, core: Wish): Promise<readonly string[]> => {
    const world = await World.open();
    world.add(["gw", gw], ["core", { ...core, parents: ["gw"] }], ["web", { parents: ["core"], policy: { failAfter: 2 } }], ["mail", { parents: ["core"], policy: { failAfter: 2 } }]);
    await world.pass(31 * MINUTE);
    set(world, "down", "gw", "core", "web", "mail");
    await world.pass(2 * HOUR);
    expect(statuses(world, "gw", "core", "web", "mail")).toEqual(["down", "blocked", "blocked", "blocked"]);
    expect(["core", "web"].map((name) => world.beliefs.state(checkName(name))?.belief.cause)).toEqual(["gw", "gw"]);
    set(world, "up", "gw", "core", "web", "mail");
    await world.pass(2 * HOUR);
    expect(statuses(world, "gw", "core", "web", "mail")).toEqual(["up", "up", "up", "up"]);
    return told(world);
  };
  const twice = (minutes: number, failAfter = 2): Wish => ({ schedule: every(minutes * MINUTE), policy: { failAfter } });
  for (const [gw, core] of [[twice(5), twice(1)], [twice(2, 3), twice(1)], [twice(1), twice(60)], [twice(1), twice(60, 1)], [twice(1), twice(20, 3)], [twice(20), twice(10)], [twice(50, 1), twice(60)], [twice(58, 1), twice(60)]] as const) expect(await line(gw, core)).toEqual(["gw down", "gw recovered"]);
});

test("a parent that is well clears its children of what it depends on in turn", async () => {
  const world = await World.open();
  world.add(["gw"], ["core", { parents: ["gw"] }], ["web", { parents: ["core"] }]);
  await world.pass(2 * MINUTE);
  set(world, "down", "gw", "web");
  await world.pass(3 * MINUTE);
  expect(statuses(world, "gw", "core", "web")).toEqual(["down", "up", "down"]);
});

test("behind what is down a parent that cannot tell, or is not asked by itself, hides its children", async () => {
  const world = await World.open();
  const quick: Wish = { schedule: every(30 * SECOND), policy: { failAfter: 2 } };
  world.add(["gw", quick], ["app", behind], ["shop", { parents: ["app"], policy: { failAfter: 3 } }], ["agent", { ...behind, within: 2 * HOUR }], ["db", { parents: ["agent"], policy: { failAfter: 2 } }], ["host", { ...behind, schedule: NEVER, policy: { everyMs: millis(0), failingEveryMs: millis(0), steps: [] } }], ["web", { parents: ["host"], policy: { failAfter: 2 } }]);
  await world.pass(5 * MINUTE);
  world.engine.beat(checkName("agent"), { status: "up", message: "", latencyMs: null });
  set(world, "down", "gw", "shop", "db", "host", "web");
  world.set("app", "unknown");
  await world.pass(HOUR);
  expect(statuses(world, "gw", "shop", "db", "web")).toEqual(["down", "blocked", "blocked", "blocked"]);
  set(world, "up", "gw", "app", "db", "host");
  await world.pass(90 * SECOND);
  set(world, "up", "shop");
  await world.pass(30 * MINUTE);
  // Web stays down: nobody asks its parent by itself, and that hides nothing for ever.
  expect(statuses(world, "gw", "app", "shop", "db", "web")).toEqual(["up", "up", "up", "up", "down"]);
  expect(told(world)).toEqual(["gw down", "gw recovered", "web down"]);
});

test("a ladder of parents, two on each step, is looked at once for each of them", async () => {
  const world = await World.open();
  const steps = Array.from({ length: 40 }, (_, at) => [`a${at}`, `b${at}`] as const);
  world.add(...steps.flatMap(([a, b], at) => [a, b].map((name) => [name, { parents: [...(steps[at - 1] ?? [])], policy: { failAfter: 2 } }] as const)));
  await world.pass(2 * MINUTE);
  set(world, "down", ...steps.flat());
  await world.pass(5 * MINUTE);
  expect(told(world)).toEqual(["a0 down", "b0 down"]);
});

test("at a window's end a group is judged when its members have run, not by the first of them", async () => {
  const world = await World.open();
  const quiet: Wish = { schedule: every(15 * MINUTE), policy: { steps: [] } };
  world.add(["a", quiet], ["b", quiet], ["g", own("a", "b")]);
  const window = (open: readonly string[]): void => ["a", "b", "g"].forEach((name) => world.beliefs.action(checkName(name), { kind: "maintenance", open }, world.engine.now()));
  await world.pass(5 * MINUTE);
  window(["night"]);
  set(world, "down", "a", "b");
  await world.pass(31 * MINUTE);
  world.set("a", "up", 200);
  world.set("b", "up", 2000);
  window([]);
  await world.pass(MINUTE);
  expect([told(world), statuses(world, "a", "b", "g")]).toEqual([[], ["up", "up", "up"]]);
});
