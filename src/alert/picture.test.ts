import { expect, test } from "vitest";
import { instant } from "../core/types.ts";
import type { Bucket } from "../store/store.ts";
import { COLUMNS, drawLatency, type Picture } from "./picture.ts";

const STEP_MS = 600_000;
const FROM = instant(Date.UTC(2026, 10, 19, 3, 20));
const [MEDIAN, MARK] = [0x3b4cc0, 0xb5121b];

const bucket = (column: number, median: number | null, more: Partial<Bucket> = {}): Bucket => ({
  from: instant(FROM + column * STEP_MS),
  runs: 10,
  up: 10,
  degraded: 0,
  down: 0,
  unknown: 0,
  latency: median === null ? null : { min: median, p10: median * 0.8, median, p90: median * 1.5, p99: median * 2, max: median * 3 },
  phases: {},
  ...more,
});

function draw(buckets: readonly Bucket[]): Picture {
  const picture = drawLatency({ buckets, from: FROM, stepMs: STEP_MS, timezone: "Europe/Berlin" });
  if (picture === null) throw new Error("nothing was drawn");
  return picture;
}

/** Rows and columns of a colour's pixels: the first and last of each. */
function where({ width, palette, pixels }: Picture, colour: number): { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number } {
  const found = [...pixels].flatMap((index, at) => (palette[index] === colour ? [[at % width, Math.floor(at / width)] as const] : []));
  const [xs, ys] = [found.map(([x]) => x), found.map(([, y]) => y)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

test("every pixel has a colour, and the whole day fits", () => {
  const { width, height, palette, pixels } = draw(Array.from({ length: COLUMNS }, (_, column) => bucket(column, 10 ** (column % 6))));
  expect(pixels.length).toBe(width * height);
  expect(Math.max(...pixels)).toBeLessThan(palette.length);
});

test("slower is higher", () => {
  const slow = where(draw([bucket(0, 10), bucket(2, 100)]), MEDIAN);
  const fast = where(draw([bucket(0, 10), bucket(2, 20)]), MEDIAN);
  expect(slow.bottom - slow.top).toBeGreaterThan(fast.bottom - fast.top);
});

test("an outage is marked where it was", () => {
  const picture = draw([bucket(0, 10), bucket(COLUMNS - 2, 10), bucket(COLUMNS - 1, null, { down: 4 })]);
  const [mark, median] = [where(picture, MARK), where(picture, MEDIAN)];
  expect(mark.left).toBe(median.right + 1);
  expect(mark.top).toBeGreaterThanOrEqual(median.top);
});

test("nothing is drawn of what has no latency", () => {
  for (const buckets of [[], [bucket(0, 10)], [bucket(0, null, { down: 3 }), bucket(1, null)]]) expect(drawLatency({ buckets, from: FROM, stepMs: STEP_MS, timezone: "UTC" })).toBeNull();
});

test("latency of nothing, and of hours, is no trouble", () => {
  for (const median of [0, 0.2, 7_200_000]) expect(draw([bucket(0, median), bucket(1, median)]).pixels.length).toBeGreaterThan(0);
});
