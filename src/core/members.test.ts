import { expect, test } from "vitest";
import { Bench, type PolicyWish, resultOf } from "./ground.ts";
import { failingMembers } from "./members.ts";
import { checkName, instant } from "./types.ts";

const group = { require: "all", members: ["a", "b", "c"].map(checkName), run: "turn", renotify: true, bySight: false } as const;

/** A group's story: each letter group is a run in which these members fail, `-` one in which none does; other words as ever. */
function f(script: string, wish: PolicyWish, expected: string): void {
  const bench = new Bench({ group, ...wish });
  for (const word of script.split(" ")) {
    if (!/^([abc]+|-)$/.test(word)) {
      bench.play(word);
      continue;
    }
    bench.pass(60_000);
    const failing = word === "-" ? [] : word.split("");
    const result = { ...resultOf(failing.length === 0 ? "up" : "down", bench.now), facts: { failing } };
    bench.feed({ kind: "result", result, expectBy: instant(bench.now + 10 * 60_000), around: bench.around });
  }
  const sentences = bench.alerts.filter(({ kind }) => kind === "reminder").map(({ sentence }) => ` [${sentence}]`);
  expect(bench.story + sentences.join(""), script).toBe(expected);
}

test("another set of failing members is told to those who were told, growing or shrinking, and only when it is another", () => {
  f("- a a a", {}, "1 up, 2 down, 2 down!ops");
  f("- a ab ab b -", {}, "1 up, 2 down, 2 down!ops, 3 reminder!ops, 5 reminder!ops, 6 up, 6 recovered!ops [now failing: a, b (before: a); saw down] [now failing: b (before: a, b); saw down]");
  f("- a ab a", { group: { ...group, renotify: false } }, "1 up, 2 down, 2 down!ops");
  f("- a b b", { failAfter: 2 }, "1 up, 3 down, 3 down!ops");
  f("- a a b b", { failAfter: 2, steps: "1:ops 3:boss" }, "1 up, 3 down, 3 down!ops, 4 reminder!ops, 5 down!boss [now failing: b (before: a); saw down]");
});

test("nobody hears of it who was not told, nor while telling rests; later it is told what is so then", () => {
  f("- a ab abc", { steps: "10m:boss" }, "1 up, 2 down");
  f("- a ack ab b -", {}, "1 up, 2 down, 2 down!ops, 5 up, 5 recovered!ops");
  f("- a window ab abc windowend abc abc", {}, "1 up, 2 down, 2 down!ops, 4 again, 5 reminder!ops [now failing: a, b, c (before: a); saw down]");
  f("- a window ab windowend a", {}, "1 up, 2 down, 2 down!ops, 3 again");
  f("- window a ab windowend ab b", {}, "1 up, 2 down, 3 again, 3 down!ops, 5 reminder!ops [now failing: b (before: a, b); saw down]");
  f("- a silence:3 ab abc abc abc", {}, "1 up, 2 down, 2 down!ops, 5 again, 5 reminder!ops [now failing: a, b, c (before: a); saw down]");
});

test("a recovery of some, while others fail on, recovers nothing", () => {
  f("- ab b - a", { recoverAfter: 2 }, "1 up, 2 down, 2 down!ops, 3 reminder!ops, 5 reminder!ops [now failing: b (before: a, b); saw down] [now failing: a (before: b); saw down]");
});

test("a result without the fact has no failing members", () => expect(failingMembers(resultOf("down", instant(0)))).toEqual([]));
