import { expect, test } from "vitest";
import { nextSlot, parseSchedule } from "../core/schedule.ts";
import { checkName, type FactValue, instant, millis } from "../core/types.ts";
import { after, definitionOf, every, HOUR, MINUTE, NEVER, SECOND, since, T0, type Wish, World } from "./ground.ts";

const shop = checkName("shop");
const secondsOfSlots = (text: string, wish: Wish, until: number): number[] => {
  const { schedule } = definitionOf(text, wish);
  const slots: number[] = [];
  for (let slot = nextSlot(schedule, T0, text); slot !== null && slot <= T0 + until; slot = nextSlot(schedule, slot, text)) slots.push(since(slot));
  return slots;
};

test("a new check runs at once, then at each of its slots", async () => {
  const world = await World.open();
  world.add(["shop"]);
  await world.pass(5 * MINUTE);
  expect(world.runsOf("shop")).toEqual([0, ...secondsOfSlots("shop", {}, 5 * MINUTE)]);
  expect(world.resultsOf("shop").map(({ origin, slot }) => `${origin} ${since(slot)}`)).toEqual(["start 0", ...secondsOfSlots("shop", {}, 5 * MINUTE).map((slot) => `scheduled ${slot}`)]);
});

test("the first new checks run at once, the rest spread over half a minute", async () => {
  const world = await World.open({ runs: 1000, perTarget: 10 });
  world.add(...Array.from({ length: 164 }, (_, at) => [`check-${at}`, { schedule: every(HOUR) }] as const));
  await world.pass(10);
  expect(world.began.length).toBe(64);
  await world.pass(30 * SECOND);
  expect(world.began.length).toBeGreaterThanOrEqual(164);
});

test("a check that was known has no start run, one that is changed keeps its slot", async () => {
  const world = await World.open();
  world.add(["other", { schedule: NEVER }]);
  world.beliefs.put(definitionOf("shop").policy, null, T0);
  world.engine.put({ definition: definitionOf("shop"), start: "old", heardAt: null });
  const slot = world.engine.nextRunAt(shop);
  await world.pass(100);
  expect(world.runsOf("shop")).toEqual([]);
  world.engine.put({ definition: definitionOf("shop", { timeoutMs: 5000 }), start: "keep", heardAt: null });
  expect(world.engine.nextRunAt(shop)).toBe(slot);
});

test("a run that is never due by itself runs when somebody asks", async () => {
  const world = await World.open();
  world.add(["shop", { schedule: NEVER }]);
  await world.pass(HOUR);
  expect(world.engine.demand(shop, "manual")).toBe(true);
  expect(world.engine.demand(checkName("none"), "manual")).toBe(false);
  await world.pass(SECOND);
  expect(world.resultsOf("shop").map(({ origin }) => origin)).toEqual(["manual"]);
  expect(world.status("shop")).toBe("pending");
});

test("an overrun waits for the run before it, a second one is skipped, and no two overlap", async () => {
  const world = await World.open();
  world.set("shop", "up", 150 * SECOND);
  world.add(["shop", { timeoutMs: 200 * SECOND }]);
  await world.pass(20 * MINUTE);
  expect(world.overlaps).toBe(0);
  expect(world.runsOf("shop")).toEqual([0, 150, 300, 450, 600, 750, 900, 1050, 1200]);
  expect(world.engine.skipped).toBeGreaterThan(8);
});

test("a fixed delay counts from the end of the run before, whoever asked for it", async () => {
  const world = await World.open();
  world.set("shop", "up", 10 * SECOND);
  world.add(["shop", { schedule: after(MINUTE), timeoutMs: 20 * SECOND }]);
  await world.pass(3 * MINUTE);
  expect(world.runsOf("shop")).toEqual([0, 70, 140]);
  world.engine.demand(shop, "manual");
  await world.pass(2 * MINUTE);
  expect(world.runsOf("shop")).toEqual([0, 70, 140, 180, 250]);
});

