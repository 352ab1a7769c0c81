import fc from "fast-check";
import { expect, test } from "vitest";
import { parseNutLine } from "./nut.ts";

test("lines of a list are read", () => {
  expect(parseNutLine("BEGIN LIST VAR ups")).toEqual({ kind: "begin" });
  expect(parseNutLine('VAR ups ups.status "OL CHRG"')).toEqual({ kind: "variable", ups: "ups", name: "ups.status", value: "OL CHRG" });
  expect(parseNutLine('VAR ups ups.mfr "a \\"b\\" \\\\c"')).toEqual({ kind: "variable", ups: "ups", name: "ups.mfr", value: 'a "b" \\c' });
  expect(parseNutLine('VAR ups device.serial ""')).toMatchObject({ value: "" });
  expect(parseNutLine("END LIST VAR ups")).toEqual({ kind: "end" });
  expect(parseNutLine("ERR DRIVER-NOT-CONNECTED")).toEqual({ kind: "error", word: "DRIVER-NOT-CONNECTED" });
});

test("what is no such line is told as such", () => {
  for (const line of ["", "ERR", "ERR no", "VAR ups", 'VAR ups ups.status "OL', 'VAR ups ups.status "OL"x', "VAR ups ups.status OL CHRG", "BEGIN LIST UPS", " END LIST VAR ups", "HTTP/1.1 400 Bad Request", 'VAR ups a "\\n"']) expect(parseNutLine(line), line).toEqual({ kind: "bad" });
});

test("values come back, and any text is a value", () => {
  fc.assert(fc.property(fc.string(), (value) => { expect(parseNutLine(`VAR ups a.b "${value.replaceAll(/["\\]/g, "\\$&")}"`)).toMatchObject({ value }); }));
  fc.assert(fc.property(fc.constantFrom("", "VAR ups ", "ERR ", 'VAR u n "'), fc.string({ unit: "binary" }), (head, rest) => parseNutLine(head + rest).kind.length > 0));
});
