import { expect, test } from "vitest";
import { onceAtATime } from "./steps.ts";

function f(steps: Parameters<typeof onceAtATime>[0], expected: string): void {
  expect(onceAtATime(steps).map(({ after, to, repeat }) => `${after}:${to.join()}${repeat === undefined ? "" : ` ${repeat}`}`).join("; ")).toBe(expected);
}

test("at other times", () => f([{ after: 1, to: ["a"] }, { after: 2, to: ["a", "b"] }], "1:a; 2:a,b"));
test("the first keeps it", () => f([{ after: 1, to: ["a"] }, { after: 1, to: ["a", "b"] }], "1:a; 1:b"));
test("but one that repeats takes it", () => f([{ after: 1, to: ["a"] }, { after: 1, to: ["a", "b"], repeat: "1h" }, { after: 1, to: ["b"], repeat: "2h" }], "1:a,b 1h"));
