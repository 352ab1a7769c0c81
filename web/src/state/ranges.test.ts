import fc from "fast-check";
import { expect, test } from "vitest";
import { aligned, liveSpan, pan, RANGES, select, stepFor, zoom } from "./ranges.ts";

const MINUTE = 60_000;
const now = 1_000_000_000_000;

test("steps of the ranges", () => {
  expect(RANGES.map((range) => stepFor(range.ms) / MINUTE)).toEqual([0.5, 5, 30, 120, 1440]);
});

test("no question asks for more than the chart can show, and it covers the span", () => {
  fc.assert(
    fc.property(fc.integer({ min: 10 * MINUTE, max: 366 * 1440 * MINUTE }), (ms) => {
      const ask = aligned(liveSpan(ms, now));
      expect((ask.to - ask.from) / ask.stepMs).toBeLessThanOrEqual(372);
      expect(ask.from).toBeLessThanOrEqual(now - ms);
      expect(ask.to).toBeGreaterThanOrEqual(now);
    }),
  );
});

test("zoom and pan stay within bounds and never pass now", () => {
  const hour = liveSpan(60 * MINUTE, now);
  expect(zoom(hour, 0.5, now)).toEqual(liveSpan(30 * MINUTE, now));
  expect(pan(hour, -1, now)).toEqual({ from: now - 120 * MINUTE, to: now - 60 * MINUTE, live: false });
  expect(pan(pan(hour, -1, now), 1, now)).toEqual(hour);
  expect(pan(hour, 5, now)).toEqual(hour);
  expect(zoom(liveSpan(MINUTE, now), 0.5, now)).toEqual(liveSpan(10 * MINUTE, now));
  expect(select(now - 60 * MINUTE, now - 30 * MINUTE, now)).toEqual({ from: now - 60 * MINUTE, to: now - 30 * MINUTE, live: false });
  fc.assert(fc.property(fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ min: 0.01, max: 99, noNaN: true }), (share, factor) => {
      expect(zoom(pan(hour, share, now), factor, now).to).toBeLessThanOrEqual(now);
    }));
});
