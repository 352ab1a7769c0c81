import { expect, test } from "vitest";
import { uptimes } from "./uptimes.ts";

const parse = (options: object) => uptimes.options.safeParse({ host: "uptimes.example.net", key: "0123456789abcdef0123456789abcdef", ...options });

test("the port is the protocol's own", () => {
  const target = (options: object): string => uptimes.target(uptimes.options.parse({ host: "::1", key: "k", ...options }));
  expect(target({})).toBe("[::1]:49153");
  expect(target({ version: "4.2" })).toBe("[::1]:80");
  expect(target({ port: 1 })).toBe("[::1]:1");
});

test("a key is what the protocol can carry", () => {
  expect(parse({}).success).toBe(true);
  for (const key of ["a|b", "two words", "line\n", "", "ä"]) expect(parse({ key }).success).toBe(false);
  expect(parse({ key: undefined }).success).toBe(false);
});
