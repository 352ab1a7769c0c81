import fc from "fast-check";
import { expect, test } from "vitest";
import { Throttle } from "./throttle.ts";

test("three slips are free, then each wait doubles up to a minute", () => {
  const throttle = new Throttle();
  let now = 0;
  const waits: number[] = [];
  while (waits.length < 8) {
    const wait = throttle.admit("192.0.2.1", now);
    if (wait > 0) waits.push(wait);
    now += wait;
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test("a success forgets the slips of its address", () => {
  const throttle = new Throttle();
  for (let index = 0; index < 4; index += 1) throttle.admit("192.0.2.1", 0);
  expect(throttle.admit("192.0.2.1", 0)).toBeGreaterThan(0);
  throttle.succeeded("192.0.2.1");
  expect(throttle.admit("192.0.2.1", 0)).toBe(0);
});

test("a crowd of strangers keeps strangers out, but no friend", () => {
  const throttle = new Throttle();
  throttle.admit("198.51.100.9", 0);
  throttle.succeeded("198.51.100.9");
  for (let index = 0; index < 40; index += 1) expect(throttle.admit(`192.0.2.${index}`, 0)).toBe(0);
  expect(throttle.admit("203.0.113.1", 0)).toBeGreaterThan(0);
  expect(throttle.admit("198.51.100.9", 0)).toBe(0);
  expect(throttle.admit("203.0.113.1", 60_000)).toBe(0);
});

test("one IPv6 network is one asker, and so is a mapped address", () => {
  const f = (first: string, second: string, same: boolean) => {
    const throttle = new Throttle();
    for (let index = 0; index < 4; index += 1) throttle.admit(first, 0);
    expect(throttle.admit(second, 0) > 0).toBe(same);
  };
  f("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true);
  f("2001:0db8:1:2::1", "2001:db8:1:2::1", true);
  f("2001:db8:1:2::1", "2001:db8:1:3::1", false);
  f("::1", "::2", true);
  f("::ffff:192.0.2.1", "192.0.2.1", true);
  f("192.0.2.1", "192.0.2.2", false);
});

test("never a wait beyond a minute, whatever was tried before", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 120_000 })), { maxLength: 200 }), (tries) => {
      const throttle = new Throttle();
      let now = 0;
      for (const [host, later] of tries) {
        now += later;
        expect(throttle.admit(`192.0.2.${host}`, now)).toBeLessThanOrEqual(60_000);
      }
    }),
  );
});
