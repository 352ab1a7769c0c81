import fc from "fast-check";
import { expect, test } from "vitest";
import type { CheckSummary, Overview, StreamEvent } from "../../../src/api/types.ts";
import { type Gathered, gather, moves, nothing, retryMs } from "./coalesce.ts";
import { summary } from "./sample.ts";

const overview = (now: number, checks: readonly CheckSummary[]): Overview => ({
  site: { name: "Example", vantage: "home", version: "1", startedAt: 0, timezone: "UTC" },
  now,
  counts: { pending: 0, up: 0, degraded: 0, down: 0, blocked: 0, disputed: 0, paused: 0 },
  banners: [],
  checks,
  channels: [],
});

/** The checks as somebody sees them who applies what was gathered. */
function apply(checks: Map<string, CheckSummary>, gathered: Gathered): void {
  if (gathered.overview !== null) {
    checks.clear();
    for (const check of gathered.overview.checks) checks.set(check.name, check);
  }
  for (const [name, check] of gathered.checks) checks.set(name, check);
}

const check = fc.record({ name: fc.constantFrom("a", "b", "c"), failing: fc.nat() }).map(({ name, failing }) => summary(name, "up", { failing }));
const event: fc.Arbitrary<StreamEvent> = fc.oneof(
  fc.record({ kind: fc.constant("checks" as const), now: fc.nat(), checks: fc.array(check, { maxLength: 3 }) }),
  fc.record({ now: fc.nat(), checks: fc.array(check, { maxLength: 3 }) }).map(({ now, checks }) => ({ kind: "overview" as const, overview: overview(now, checks) })),
  fc.constant({ kind: "banners" as const, banners: [], channels: [] }),
);

test("messages gathered come to the same as messages applied one by one", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const single = new Map<string, CheckSummary>();
      const together = nothing();
      for (const event of events) {
        const one = nothing();
        gather(one, event);
        apply(single, one);
        gather(together, event);
      }
      const whole = new Map<string, CheckSummary>();
      apply(whole, together);
      expect(whole).toEqual(single);
    }),
  );
});

test("what moves the list", () => {
  const before = summary("a", "up", { latencyMs: 5 });
  const f = (after: Partial<CheckSummary>, expected: boolean): void => expect(moves(before, { ...before, ...after })).toBe(expected);
  f({ latencyMs: 9, lastRunAt: 4, recent: "uu", summary: "OK" }, false);
  f({ state: "down" }, true);
  f({ incident: "x" }, true);
  f({ acknowledged: { at: 1, by: "admin", note: "" } }, true);
  expect(moves(undefined, before)).toBe(true);
});

test("the wait before connecting again grows and is bounded", () => {
  expect(retryMs(0, 1)).toBe(500);
  expect(retryMs(3, 0)).toBe(2000);
  fc.assert(fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (tries, random) => {
      expect(retryMs(tries, random)).toBeGreaterThanOrEqual(250);
    }));
  fc.assert(fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (tries, random) => {
      expect(retryMs(tries, random)).toBeLessThanOrEqual(15_000);
    }));
});
