import { describe, expect, test } from "vitest";
import { instant } from "../core/types.ts";
import { backoffMs, isHopeless } from "./backoff.ts";

const HOUR = 3_600_000;

describe("backoff", () => {
  const f = (tries: number, fraction: number, asked?: number): number => backoffMs(tries, fraction, asked);
  test("first", () => expect(f(1, 0.5)).toBe(5000));
  test("doubles", () => expect([2, 3, 4].map((tries) => f(tries, 0.5))).toEqual([10_000, 20_000, 40_000]));
  test("at most ten minutes", () => expect([8, 50, 5000].map((tries) => f(tries, 0.5))).toEqual([600_000, 600_000, 600_000]));
  test("at most one while news waits behind it", () => expect([4, 5, 50].map((tries) => backoffMs(tries, 0.5, undefined, true))).toEqual([40_000, 60_000, 60_000]));
  test("a fifth less", () => expect(f(1, 0)).toBe(4000));
  test("up to a fifth more", () => expect(f(1, 0.999_999)).toBe(6000));
  test("what was asked for", () => expect(f(1, 0.5, 90_000)).toBe(90_000));
  test("not less than a second", () => expect(f(9, 0.5, 0)).toBe(1000));
  test("not more than an hour", () => expect(f(1, 0.5, 9 * HOUR)).toBe(HOUR));
  test("nonsense is not obeyed", () => expect(f(1, 0.5, Number.NaN)).toBe(5000));
});

describe("giving up", () => {
  const f = (afterMs: number, tries: number): boolean => isHopeless(instant(0), tries, instant(afterMs));
  test("after two days and many tries", () => expect(f(48 * HOUR, 48)).toBe(true));
  test("not before", () => expect(f(48 * HOUR - 1, 1000)).toBe(false));
  test("not because the clock jumped or the machine was off", () => expect(f(1000 * HOUR, 47)).toBe(false));
});
