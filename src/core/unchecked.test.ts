import { expect, test } from "vitest";
import { Bench, type PolicyWish, story } from "./ground.ts";
import { instant } from "./types.ts";

function f(script: string, wish: PolicyWish, expected: string): void {
  expect(story(script, wish)).toBe(expected);
}

test("no verdict for three runs is told, and the next verdict ends it", () => {
  f("u ? ? ? ? ?", {}, "1 up, 4.2 pending, 4.2 unchecked!ops");
  f("u +10m", {}, "1 up, 4.2 pending, 4.2 unchecked!ops");
  f("u ? ? ? ? u", {}, "1 up, 4.2 pending, 4.2 unchecked!ops, 6 up, 6 recovered!ops");
  f("u ? ? ? ? d", {}, "1 up, 4.2 pending, 4.2 unchecked!ops, 6 down, 6 down!ops");
  f("added +10m", {}, "3.2 unchecked!ops");
  f("u ? ? u ? ? ", {}, "1 up");
  f("u ? ? ? ? m:u ? u", {}, "1 up, 4.2 pending, 4.2 unchecked!ops, 7 up, 7 recovered!ops");
});

test("it is told by the first steps alone, whatever they count", () => {
  f("u +60m", { steps: "1:ops 2:boss 10m:sms" }, "1 up, 4.2 pending, 4.2 unchecked!ops");
  f("u +60m", { steps: "3:boss" }, "1 up, 4.2 pending, 4.2 unchecked!boss");
});

test("behind a parent that is down it is blocked instead, and has its whole time again when that is back", () => {
  f("u gw:down +10m", { parents: ["gw"] }, "1 up, 4.2 blocked");
  f("u gw:down ? ? ? ? gw:up +10m", { parents: ["gw"] }, "1 up, 4.2 blocked, 8.2 ask gw, 8.3 pending, 8.3 unchecked!ops");
  f("u gw:down ? ? ? ? gw:up u", { parents: ["gw"] }, "1 up, 4.2 blocked, 6 up");
  // They are asked first, and waited for.
  f("u ? ? ? +1m", { parents: ["gw"] }, "1 up, 4.2 ask gw, 4.3 pending, 4.3 unchecked!ops");
  f("u ? ? ? +10s gw:answer +1m", { parents: ["gw"] }, "1 up, 4.2 ask gw, 4.3 pending, 4.3 unchecked!ops");
  f("u ? ? ? +10s gw:fail +10s ? ? gw:down ? +1m", { parents: ["gw"] }, "1 up, 4.2 ask gw, 7.5 blocked");
  f("u ? ? ? +10s gw:fail +10m", { parents: ["gw"] }, "1 up, 4.2 ask gw, 7.5 pending, 7.5 unchecked!ops");
  f("u gw:fail ? ? ? ? ? ? ?", { parents: ["gw"] }, "1 up, 4.2 ask gw, 7.3 pending, 7.3 unchecked!ops");
});

test("what its parents put off is bounded, begins anew with a new deadline, and is told", () => {
  // Asked, then held for a parent that fails under its threshold: no longer, however that goes on.
  f("u ? ? ? +10s gw:fail +10s gw:answer +10s gw:fail +10s gw:answer +10m", { parents: ["gw"] }, "1 up, 4.2 ask gw, 7.5 pending, 7.5 unchecked!ops");
  f("u gw:fail ? ? ? ? gw:down +3m gw:up +10m", { parents: ["gw"] }, "1 up, 4.2 ask gw, 7.3 blocked, 11.2 ask gw, 11.3 pending, 11.3 unchecked!ops");
  const told = (script: string, parents: readonly string[]): string | undefined => new Bench({ parents }).play(script).state.belief.sentence;
  expect(told("u ? ? ? +2m", ["gw"])).toBe("no verdict in 3 runs: saw unknown (put off to hear of gw first)");
  expect(told("u ? ? ? +2m", [])).toBe("no verdict in 3 runs: saw unknown");
});

test("blocked and back, one that gets no verdict is unchecked, whatever was open before", () => {
  const wish = { parents: ["gw"], steps: "1:ops*10m" };
  f("u g gw:down d gw:up ? ? ? ? ? ?", wish, "1 up, 2 degraded, 2 degraded!ops, 3 blocked, 6.2 ask gw, 6.3 pending, 6.3 unchecked!ops");
  f("u g gw:down d gw:up ? ? ? ? u", wish, "1 up, 2 degraded, 2 degraded!ops, 3 blocked, 6.2 ask gw, 6.3 pending, 6.3 unchecked!ops, 8 up, 8 recovered!ops");
  // It was told: not as a new one, and reminders go on.
  f("u ? ? ? ? gw:down d gw:up ? ? ? ? ? ? ? ? ?", wish, "1 up, 4.2 ask gw, 4.3 pending, 4.3 unchecked!ops, 6 blocked, 9.2 ask gw, 9.3 pending, 14.3 reminder!ops");
  f("u ? ? ? ? gw:down d gw:up ? ? ? ? u", wish, "1 up, 4.2 ask gw, 4.3 pending, 4.3 unchecked!ops, 6 blocked, 9.2 ask gw, 9.3 pending, 11 up, 11 recovered!ops");
});

test("a check that is known to fail needs no verdict", () => {
  f("u d ? ? ? ? ? +10m", {}, "1 up, 2 down, 2 down!ops");
  f("u g ? ? ? ? ? +10m", {}, "1 up, 2 degraded, 2 degraded!ops");
  f("u pause +10m", {}, "1 up, 1 paused");
  f("u pause +10m resume +10m", {}, "1 up, 1 paused, 11 pending, 14.2 unchecked!ops");
});

test("behind a parent that is down nothing is expected; once it is back, it is", () => {
  f("u gw:down d +10m", { parents: ["gw"] }, "1 up, 2 blocked");
  f("u gw:down d +10m gw:up +10m", { parents: ["gw"] }, "1 up, 2 blocked, 15.2 ask gw, 15.3 pending, 15.3 unchecked!ops");
  // While the parents are asked the failure stands: it will be told, not the want of a verdict.
  f("u d gw:fail +10m", { parents: ["gw"] }, "1 up, 2 ask gw, 5.2 down, 5.2 down!ops");
});

test("a check that runs only when asked, or by a rare schedule, is not missed early", () => {
  const bench = new Bench().play("u");
  const daily = instant(bench.now + 3 * 86_400_000);
  bench.feed({ kind: "action", action: { kind: "added", expectBy: daily }, around: bench.around });
  bench.pass(2 * 86_400_000);
  expect(bench.story).toBe("1 up");
  bench.feed({ kind: "action", action: { kind: "added", expectBy: null }, around: bench.around });
  bench.pass(20 * 86_400_000);
  expect(bench.story).toBe("1 up");
});

test("its sentence says how many runs and why, and its start is the last verdict", () => {
  const bench = new Bench().play("u ? ? ? +1m");
  expect(bench.alerts[0]).toMatchObject({ sentence: "no verdict in 3 runs: saw unknown", code: "late", since: bench.now - 4 * 60_000 });
  expect(new Bench().play("u +10m").alerts[0]).toMatchObject({ sentence: "no run gave a verdict in time", code: "skipped" });
});
