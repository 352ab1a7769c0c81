import { expect, test } from "vitest";
import type { Path } from "./finding.ts";
import { createPlaces } from "./places.ts";

const TEXT = `# first
a: &x {b: 1, "q r": 'z'}
c:
  <<: *x
  d:
    - 1
    - e: [2, {f: g}]
h:
`;
const places = createPlaces(TEXT);
const f = (path: Path, at: "key" | "value", line: number, column: number): void => expect(places.find(path, at)).toEqual({ line, column });

test("the whole", () => f([], "value", 2, 1));
test("a key", () => f(["a"], "key", 2, 1));
test("a value", () => f(["a"], "value", 2, 7));
test("a key with quotes", () => f(["a", "q r"], "key", 2, 14));
test("a value with quotes", () => f(["a", "q r"], "value", 2, 21));
test("an item", () => f(["c", "d", 0], "value", 6, 7));
test("an item's key", () => f(["c", "d", 1, "e"], "key", 7, 7));
test("deep inside", () => f(["c", "d", 1, "e", 1, "f"], "value", 7, 18));
test("what was merged in stands where it was written", () => f(["c", "b"], "value", 2, 11));
test("an empty value stands at its key", () => f(["h"], "value", 8, 1));
test("what is missing stands at what should hold it", () => f(["c", "d", 5, "x"], "value", 6, 5));
test("a text that is no YAML", () => expect(createPlaces("a: b: c").find(["a"], "key")).toEqual({ line: 1, column: 1 }));