test("a cron schedule runs at its times", async () => {
  const parsed = parseSchedule("*/20 * * * *", "UTC");
  if (parsed.kind !== "parsed") throw new Error("no schedule");
  const world = await World.open();
  world.add(["shop", { schedule: parsed.schedule }]);
  await world.pass(HOUR);
  expect(world.runsOf("shop")).toEqual([0, 1200, 2400, 3600]);
});

test("limits: so many at once in all, and against one target", async () => {
  const world = await World.open({ runs: 3, perTarget: 1 });
  for (const name of ["a", "b", "c", "d", "e"]) world.set(name, "up", 5 * SECOND);
  const wish = (target: string): Wish => ({ schedule: every(HOUR), target });
  world.add(["a", wish("one")], ["b", wish("one")], ["c", wish("two")], ["d", wish("three")], ["e", wish("four")]);
  await world.pass(30 * SECOND);
  expect(world.began.slice(0, 5)).toEqual(["0 a", "0 c", "0 d", "5 b", "5 e"]);
});

test("a paused check does not run but when asked, and a resumed one soon", async () => {
  const world = await World.open();
  world.add(["shop"], ["slow", { schedule: after(MINUTE) }]);
  await world.pass(SECOND);
  world.act("shop", "pause");
  world.act("slow", "pause");
  await world.pass(10 * MINUTE);
  expect(world.began.length).toBe(2);
  world.engine.demand(shop, "manual");
  await world.pass(SECOND);
  expect(world.status("shop")).toBe("paused");
  world.act("shop", "resume");
  await world.pass(SECOND);
  expect(world.resultsOf("shop").map(({ origin }) => origin)).toEqual(["start", "manual", "start"]);
  expect(world.status("shop")).toBe("up");
  // A fixed delay goes on after a pause that ends in any way.
  world.beliefs.action(checkName("slow"), { kind: "resume", by: "configuration", expectBy: null }, world.engine.now());
  await world.pass(2 * MINUTE);
  expect(world.runsOf("slow").length).toBeGreaterThan(1);
});

test("when telling no longer rests, what is open runs at once, and is told when it still is so; a group comes after its members", async () => {
  const f = async (verdict: "up" | "down", expected: readonly string[]): Promise<void> => {
    const world = await World.open();
    const hourly = { schedule: every(HOUR) };
    world.add(["mail", { group: { members: ["a", "b"], run: "own" } }], ["a", hourly], ["b", hourly], ["well", hourly]);
    await world.pass(SECOND);
    const rest = (open: readonly string[]): void => {
      for (const name of ["mail", "a", "b", "well"]) world.beliefs.action(checkName(name), { kind: "maintenance", open }, world.engine.now());
    };
    rest(["night"]);
    world.set("a", "down", 2 * SECOND);
    await world.pass(HOUR + SECOND);
    expect([world.status("mail"), world.status("a"), world.status("b")]).toEqual(["down", "down", "up"]);
    world.set("a", verdict, 2 * SECOND);
    const before = world.began.length;
    rest([]);
    await world.pass(10 * SECOND);
    expect(world.began.slice(before).map((line) => line.split(" ")[1])).toEqual(["a"]);
    expect(world.resultsOf("a").at(-1)?.origin).toBe("start");
    expect(world.batches.flatMap(({ alerts }) => alerts.map(({ kind, check }) => `${kind} ${check}`)).toSorted()).toEqual(expected);
  };
  await f("up", []);
  await f("down", ["down a", "down mail"]);
});

test("of a check that waits to be told, no run is waited for", async () => {
  const world = await World.open();
  world.add(["job", { schedule: NEVER, within: MINUTE }]);
  const job = checkName("job");
  world.beliefs.action(job, { kind: "maintenance", open: ["night"] }, world.engine.now());
  await world.pass(MINUTE + SECOND);
  expect(world.status("job")).toBe("down");
  world.beliefs.action(job, { kind: "maintenance", open: [] }, world.engine.now());
  await world.pass(SECOND);
  expect(world.batches.flatMap(({ alerts }) => alerts.map(({ kind }) => kind))).toEqual(["down"]);
});

