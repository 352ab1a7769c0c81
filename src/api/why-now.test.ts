import { expect, test } from "vitest";
import { Bench, type PolicyWish } from "../core/ground.ts";
import { nowLines } from "./why-now.ts";

/** The lines after a script of runs; seconds from now on for what lies ahead. `nextIn`: when it runs next, s. */
function texts(script: string, wish: PolicyWish = {}, nextIn: number | null = null): readonly string[] {
  const { state, policy, now } = new Bench(wish).play(script);
  const summary = { cause: state.belief.cause, hides: [], nextRunAt: nextIn === null ? null : now + nextIn * 1000 };
  return nowLines({ state, summary, failAfter: policy.failAfter, now, messages: [] }).map(({ kind, at, text }) => (kind === "next" ? `in ${(at - now) / 1000} s: ${text}` : text));
}

test("what holds a check now, and what comes next", () => {
  const f = (script: string, expected: readonly string[], wish: PolicyWish = {}): void => expect(texts(script, wish)).toEqual(expected);
  f("u", []);
  f("u d", ["Failing, 1 of 3 runs in a row"], { failAfter: 3 });
  f("u d silence", ["Silenced by ann until it recovers"]);
  f("u d window", ["In maintenance: night"]);
  f("u d ack", ["Acknowledged by ann: no reminders"]);
  f("u d", ["in 3600 s: A reminder is due"], { steps: "1:ops*60m" });
  f("u d", ["Failing, 1 of 1 runs in a row", "in 10.5 s: Told by then, if the parents it waits for give no news"], { parents: ["gw"] });
  f("u pause", ["Paused by ann"]);
});

test("a check without a verdict whose parents are asked first says so, until it is told", () => {
  expect(texts("u ? ? ? +12s", { parents: ["gw"] })).toEqual(["in 8.5 s: Told as unchecked by then; put off to hear of its parents first"]);
  expect(texts("u ? ? ? +1m", { parents: ["gw"] })).toEqual([]);
  expect(texts("u ? ? ? +9s", { parents: ["gw"] })).toEqual([]);
});

test("what rests has no time: no reminder while it is acknowledged or muted, no run while it is paused, nothing that is past", () => {
  const steps = "1:ops*60m";
  const f = (script: string, nextIn: number, expected: readonly string[]): void => expect(texts(script, { steps }, nextIn)).toEqual(expected);
  f("u d", 5, ["in 5 s: Next run", "in 3600 s: A reminder is due"]);
  f("u d", -1, ["in 3600 s: A reminder is due"]);
  f("u d ack", 5, ["Acknowledged by ann: no reminders", "in 5 s: Next run"]);
  f("u d silence", 5, ["Silenced by ann until it recovers", "in 5 s: Next run"]);
  f("u d window", 5, ["In maintenance: night", "in 5 s: Next run"]);
  f("u d pause", 5, ["Paused by ann"]);
});
