import fc from "fast-check";
import { expect, test } from "vitest";
import { HandClock, SmallHandle, summaryOf } from "../../test/api/world.ts";
import { openMemoryStore } from "../store/memory.ts";
import { Board } from "./board.ts";
import type { Overview, StatusWord } from "./types.ts";

async function boardOf(count: number) {
  const handle = new SmallHandle(await openMemoryStore(), Array.from({ length: count }, (_, index) => summaryOf(`check ${index}`)));
  const clock = new HandClock();
  return { handle, clock, board: new Board(handle, clock) };
}

const parsed = (pieces: readonly Buffer[]): Overview => JSON.parse(Buffer.concat(pieces).toString()) as Overview;

test("put together from pieces it is the overview", async () => {
  for (const count of [0, 1, 249, 250, 251, 600]) {
    const { handle, board } = await boardOf(count);
    expect(parsed(await board.overview())).toEqual(handle.overview());
  }
});

test("after any changes it is what a fresh look would give, and only what changed is looked up", async () => {
  const states: readonly StatusWord[] = ["up", "down", "degraded", "paused"];
  const change = fc.record({ check: fc.integer({ min: 0, max: 9 }), state: fc.constantFrom(...states), next: fc.constantFrom("go on", "ask", "site", "remove", "select") });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
      const { handle, board } = await boardOf(10);
      for (const { check, state, next } of changes) {
        if (next === "remove") {
          handle.checks.delete(`check ${check}`);
          handle.tell({ kind: "site" });
        } else handle.change(`check ${check}`, { state });
        if (next === "site") handle.tell({ kind: "site" });
        if (next === "ask") void board.overview();
        if (next === "select") expect(JSON.parse(Buffer.concat(await board.select((one) => one.state === state)).toString())).toEqual([...handle.checks.values()].filter((one) => one.state === state));
      }
      const { checks, counts } = parsed(await board.overview());
      const fresh = handle.overview();
      expect(new Set(checks.map((one) => JSON.stringify(one)))).toEqual(new Set(fresh.checks.map((one) => JSON.stringify(one))));
      expect(counts).toEqual(fresh.counts);
    }),
    { numRuns: 100 },
  );
});

test("changes that come while it is put together are in the next one", async () => {
  const { handle, board } = await boardOf(1000);
  const first = board.overview();
  await new Promise((resolve) => setImmediate(resolve));
  handle.change("check 0", { state: "down" });
  handle.change("check 999", { state: "down" });
  await first;
  expect(parsed(await board.overview()).counts.down).toBe(2);
});

test("the whole site is asked for once, then only what changed", async () => {
  const { handle, board } = await boardOf(10);
  await board.overview();
  handle.change("check 3", { state: "down" });
  await board.overview();
  await board.some(["check 3", "gone"]);
  expect(handle.overviews).toBe(1);
  expect(await board.some(["check 3", "gone"])).toHaveLength(1);
});

test("asked for twice within a second without a change, it is the same bytes", async () => {
  const { clock, handle, board } = await boardOf(10);
  const first = await board.overview();
  expect(await board.overview()).toBe(first);
  handle.tell({ kind: "banners" });
  expect(await board.overview()).not.toBe(first);
  const second = await board.overview();
  clock.advance(1000);
  expect(parsed(await board.overview()).now).toBe(parsed(second).now + 1000);
});