test("a counted run takes the place of one that was only asked for", async () => {
  const world = await World.open({ runs: 1, perTarget: 1 });
  world.set("busy", "up", 5 * SECOND);
  world.add(["busy", { schedule: every(HOUR) }]);
  await world.pass(100);
  world.add(["shop", { schedule: every(HOUR) }]);
  world.engine.demand(shop, "manual");
  await world.pass(MINUTE);
  expect(world.resultsOf("shop").map(({ origin }) => origin)).toEqual(["start"]);
});

test("a check that is removed runs no more, and its run says nothing", async () => {
  const world = await World.open();
  world.set("shop", "up", 5 * SECOND);
  world.add(["shop"]);
  await world.pass(SECOND);
  world.engine.remove(shop);
  await world.pass(10 * MINUTE);
  expect(world.resultsOf("shop")).toEqual([]);
  expect(world.runsOf("shop")).toEqual([0]);
});

test("a run of an old target says nothing of the new one", async () => {
  const world = await World.open();
  world.set("shop", "down", 5 * SECOND);
  world.add(["shop"]);
  await world.pass(SECOND);
  world.set("shop", "up", 1);
  world.engine.put({ definition: definitionOf("shop", { target: "elsewhere" }), start: "new", heardAt: null });
  await world.pass(10 * SECOND);
  expect(world.resultsOf("shop").map(({ verdict }) => verdict)).toEqual(["up"]);
});

test("a clock put forward or back: slots are worked out anew, durations go on", async () => {
  for (const byMs of [24 * HOUR, -24 * HOUR]) {
    const world = await World.open();
    const policy = { steps: [{ after: { kind: "time", ms: 10 * MINUTE }, to: ["ops"], repeatMs: null }] } as unknown as Wish["policy"];
    world.set("shop", "down");
    world.add(["shop", policy === undefined ? {} : { policy }], ["slow", { schedule: after(5 * MINUTE) }]);
    await world.pass(4 * MINUTE);
    world.time.step(byMs);
    await world.pass(SECOND);
    expect(world.stepped).toEqual([byMs]);
    const next = world.engine.nextRunAt(shop) ?? 0;
    expect(next - world.clock.now()).toBeLessThanOrEqual(MINUTE);
    await world.pass(5 * MINUTE);
    expect(world.runsOf("slow").length).toBe(2);
    expect(world.batches.flatMap(({ alerts }) => alerts)).toEqual([]);
    await world.pass(2 * MINUTE);
    expect(world.batches.flatMap(({ alerts }) => alerts.map(({ kind, at }) => `${kind} ${at - byMs - T0 >= 10 * MINUTE && at - byMs - T0 < 10 * MINUTE + SECOND}`))).toEqual(["down true"]);
    const lines = world.batches.flatMap(({ journal }) => journal).filter(({ check }) => check === null);
    expect(lines.map(({ input }) => input)).toEqual([{ kind: "clock", byMs }]);
  }
});

test("what a suspended machine missed is made up for by one run", async () => {
  const world = await World.open();
  const daily = { schedule: parseSchedule("0 14 * * *", "UTC") };
  if (daily.schedule.kind === "wrong") throw new Error(daily.schedule.wrong);
  world.add(["shop"], ["nightly", { schedule: daily.schedule.schedule }], ["slow", { schedule: after(5 * MINUTE) }]);
  await world.pass(90 * SECOND);
  const before = world.began.length;
  world.time.step(3 * HOUR);
  await world.pass(1500);
  expect(new Set(world.began.slice(before).map((line) => line.split(" ")[1]))).toEqual(new Set(["nightly", "shop"]));
  expect(world.began.length - before).toBe(2);
  world.time.step(-3 * HOUR);
  await world.pass(1500);
  expect(world.runsOf("nightly").length).toBe(2);
});

test("a check that fails, or is being confirmed, runs at its faster pace and then as before", async () => {
  const pace = { policy: { failAfter: 3, recoverAfter: 2, failingEveryMs: millis(10 * SECOND) } };
  const world = await World.open();
  world.add(["shop", pace]);
  const slots = secondsOfSlots("shop", {}, 4 * MINUTE);
  const first = slots[1] ?? 0;
  await world.pass((slots[0] ?? 0) * SECOND + SECOND);
  world.set("shop", "down");
  await world.pass(MINUTE + 20 * SECOND);
  expect(world.status("shop")).toBe("down");
  world.set("shop", "up");
  await world.pass(22 * SECOND);
  expect(world.status("shop")).toBe("up");
  await world.pass(MINUTE);
  const runs = world.runsOf("shop").filter((at) => at >= first);
  expect(runs).toEqual([first, ...[10, 20, 30, 40].map((later) => first + later), ...slots.filter((slot) => slot > first + 40 && slot <= Math.max(...runs))]);
});

