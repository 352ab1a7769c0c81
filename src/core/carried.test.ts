import { describe, expect, test } from "vitest";
import { type Carried, carriedState } from "./carried.ts";
import { Bench, MINUTE, type PolicyWish, T0 } from "./ground.ts";
import { plus } from "./types.ts";

/** What comes of a check that another system left so. */
function story(left: Partial<Carried>, wish: PolicyWish, script: string): string {
  const bench = new Bench({ initial: "down", failAfter: 2, ...wish });
  bench.state = carriedState(bench.policy, { check: "shop", status: "up", fails: 0, since: null, lastRun: null, sentence: "", ...left }, T0);
  return bench.play(script).story;
}

describe("a check begins where the other system left it", () => {
  const f = (left: Partial<Carried>, script: string, expected: string, wish: PolicyWish = {}) => expect(story(left, wish, script)).toBe(expected);
  test("well, and then it fails: told", () => f({}, "d d", "2 down, 2 down!ops"));
  test("well, and it passes: nothing", () => f({}, "u u", ""));
  test("failed, and it passes: told", () => f({ status: "down", fails: 5 }, "u", "1 up, 1 recovered!ops"));
  test("failed, and it fails: it was told already", () => f({ status: "down", fails: 5 }, "d d d", ""));
  test("failed, and one that begins as pending otherwise fails: it was told already, and its end is told", () => {
    f({ status: "down", fails: 5 }, "d d d u", "4 up, 4 recovered!ops", { initial: "pending" });
    f({ status: "down", fails: 5 }, "u d d", "1 up, 1 recovered!ops, 3 down, 3 down!ops", { initial: "pending" });
  });
  test("well, and one that begins as pending otherwise fails: told", () => f({}, "d d", "2 down, 2 down!ops", { initial: "pending" }));
  test("failing below the threshold: the count goes on", () => f({ fails: 1 }, "d", "1 down, 1 down!ops"));
  test("a count that has no failed state with it stays below the threshold", () => f({ fails: 9 }, "d", "1 down, 1 down!ops"));
});

test("an outage that another system told has begun when it did there", () => {
  const bench = new Bench({ failAfter: 1 });
  bench.state = carriedState(bench.policy, { check: "shop", status: "down", fails: 5, since: T0 - 50 * MINUTE, lastRun: null, sentence: "refused" }, T0);
  bench.play("d");
  expect(bench.state.belief.incident).toMatchObject({ firstSign: T0 - 50 * MINUTE });
  expect(bench.state.belief.since).toBe(T0 - 50 * MINUTE);
});

test("it has been so since it was so there, and never since later than now", () => {
  const { policy } = new Bench();
  const f = (since: number | null) => carriedState(policy, { check: "shop", status: "down", fails: 1, since, lastRun: null, sentence: "refused" }, T0).belief;
  expect(f(T0 - MINUTE)).toMatchObject({ since: plus(T0, -MINUTE), status: "down", sentence: "refused", known: false });
  expect([f(null).since, f(T0 + MINUTE).since]).toEqual([T0, T0]);
});
