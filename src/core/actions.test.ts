import { expect, test } from "vitest";
import { Bench, MINUTE, type PolicyWish, policyOf, story, T0 } from "./ground.ts";

function f(script: string, wish: PolicyWish, expected: string): void {
  expect(story(script, wish)).toBe(expected);
}

test("a paused check is not judged, whatever is seen", () => {
  f("u pause d d m:d +60m", { steps: "1:ops 0:log" }, "1 up, 1 run!log, 1 paused");
  f("pause pause", {}, "0 paused");
  f("resume", {}, "");
});

test("after a pause the next run decides, and what was told before is ended", () => {
  f("u pause +5m resume u", {}, "1 up, 1 paused, 6 pending, 7 up");
  f("u pause +5m resume d", {}, "1 up, 1 paused, 6 pending, 7 down, 7 down!ops");
  f("u d pause +5m resume u", {}, "1 up, 2 down, 2 down!ops, 2 paused, 7 down, 8 up, 8 recovered!ops");
  f("u d pause +60m resume +1m d", { steps: "1:ops 10m:boss" }, "1 up, 2 down, 2 down!ops, 2 paused, 62 down, 64 down!boss");
  f("u g pause +5m resume u", {}, "1 up, 2 degraded, 2 degraded!ops, 2 paused, 7 degraded, 8 up, 8 recovered!ops");
  f("u d d pause +5m resume d", { failAfter: 3 }, "1 up, 3 paused, 8 pending");
});

test("another target closes what is open and tells those who were told", () => {
  f("u d target d", {}, "1 up, 2 down, 2 down!ops, 2 pending, 2 changed!ops, 3 down, 3 down!ops");
  f("u d target", { steps: "" }, "1 up, 2 down, 2 pending");
  f("u d d target d", { failAfter: 3 }, "1 up, 3 pending");
  const bench = new Bench().play("u d pause target");
  expect(bench.state.belief).toMatchObject({ status: "paused", incident: null });
});

test("initial: down is for a new check: one that asks something else is told, and of what nobody heard no end is", () => {
  f("u target d", { initial: "down" }, "1 up, 1 recovered!ops, 1 pending, 2 down, 2 down!ops");
  f("u pause target resume d", { initial: "down" }, "1 up, 1 recovered!ops, 1 paused, 1 pending, 2 down, 2 down!ops");
  f("d target d", { initial: "down" }, "1 pending, 2 down, 2 down!ops");
  f("d target u", { initial: "down" }, "1 pending, 2 up");
  f("d remove", { initial: "down" }, "");
});

test("an incident that closed as changed is none that comes again", () => {
  const bench = new Bench().play("added +10m target +10m");
  expect(bench.story).toBe("3.2 unchecked!ops, 10 changed!ops, 13.2 unchecked!ops");
});

test("another threshold or condition keeps the state and is judged from the next run", () => {
  const bench = new Bench({ failAfter: 3 }).play("u d");
  bench.policy = policyOf({ failAfter: 1 });
  expect(bench.play("judging").story).toBe("1 up");
  expect(bench.play("d").story).toBe("1 up, 3 down, 3 down!ops");
});

test("other steps, tags or schedules keep the state", () => {
  f("u d telling u", {}, "1 up, 2 down, 2 down!ops, 3 up, 3 recovered!ops");
});

test("a check that goes is told to those who were told", () => {
  f("u d remove", {}, "1 up, 2 down, 2 down!ops, 2 changed!ops");
  f("u window d remove", {}, "1 up, 2 down");
  f("u remove", {}, "1 up");
});

test("after a restart nothing told is told again, and nothing more is told unseen", () => {
  f("u d restart", {}, "1 up, 2 down, 2 down!ops");
  f("u d +1m restart +60m", { steps: "1:ops 10m:boss" }, "1 up, 2 down, 2 down!ops");
  f("u d +1m restart +60m d", { steps: "1:ops 10m:boss" }, "1 up, 2 down, 2 down!ops, 64 down!boss");
  f("u d restart u", {}, "1 up, 2 down, 2 down!ops, 3 up, 3 recovered!ops");
  f("u d restart d", { failAfter: 2 }, "1 up, 3 down, 3 down!ops");
  f("u d restart d +1m", { parents: ["gw"] }, "1 up, 2 ask gw, 3 ask gw, 3.2 down, 3.2 down!ops");
});

test("after an absence failing runs are counted anew, and what is down stays so", () => {
  f("u d +2m return d d", { failAfter: 2 }, "1 up, 6 down, 6 down!ops");
  f("u d d +2m return d u", { steps: "1:ops 3:boss" }, "1 up, 2 down, 2 down!ops, 6 down!boss, 7 up, 7 recovered!ops, 7 recovered!boss");
  f("u g d +2m return d d", { failAfter: 2, warnAfter: 1 }, "1 up, 2 degraded, 2 degraded!ops, 7 down, 7 down!ops");
  const [down] = new Bench({ failAfter: 2 }).play("u d +2m return d d").alerts;
  expect(down?.since).toBe(T0 + 5 * MINUTE);
});

test("a clock put right changes no duration", () => {
  f("u d +5m clock +20m", { steps: "1:ops 10m:boss*15m" }, "1 up, 2 down, 2 down!ops, 1452 down!boss, 1467 reminder!boss");
  f("u d +5m clockback +20m", { steps: "1:ops 10m:boss*15m" }, "1 up, 2 down, 2 down!ops, -1428 down!boss, -1413 reminder!boss");
  f("u d d clock d", { failAfter: 3 }, "1 up, 1444 down, 1444 down!ops");
  f("u +1m clock +1m", {}, "1 up");
  const bench = new Bench().play("u d +5m clock u");
  expect(bench.now - (bench.alerts[1]?.outageFrom ?? 0)).toBe(6 * 60_000);
});
