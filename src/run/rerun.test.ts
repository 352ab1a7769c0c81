import { expect, test } from "vitest";
import { checkName, millis } from "../core/types.ts";
import { every, HOUR, MINUTE, NEVER, SECOND, type Wish, World } from "./ground.ts";

const DAILY = every(24 * HOUR);
const GATEWAY: Wish = { schedule: every(20 * SECOND), policy: { failAfter: 2 } };
const behind = (schedule: Wish["schedule"], parent = "gw", failAfter = 1): Wish => ({ ...(schedule === undefined ? {} : { schedule }), parents: [parent], policy: { failAfter } });
const told = (world: World): readonly string[] => world.batches.flatMap((batch) => batch.alerts).map(({ check, kind }) => `${check} ${kind}`);
const set = (world: World, verdict: "up" | "down" | "unknown", ...names: readonly string[]): void => names.forEach((name) => world.set(name, verdict));

/** Lets a check that runs once a day fail while the gateway is down. */
async function blocked(world: World, ...names: readonly string[]): Promise<void> {
  await world.pass(MINUTE);
  set(world, "down", "gw", ...names);
  await world.pass(MINUTE);
  for (const name of names) world.engine.resume(checkName(name));
  await world.pass(MINUTE);
  expect(names.map((name) => world.status(name))).toEqual(names.map(() => "blocked"));
}

test("what was blocked runs at once when its parent is back, and so on down the line", async () => {
  const world = await World.open();
  world.add(["gw", GATEWAY], ["backup", behind(DAILY)], ["app", behind(DAILY)], ["shop", behind(DAILY, "app")]);
  await blocked(world, "app", "shop", "backup");
  set(world, "up", "gw", "app", "shop");
  await world.pass(MINUTE);
  expect(["app", "shop", "backup"].map((name) => world.status(name))).toEqual(["up", "up", "down"]);
  expect(told(world)).toEqual(["gw down", "gw recovered", "backup down"]);
});

test("a thousand that were blocked by one begin within half a minute, and not together", async () => {
  const names = Array.from({ length: 1000 }, (_, n) => `c${n}`);
  const world = await World.open({ runs: 2000, perTarget: 100 });
  world.add(["gw", GATEWAY], ...names.map((name) => [name, behind(DAILY)] as const));
  await blocked(world, ...names);
  set(world, "up", "gw", ...names);
  world.began.length = 0;
  await world.pass(MINUTE);
  const starts = names.flatMap((name) => world.runsOf(name));
  // A slot of their own may fall into that minute.
  expect([new Set(names.filter((name) => world.runsOf(name).length > 0)).size, starts.length < 1010]).toEqual([1000, true]);
  expect(starts.filter((at) => at > Math.min(...starts) + 30).length).toBeLessThan(10);
  expect(starts.filter((at) => at <= Math.min(...starts) + 1).length).toBeLessThan(200);
  expect(new Set(names.map((name) => world.status(name)))).toEqual(new Set(["up"]));
});

test("one whose own slot comes as soon has no run besides, nor one that runs already", async () => {
  const world = await World.open();
  world.add(["gw", GATEWAY], ["quick", behind(every(20 * SECOND))], ["slow", behind(DAILY)]);
  await blocked(world, "slow");
  world.set("slow", "down", 40 * SECOND);
  set(world, "up", "gw");
  const runs = (): readonly number[] => ["quick", "slow"].map((name) => world.runsOf(name).length);
  const [quick = 0, slow = 0] = runs();
  await world.pass(MINUTE);
  expect(runs()).toEqual([quick + 3, slow + 1]);
});

test("a parent that runs seldom runs again when a child fails behind it, and hides no outage of its own", async () => {
  const world = await World.open();
  world.add(["app", { schedule: every(HOUR) }], ["shop", behind(every(MINUTE), "app", 2)]);
  await world.pass(MINUTE);
  set(world, "down", "app");
  world.engine.resume(checkName("app"));
  await world.pass(10 * MINUTE);
  set(world, "up", "app");
  set(world, "down", "shop");
  await world.pass(4 * MINUTE);
  expect(told(world)).toEqual(["app down", "app recovered", "shop down"]);
});

test("while that parent is down it runs each few minutes, not with each run of each child", async () => {
  const world = await World.open();
  const children = Array.from({ length: 20 }, (_, n) => `shop${n}`);
  world.add(["app", { schedule: every(24 * HOUR) }], ...children.map((name) => [name, behind(every(MINUTE), "app")] as const));
  await world.pass(MINUTE);
  set(world, "down", "app", ...children);
  world.engine.resume(checkName("app"));
  await world.pass(2 * MINUTE);
  const before = world.runsOf("app").length;
  await world.pass(30 * MINUTE);
  expect(world.runsOf("app").length - before).toBeGreaterThan(3);
  expect(world.runsOf("app").length - before).toBeLessThan(8);
  // Nor more often where it cannot tell.
  set(world, "unknown", "app");
  const unknown = world.runsOf("app").length;
  await world.pass(30 * MINUTE);
  expect(world.runsOf("app").length - unknown).toBeLessThan(8);
  set(world, "up", "app");
  await world.pass(7 * MINUTE);
  expect([told(world).slice(0, 2), new Set(told(world).slice(2))]).toEqual([["app down", "app recovered"], new Set(children.map((name) => `${name} down`))]);
});

test("a group that blocks is asked through its members, and a member in turn runs with its group", async () => {
  const world = await World.open();
  const turn: Wish = { schedule: DAILY, group: { members: ["a", "b"], run: "turn", require: "any" } };
  world.add(["gws", { schedule: NEVER, group: { members: ["g1", "g2"], run: "own", require: "any" } }], ["g1", { schedule: DAILY }], ["g2", { schedule: DAILY }], ["mail", turn], ["a", { schedule: NEVER, parents: ["gws"] }], ["b", { schedule: NEVER }], ["shop", { schedule: every(MINUTE), parents: ["gws"], policy: { failAfter: 2, failingEveryMs: millis(MINUTE) } }]);
  await world.pass(MINUTE);
  set(world, "down", "g1", "g2", "a");
  for (const name of ["g1", "g2"]) world.engine.resume(checkName(name));
  await world.pass(2 * MINUTE);
  world.engine.resume(checkName("mail"));
  await world.pass(MINUTE);
  expect(["gws", "mail", "a"].map((name) => world.status(name))).toEqual(["down", "up", "blocked"]);
  set(world, "up", "g1", "g2", "a");
  set(world, "down", "shop");
  await world.pass(10 * MINUTE);
  expect(["gws", "mail", "a", "shop"].map((name) => world.status(name))).toEqual(["up", "up", "up", "down"]);
});
