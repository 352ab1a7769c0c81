import { expect, test } from "vitest";
import { Bench, MINUTE, type PolicyWish, story } from "./ground.ts";
import type { View } from "./state.ts";
import { checkName, instant, millis } from "./types.ts";

const parents = ["gw"];

function f(script: string, expected: string, wish: PolicyWish = {}): void {
  expect(story(script, { parents, ...wish })).toBe(expected);
}

test("before a child goes down its parents are asked, and answers begun since its failure are awaited", () => {
  f("u d gw:answer", "1 up, 2 ask gw, 2 down, 2 down!ops");
  f("u gw:answer d", "1 up, 2 ask gw");
  f("u d d gw:answer", "1 up, 3 ask gw, 3 down, 3 down!ops", { failAfter: 2 });
  f("u d +5s s:u +1m", "1 up, 2 ask gw");
  f("u d +5s s:u d gw:answer", "1 up, 2 ask gw, 3.1 ask gw, 3.1 down, 3.1 down!ops");
});

test("when no answer comes within the parents' deadline, the child is told", () => {
  f("u d +10s", "1 up, 2 ask gw");
  f("u d +11s", "1 up, 2 ask gw, 2.2 down, 2.2 down!ops");
  expect(new Bench({ parents }).play("u d +11s").state.belief).toMatchObject({ rule: "parents-silent", sentence: "saw down; 1 failing run (no news of gw within 11 s)" });
});

test("a child that runs faster than its parents answer does not put off the end of the wait", () => {
  const bench = new Bench({ parents, everyMs: millis(5000) }).play("u d");
  for (let run = 0; run < 3; run += 1) {
    bench.pass(5000);
    bench.result("down");
  }
  expect(bench.state.belief.status).toBe("down");
});

test("a parent that is down, or blocked in turn, blocks the child, told or not yet at its threshold", () => {
  f("u gw:down d d", "1 up, 2 blocked");
  f("u gw:down d", "1 up, 2 blocked", { failAfter: 3 });
  f("u d gw:down", "1 up, 2 ask gw, 2 blocked");
  f("u d gw:down", "1 up, 2 blocked", { failAfter: 3 });
  f("u gw:blocked d", "1 up, 2 blocked");
  f("gw:down u", "1 up");
  f("u gw:down ?", "1 up");
  // By a run that counts towards no threshold as well.
  f("u gw:down m:d", "1 up, 1 blocked");
  f("u c:d gw:down", "1 up, 1 blocked");
  f("u gw:down c:d gw:up u", "1 up, 1 blocked, 2 up", { failAfter: 3 });
});

test("the root cause is named", () => {
  const named = (script: string): readonly unknown[] => {
    const { cause, sentence } = new Bench({ parents }).play(script).state.belief;
    return [cause, sentence];
  };
  expect(named("u gw:down d")).toEqual(["gw", "gw is down: gw speaks"]);
  expect(named("u gw:blocked d")).toEqual(["isp", "gw is blocked: gw speaks"]);
  expect(named("u gw:blocked d gw:down")).toEqual(["gw", "gw is down: gw speaks"]);
});

test("a parent that fails under its threshold holds the child, for as long as it may take to reach it", () => {
  f("u d gw:fail +3m", "1 up, 2 ask gw");
  f("u d gw:fail +3m gw:down", "1 up, 2 ask gw, 5 blocked");
  f("u d gw:fail +4m", "1 up, 2 ask gw, 5.2 down, 5.2 down!ops");
  f("u gw:fail d +4m", "1 up, 5.2 down, 5.2 down!ops");
  // It was well in between: the child has not failed since.
  const seldom = { everyMs: millis(10 * MINUTE) };
  f("u d gw:fail +1m gw:up +1m gw:fail +9m", "10 up, 20 ask gw", seldom);
  f("u d gw:fail +1m gw:up +1m gw:fail +10m", "10 up, 20 ask gw, 31.2 down, 31.2 down!ops", seldom);
});

test("after a parent's hiccup the child must fail again, and the parent be seen well once more", () => {
  f("u d gw:fail +10s gw:up +30s", "1 up, 2 ask gw");
  f("u d gw:fail +10s gw:up u", "1 up, 2 ask gw");
  f("u d gw:fail +10s gw:up d", "1 up, 2 ask gw, 3.2 ask gw");
  f("u d gw:fail +10s gw:up d gw:answer", "1 up, 2 ask gw, 3.2 ask gw, 3.2 down, 3.2 down!ops");
  f("u d gw:fail +10s gw:up +80s", "1 up, 2 ask gw, 3.3 down, 3.3 down!ops");
  f("u d gw:fail +10s gw:up d +11s", "1 up, 2 ask gw, 3.2 ask gw, 3.3 down, 3.3 down!ops");
});

test("after a parent's recovery only runs of the child begun later count", () => {
  f("u gw:down d d gw:up", "1 up, 2 blocked", { failAfter: 2 });
  f("u gw:down d d +1s gw:up d", "1 up, 2 blocked", { failAfter: 2 });
  f("u gw:down d d +1s gw:up d d gw:answer", "1 up, 2 blocked, 5 ask gw, 5 down, 5 down!ops", { failAfter: 2 });
  f("u gw:down d gw:up u", "1 up, 2 blocked, 3 up");
  const bench = new Bench({ parents }).play("u gw:down d +1m gw:up");
  bench.result("down", "scheduled", 30_000);
  expect(bench.story).toBe("1 up, 2 blocked");
});

