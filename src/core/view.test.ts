import { expect, test } from "vitest";
import { parentView } from "./ground.ts";
import type { View } from "./state.ts";
import { checkName, type GroupPolicy, instant, millis } from "./types.ts";
import { groupView, newestOf, sightOf } from "./view.ts";

/** `u5` was seen well at 5, `u5w3` and failed before 3, `d5` failed at 5, `g5` is degraded, `?` was never seen, `x5` could not tell since, `r5` failed at 5 as often as makes it down, `p` is paused. */
function member(text: string, at: number): View {
  const [, letter = "", seen, since] = /^(.)(\d+)?(?:w(\d+))?$/.exec(text) ?? [];
  const verdict = { u: "up", g: "degraded", d: "down", r: "down", x: "up" } as const;
  return parentView({
    check: checkName(`m${at}`),
    status: letter === "p" ? "paused" : "up",
    verdict: letter in verdict ? verdict[letter as keyof typeof verdict] : null,
    failing: letter === "d" || letter === "r",
    unjudged: letter === "x",
    reached: letter === "r",
    verdictStarted: seen === undefined ? null : instant(Number(seen)),
    wellSince: since === undefined ? null : instant(Number(since)),
    toThresholdMs: millis(1000 * (at + 1)),
  });
}

function f(require: GroupPolicy["require"], members: string, expected: Partial<View>, { run = "own", bySight = false, status = "up" }: Partial<GroupPolicy & View> = {}): void {
  const views = members.split(" ").map(member);
  const policy: GroupPolicy = { require, members: views.map(({ check }) => check), run, renotify: false, bySight };
  const own = parentView({ status, check: checkName("group"), verdictStarted: instant(99), toThresholdMs: millis(500) });
  expect(groupView(own, policy, views), `${require} of ${members}`).toMatchObject(expected);
}

const well = (verdictStarted: number, wellSince: number | null = null): Partial<View> => ({ failing: false, verdict: "up", verdictStarted: instant(verdictStarted), wellSince: wellSince === null ? null : instant(wellSince) });
const failing = (verdictStarted: number): Partial<View> => ({ failing: true, verdict: "down", verdictStarted: instant(verdictStarted) });
const open: Partial<View> = { failing: false, verdict: null, verdictStarted: null, wellSince: null };

test("a group is known to be well, or failing, since so many were seen that it was decided", () => {
  f("all", "u5 u3 u8", well(3));
  f("all", "u5 g3 u8", well(3));
  f("all", "u5 d3 d8", failing(8));
  f("all", "u5 ? u8", open);
  f("any", "u5 d9 u3", well(5));
  f("any", "d5 d9 d3", failing(3));
  f("any", "d5 d9 ?", open);
  f(2, "u5 u9 u3", well(5));
  f(2, "u5 d9 d3", failing(3));
  f(2, "u5 d9 ?", open);
});

test("it is well since so many of its members are", () => {
  f("all", "u5w2 u9w7 u8", well(5, 7));
  f("all", "u5 u9 u8", well(5));
  f("any", "u5w2 u9w7", well(9, 2));
  f("any", "u5 u9w7", well(9));
  f(2, "u5w2 u9w7 u8w3", well(8, 3));
});

test("paused members take no part; where all are, neither does the group", () => {
  f("all", "u5 p u8", well(5));
  f("any", "p p", { status: "paused" });
  f("any", "p p", { status: "paused" }, { status: "down" });
  f("all", "p p", { status: "paused" }, { run: "turn", status: "down" });
  f("all", "d5 p", { status: "down", verdictStarted: instant(99) }, { run: "turn", status: "down" });
  f("all", "p d5", { status: "paused" }, { bySight: true, status: "down" });
  f("all", "p d5 u3", well(3), { bySight: true });
});

test("of this node's own connectivity what could not tell did not see it well", () => {
  f(2, "u5 u9 x3", well(5), { bySight: true });
  f(2, "u5 x9 x3", { failing: true }, { bySight: true });
  f(2, "u5 x9 x3", well(5));
});

test("a member by its threshold, and by its newest verdict", () => {
  const letters = ["u1", "g1", "d1", "r1", "?", "x1", "p"].map((text) => member(text, 0));
  expect(letters.map((view) => sightOf(view).verdict)).toEqual(["up", "up", "up", "down", "unknown", "up", "out"]);
  // One that was well is so until its threshold, of one that was blocked nobody knows.
  expect(["d1", "r1", "u1"].map((text) => sightOf({ ...member(text, 0), status: "blocked" }).verdict)).toEqual(["unknown", "down", "up"]);
  expect(letters.map((view) => newestOf(view).verdict)).toEqual(["up", "degraded", "down", "down", "unknown", "up", "out"]);
});

test("it is waited for as long as the slowest of its members to its threshold", () => {
  f("all", "u5 u3 u8", { toThresholdMs: millis(3000) });
  f("all", "u5 u3 u8", { toThresholdMs: millis(3000) }, { bySight: true });
});
