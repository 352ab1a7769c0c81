import fc from "fast-check";
import { expect, test } from "vitest";
import { newestOf, stepsBehind } from "./serials.ts";

test("serials wrap", () => {
  const f = (serials: readonly number[], newest: number, lag: number): void => expect(newestOf(serials)).toEqual({ newest, lag });
  f([7], 7, 0);
  f([7, 7, 7], 7, 0);
  f([41, 44], 44, 3);
  f([4_294_967_295, 0], 0, 1);
  f([2, 4_294_967_290, 0], 2, 8);
  f([0, 2_147_483_647], 2_147_483_647, 2_147_483_647);
});

test("half the circle has no order", () => {
  expect(newestOf([0, 2_147_483_648])).toBeNull();
  expect(newestOf([0, 1_500_000_000, 3_000_000_000])).toBeNull();
  expect(newestOf([])).toBeNull();
});

test("adding steps is being newer, wherever on the circle", () => {
  const serial = fc.integer({ min: 0, max: 4_294_967_295 });
  fc.assert(
    fc.property(serial, fc.integer({ min: 0, max: 2_147_483_647 }), (old, steps) => {
      const newer = (old + steps) % 2 ** 32;
      expect(stepsBehind(old, newer)).toBe(steps);
      expect(newestOf([old, newer])).toEqual({ newest: newer, lag: steps });
      expect(newestOf([newer, old])).toEqual({ newest: newer, lag: steps });
    }),
  );
});