test("what is no longer blocked runs again, unless a run begun since is at hand; what blocks it, where its newest verdict is older", () => {
  const reruns = (script: string, wish: PolicyWish = {}): string => new Bench({ parents, ...wish }).play(script).reruns.join(", ");
  expect(reruns("u gw:down d +1s gw:up")).toBe("2 gw since 1, 2 shop since 2");
  expect(reruns("u gw:down d +1s gw:up", { failAfter: 2 })).toBe("2 gw since 1, 2 shop since 2");
  expect(reruns("u gw:down d gw:paused")).toBe("2 gw since 1, 2 shop since 2");
  expect(reruns("u gw:down ? ? ? ? gw:up")).toBe("5 shop since 5");
  // Failing since the gateway is well, under its threshold.
  expect(reruns("u gw:down d gw:up", { failAfter: 2 })).toBe("2 gw since 1");
  expect(reruns("u gw:down d d d gw:up", { failAfter: 2 })).toBe("2 gw since 1, 3 gw since -2, 4 gw since -1");
  expect(reruns("u gw:blocked d d")).toBe("2 isp since 1, 3 isp since -2");
  expect(reruns("u gw:down u gw:up d gw:answer")).toBe("");
});

test("of a streak that began before the parent was well only what failed since counts", () => {
  const bench = new Bench({ parents, failAfter: 2 }).play("u gw:down d d d gw:up");
  expect(bench.state.belief).toMatchObject({ status: "blocked", cause: null, streak: { downs: 1, bads: 1, firstStarted: bench.now, firstDownStarted: bench.now } });
  bench.play("d gw:answer");
  expect(bench.alerts[0]).toMatchObject({ kind: "down", since: bench.now - MINUTE });
});

test("a blocked child is never told, and nothing more of what it was before", () => {
  f("u gw:down d d +60m d", "1 up, 2 blocked", { steps: "1:ops*5m 2:boss 10m:sms" });
  f("u g gw:down d +60m gw:up u", "1 up, 2 degraded, 2 degraded!ops, 3 blocked, 64 up, 64 recovered!ops", { steps: "1:ops*5m" });
});

test("a child that passes behind a parent that is down is up", () => {
  f("u gw:down d u", "1 up, 2 blocked, 3 up");
  f("u gw:down d gw:up ? u", "1 up, 2 blocked, 4 up");
});

test("a child that is down, told, stays so when its parent goes down later: its own outage was real", () => {
  f("u d gw:answer gw:down d d", "1 up, 2 ask gw, 2 down, 2 down!ops, 4 down!boss", { steps: "1:ops 3:boss" });
  f("u d gw:answer gw:down d gw:up u", "1 up, 2 ask gw, 2 down, 2 down!ops, 4 up, 4 recovered!ops");
});

test("a degraded child behind a parent that is down waits for it", () => {
  f("u gw:down g g gw:up g", "1 up, 4 degraded, 4 degraded!ops");
  f("u gw:fail g gw:up u", "1 up");
  f("u gw:down g +60m", "1 up, 5.2 blocked");
});

test("a degraded child that was blocked meanwhile goes on: told once, and still acknowledged", () => {
  f("u g gw:down d gw:up g u", "1 up, 2 degraded, 2 degraded!ops, 3 blocked, 4 degraded, 5 up, 5 recovered!ops");
  f("u g +5s ack gw:down d gw:up g", "1 up, 2 degraded, 2 degraded!ops, 3.1 blocked, 4.1 degraded");
  const bench = new Bench({ parents }).play("u g");
  const { incident } = bench.state.belief;
  bench.play("+5s ack gw:down d gw:up g");
  expect(bench.state.belief.incident).toMatchObject({ id: incident?.id, firstSign: incident?.firstSign, acknowledged: { by: "ann" }, said: 1 });
});

test("a paused parent takes no part", () => {
  f("u gw:paused d", "1 up, 2 down, 2 down!ops");
  f("u gw:down d gw:paused d", "1 up, 2 blocked, 3 down, 3 down!ops");
  f("u d gw:paused", "1 up, 2 ask gw, 2 down, 2 down!ops");
});

test("with more parents each must be well, and another blocker takes the place of one that is back", () => {
  const bench = new Bench({ parents: ["gw", "dns"] }).play("u");
  const set = (check: string, change: Partial<View>): void => {
    bench.parents = bench.parents.map((view) => (view.check === checkName(check) ? { ...view, ...change } : view));
    bench.feed({ kind: "neighbour", around: bench.around });
  };
  set("gw", { status: "down", failing: true });
  bench.play("d");
  set("dns", { status: "down", failing: true });
  expect(bench.state.belief.cause).toBe("gw");
  set("gw", { status: "up", failing: false, wellSince: bench.now });
  expect(bench.state.belief).toMatchObject({ status: "blocked", cause: "dns" });
  set("dns", { status: "up", failing: false, wellSince: bench.now });
  expect(bench.state.belief).toMatchObject({ status: "blocked", cause: null });
  bench.play("d");
  set("gw", { verdictStarted: bench.now });
  expect(bench.state.belief.status).toBe("blocked");
  set("dns", { verdictStarted: bench.now });
  expect(bench.story).toBe("1 up, 2 blocked, 3 ask gw+dns, 3 down, 3 down!ops");
});

test("the hold of a parent that seldom runs is bounded", () => {
  const bench = new Bench({ parents }).play("u d");
  bench.parent({ failing: true, toThresholdMs: millis(30 * MINUTE) });
  bench.play("+29m");
  expect(bench.state.belief.status).toBe("up");
  expect(bench.state.wakeAt).toBe(instant(bench.now + MINUTE));
  bench.play("+1m");
  expect(bench.state.belief.status).toBe("down");
});
