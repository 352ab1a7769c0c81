import fc from "fast-check";
import { expect, test } from "vitest";
import { brief, clock, clockSeconds, counted, day, duration, exact, latency, milliseconds, named, percent } from "./format.ts";

const plain = (text: string): string => text.replaceAll("\u202f", " ");
const at = (iso: string): number => Date.parse(iso);
const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test("durations", () => {
  const f = (ms: number, long: string, short: string): void => {
    expect(plain(duration(ms))).toBe(long);
    expect(plain(brief(ms))).toBe(short);
  };
  f(-5, "0 s", "0 s");
  f(999, "0 s", "0 s");
  f(12 * S, "12 s", "12 s");
  f(4 * M + 59 * S, "4 min", "4 min");
  f(3 * H, "3 h", "3 h");
  f(3 * H + 12 * M, "3 h 12 min", "3 h");
  f(2 * D + 4 * H + 59 * M, "2 d 4 h", "2 d");
  f(2 * D + 59 * M, "2 d", "2 d");
});

test("a duration never claims more time than has passed", () => {
  const size: { readonly [unit: string]: number } = { s: S, min: M, h: H, d: D };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * D }), (ms) => {
      const told = [...plain(duration(ms)).matchAll(/(\d+) (\w+)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * (size[unit ?? ""] ?? Number.NaN), 0);
      expect(told).toBeLessThanOrEqual(ms);
      expect(ms - told).toBeLessThan(ms >= D ? H : ms >= M ? M : S);
    }),
  );
});

test("latencies", () => {
  const f = (ms: number | null, text: string, column: string): void => {
    expect(plain(latency(ms))).toBe(text);
    expect(plain(milliseconds(ms))).toBe(column);
  };
  f(null, "–", "");
  f(0, "–", "");
  f(0.016, "0.02 ms", "0.02");
  f(0.42, "0.42 ms", "0.42");
  f(0.997, "1.0 ms", "1.0");
  f(9.96, "10 ms", "10");
  f(23.4, "23 ms", "23");
  f(999.6, "1.00 s", "1 000");
  f(1240, "1.24 s", "1 240");
  f(12_400, "12.4 s", "12 400");
});

test("a share is 100 % only when nothing is missing", () => {
  const f = (share: number, text: string): void => expect(plain(percent(share))).toBe(text);
  f(1, "100 %");
  f(0.99999, "99.99 %");
  f(0.9998, "99.98 %");
  f(0.9714, "97.1 %");
  f(0, "0.0 %");
});

test("times in the reader's zone", () => {
  const now = at("2026-11-20T11:15:00Z");
  const f = (iso: string, zone: string, text: string): void => expect(clock(at(iso), now, zone)).toBe(text);
  f("2026-11-20T02:12:00Z", "Europe/Berlin", "03:12");
  f("2026-11-19T23:30:00Z", "Europe/Berlin", "00:30");
  f("2026-11-19T23:30:00Z", "UTC", "Thu 23:30");
  f("2026-11-02T02:12:00Z", "UTC", "2 Nov 02:12");
  f("2025-11-02T02:12:00Z", "UTC", "2 Nov 2025 02:12");
  f("2026-11-21T02:12:00Z", "UTC", "21 Nov 02:12");
  expect(clockSeconds(at("2026-11-20T02:12:09Z"), now, "UTC")).toBe("02:12:09");
  expect(day(at("2025-12-31T23:30:00Z"), now, "Europe/Berlin")).toBe("1 Jan");
  expect(exact(at("2026-11-20T02:12:09Z"), "Europe/Berlin")).toBe("2026-11-20 03:12:09 GMT+1");
});

test("counts and names", () => {
  expect(plain(counted(1, "check"))).toBe("1 check");
  expect(plain(counted(10_000, "check"))).toBe("10 000 checks");
  expect(named([], 2)).toBe("");
  expect(named(["a"], 2)).toBe("a");
  expect(named(["a", "b", "c"], 3)).toBe("a, b and c");
  expect(named(["a", "b", "c"], 2)).toBe("a, b and 1 more");
});
