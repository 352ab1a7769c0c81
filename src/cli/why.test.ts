import { expect, test } from "vitest";
import type { WhyLine, WhyView } from "../api/types.ts";
import { whyText } from "./why.ts";

const T0 = Date.UTC(2026, 10, 20, 22, 59, 30);
const line = (second: number, text: string, more: Partial<WhyLine> = {}): WhyLine => ({ at: T0 + second * 1000, until: null, kind: "input", verdict: null, text, ...more });
const view = (lines: readonly WhyLine[]): WhyView => ({ check: "shop", state: "down", since: T0, summary: "connection refused", now: T0 + 90_000, timezone: "Europe/Berlin", from: T0, incident: null, lines });

test("a line an event, in the site's time, a heading a day", () => {
  const lines = [line(0, "12 runs up, 3 ms", { kind: "runs", verdict: "up", until: T0 + 20_000 }), line(25, "1 run down: refused", { kind: "runs", verdict: "down" }), line(40, "From up to down", { kind: "transition" })];
  expect(whyText(view(lines), 80)).toBe(`▲ shop is down for 1m 30s: connection refused

2026-11-20  Europe/Berlin
23:59:30 ●   12 runs up, 3 ms, until 23:59:50
23:59:55 ▲   1 run down: refused

2026-11-21  Europe/Berlin
00:00:10 =>  From up to down
`);
});

test("no line is longer than the terminal is wide, and nothing in one moves the cursor", () => {
  const text = whyText(view([line(0, `a\u001b[2Jb ${"word ".repeat(40)}${"x".repeat(200)}`)]), 80);
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(text).not.toContain("\u001b");
  expect(text.split("\n")[4]).toMatch(/^ {13}word/);
});
