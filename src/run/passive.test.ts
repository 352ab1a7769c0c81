import { expect, test } from "vitest";
import { checkName } from "../core/types.ts";
import type { Beat } from "../probes/probe.ts";
import { definitionOf, HOUR, MINUTE, SECOND, since, T0, World } from "./ground.ts";

const backup = checkName("backup");
const beat = (status: Beat["status"] = "up"): Beat => ({ status, message: "", latencyMs: null });

async function listening(): Promise<World> {
  const world = await World.open();
  world.add(["backup", { within: 10 * MINUTE }]);
  return world;
}

const story = (world: World): readonly string[] => world.resultsOf("backup").map(({ started, verdict, sentence }) => `${since(started)} ${verdict} ${sentence}`);

test("a heartbeat in time is well, a missing one is down, again and again", async () => {
  const world = await listening();
  await world.pass(5 * MINUTE);
  world.engine.beat(backup, beat());
  await world.pass(26 * MINUTE);
  expect(story(world)).toEqual(["300 up saw up", "900 down none for 600 s", "1500 down none for 1200 s"]);
});

test("an inverted one is down by a heartbeat, and well in silence", async () => {
  const world = await World.open();
  world.add(["backup", { within: 10 * MINUTE, definition: { invert: true } }]);
  await world.pass(5 * MINUTE);
  world.engine.beat(backup, beat());
  world.engine.beat(backup, beat("down"));
  world.engine.beat(backup, beat("start"));
  await world.pass(11 * MINUTE);
  expect(story(world)).toEqual(["300 down up, and should not be: saw up", "300 up not up, as it should be: saw down", "900 up not up, as it should be: none for 600 s"]);
});

test("before the first heartbeat there is the whole time", async () => {
  const world = await listening();
  await world.pass(11 * MINUTE);
  expect(story(world)).toEqual(["600 down none yet"]);
});

test("a sender may report a failure; a start or a log says nothing", async () => {
  const world = await listening();
  world.engine.beat(backup, beat("down"));
  world.engine.beat(backup, beat("start"));
  world.engine.beat(backup, beat("log"));
  expect(story(world)).toEqual(["0 down saw down"]);
  world.engine.beat(checkName("none"), beat());
});

test("it cannot be run, and is never asked", async () => {
  const world = await listening();
  expect(world.engine.demand(backup, "manual")).toBe(false);
});

test("a paused one misses nothing, and has its whole time again when resumed", async () => {
  const world = await listening();
  world.act("backup", "pause");
  await world.pass(HOUR + 5 * MINUTE);
  expect(story(world)).toEqual([]);
  world.act("backup", "resume");
  await world.pass(10 * MINUTE - SECOND);
  expect(story(world)).toEqual([]);
  await world.pass(2 * SECOND);
  expect(world.status("backup")).toBe("down");
});

test("time without listening does not count: the rest of the time begins where it was left", async () => {
  const world = await World.open();
  world.beliefs.put(definitionOf("backup", { within: 10 * MINUTE }).policy, null, T0);
  world.engine.put({ definition: definitionOf("backup", { within: 10 * MINUTE }), start: "old", heardAt: world.clock.now() });
  expect(since(world.engine.nextRunAt(backup) ?? T0)).toBe(600);
});

test("a clock put forward misses nothing", async () => {
  const world = await listening();
  world.engine.beat(backup, beat());
  world.time.step(24 * HOUR);
  await world.pass(9 * MINUTE);
  expect(story(world)).toEqual(["0 up saw up"]);
  await world.pass(2 * MINUTE);
  expect(story(world).at(-1)).toBe("87000 down none for 600 s");
});

test("a group waits for members that were not heard yet, and is not unchecked meanwhile", async () => {
  const world = await World.open();
  world.add(["page"], ["dump", { within: HOUR }], ["all", { schedule: { kind: "never" }, group: { members: ["page", "dump"], run: "own" } }]);
  const told = (): readonly string[] => world.batches.flatMap(({ alerts }) => alerts).map(({ check, kind }) => `${check} ${kind}`);
  await world.pass(50 * MINUTE);
  expect([world.status("page"), world.status("all"), told()]).toEqual(["up", "pending", []]);
  await world.pass(20 * MINUTE);
  expect(told()).toEqual(["dump down", "all down"]);
});
