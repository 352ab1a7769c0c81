import { expect, test } from "vitest";
import { summary } from "./sample.ts";
import { countStates, faceOf, titleOf } from "./title.ts";

const counted = (...states: readonly Parameters<typeof summary>[1][]): ReturnType<typeof countStates> => countStates(states.map((state) => summary("x", state)));

test("title and picture tell the worst", () => {
  const f = (counts: ReturnType<typeof countStates> | null, cutOff: boolean, title: string, face: string): void => {
    expect(titleOf(counts, cutOff, "", "Tocsin")).toBe(title);
    expect(faceOf(counts, cutOff)).toBe(face);
  };
  f(null, false, "Tocsin", "pending");
  f(counted("up", "down", "down", "degraded"), false, "▲ 2 down · Tocsin", "down");
  f(counted("up", "disputed", "degraded"), false, "◇ 1 disputed · Tocsin", "degraded");
  f(counted("up", "degraded"), false, "◐ 1 degraded · Tocsin", "degraded");
  f(counted("up", "up", "paused"), false, "Tocsin", "up");
  f(counted("pending"), false, "Tocsin", "pending");
  f(counted("down"), true, "not connected · Tocsin", "cut");
  expect(titleOf(counted("down"), false, "shop", "Example")).toBe("▲ 1 down · shop · Example");
});
