import { expect, test } from "vitest";
import type { Recorded } from "../core/state.ts";
import { checkName, instant } from "../core/types.ts";
import { resultOf } from "../core/ground.ts";
import { Foresight } from "./foresight.ts";

/** A run of a check, judged 5 ms after it began. */
const run = (check: string, at: number, verdict: "up" | "down" = "up"): Recorded => ({ kind: "result", at: instant(at + 5), result: { ...resultOf(verdict, instant(at)), check: checkName(check) } });
const timesOf = (told: Iterable<Recorded>): readonly number[] => [...told].map(({ at }) => at - 5);
const startOf = (foresight: Foresight, check: string, now: number): number | null => foresight.next(checkName(check), instant(now))?.started ?? null;

test("it gives what is far enough before the end, and the rest at the end", () => {
  const foresight = new Foresight(100, (check) => check);
  expect(timesOf(foresight.take([run("a", 0), run("a", 50), run("a", 120)]))).toEqual([0]);
  expect(timesOf(foresight.take([]))).toEqual([]);
  expect(timesOf(foresight.take([run("a", 200)]))).toEqual([50]);
  expect(timesOf(foresight.end())).toEqual([120, 200]);
});

test("a clock that is put back holds nothing up", () => {
  const foresight = new Foresight(100, (check) => check);
  expect(timesOf(foresight.take([run("a", 5000), run("a", 5050), run("a", 1000)]))).toEqual([5000, 5050]);
  expect(timesOf(foresight.take([run("a", 1100)]))).toEqual([1000]);
});

test("the next run of a check, by today's name, within reach and begun from now on", () => {
  const foresight = new Foresight(100, (check) => (check === checkName("old") ? checkName("new") : check));
  const taken = foresight.take([run("a", 0), run("gw", 4, "down"), run("old", 40), run("gw", 60), run("a", 150), run("far", 180), run("a", 260)]);
  taken.next();
  expect([startOf(foresight, "gw", 5), startOf(foresight, "new", 5), startOf(foresight, "far", 5), startOf(foresight, "nobody", 5)]).toEqual([60, 40, null, null]);
  // As often as it is asked until then, and once more after that.
  expect([startOf(foresight, "gw", 30), startOf(foresight, "gw", 66)]).toEqual([60, null]);
  foresight.forget();
  expect(startOf(foresight, "gw", 4.7)).toBe(4);
});
