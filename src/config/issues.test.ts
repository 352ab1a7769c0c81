import { expect, test } from "vitest";
import { z } from "zod";
import { explainIssues } from "./issues.ts";

const schema = z.strictObject({
  to: z.array(z.string().regex(/^\S+@\S+$/, "write name@example.com")).default([]),
  word: z.string().regex(/^\w+$/).optional(),
});

const f = (written: object, ...expected: readonly string[]): void => {
  const { error } = schema.safeParse(written);
  expect(explainIssues(error?.issues ?? [], { schema, written, alsoKnown: [] }).map(({ wrong, right }) => `${wrong}; ${right}`)).toEqual(expected);
};

test("a text of another form, in the schema's own words", () => f({ to: ["a@example.com", "b"] }, 'item 2 of `to` cannot be `"b"`; write name@example.com'));
test("a text of another form, for which the schema has no words", () => f({ word: "a b" }, '`word` cannot be `"a b"`; write a text'));
test("no text", () => f({ to: [42] }, 'item 1 of `to` cannot be `42`; put it in quotes: "42"'));
