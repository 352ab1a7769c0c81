import { expect, test } from "vitest";
import { fileReferences, fillReferences, hasReference, isReference } from "./secrets.ts";

const environment = { A: "alpha", EMPTY: "" };
const texts = new Map([["f", { kind: "read" as const, text: "line\n" }], ["two", { kind: "read" as const, text: "a\nb\r\n" }], ["none", { kind: "read" as const, text: "\n" }]]);
const f = (text: unknown, value: unknown, wrong: readonly string[] = []): void => {
  const filled = fillReferences(text, { environment, texts });
  expect(filled.value).toEqual(value);
  expect(filled.findings.map((finding) => finding.wrong)).toEqual(wrong);
};

test("environment", () => f("x ${env:A} y", "x alpha y"));
test("empty environment", () => f("${env:EMPTY}", ""));
test("file, its last line end cut", () => f("${file:f}", "line"));
test("only the last line end", () => f("${file:two}", "a\nb"));
test("several", () => f("${env:A}${file:f}", "alphaline"));
test("a literal", () => f("$${env:A} $$ $x", "${env:A} $$ $x"));
test("deep inside", () => f({ a: [{ b: "${env:A}" }], c: 5 }, { a: [{ b: "alpha" }], c: 5 }));
test("what is filled in is not read again", () => expect(fillReferences("${env:R}", { environment: { R: "${env:A}" }, texts }).value).toBe("${env:A}"));
test("unset", () => f("${env:B}", "${env:B}", ["the environment has no `B`"]));
test("inherited names are unset", () => f("${env:toString}", "${env:toString}", ["the environment has no `toString`"]));
test("an empty file", () => f("${file:none}", "${file:none}", ["the file `none` is empty"]));
test("another kind", () => f("${vault:x}", "${vault:x}", ["`${vault:x}` is not a reference"]));
test("not closed", () => f("a ${env:A", "a ${env:A", ["a reference is not closed"]));
test("parts without references stay the same objects", () => {
  const part = { a: "b" };
  const filled = fillReferences({ part, other: "${env:A}" }, { environment, texts }).value as { readonly part: unknown };
  expect(filled.part).toBe(part);
});
test("paths of files", () => expect([...fileReferences("a: ${file:x} $${file:y} ${file: z }")]).toEqual(["x", "z"]));
test("whole and partial", () => expect([isReference("${env:A}"), isReference("a${env:A}"), hasReference("a${env:A}"), hasReference("$${env:A}")]).toEqual([true, false, true, false]));
