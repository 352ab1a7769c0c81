import { expect, test } from "vitest";
import { Bench, MINUTE, type PolicyWish, story, T0 } from "./ground.ts";
import { channelName, millis } from "./types.ts";

function f(script: string, wish: PolicyWish, expected: string): void {
  expect(story(script, wish), script).toBe(expected);
}

test("with an end: nobody is told until then, whatever happens, and what is still wrong is told at the end once a run has seen it", () => {
  f("u silence:10 d d +8m s:d", {}, "1 up, 2 down, 11 again, 11 down!ops");
  f("u silence:10 d u d u u u u u u u u u", {}, "1 up, 2 down, 3 up, 4 down, 5 up");
  f("u silence:10 d u u u u u u u u u u d", {}, "1 up, 2 down, 3 up, 13 down, 13 down!ops");
  f("u silence:3 g g g +1m u", {}, "1 up, 2 degraded, 4 again, 4 degraded!ops, 6 up, 6 recovered!ops");
  const bench = new Bench().play("u silence:10 d +9m s:d");
  expect(bench.alerts[0]?.since).toBe(T0 + 2 * MINUTE);
});

test("a recovery within it is not told, by hand as it was", () => {
  f("u d silence:10 u u u u u u u u u u u u", {}, "1 up, 2 down, 2 down!ops, 3 up");
  f("u d silence:10 +20m u", {}, "1 up, 2 down, 2 down!ops, 12 again, 23 up, 23 recovered!ops");
});

test("an outage that becomes less within it is told as that at its end, to those who were told, and so is what comes of it", () => {
  const began = "1 up, 2 down, 2 down!ops, 3 down!boss, 4 degraded";
  const less = (script: string, more: PolicyWish = {}): string => story(`u d d silence:3 g ${script}`, { steps: "1:ops 2:boss", ...more });
  expect(less("+3m s:g g u")).toBe(`${began}, 6 again, 7 degraded!ops, 7 degraded!boss, 9 up, 9 recovered!ops, 9 recovered!boss`);
  expect(less("+3m u")).toBe(`${began}, 6 again, 8 up, 8 recovered!ops, 8 recovered!boss`);
  expect(less("+3m s:d u")).toBe(`${began}, 6 again, 7 down, 7 down!ops, 8 up, 8 recovered!ops, 8 recovered!boss`);
  expect(less("u u u d")).toBe(`${began}, 5 up, 8 down, 8 down!ops`);
  expect(less("+3m s:g u", { onPass: false })).toBe(`${began}, 6 again, 7 degraded!ops, 8 up`);
  expect(less("u", { keepers: [channelName("boss")] })).toBe(`${began}, 5 up, 5 quiet recovered!boss`);
  for (const script of ["u d silence:3 g +3m s:g", "u d silence:3 g +3m clock u", "u d silence:3 g +3m s:d"]) {
    const { alerts, now } = new Bench().play(script);
    const [down, next] = alerts;
    expect(next).toMatchObject({ ends: down?.incident, at: now });
    if (next?.kind !== "down") expect((next?.at ?? 0) - (next?.outageFrom ?? 0)).toBe(script.includes("clock") ? 5 * MINUTE : 4 * MINUTE);
  }
});

test("reminders and later steps rest meanwhile", () => {
  f("u d silence:20 +20m s:d +10m", { steps: "1:ops*5m 8m:boss" }, "1 up, 2 down, 2 down!ops, 22 again, 22 reminder!ops, 22 down!boss, 27 reminder!ops, 32 reminder!ops");
});

test("the newest word holds: longer, until recovery, or told again", () => {
  f("u silence:5 silence:10 d +9m s:d", {}, "1 up, 2 down, 11 again, 11 down!ops");
  f("u d silence:5 silence +20m u d", {}, "1 up, 2 down, 2 down!ops, 23 up, 24 down, 24 down!ops");
  f("u d silence silence:5 u d +3m s:d", {}, "1 up, 2 down, 2 down!ops, 3 up, 4 down, 7 again, 7 down!ops");
  f("u silence:30 d unsilence s:d", {}, "1 up, 2 down, 2 again, 2 down!ops");
  f("u silence:0 d", {}, "1 up, 2 down, 2 down!ops");
});

test("it goes on over a pause, a restart and a changed target, and moves with the clock", () => {
  f("u silence:10 pause +20m resume d", {}, "1 up, 1 paused, 21 pending, 22 down, 22 down!ops");
  f("u silence:10 restart d +9m s:d", {}, "1 up, 2 down, 11 again, 11 down!ops");
  f("u silence:10 target d +9m s:d", {}, "1 up, 1 pending, 2 down, 11 again, 11 down!ops");
  f("u silence:10 d clock +9m s:d", {}, "1 up, 2 down, 1451 again, 1451 down!ops");
});

test("where an outage would stay open its end is told in a silence too, so that the next one is none that goes on", () => {
  const pager = { steps: "1:ops+boss", keepers: [channelName("ops")] };
  const down = "1 up, 2 down, 2 down!ops, 2 down!boss";
  f("u d silence u d", pager, `${down}, 3 up, 3 quiet recovered!ops, 4 down, 4 down!ops, 4 down!boss`);
  f("u d silence:10 u d", pager, `${down}, 3 up, 3 quiet recovered!ops, 4 down`);
  f("u d silence g u", pager, `${down}, 3 degraded, 4 up, 4 quiet recovered!ops`);
  f("u d silence remove", pager, `${down}, 2 quiet changed!ops`);
  f("u d silence u", { ...pager, onPass: false }, `${down}, 3 up`);
});

test("nothing is ended there that was not begun", () => {
  const pager = { keepers: [channelName("ops")] };
  f("u silence:10 d u", pager, "1 up, 2 down, 3 up");
  f("silence:10 d u", { ...pager, initial: "down" }, "2 up");
});

test("so is flapping that settled as well; what goes on is not told", () => {
  const pager = { keepers: [channelName("ops")], flapping: { changes: 1, withinMs: millis(5 * MINUTE) } };
  const flaps = "1 up, 2 down, 2 down!ops, 3 up, 3 recovered!ops, 4 down, 4 flapping!ops";
  f(`u d u d silence:30 ${"u ".repeat(6)}`, pager, `${flaps}, 5 up, 9 quiet settled!ops`);
  f(`u d u d silence:30 ${"d ".repeat(6)}u`, pager, `${flaps}, 11 up, 11 quiet settled!ops`);
});
