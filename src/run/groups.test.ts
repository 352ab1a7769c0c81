import { expect, test } from "vitest";
import { channelName, checkName, type Facts, millis } from "../core/types.ts";
import { every, HOUR, MINUTE, NEVER, SECOND, type Wish, World } from "./ground.ts";

test("members run in turn, in the group's slot, with its origin", async () => {
  const world = await World.open();
  for (const name of ["a", "b", "c"]) world.set(name, "up", 2 * SECOND);
  world.add(["mail", { group: { members: ["a", "b", "c"], run: "turn" } }], ["a", { schedule: NEVER }], ["b", { schedule: NEVER }], ["c", { schedule: NEVER }]);
  await world.pass(10 * SECOND);
  expect(world.began.slice(0, 3)).toEqual(["0 a", "2 b", "4 c"]);
  expect(world.resultsOf("mail")).toMatchObject([{ verdict: "up", origin: "start", latencyMs: 6000, sentence: "3 of 3 up, 3 needed" }]);
  expect([world.status("a"), world.status("mail")]).toEqual(["up", "up"]);
});

test("a failing member takes the group down at once, and says why", async () => {
  const world = await World.open();
  world.set("b", "down");
  world.add(["mail", { group: { members: ["a", "b"], run: "turn" } }], ["a", { schedule: NEVER }], ["b", { schedule: NEVER }]);
  await world.pass(SECOND);
  expect(world.resultsOf("mail")).toMatchObject([{ verdict: "down", code: "members", sentence: "1 of 2 up, 2 needed; b: saw down" }]);
});

test("by its members' thresholds: a failing run under them is none of the group's, and neither is a pass under them", async () => {
  const world = await World.open();
  const group: Wish = { schedule: every(10 * SECOND), group: { members: ["a", "b"], run: "turn", byState: true } };
  const member: Wish = { schedule: NEVER, policy: { failAfter: 2, recoverAfter: 2 } };
  world.add(["mail", group], ["a", member], ["b", member]);
  for (const verdict of ["up", "up", "down", "down", "up", "up"] as const) {
    world.set("b", verdict);
    await world.pass(10 * SECOND);
  }
  expect(world.resultsOf("mail").map(({ verdict, facts, sentence }) => [verdict, facts["failing"], sentence]).slice(-5)).toEqual([
    ["up", [], "2 of 2 up, 2 needed"],
    ["up", [], "2 of 2 up, 2 needed"],
    ["down", ["b"], "1 of 2 up, 2 needed; b: saw down"],
    ["down", ["b"], "1 of 2 up, 2 needed; b: saw up, down by its threshold"],
    ["up", [], "2 of 2 up, 2 needed"],
  ]);
});

test("a member whose run fails by itself costs its own result, not the group's", async () => {
  const world = await World.open();
  let facts: Facts = {};
  for (let depth = 0; depth < 100_000; depth += 1) facts = { facts };
  world.behaviours.set("a", { verdict: "up", tookMs: 1, more: { facts } });
  world.add(["mail", { group: { members: ["a", "b"], run: "turn" } }], ["a", { schedule: NEVER }], ["b", { schedule: NEVER }]);
  await world.pass(SECOND);
  expect(world.errors).toEqual(["a run failed by itself; this is a bug in Tocsin"]);
  expect(world.resultsOf("b")).toMatchObject([{ verdict: "up" }]);
  expect(world.resultsOf("mail")).toMatchObject([{ verdict: "unknown", sentence: "1 of 2 up, 2 needed; not known: a" }]);
});

test("paused members are left out; where all are, nothing is due", async () => {
  const world = await World.open();
  world.set("b", "down");
  world.add(["mail", { group: { members: ["a", "b"], run: "turn" } }], ["a", { schedule: NEVER }], ["b", { schedule: NEVER }]);
  world.act("b", "pause");
  await world.pass(SECOND);
  expect(world.status("mail")).toBe("up");
  world.act("a", "pause");
  await world.pass(HOUR);
  expect(world.status("mail")).toBe("up");
  expect(world.resultsOf("mail").at(-1)).toMatchObject({ verdict: "unknown", code: "skipped" });
});

