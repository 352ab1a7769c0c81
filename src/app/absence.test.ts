import { expect, test } from "vitest";
import { checkName } from "../core/types.ts";
import { definitionOf, every, HOUR, MINUTE } from "../run/ground.ts";
import { openMemoryStore } from "../store/memory.ts";
import { at, sampleBatch, sampleResult } from "../store/samples.ts";
import { absencesOf, absentMs } from "./absence.ts";

/** Minutes of absence within the first ten hours; of `often` (every minute) and `seldom` (every hour) the minutes of runs, and of starts of the process. */
async function f(often: readonly number[], seldom: readonly number[], starts: readonly number[]): Promise<number> {
  const store = await openMemoryStore();
  const runs = (check: string, minutes: readonly number[]) => minutes.map((minute) => sampleResult(check, minute * MINUTE));
  const journal = starts.flatMap((minute) => ["often", "seldom"].map((check) => ({ at: at(minute * MINUTE), check: checkName(check), siteVersion: "1", input: { kind: "restart" } })));
  await store.commit(sampleBatch(1, { results: [...runs("often", often), ...runs("seldom", seldom)], journal }));
  const checks = [definitionOf("seldom", { schedule: every(HOUR) }), definitionOf("often", { schedule: every(MINUTE) })];
  return Math.round(absentMs(await absencesOf(store, checks, at(0)), at(0), at(10 * HOUR)) / MINUTE);
}

test("from the newest run to the start, within the time", async () => {
  expect(await f([0, 1, 2], [0], [122])).toBe(120);
  expect(await f([0, 1, 2], [0], [2000])).toBe(598);
  expect(await f([0], [0, 60], [300])).toBe(240);
});

test("a start among starts counts once", async () => expect(await f([0], [], [100, 101, 200])).toBe(200));

test("none where nothing was missed: a quick restart, checks that run seldom, no start at all", async () => {
  expect(await f([0, 1], [0], [5])).toBe(0);
  expect(await f([], [0], [55])).toBe(0);
  expect(await f([0], [0, 180], [200])).toBe(0);
  expect(await f([0], [0], [])).toBe(0);
  expect(await f([], [], [200])).toBe(0);
});
