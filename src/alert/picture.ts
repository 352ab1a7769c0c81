import { type Instant, instant } from "../core/types.ts";
import type { Bucket } from "../store/store.ts";
import { dotsOf, GLYPH_HIGH, GLYPH_STEP } from "./glyphs.ts";
import { momentsIn } from "./moment.ts";

/** A picture of few colours: a palette index a pixel, row by row; colours are 0xRRGGBB. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly palette: readonly number[];
  readonly pixels: Uint8Array;
}

export interface PictureInput {
  readonly buckets: readonly Bucket[];
  readonly from: Instant;
  readonly stepMs: number;
  /** IANA zone of the times below it. */
  readonly timezone: string;
}

/** Stretches of time in a picture. */
export const COLUMNS = 144;
const COLUMN_WIDE = 4;
const LEFT = 84;
const RIGHT = 12;
const TOP = 12;
const PLOT_HIGH = 132;
const BOTTOM = 32;
const WIDTH = LEFT + COLUMNS * COLUMN_WIDE + RIGHT;
const HEIGHT = TOP + PLOT_HIGH + BOTTOM;
const TEXT_SCALE = 2;
const MARK_HIGH = 5;
const HOUR_MS = 3_600_000;
const HOURS_APART = 6;

/** The page's colours on a light ground: ground, line, text, band, median, outage's shade, outage's mark. */
const PALETTE = [0xffffff, 0xe4e1dc, 0x5a5f69, 0xcdd2f0, 0x3b4cc0, 0xf6dedb, 0xb5121b] as const;
const [LINE, SOFT, BAND, MEDIAN, SHADE, MARK] = [1, 2, 3, 4, 5, 6] as const;

/** The next of 1, 2, 5, 10, 20 ... that is not below it. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= value) ?? 10 * power;
}

const inWords = (ms: number): string => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`);

class Canvas {
  readonly pixels = new Uint8Array(WIDTH * HEIGHT);

  box(left: number, top: number, wide: number, high: number, colour: number): void {
    for (let y = Math.max(0, top); y < Math.min(HEIGHT, top + high); y += 1) this.pixels.fill(colour, y * WIDTH + Math.max(0, left), y * WIDTH + Math.min(WIDTH, left + wide));
  }

  text(left: number, top: number, text: string): void {
    for (const [x, y] of dotsOf(text)) this.box(left + x * TEXT_SCALE, top + y * TEXT_SCALE, TEXT_SCALE, TEXT_SCALE, SOFT);
  }
}

const wideOf = (text: string): number => text.length * GLYPH_STEP * TEXT_SCALE;

function drawAxes(canvas: Canvas, top: number, { from, stepMs, timezone }: PictureInput): void {
  for (const share of [0, 0.5, 1]) {
    const y = TOP + Math.round((1 - share) * PLOT_HIGH);
    canvas.box(LEFT, y, COLUMNS * COLUMN_WIDE, 1, LINE);
    const label = inWords(top * share);
    canvas.text(LEFT - 8 - wideOf(label), y - GLYPH_HIGH, label);
  }
  const moments = momentsIn(timezone, from);
  for (let at = Math.ceil(from / HOUR_MS) * HOUR_MS; at < from + COLUMNS * stepMs; at += HOUR_MS) {
    const time = moments.exact(instant(at)).slice(11, 16);
    if (Number(time.slice(0, 2)) % HOURS_APART !== 0) continue;
    const x = LEFT + Math.round(((at - from) / stepMs) * COLUMN_WIDE);
    canvas.box(x, TOP, 1, PLOT_HIGH + 6, LINE);
    canvas.text(Math.min(x - wideOf(time) / 2, WIDTH - wideOf(time)), TOP + PLOT_HIGH + 12, time);
  }
}

/** How a check's latency was: the median as a line, from the tenth to the ninetieth percentile as a band, outages shaded and marked below. Null when there is nothing to see. */
export function drawLatency(input: PictureInput): Picture | null {
  const { buckets, from, stepMs } = input;
  const highest = buckets.reduce((most, { latency }) => Math.max(most, latency?.p90 ?? 0), 0);
  if (buckets.filter(({ latency }) => latency !== null).length < 2) return null;
  const top = niceTop(highest);
  const yOf = (ms: number): number => TOP + Math.round((1 - Math.min(ms / top, 1)) * (PLOT_HIGH - 1));
  const xOf = (at: number): number => LEFT + Math.round((at - from) / stepMs) * COLUMN_WIDE;
  const canvas = new Canvas();
  for (const { from: at, down } of buckets) if (down > 0) canvas.box(xOf(at), TOP, COLUMN_WIDE, PLOT_HIGH, SHADE);
  for (const { from: at, latency } of buckets) if (latency !== null) canvas.box(xOf(at), yOf(latency.p90), COLUMN_WIDE, yOf(latency.p10) - yOf(latency.p90) + 1, BAND);
  drawAxes(canvas, top, input);
  let last: { readonly x: number; readonly y: number } | null = null;
  for (const { from: at, latency } of buckets) {
    if (latency === null) continue;
    const [x, y] = [xOf(at), yOf(latency.median)];
    canvas.box(x, y, COLUMN_WIDE, 2, MEDIAN);
    // Joined with the stretch before it, when that one is next to it.
    if (last !== null && last.x === x - COLUMN_WIDE) canvas.box(x, Math.min(y, last.y), 2, Math.abs(y - last.y) + 2, MEDIAN);
    last = { x, y };
  }
  for (const { from: at, down } of buckets) if (down > 0) canvas.box(xOf(at), TOP + PLOT_HIGH - MARK_HIGH + 1, COLUMN_WIDE, MARK_HIGH, MARK);
  return { width: WIDTH, height: HEIGHT, palette: PALETTE, pixels: canvas.pixels };
}
