import { describe, expect, test } from "vitest";
import { Bench, type PolicyWish, resultOf, story } from "../src/core/ground.ts";
import { checkName, instant, millis, type Verdict } from "../src/core/types.ts";
import { after, HOUR, MINUTE, NEVER, SECOND, type Wish, World } from "../src/run/ground.ts";
import { parseSchedule, type Schedule } from "../src/core/schedule.ts";

/**
 * When the systems that Tocsin replaces check, count and tell, row by row of their documentation, in the keys that their configurations are
 * translated to. What they ask and how they word it is tested with the probes, the importers and the channels.
 */

function row(statement: string, ...cases: readonly (readonly [script: string, wish: PolicyWish, expected: string])[]): void {
  test(statement, () => {
    for (const [script, wish, expected] of cases) expect(story(script, wish), script).toBe(expected);
  });
}

function scheduled(text: string): Schedule {
  const parsed = parseSchedule(text, "UTC", true);
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  return parsed.schedule;
}

const set = (world: World, verdict: Verdict, ...names: readonly string[]): void => names.forEach((name) => world.set(name, verdict));
const told = (world: World): readonly string[] => world.batches.flatMap((batch) => batch.alerts).map(({ check, kind }) => `${check} ${kind}`);
const turn = (require: "all" | "any", ...members: readonly string[]): Wish => ({ group: { members, require, run: "turn" } });
const member: Wish = { schedule: NEVER, policy: { steps: [] } };

describe("monsta", () => {
  const monsta: PolicyWish = { failAfter: 1, recoverAfter: 1, onPass: false, flapping: null };
  row("notify: a block fires when the count of failing runs equals its number exactly", ["u d d d d d d", { ...monsta, steps: "1:ops 2:boss 5:sms" }, "1 up, 2 down, 2 down!ops, 3 down!boss, 6 down!sms"], ["u d d", { ...monsta, steps: "3:ops" }, "1 up, 2 down"]);
  row("notify: the document's example: mail and chat after 1, an SMS after 2, the boss after 5", ["d d d d d", { ...monsta, steps: "1:ops+log 2:sms 5:boss" }, "1 down, 1 down!ops, 1 down!log, 2 down!sms, 5 down!boss"]);
  row("the failure count rises by one with each failing run and is set to 0 by a run that succeeds", ["u d d u d d d u d", { ...monsta, steps: "1:ops 3:boss" }, "1 up, 2 down, 2 down!ops, 4 up, 5 down, 5 down!ops, 7 down!boss, 8 up, 9 down, 9 down!ops"]);
  row("`0:` fires after every test performed", ["u d d u", { ...monsta, steps: "0:log 2:ops" }, "1 up, 1 run!log, 2 down, 2 run!log, 3 run!log, 3 down!ops, 4 up, 4 run!log"]);
  row("a test without notify is kept for statistics", ["u d d u", { ...monsta, steps: "" }, "1 up, 2 down, 4 up"]);
  row("no recovery message exists", ["d u", { ...monsta, steps: "1:ops" }, "1 down, 1 down!ops, 2 up"]);
  test("interval: seconds after the previous run ended (a fixed delay)", async () => {
    const world = await World.open();
    world.set("shop", "up", 20 * SECOND);
    world.add(["shop", { schedule: after(300 * SECOND), timeoutMs: MINUTE }]);
    await world.pass(17 * MINUTE);
    expect(world.runsOf("shop")).toEqual([0, 320, 640, 960]);
  });
  test("requires=all: all checks must succeed; any: at least one, the others may fail", async () => {
    for (const [require, one, both] of [["all", "down", "down"], ["any", "up", "down"]] as const) {
      const world = await World.open();
      world.add(["test", { ...turn(require, "a", "b"), schedule: after(MINUTE) }], ["a", member], ["b", member]);
      set(world, "down", "a");
      await world.pass(SECOND);
      expect(world.status("test"), require).toBe(one);
      set(world, "down", "b");
      await world.pass(2 * MINUTE);
      expect(world.status("test"), require).toBe(both);
    }
  });
  test("a test runs its checks itself; a check in no test never runs", async () => {
    const world = await World.open();
    world.add(["test", { ...turn("all", "a"), schedule: after(300 * SECOND) }], ["a", member], ["lonely", member]);
    await world.pass(11 * MINUTE);
    expect([world.runsOf("a").length, world.runsOf("lonely").length]).toEqual([3, 0]);
  });
  test("the count is that of the test, not of its checks: another check that fails each time counts on", async () => {
    const world = await World.open();
    world.add(["test", { ...turn("all", "a", "b"), schedule: after(MINUTE), policy: { steps: [2, 3].map((count) => ({ after: { kind: "runs", count }, to: [], repeatMs: null }) as const), failAfter: 1 } }], ["a", member], ["b", member]);
    set(world, "down", "a");
    await world.pass(MINUTE + SECOND);
    set(world, "up", "a");
    set(world, "down", "b");
    await world.pass(MINUTE);
    expect(world.beliefs.state(checkName("test"))?.belief.incident?.runs).toBe(3);
  });
});

