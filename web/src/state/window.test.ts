import fc from "fast-check";
import { expect, test } from "vitest";
import { reveal, visible, wallCapacity, wallGrid } from "./window.ts";

test("every row that is seen is drawn, and few more", () => {
  const list = fc.record({ top: fc.integer({ min: -3000, max: 400_000 }), heightPx: fc.integer({ min: 1, max: 3000 }), rowPx: fc.constantFrom(28, 44), count: fc.nat(10_000) });
  fc.assert(
    fc.property(list, ({ top, heightPx, rowPx, count }) => {
      const { start, end } = visible(top, heightPx, rowPx, count);
      expect(start).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(count);
      expect(end - start).toBeLessThanOrEqual(heightPx / rowPx + 18);
      for (let row = 0; row < count; row += 1) {
        const seen = (row + 1) * rowPx > top && row * rowPx < top + heightPx;
        if (seen && (row < start || row >= end)) expect.fail(`row ${row} is seen but not drawn`);
      }
    }),
    { numRuns: 50 },
  );
});

test("a row is brought into view by the shortest way", () => {
  const f = (index: number, top: number, by: number): void => expect(reveal(index, top, 280, 28, 28)).toBe(by);
  f(5, 0, 0);
  f(0, 0, -28); // behind the head
  f(2, 280, 56 - 308);
  f(9, 0, 0);
  f(10, 0, 28);
});

test("a wall of 2560 by 1440 holds 54 tiles that can be read", () => {
  expect(wallCapacity(2560, 1440)).toBe(54);
  expect(wallCapacity(1280, 720)).toBe(54);
  expect(wallCapacity(390, 844)).toBe(204);
});

test("tiles fill the wall", () => {
  const f = (count: number, columns: number, rows: number): void => expect(wallGrid(count, 2560, 1440)).toEqual({ columns, rows });
  f(0, 1, 1);
  f(1, 1, 1);
  f(2, 1, 2);
  f(6, 2, 3);
  f(54, 6, 9);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (count) => {
      const { columns, rows } = wallGrid(count, 2560, 1440);
      expect(columns * rows).toBeGreaterThanOrEqual(count);
      expect(columns * (rows - 1)).toBeLessThan(count);
    }),
  );
});
