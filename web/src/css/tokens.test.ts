import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const tokens = readFileSync(new URL("tokens.css", import.meta.url), "utf8");

type Rgb = readonly [number, number, number];
type Theme = { readonly [token: string]: Rgb };

/** The colours as they stand in the file, one theme each. */
function themes(): { readonly light: Theme; readonly dark: Theme } {
  const read = (hex: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as unknown as Rgb;
  const found = [...tokens.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)];
  const pick = (column: 2 | 3): Theme => Object.fromEntries(found.map((match) => [match[1] ?? "", read(match[column] ?? "")]));
  return { light: pick(2), dark: pick(3) };
}

const linear = ([r, g, b]: Rgb): Rgb => [r, g, b].map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as unknown as Rgb;
const of = (theme: Theme, token: string): Rgb => linear(theme[token] ?? [Number.NaN, 0, 0]);

/** WCAG 2.2, contrast ratio. */
function contrast(a: Rgb, b: Rgb): number {
  const light = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  return Math.max(light(a), light(b)) / Math.min(light(a), light(b));
}

/** Full protanopia and deuteranopia on linear RGB (Machado, Oliveira, Fernandes 2009). */
const SIGHTS: { readonly [sight: string]: readonly Rgb[] } = {
  full: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};

/** Distance in OKLab (Ottosson 2020); 0.02 is just seen. */
function distance(a: Rgb, b: Rgb, sight: readonly Rgb[]): number {
  const lab = (colour: Rgb): number[] => {
    const [r = 0, g = 0, b = 0] = sight.map((row) => Math.max(0, row[0] * colour[0] + row[1] * colour[1] + row[2] * colour[2]));
    const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
  };
  const [x, y] = [lab(a), lab(b)];
  return Math.hypot(...x.map((part, i) => part - (y[i] ?? 0)));
}

const WORDS = ["ink", "soft", "accent", "up", "degraded", "down", "blocked", "disputed"];

test.each(Object.entries(themes()))("words in the %s theme reach 4.5 to 1 on page and card", (_name, theme) => {
  for (const token of WORDS) {
    for (const under of ["ground", "raised"]) expect.soft(contrast(of(theme, token), of(theme, under)), `${token} on ${under}`).toBeGreaterThanOrEqual(4.5);
  }
  expect(contrast(of(theme, "on-accent"), of(theme, "accent"))).toBeGreaterThanOrEqual(4.5);
});

test.each(Object.entries(themes()))("states in the %s theme stay apart for the colour-blind", (_name, theme) => {
  const states = ["up", "degraded", "down", "disputed"];
  for (const [sight, matrix] of Object.entries(SIGHTS)) {
    for (const [i, a] of states.entries()) {
      for (const b of states.slice(i + 1)) expect.soft(distance(of(theme, a), of(theme, b), matrix), `${a} and ${b}, ${sight}`).toBeGreaterThan(0.04);
    }
  }
});