describe("fletchck", () => {
  const fletchck: PolicyWish = { failAfter: 1, recoverAfter: 1, initial: "down", flapping: null };
  row("threshold: consecutive failing runs before the state is fail", ["u d d u d d d", { ...fletchck, failAfter: 3 }, "1 up, 1 recovered!ops, 7 down, 7 down!ops"]);
  row("actions fire on the transition pass to fail and fail to pass, once each", ["u d d d u u d", fletchck, "1 up, 1 recovered!ops, 2 down, 2 down!ops, 5 up, 5 recovered!ops, 7 down, 7 down!ops"]);
  row("failAction false: the pass alone; passAction false: the fail alone", ["u d u", { ...fletchck, onFail: false }, "1 up, 1 recovered!ops, 2 down, 3 up, 3 recovered!ops"], ["u d u", { ...fletchck, onPass: false }, "1 up, 2 down, 2 down!ops, 3 up"]);
  row("a new check starts in fail state: its first failing run is silent, and its first pass sends a pass message", ["d u", fletchck, "2 up, 2 recovered!ops"], ["u", fletchck, "1 up, 1 recovered!ops"], ["d d d u d", fletchck, "4 up, 4 recovered!ops, 5 down, 5 down!ops"], ["d d u", { ...fletchck, failAfter: 3 }, "3 up, 3 recovered!ops"]);
  row("a check whose dependency is in fail state becomes a soft failure and sends nothing", ["u gw:down d d d", { ...fletchck, parents: ["gw"] }, "1 up, 1 recovered!ops, 2 blocked"], ["u gw:down d d gw:up u", { ...fletchck, parents: ["gw"] }, "1 up, 1 recovered!ops, 2 blocked, 4 up"], ["u gw:down d d gw:up d gw:answer", { ...fletchck, parents: ["gw"] }, "1 up, 1 recovered!ops, 2 blocked, 4 ask gw, 4 down, 4 down!ops"]);
  test("retries: immediate tries within one run, stopping at the first pass", async () => {
    const world = await World.open();
    let tries = 0;
    world.behaviours.get = () => ({ verdict: (tries += 1) === 3 ? "up" : "down", tookMs: 1 });
    world.add(["shop", { retries: 4 }]);
    await world.pass(SECOND);
    expect(world.resultsOf("shop")).toMatchObject([{ verdict: "up", tries: 3 }]);
  });
  test("retries: certificate and host-key failures are not retried", async () => {
    for (const more of [{ code: "tls-expired" as const }, { code: "mismatch" as const, final: true as const }]) {
      const world = await World.open();
      world.behaviours.get = () => ({ verdict: "down", tookMs: 1, more });
      world.add(["shop", { retries: 4 }]);
      await world.pass(SECOND);
      expect(world.resultsOf("shop")).toMatchObject([{ verdict: "down", code: more.code, tries: 1 }]);
    }
  });
  test("an interval trigger runs first about 1 s after the start, and from then on at its pace; one with a start date not before it", async () => {
    const world = await World.open();
    world.add(["check", { schedule: scheduled("interval 5 min") }], ["later", { schedule: scheduled("5 min 2026-01-01T12:07:00 start") }]);
    await world.pass(21 * MINUTE);
    const [first = -1, second = 0, ...others] = world.runsOf("check");
    expect(first).toBeLessThanOrEqual(1);
    expect(second).toBeLessThanOrEqual(300);
    expect(others.map((at, index) => Math.round(at - ([second, ...others][index] ?? 0)))).toEqual([300, 300, 300]);
    expect(world.runsOf("later").map(Math.round)).toEqual([420, 720, 1020]);
  });
  test("a cron trigger runs when it is due and not at the start", async () => {
    const world = await World.open();
    world.add(["check", { schedule: scheduled("cron 12,13 hr 30 min") }]);
    await world.pass(2 * HOUR);
    expect(world.runsOf("check").map(Math.round)).toEqual([1800, 5400]);
  });
  test("jitter: each run is put off by up to so much", async () => {
    const world = await World.open();
    world.add(["check", { schedule: scheduled("cron */5 min 5 jitter") }]);
    await world.pass(HOUR);
    const lateness = world.runsOf("check").map((at) => at % 300);
    expect(lateness.length).toBeGreaterThan(10);
    expect(Math.max(...lateness)).toBeLessThan(5.1);
    expect(new Set(lateness).size).toBeGreaterThan(5);
  });
  test("one that is paused is not run, and tells nothing", async () => {
    const world = await World.open();
    world.add(["check"]);
    await world.pass(SECOND);
    world.act("check", "pause");
    set(world, "down", "check");
    await world.pass(HOUR);
    expect([world.runsOf("check").length, told(world)]).toEqual([1, []]);
  });
  test("a check with no trigger runs only as a member of a sequence or on demand", async () => {
    const world = await World.open();
    world.add(["lonely", { schedule: NEVER }], ["seq", { ...turn("all", "inside"), schedule: scheduled("interval 5 min") }], ["inside", { schedule: NEVER }]);
    await world.pass(16 * MINUTE);
    world.engine.demand(checkName("lonely"), "manual");
    await world.pass(SECOND);
    expect([world.runsOf("lonely").length, world.runsOf("inside").length]).toEqual([1, 4]);
  });
  test("a sequence runs its members in order, each member's own actions fire, and it fails if any member fails", async () => {
    const world = await World.open();
    world.add(["seq", { ...turn("all", "c", "a", "b"), schedule: after(5 * MINUTE) }], ["a", { schedule: NEVER }], ["b", member], ["c", member]);
    await world.pass(SECOND);
    expect(world.began.map((line) => line.split(" ")[1])).toEqual(["c", "a", "b"]);
    set(world, "down", "a");
    await world.pass(5 * MINUTE);
    expect(told(world)).toEqual(["a down", "seq down"]);
  });
  test("it notifies again when the set of failing members changes, and passes when all pass", () => {
    const members = ["a", "b"].map(checkName);
    const bench = new Bench({ failAfter: 1, group: { require: "all", members, run: "turn", renotify: true, bySight: false } });
    for (const failing of [[], ["a"], ["a"], ["a", "b"], ["b"], []]) {
      bench.pass(MINUTE);
      bench.feed({ kind: "result", result: { ...resultOf(failing.length === 0 ? "up" : "down", bench.now), facts: { failing } }, expectBy: instant(bench.now + HOUR), around: bench.around });
    }
    expect(bench.story).toBe("1 up, 2 down, 2 down!ops, 4 reminder!ops, 5 reminder!ops, 6 up, 6 recovered!ops");
  });
  test("members whose dependency fails do not fail their sequence", async () => {
    const world = await World.open();
    world.add(["gw", { schedule: after(MINUTE) }], ["seq", { ...turn("all", "mail"), schedule: after(5 * MINUTE) }], ["mail", { ...member, parents: ["gw"] }]);
    await world.pass(MINUTE);
    set(world, "down", "gw", "mail");
    await world.pass(20 * MINUTE);
    expect([told(world), world.status("seq")]).toEqual([["gw down"], "blocked"]);
  });
  test("once failed, a disk passes below level minus hysteresis: a run is told that its check is failing", async () => {
    const world = await World.open();
    world.add(["disk"]);
    await world.pass(SECOND);
    set(world, "down", "disk");
    await world.pass(2 * MINUTE);
    expect(world.failing).toEqual([false, false, true]);
  });
});

