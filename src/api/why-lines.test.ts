import { expect, test } from "vitest";
import { checkName, type Result } from "../core/types.ts";
import { at, sampleResult, sampleTransition } from "../store/samples.ts";
import type { WhyLine } from "./types.ts";
import { askedLines, condense, inputLines, notCounted, transitionLines } from "./why-lines.ts";

const run = (second: number, more: Partial<Result> = {}): Result => sampleResult("shop", second * 1000, { started: at(second * 1000), ...more });
const down = { verdict: "down", code: "refused", sentence: "refused" } as const;
const event = (second: number, text: string, kind: WhyLine["kind"] = "transition"): WhyLine => ({ at: at(second * 1000), until: null, kind, verdict: null, text });

const ABOUT = { failAfter: 2, resumedAt: [] };
const f = (results: readonly Result[], expected: readonly string[], events: readonly WhyLine[] = [], about = ABOUT): void => expect(condense(results, events, about).map(({ text }) => text)).toEqual(expected);

test("runs that say the same are one line", () => {
  f([run(0), run(1), run(2)], ["3 runs up, 35 ms"]);
  f([run(0, { latencyMs: 2.25 }), run(1, { latencyMs: 12 })], ["2 runs up, 2.3 to 12 ms"]);
  f([run(0), run(1, down), run(2)], ["1 run up, 35 ms", "1 run down: refused (1 of 2 in a row)", "1 run up, 35 ms"]);
  f([run(0, down), run(1, { ...down, code: "timeout", sentence: "no answer" })], ["1 run down: refused (1 of 2 in a row)", "1 run down: no answer (2 of 2 in a row)"]);
  f([run(0, down), run(1, down), run(2, down)], ["3 runs down: refused"]);
  f([run(0, { tries: 2 })], ["1 run up after 2 tries, 35 ms"]);
  f([], []);
});

test("what counts for nothing says why, and breaks no row", () => {
  f([run(0, down), run(1, { ...down, origin: "manual" }), run(2, down)], ["1 run down: refused (1 of 2 in a row)", "1 run down: refused (does not count: asked for by hand)", "1 run down: refused (2 of 2 in a row)"]);
  f([run(0, { verdict: "unknown", code: "late", sentence: "too busy" })], ["1 run without a verdict: too busy (does not count: this place could not tell)"]);
  expect(notCounted(run(0), [])).toBe("");
  expect(notCounted(run(0, { origin: "confirm" }), [])).toBe("asked because a check behind it failed");
  expect(notCounted(run(0, { latencyMs: 50 }), [at(20)])).toBe("it began before what happened then");
  expect(notCounted(run(0, { latencyMs: 10 }), [at(20)])).toBe("");
});

test("events stand between the runs, and end a line of them", () => {
  f([run(0), run(2)], ["1 run up, 35 ms", "Paused", "1 run up, 35 ms", "after"], [event(3, "after"), event(1, "Paused")]);
  expect(condense([run(0), run(1), run(5)], [], ABOUT)).toMatchObject([{ at: at(0), until: at(5000), kind: "runs", verdict: "up" }]);
  expect(condense([], [event(1, "left", "input"), event(2, "left", "input"), event(3, "other", "input")], ABOUT)).toMatchObject([{ text: "left", until: at(2000) }, { text: "other", until: null }]);
});

test("at one instant: what was done, the run, what it led to", () => {
  f([run(0), run(1, down)], ["1 run up, 35 ms", "paused", "1 run down: refused (1 of 2 in a row)", "moved", "told"], [event(1, "told", "told"), event(1, "moved"), event(1, "paused", "input")]);
});

test("transitions name rule, cause and why nobody was told", () => {
  const texts = (more: Parameters<typeof sampleTransition>[2]): readonly string[] => transitionLines(sampleTransition("shop", 0, more)).map(({ text }) => text);
  expect(texts({})).toEqual(["From up to down (rule threshold): connection refused, 2 runs in a row"]);
  expect(texts({ to: "blocked", telling: "blocked", reason: { rule: "parent-down", sentence: "gateway is down", cause: checkName("gateway") } })).toEqual([
    "From up to blocked (rule parent-down, because of gateway): gateway is down",
    "Nobody was told: another check is to blame",
  ]);
});

test("the journal: each input in words, ticks and what is not known left out", () => {
  const texts = (...inputs: readonly unknown[]): readonly string[] => inputLines(inputs.map((input) => ({ at: at(0), check: checkName("shop"), siteVersion: "1", input }))).map(({ text }) => text);
  expect(texts({ kind: "tick" }, null, 7, { kind: "news" })).toEqual([]);
  expect(texts({ kind: "maintenance", open: ["patch night"] }, { kind: "maintenance", open: [] })).toEqual(["Maintenance: patch night; nobody is told of outages", "No maintenance any more"]);
  expect(texts({ kind: "acknowledge", by: "ann", note: "on it" })).toEqual(["Acknowledged by ann: on it; reminders stop"]);
  expect(texts({ kind: "reload", changed: "judging", expectBy: null })).toEqual(["The configuration changed: conditions or thresholds; they hold from the next run on"]);
});

test("parents that were asked", () => {
  expect(askedLines(checkName("gateway"), [run(0), run(1, { origin: "confirm" }), run(2, { ...down, origin: "confirm" })]).map(({ text }) => text)).toEqual(["gateway was asked first: up", "gateway was asked first: down, refused"]);
});
