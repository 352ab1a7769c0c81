import { expect, test } from "vitest";
import { oneLine } from "./one-line.ts";

const f = (text: string, expected: string): void => expect(oneLine(text)).toBe(expected);

test("line breaks, also Unicode's", () => f(" a\r\n b\u2028c\u2029d\n", "a b c d"));
test("control signs, with which a terminal could be ordered about", () => f("a\u001b[31mb\u0007c\u009bd", "a [31mb c d"));
test("what turns the direction round", () => f("invoice\u202efdp.exe \u2067x\u2069\u200f", "invoicefdp.exe x"));
test("blanks of a table stay", () => f("shop   12 ms", "shop   12 ms"));
test("letters that are written from right to left stay", () => f("שרת ראשי", "שרת ראשי"));
