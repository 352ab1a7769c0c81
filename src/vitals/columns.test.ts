import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, fill, fillLeft, harmless, width } from "./columns.ts";

test("width", () => {
  const f = (text: string, columns: number) => expect(width(text)).toBe(columns);
  f("", 0);
  f("abc", 3);
  f("bücher", 6);
  f("e\u0301", 1);
  f("例え", 4);
  f("🔔x", 3);
});

test("cut and filled", () => {
  expect(cut("abcdef", 6)).toBe("abcdef");
  expect(cut("abcdef", 5)).toBe("abcd…");
  expect(cut("例えば", 4)).toBe("例…");
  expect(cut("abc", 1)).toBe("…");
  expect(cut("abc", 0)).toBe("");
  expect(fill("ab", 4)).toBe("ab  ");
  expect(fillLeft("ab", 4)).toBe("  ab");
  expect(fillLeft("abcdef", 4)).toBe("abc…");
  expect(harmless("a\u001b[31m\tb\u009b")).toBe("a?[31m?b?");
});

test("never wider than asked for", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "ü", "例", "e\u0301", "🔔", " ") });
  fc.assert(fc.property(text, fc.nat(30), (given, columns) => width(cut(given, columns)) <= columns && width(fill(given, columns)) === columns));
});