describe("dmonitor", () => {
  row("one node alone: a failure it sees is told, at once", ["u d", { failAfter: 1, flapping: null }, "1 up, 2 down, 2 down!ops"]);
  test("a plugin that takes longer than 10 s is a failure", async () => {
    const world = await World.open();
    world.set("ping", "up", HOUR, true);
    world.add(["ping", { timeoutMs: 10 * SECOND }]);
    await world.pass(10 * SECOND);
    expect(world.resultsOf("ping")).toMatchObject([{ verdict: "down", code: "timeout" }]);
  });
});

describe("downtime", () => {
  test("interval: each server at its own pace", async () => {
    const world = await World.open();
    world.add(["often", { schedule: after(30 * SECOND) }], ["seldom", { schedule: after(10 * MINUTE) }]);
    await world.pass(21 * MINUTE);
    expect([world.runsOf("often").length, world.runsOf("seldom").length]).toEqual([42, 3]);
  });
  row("it names nobody to tell", ["u d d u", { steps: "" }, "1 up, 2 down, 4 up"]);
});

describe("those who move from elsewhere", () => {
  row("Gatus: failure-threshold 3, success-threshold 2", ["u d d u d d d u d u u", { failAfter: 3, recoverAfter: 2, steps: "1:ops" }, "1 up, 7 down, 7 down!ops, 11 up, 11 recovered!ops"]);
  row("Nagios: notifications of a service are held back while its host is down", ["u gw:down d d d gw:up u", { failAfter: 3, parents: ["gw"] }, "1 up, 2 blocked, 5 up"]);
  test("Uptime Kuma: retries at the heartbeat retry interval, then down, and on at that pace until it is up", async () => {
    const world = await World.open();
    world.add(["shop", { schedule: after(5 * MINUTE), policy: { failAfter: 3, failingEveryMs: millis(20 * SECOND) } }]);
    await world.pass(SECOND);
    set(world, "down", "shop");
    await world.pass(5 * MINUTE + 41 * SECOND);
    expect(world.runsOf("shop").map(Math.round)).toEqual([0, 300, 320, 340]);
    expect(told(world)).toEqual(["shop down"]);
    set(world, "up", "shop");
    await world.pass(20 * SECOND);
    expect(told(world)).toEqual(["shop down", "shop recovered"]);
  });
});