test("a run that takes longer than the faster pace is followed at once, and nothing is skipped", async () => {
  const world = await World.open();
  world.set("shop", "down", SECOND, true);
  world.add(["shop", { timeoutMs: 10 * SECOND, policy: { failAfter: 3, failingEveryMs: millis(2 * SECOND) } }]);
  await world.pass(35 * SECOND);
  expect(world.runsOf("shop")).toEqual([0, 10, 20, 30]);
  expect(world.engine.skipped).toBe(0);
});

test("a run that began late is followed at the faster pace, not at once", async () => {
  const world = await World.open({ runs: 1, perTarget: 1 });
  world.add(["shop", { policy: { failAfter: 2, failingEveryMs: millis(10 * SECOND) } }], ["busy", { schedule: NEVER, timeoutMs: MINUTE }]);
  const slot = secondsOfSlots("shop", {}, 2 * MINUTE)[1] ?? 0;
  await world.pass((slot - 5) * SECOND);
  world.set("shop", "down");
  world.set("busy", "up", 30 * SECOND);
  world.engine.demand(checkName("busy"), "manual");
  await world.pass(45 * SECOND);
  const late = slot + 25;
  expect(world.runsOf("shop").filter((at) => at >= slot)).toEqual([late, late + 10]);
  expect(world.resultsOf("shop").slice(-2).map(({ slot: of }) => since(of))).toEqual([slot, late + 10]);
});

test("the faster pace holds too when the clock is put back during a run", async () => {
  const world = await World.open();
  world.set("shop", "down", 5 * SECOND);
  world.add(["shop", { policy: { failAfter: 9, failingEveryMs: millis(10 * SECOND) } }]);
  await world.pass(SECOND);
  world.time.step(-24 * HOUR);
  await world.pass(15 * SECOND);
  expect(world.runsOf("shop")).toEqual([0, 10]);
});

test("the faster pace after a fixed delay, a cron, and a restart; not after the end of a schedule", async () => {
  const pace = { policy: { failingEveryMs: millis(10 * SECOND) } };
  const parsed = parseSchedule("cron 14 hr 2026-01-01T14:00:25Z end", "UTC");
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  const world = await World.open();
  for (const name of ["fixed", "daily"]) world.set(name, "down");
  world.add(["fixed", { ...pace, schedule: after(5 * MINUTE) }], ["daily", { ...pace, schedule: parsed.schedule }]);
  await world.pass(25 * SECOND);
  expect(world.runsOf("fixed").map(Math.floor)).toEqual([0, 10, 20]);
  expect(world.runsOf("daily")).toEqual([0, 10, 20]);
  world.engine.remove(checkName("fixed"));
  world.engine.put({ definition: definitionOf("fixed", { ...pace, schedule: after(5 * MINUTE) }), start: "old", heardAt: null });
  await world.pass(10 * SECOND);
  expect(world.runsOf("fixed").map(Math.floor)).toEqual([0, 10, 20, 35]);
  await world.pass(2 * HOUR);
  expect(Math.max(...world.runsOf("daily"))).toBe(2 * 3600);
});

test("a run under way when the clock is put back began when it began", async () => {
  const world = await World.open();
  world.set("shop", "up", 5 * SECOND);
  world.add(["shop"]);
  await world.pass(SECOND);
  world.time.step(-24 * HOUR);
  await world.pass(5 * SECOND);
  expect(world.resultsOf("shop").map(({ started }) => started)).toEqual([instant(T0 - 24 * HOUR)]);
});

