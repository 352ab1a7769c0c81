import { describe, expect, test } from "vitest";
import { PLANTS } from "./plants.ts";
import { simulate } from "./run.ts";

const DAYS = 2;
/** Twenty seeds of two days with a change of the clocks: forty simulated days. `npm run simulate` runs more. */
const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1);

describe(`${SEEDS.length * DAYS} simulated days`, () => {
  test.each(SEEDS.map((seed) => ({ seed })))("seed $seed keeps every promise (again: npm run simulate -- --days 2 --seed $seed)", async ({ seed }) => {
    const report = await simulate({ seed, days: DAYS });
    expect(report.breaches).toEqual([]);
    expect(report.errors).toEqual([]);
    expect(report.outagesJudged).toBeGreaterThan(20);
    expect(report.lives).toBeGreaterThan(1);
  });

  test("the same seed gives the same days", async () => {
    const [one, other] = [await simulate({ seed: 3, days: 1 }), await simulate({ seed: 3, days: 1 })];
    expect(other).toEqual(one);
  });
});

describe("planted bugs are found", () => {
  test.each(Object.entries(PLANTS))("%s", async (_, { finds, ...bug }) => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 5 && !found.has(finds); seed += 1) {
      for (const { promise } of (await simulate({ seed, days: 2, ...bug })).breaches) found.add(promise);
    }
    expect([...found]).toContain(finds);
  });
});
