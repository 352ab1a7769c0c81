import fc from "fast-check";
import { expect, test } from "vitest";
import { checkName, millis, type Verdict } from "../core/types.ts";
import { at, sampleBatch, sampleResult, T0 } from "./samples.ts";
import type { Bucket, Store } from "./store.ts";

const shop = checkName("shop");

/** The cases of `range`. */
export function rangeSuite(store: () => Store): void {
  const range = (from: number, to: number, stepMs: number): Promise<readonly Bucket[]> => store().range({ check: shop, from: at(from), to: at(to), stepMs: millis(stepMs) });

  test("range: counts by verdict, exact quantiles, means of phases", async () => {
    const results = Array.from({ length: 100 }, (_, index) => sampleResult("shop", index, { latencyMs: 100 - index, phases: { connect: index } }));
    const others = [sampleResult("shop", 100, { verdict: "down", latencyMs: 9999 }), sampleResult("shop", 101, { verdict: "unknown" }), sampleResult("shop", 150, { verdict: "degraded", latencyMs: 7.5, phases: {} })];
    await store().commit(sampleBatch(1, { results: [...results, ...others, sampleResult("other", 5)] }));
    expect(await range(0, 1000, 100)).toEqual([
      { from: T0, runs: 100, up: 100, degraded: 0, down: 0, unknown: 0, latency: { min: 1, p10: 10, median: 50, p90: 90, p99: 99, max: 100 }, phases: { connect: 49.5 } },
      { from: at(100), runs: 3, up: 0, degraded: 1, down: 1, unknown: 1, latency: { min: 7.5, p10: 7.5, median: 7.5, p90: 7.5, p99: 7.5, max: 7.5 }, phases: {} },
    ]);
  });

  test("range: bounds, gaps and no latency", async () => {
    await store().commit(sampleBatch(1, { results: [0, 10, 35, 40].map((offset) => sampleResult("shop", offset, { verdict: "down" })) }));
    expect((await range(0, 40, 10)).map((one) => [one.from - T0, one.runs, one.latency])).toEqual([[0, 1, null], [10, 1, null], [30, 1, null]]);
    expect((await range(5, 41, 100)).map((one) => [one.from - T0, one.runs])).toEqual([[5, 3]]);
    expect(await range(100, 200, 10)).toEqual([]);
    expect(await range(40, 40, 10)).toEqual([]);
  });

  test("range: any results in any order give what a plain count gives", async () => {
    const verdict = fc.constantFrom<Verdict>("up", "degraded", "down", "unknown");
    const drawn = fc.array(fc.record({ offset: fc.nat(50), verdict, micros: fc.nat(5_000_000) }), { maxLength: 40 });
    let sequence = 0;
    await fc.assert(
      fc.asyncProperty(drawn, fc.integer({ min: 1, max: 60 }), async (rows, step) => {
        sequence += 1;
        const name = checkName(`check ${sequence}`);
        await store().commit(sampleBatch(sequence, { results: rows.map((row) => sampleResult(name, row.offset, { verdict: row.verdict, latencyMs: row.micros / 1000, phases: {} })) }));
        const buckets = await store().range({ check: name, from: at(10), to: at(45), stepMs: millis(step) });
        const inside = rows.filter((row) => row.offset >= 10 && row.offset < 45);
        expect(buckets.reduce((sum, one) => sum + one.runs, 0)).toBe(inside.length);
        for (const bucket of buckets) {
          const mine = inside.filter((row) => Math.floor((row.offset - 10) / step) === (bucket.from - at(10)) / step);
          const latencies = mine.filter((row) => row.verdict === "up" || row.verdict === "degraded").map((row) => row.micros / 1000).sort((a, b) => a - b);
          expect(bucket.runs).toBe(mine.length);
          expect(bucket.latency?.median).toBe(latencies[Math.ceil(latencies.length / 2) - 1]);
          expect(bucket.latency?.max).toBe(latencies.at(-1));
        }
      }),
      { numRuns: 30 },
    );
  });
}