test("stopping waits for what runs, aborts it when half the time is over, and starts nothing more", async () => {
  const world = await World.open();
  world.set("quick", "up", 500);
  world.set("stuck", "up", HOUR);
  world.add(["quick"], ["stuck", { timeoutMs: 2 * HOUR }]);
  await world.pass(100);
  let stopped = -1;
  void world.engine.stop(2 * SECOND).then(() => (stopped = world.time.monotonic));
  await world.pass(10 * MINUTE);
  expect(stopped).toBe(1100);
  expect(world.results.map(({ check }) => check)).toEqual(["quick"]);
  expect(world.began.length).toBe(2);
  expect(world.engine.demand(shop, "manual")).toBe(false);
});

test("a probe that throws is a bug here, and no outage", async () => {
  const world = await World.open();
  world.add(["shop"]);
  world.behaviours.get = () => {
    throw new Error("broken");
  };
  await world.pass(SECOND);
  expect(world.resultsOf("shop")).toMatchObject([{ verdict: "unknown", code: "bug" }]);
  expect(world.errors).toEqual(["a run failed by itself; this is a bug in Tocsin"]);
});

test("a run is told whether its check is failing so far", async () => {
  const world = await World.open();
  world.add(["shop"]);
  await world.pass(SECOND);
  world.set("shop", "down");
  await world.pass(MINUTE);
  world.set("shop", "up");
  await world.pass(2 * MINUTE);
  expect(world.resultsOf("shop").map(({ verdict }) => verdict)).toEqual(["up", "down", "up", "up"]);
  expect(world.failing).toEqual([false, false, true, false]);
});

test("a run is given what an earlier one learnt, of the same target, and writes it once", async () => {
  const world = await World.open();
  const learning = (remember: FactValue): void => void world.behaviours.set("shop", { verdict: "up", tookMs: 1, remember });
  const remembered = async (): Promise<FactValue | undefined> => {
    await world.pass(MINUTE);
    return world.remembered.at(-1);
  };
  learning({ key: "one" });
  world.add(["shop"]);
  expect([await remembered(), await remembered()]).toEqual([{ key: "one" }, { key: "one" }]);
  expect(world.remembered[0]).toBeNull();
  await world.pass(HOUR);
  expect(world.batches.flatMap(({ states }) => states).length).toBe(1);
  world.set("shop", "up");
  await world.pass(HOUR);
  expect(await remembered()).toEqual({ key: "one" });
  learning(null);
  await world.pass(2 * MINUTE);
  expect(world.remembered.at(-1)).toBeNull();
});

test("what a run on demand learnt is not remembered, though it is given what is", async () => {
  const world = await World.open();
  const learning = (remember: FactValue): void => void world.behaviours.set("shop", { verdict: "up", tookMs: 1, remember });
  learning("scheduled");
  world.add(["shop", { schedule: every(HOUR) }]);
  await world.pass(SECOND);
  learning("manual");
  for (const origin of ["manual", "confirm"] as const) {
    world.engine.demand(shop, origin);
    await world.pass(SECOND);
    expect([world.remembered.at(-1), world.beliefs.state(shop)?.belief.remembered?.value]).toEqual(["scheduled", "scheduled"]);
  }
});

test("what was learnt belongs to type and target, whatever else changes", async () => {
  const world = await World.open();
  world.behaviours.set("shop", { verdict: "up", tookMs: 1, remember: "key" });
  world.add(["shop", { target: "one:22" }]);
  const next = async (wish: Wish): Promise<FactValue | undefined> => {
    await world.pass(SECOND);
    world.set("shop", "up");
    const definition = definitionOf("shop", wish);
    world.engine.put({ definition, start: "new", heardAt: null });
    world.beliefs.action(shop, { kind: "reload", changed: "target", expectBy: null }, world.engine.now());
    await world.pass(SECOND);
    return world.remembered.at(-1);
  };
  expect(await next({ target: "one:22", definition: { options: { name: "shop", password: "new" }, hashes: { target: "another", judging: "", telling: "" } } })).toBe("key");
  expect(await next({ target: "two:22" })).toBeNull();
  expect(await next({ target: "one:22", definition: { type: "group" } })).toBeNull();
  expect(await next({ target: "one:22" })).toBe("key");
});
