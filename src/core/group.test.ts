import { expect, test } from "vitest";
import { type GroupOutcome, groupOutcome, type Member, needed } from "./group.ts";
import type { GroupPolicy } from "./types.ts";

const LETTERS: { readonly [letter: string]: Member["verdict"] } = { u: "up", g: "degraded", d: "down", "?": "unknown", p: "out" };

/** Members by letters: up, degraded, down, unknown, paused. */
const membersOf = (letters: string): readonly Member[] => letters.split("").map((letter, at) => ({ name: `m${at}`, verdict: LETTERS[letter] ?? "out", sentence: `saw ${letter}` }));

function f(require: GroupPolicy["require"], letters: string, verdict: GroupOutcome["verdict"]): void {
  expect(groupOutcome({ require, bySight: false }, membersOf(letters)).verdict, `${require} of ${letters}`).toBe(verdict);
}

test("all: every member must be well", () => {
  f("all", "uuu", "up");
  f("all", "uud", "down");
  f("all", "uug", "degraded");
  f("all", "uu?", "unknown");
  f("all", "u?d", "down");
  f("all", "g?u", "unknown");
});

test("any: one is enough", () => {
  f("any", "ddu", "up");
  f("any", "ddd", "down");
  f("any", "ddg", "degraded");
  f("any", "dd?", "unknown");
  f("any", "u??", "up");
});

test("a number: so many, or as many as take part", () => {
  f(2, "uud", "up");
  f(2, "udd", "down");
  f(2, "ugd", "degraded");
  f(2, "u?d", "unknown");
  f(3, "uup", "up");
  f(5, "uud", "down");
});

test("paused members are left out; with none left nobody can tell", () => {
  f("all", "uup", "up");
  f("all", "udp", "down");
  f("any", "dpp", "down");
  f("all", "ppp", "unknown");
  f("any", "", "unknown");
});

test("by sight most of those that take part decide, two at least, whatever is required", () => {
  const verdicts = (...letters: readonly string[]): readonly string[] => letters.map((each) => groupOutcome({ require: "all", bySight: true }, membersOf(each)).verdict);
  expect(verdicts("uud", "udd", "ddd", "ud", "dd")).toEqual(["up", "down", "down", "up", "down"]);
  expect(verdicts("uddp", "udp", "ddp", "udddp", "uddp?")).toEqual(["down", "up", "down", "down", "unknown"]);
  expect(verdicts("dp", "upp", "d", "pp")).toEqual(["unknown", "unknown", "unknown", "unknown"]);
});

test("how many are needed", () => {
  const how = (require: GroupPolicy["require"], taking: number, bySight = false): number => needed({ require, bySight }, taking);
  expect([how("all", 3), how("any", 3), how("any", 0), how(2, 3), how(2, 1)]).toEqual([3, 1, 0, 2, 1]);
  expect([2, 3, 4, 5].map((taking) => how("all", taking, true))).toEqual([1, 2, 2, 3]);
});

test("the sentence names those who decide", () => {
  const said = (letters: string): string => groupOutcome({ require: "all", bySight: false }, membersOf(letters)).sentence;
  expect(said("uu")).toBe("2 of 2 up, 2 needed");
  expect(said("ud")).toBe("1 of 2 up, 2 needed; m1: saw d");
  expect(said("ug")).toBe("2 of 2 up, 2 needed; m1: saw g");
  expect(said("u?")).toBe("1 of 2 up, 2 needed; not known: m1");
  expect(said("pp")).toBe("every member is paused");
  expect(groupOutcome({ require: "all", bySight: true }, membersOf("up")).sentence).toBe("every member but one is paused, and one alone cannot tell");
  expect(groupOutcome({ require: "any", bySight: false }, [{ name: "a", verdict: "up", sentence: "" }, { name: "b", verdict: "down", sentence: "" }]).sentence).toBe("1 of 2 up, 1 needed; down: b");
});
