import { expect, test } from "vitest";
import { jsonOf } from "./json.ts";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

test("JSON is read, anything else is none", () => {
  expect(jsonOf('{"status": "ok", "items": [1, null]}')).toEqual({ status: "ok", items: [1, null] });
  expect(jsonOf("<html>")).toBeUndefined();
  expect(jsonOf("")).toBeUndefined();
});

test("what is nested too deeply is none", () => {
  expect(jsonOf(nested(200))).toBeInstanceOf(Array);
  expect(jsonOf(nested(201))).toBeUndefined();
  expect(jsonOf(`{"status":${nested(6000)}}`)).toBeUndefined();
});

test("brackets in texts and side by side are no depth", () => {
  expect(jsonOf(`{"a": "${"[".repeat(1000)}\\"${"{".repeat(1000)}"}`)).toEqual({ a: `${"[".repeat(1000)}"${"{".repeat(1000)}` });
  expect(jsonOf(`[${"{},".repeat(1000)}[]]`)).toHaveLength(1001);
});
