import { expect, test } from "vitest";
import { mergedPath, type Path, pathBreak, pathChange, pathText } from "./path.ts";

/** `a > * > b/c` as a path. */
const path = (text: string): Path => (text === "" ? [] : text.split(" > ").map((hop) => (hop === "*" ? [] : hop.split("/"))));

test("a path is written as it is read", () => {
  for (const text of ["", "a", "a > * > b/c", "* > *"]) expect(pathText(path(text))).toBe(text);
});

test("only another answer at the same hop is another way", () => {
  const f = (before: string, now: string, change: string | null): void => {
    const found = pathChange(path(before), path(now));
    expect(found === null ? null : `${found.hop} ${found.was} ${found.is}`, `${before} | ${now}`).toBe(change);
  };
  f("a > b > c", "a > b > c", null);
  f("a > b > c", "a > * > c", null);
  f("a > * > c", "a > b > c", null);
  f("a > b > c", "a > x > c", "2 b x");
  f("a > b/x > c", "a > x > c", null);
  f("a > b/d > c", "a > x/y > z", "2 b/d x/y");
  f("a > b > c", "a > b > x > c", "3 c x");
  f("a > b > c", "a > c", "2 b c");
  f("a > * > c", "a > c", "3 c *");
  f("a > b", "a > b > c", "3 * c");
  f("", "a", "1 * a");
  f("", "", null);
});

test("what is known of a path grows, within bounds", () => {
  const f = (before: string, now: string, merged: string): void => expect(pathText(mergedPath(path(before), path(now), 2))).toBe(merged);
  f("a > b > c", "a > * > c", "a > b > c");
  f("a > b > c", "a > b/d > c", "a > b/d > c");
  f("a > b/d > c", "a > e/d > c", "a > b/d > c");
  f("a > b > c > d", "a > x", "a > b/x");
});

test("a break is behind the last hop that answers", () => {
  const f = (good: string | null, now: string, expected: readonly [number, string, string | null]): void => {
    const { after, last, next } = pathBreak(good === null ? null : path(good), path(now));
    expect([after, last, next], `${good} | ${now}`).toEqual(expected);
  };
  f("a > b > c", "a", [1, "a", "b"]);
  f("a > * > c", "a > *", [1, "a", "c"]);
  f("a > b > c", "* > b", [2, "b", "c"]);
  f("a > b", "", [0, "this machine", "a"]);
  f(null, "a > b", [2, "b", null]);
  f("a > b", "a > b > x", [3, "x", null]);
});
