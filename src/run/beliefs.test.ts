import { expect, test } from "vitest";
import { type Alert, checkName } from "../core/types.ts";
import { every, HOUR, MINUTE, NEVER, SECOND, World } from "./ground.ts";

const alerts = (world: World): readonly Alert[] => world.batches.flatMap((batch) => batch.alerts);

test("a parent that fails takes its children into blocked, in one batch, and names them", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(10 * SECOND) }], ["a", { parents: ["gw"] }], ["b", { parents: ["a"] }], ["c", { parents: ["gw"] }]);
  await world.pass(2 * MINUTE);
  for (const name of ["gw", "a", "b"]) world.set(name, "down");
  await world.pass(3 * MINUTE);
  expect(["gw", "a", "b", "c"].map((name) => world.status(name))).toEqual(["down", "blocked", "blocked", "up"]);
  expect(alerts(world).map(({ check, kind }) => `${check} ${kind}`)).toEqual(["gw down"]);
  expect(world.beliefs.hides(checkName("gw"))).toEqual(["a", "b"]);
  expect(world.beliefs.state(checkName("b"))?.belief.cause).toBe("gw");
  for (const name of ["gw", "a", "b"]) world.set(name, "up");
  await world.pass(3 * MINUTE);
  expect(["gw", "a", "b", "c"].map((name) => world.status(name))).toEqual(["up", "up", "up", "up"]);
  expect(alerts(world).map(({ check, kind }) => `${check} ${kind}`)).toEqual(["gw down", "gw recovered"]);
});

test("a parent that is looked at more often than its children names them though none of them failed yet", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(3 * SECOND) }], ["shop", { schedule: every(HOUR), parents: ["gw"] }], ["mail", { schedule: every(HOUR), parents: ["shop"] }], ["off", { schedule: every(HOUR), parents: ["gw"] }], ["other", { schedule: every(HOUR) }]);
  await world.pass(MINUTE);
  world.beliefs.action(checkName("off"), { kind: "pause", by: "ann" }, world.clock.now());
  for (const name of ["gw", "shop", "mail"]) world.set(name, "down");
  await world.pass(MINUTE);
  world.set("gw", "up");
  await world.pass(MINUTE);
  expect(alerts(world).map(({ check, kind, hides, dependents }) => [check, kind, hides, dependents])).toEqual([["gw", "down", [], ["mail", "shop"]], ["gw", "recovered", [], undefined]]);
});

test("what it hides is not named twice", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(10 * SECOND) }], ["a", { schedule: every(10 * SECOND), parents: ["gw"], policy: { failAfter: 5 } }], ["b", { schedule: every(HOUR), parents: ["a"] }]);
  await world.pass(2 * MINUTE);
  for (const name of ["gw", "a", "b"]) world.set(name, "down");
  await world.pass(3 * MINUTE);
  expect(alerts(world).map(({ check, hides, dependents }) => [check, hides, dependents])).toEqual([["gw", ["a"], ["b"]]]);
});

test("a cascade is committed as one: the parent's fall and what it means for its children", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: NEVER, policy: { failAfter: 1 } }], ["a", { parents: ["gw"], policy: { failAfter: 3 } }], ["b", { parents: ["a"], policy: { failAfter: 3 } }]);
  for (const name of ["a", "b"]) world.set(name, "down");
  await world.pass(MINUTE + SECOND);
  world.set("gw", "down");
  world.engine.demand(checkName("gw"), "scheduled");
  await world.pass(SECOND);
  const batch = world.batches.find(({ transitions }) => transitions.some(({ check, to }) => check === checkName("gw") && to === "down"));
  expect(batch?.transitions.map(({ check, from, to, reason }) => `${check} ${from} ${to} ${reason.cause}`)).toEqual(["gw pending down null", "a pending blocked gw", "b pending blocked gw"]);
  expect(batch?.states.map(({ check }) => check)).toEqual(["gw", "a", "b"]);
});

test("before a child is told its parent is asked, by a run that does not count", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(HOUR) }], ["shop", { parents: ["gw"] }]);
  await world.pass(SECOND);
  world.set("shop", "down");
  await world.pass(2 * MINUTE);
  expect(world.resultsOf("gw").map(({ origin }) => origin)).toEqual(["start", "confirm"]);
  expect(world.status("shop")).toBe("down");
  expect(alerts(world).map(({ check, kind }) => `${check} ${kind}`)).toEqual(["shop down"]);
});

test("a parent that is found failing when asked holds its child until it is down itself", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(2 * MINUTE), policy: { failAfter: 2 } }], ["shop", { parents: ["gw"] }]);
  await world.pass(SECOND);
  for (const name of ["gw", "shop"]) world.set(name, "down");
  await world.pass(8 * MINUTE);
  expect(alerts(world).map(({ check, kind }) => `${check} ${kind}`)).toEqual(["gw down"]);
  expect(world.status("shop")).toBe("blocked");
});

test("ticks that change nothing are not journalled, actions are", async () => {
  const world = await World.open();
  world.add(["shop"]);
  await world.pass(HOUR);
  world.beliefs.tick(checkName("shop"), world.engine.now());
  world.act("shop", "pause");
  await world.pass(SECOND);
  expect(world.batches.flatMap(({ journal }) => journal).map(({ input }) => (input as { kind: string }).kind)).toEqual(["added", "pause"]);
});

test("plain passing results write no state", async () => {
  const world = await World.open();
  world.add(["shop"]);
  await world.pass(HOUR);
  expect(world.resultsOf("shop").length).toBeGreaterThan(59);
  expect(world.batches.flatMap(({ states }) => states).length).toBe(1);
});

test("a check goes on under a new name with what is believed of it", async () => {
  const world = await World.open();
  world.set("shop", "down");
  world.add(["shop"]);
  await world.pass(SECOND);
  const { belief } = world.beliefs.state(checkName("shop")) ?? {};
  world.beliefs.rename(checkName("shop"), checkName("store"));
  expect(world.beliefs.state(checkName("shop"))).toBeNull();
  expect(world.beliefs.state(checkName("store"))?.belief).toMatchObject({ status: "down", incident: { id: belief?.incident?.id, check: "store" } });
});

test("when the clock steps all checks move along before any is judged", async () => {
  const world = await World.open();
  world.add(["gw", { schedule: every(HOUR) }], ["shop", { parents: ["gw"], policy: { failAfter: 1 } }]);
  await world.pass(SECOND);
  world.set("gw", "down", 1, true);
  world.set("shop", "down");
  await world.pass(MINUTE);
  const before = world.beliefs.state(checkName("shop"))?.belief.wait;
  const seenAt = world.beliefs.view(checkName("gw"))?.verdictStarted ?? 0;
  expect(before).not.toBeNull();
  world.time.step(-24 * HOUR);
  await world.pass(1);
  world.engine.now();
  const state = world.beliefs.state(checkName("shop"));
  expect([state?.belief.status, (state?.belief.wait?.until ?? 0) - (before?.until ?? 0)]).toEqual(["up", -24 * HOUR]);
  expect(world.beliefs.view(checkName("gw"))?.verdictStarted).toBe(seenAt - 24 * HOUR);
});
