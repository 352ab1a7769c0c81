import fc from "fast-check";
import { expect, test } from "vitest";
import { pingStatistics } from "./report.ts";
import { HISTORY_MAX, Tally } from "./tally.ts";

const tallyOf = (times: readonly (number | null)[]): Tally => {
  const tally = new Tally();
  for (const time of times) tally.add(time);
  return tally;
};

test("nothing, lost, one, some", () => {
  const f = (times: readonly (number | null)[], expected: object) => expect(tallyOf(times)).toMatchObject(expected);
  f([], { sent: 0, received: 0, loss: 0, last: null, average: null, best: null, worst: null, deviation: null });
  f([null, null], { sent: 2, received: 0, loss: 100, last: null, average: null, deviation: null });
  f([5], { sent: 1, received: 1, loss: 0, last: 5, average: 5, best: 5, worst: 5, deviation: 0 });
  f([1, 3, null, 5], { sent: 4, received: 3, loss: 25, last: 5, average: 3, best: 1, worst: 5, deviation: 2 });
});

test("counted as they come or all at once, it is the same", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.double({ min: 0, max: 1e4, noNaN: true }), { freq: 4 }), { minLength: 1, maxLength: 50 }), (times) => {
      const tally = tallyOf(times);
      const whole = pingStatistics(times.map((rttMs) => (rttMs === null ? null : { rttMs, ttl: null })));
      expect(tally.loss).toBe(whole.loss);
      if (tally.received === 0) return;
      expect(tally).toMatchObject({ best: whole.min, worst: whole.max });
      expect(tally.average).toBeCloseTo(whole.avg, 6);
      expect(tally.deviation).toBeCloseTo(whole.std, 4);
    }),
  );
});

test("the history is bounded", () => expect(tallyOf(Array.from({ length: 3 * HISTORY_MAX }, (_, index) => index)).history).toEqual(Array.from({ length: HISTORY_MAX }, (_, index) => 2 * HISTORY_MAX + index)));