test("a group that is down hides nothing, and reminds of nothing, while all its members are paused", async () => {
  for (const run of ["turn", "own"] as const) {
    const world = await World.open();
    const steps = [{ after: { kind: "runs", count: 1 }, to: [channelName("ops")], repeatMs: millis(2 * MINUTE) }] as const;
    const group: Wish = { schedule: run === "turn" ? every(MINUTE) : NEVER, group: { members: ["a", "b"], run }, policy: { steps } };
    const member: Wish = { schedule: run === "turn" ? NEVER : every(MINUTE), policy: { steps: [] } };
    world.add(["mail", group], ["a", member], ["b", member], ["shop", { parents: ["mail"] }]);
    await world.pass(2 * MINUTE);
    for (const name of ["a", "b", "shop"]) world.set(name, "down");
    await world.pass(2 * MINUTE);
    expect([world.status("mail"), world.status("shop")]).toEqual(["down", "blocked"]);
    world.act("a", "pause");
    world.act("b", "pause");
    const said = (): readonly string[] => world.batches.flatMap((batch) => batch.alerts).map(({ check, kind }) => `${check} ${kind}`);
    const before = said().length;
    await world.pass(30 * MINUTE);
    expect([run, said().slice(before)]).toEqual([run, ["shop down"]]);
    for (const name of ["a", "b"]) world.set(name, "up");
    world.act("a", "resume");
    await world.pass(2 * MINUTE);
    expect([world.status("mail"), said().at(-1)]).toEqual(["up", "mail recovered"]);
  }
});

test("a member may be a group, judged by its members or run in turn", async () => {
  const world = await World.open();
  world.set("c", "down");
  world.add(
    ["all", { group: { members: ["inner", "own"], run: "turn" } }],
    ["inner", { schedule: NEVER, group: { members: ["a"], run: "turn" } }],
    ["own", { schedule: NEVER, group: { members: ["b", "c"], run: "own", require: "any" } }],
    ["a", { schedule: NEVER }],
    ["b"],
    ["c"],
  );
  await world.pass(2 * MINUTE);
  expect(world.runsOf("a").length).toBeGreaterThan(1);
  expect([world.status("inner"), world.status("own"), world.status("all")]).toEqual(["up", "up", "up"]);
  world.set("b", "down");
  await world.pass(2 * MINUTE);
  expect([world.status("inner"), world.status("own"), world.status("all")]).toEqual(["up", "down", "down"]);
});

test("a member whose own run is under way is waited for: no two runs of it overlap", async () => {
  const world = await World.open();
  world.set("a", "up", 3 * SECOND);
  world.add(["one", { group: { members: ["a"], run: "turn" }, schedule: every(20 * SECOND) }], ["two", { group: { members: ["a"], run: "turn" }, schedule: every(15 * SECOND) }], ["a", { schedule: NEVER }]);
  for (let at = 0; at < 20; at += 1) {
    world.engine.demand(checkName("a"), "manual");
    await world.pass(7 * SECOND);
  }
  expect(world.overlaps).toBe(0);
  expect(world.resultsOf("one").length).toBeGreaterThan(3);
  expect(world.resultsOf("two").length).toBeGreaterThan(3);
});

test("a group of members with runs of their own follows them at once, and only when it changes", async () => {
  const world = await World.open();
  world.add(["any", { schedule: NEVER, group: { members: ["a", "b"], run: "own", require: "any" } }], ["a"], ["b"]);
  await world.pass(SECOND);
  expect(world.status("any")).toBe("up");
  world.set("a", "down");
  await world.pass(MINUTE);
  expect([world.status("a"), world.status("any")]).toEqual(["down", "up"]);
  world.set("b", "down");
  await world.pass(MINUTE);
  const down = world.resultsOf("b").find(({ verdict }) => verdict === "down");
  const group = world.resultsOf("any").find(({ verdict }) => verdict === "down");
  expect((group?.started ?? 0) - (down?.started ?? 0)).toBeLessThan(SECOND);
  expect(world.status("any")).toBe("down");
});

test("a group whose members are all pending waits for them, and is not told", async () => {
  const world = await World.open();
  world.set("a", "up", 5 * SECOND);
  world.add(["any", { schedule: NEVER, group: { members: ["a"], run: "own" } }], ["a", { timeoutMs: 10 * SECOND }]);
  await world.pass(SECOND);
  expect(world.resultsOf("any")).toMatchObject([{ verdict: "unknown", sentence: "0 of 1 up, 1 needed; not known: a" }]);
  expect(world.status("any")).toBe("pending");
  await world.pass(5 * SECOND);
  expect(world.status("any")).toBe("up");
});

test("a paused group is not judged; a member that is removed stops alone", async () => {
  const world = await World.open();
  world.add(["any", { schedule: NEVER, group: { members: ["a"], run: "own" } }], ["a"]);
  await world.pass(SECOND);
  world.act("any", "pause");
  world.set("a", "down");
  const before = world.resultsOf("any").length;
  await world.pass(2 * MINUTE);
  expect(world.resultsOf("any").length).toBe(before);
  const other = await World.open();
  other.set("b", "up", 5 * SECOND);
  other.add(["mail", { group: { members: ["b", "c"], run: "turn" } }], ["b", { schedule: NEVER }], ["c", { schedule: NEVER }]);
  await other.pass(SECOND);
  other.engine.remove(checkName("b"));
  await other.pass(SECOND);
  expect(other.runsOf("c").length).toBe(1);
});
