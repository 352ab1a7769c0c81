import fc from "fast-check";
import { expect, test } from "vitest";
import { parseMemcachedLine } from "./memcached.ts";

test("lines are known by their first word", () => {
  expect(parseMemcachedLine("VERSION 1.6.18")).toEqual({ kind: "version", version: "1.6.18" });
  expect(parseMemcachedLine("STAT curr_items 5")).toEqual({ kind: "stat", name: "curr_items", value: "5" });
  expect(parseMemcachedLine("END")).toEqual({ kind: "end" });
  expect(parseMemcachedLine("ERROR")).toEqual({ kind: "error", text: "ERROR" });
  expect(parseMemcachedLine("ERROR Too many open connections")).toEqual({ kind: "error", text: "ERROR Too many open connections" });
  expect(parseMemcachedLine("SERVER_ERROR out of memory")).toEqual({ kind: "error", text: "SERVER_ERROR out of memory" });
});

test("what is no such line is told as such", () => {
  for (const line of ["", "VERSION", "VERSION ", "STAT", "STAT x", "END ", "version 1", "ERRORS", "HTTP/1.1 400 Bad Request"]) expect(parseMemcachedLine(line), line).toEqual({ kind: "bad" });
});

test("any text: a value, never an exception", () => {
  fc.assert(fc.property(fc.constantFrom("", "STAT ", "VERSION ", "ERROR"), fc.string({ unit: "binary" }), (head, rest) => parseMemcachedLine(head + rest).kind.length > 0));
});
