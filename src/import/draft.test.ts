import { expect, test } from "vitest";
import { Draft } from "./draft.ts";
import type { NoteKind, Origin } from "./importer.ts";
import { writeDocument } from "./write.ts";

const at = (line: number): Origin => ({ file: "f", line, column: 1 });

test("names are free and allowed, and a changed one is told", () => {
  const f = (wanted: string, expected: string, taken: readonly string[] = []) => {
    const draft = new Draft(at(0));
    for (const name of taken) draft.add("checks", name, { type: "tcp" }, at(1));
    expect(draft.add("checks", wanted, { type: "tcp" }, at(2))).toBe(expected);
    expect(draft.done().notes.length).toBe(expected === wanted ? 0 : 1);
  };
  f("shop", "shop");
  f("shop", "shop (2)", ["shop"]);
  f("shop", "shop (3)", ["shop", "shop (2)"]);
  f(" a\nb ", "a b");
  f("", "the");
  f("__proto__", "the __proto__");
  f("x-ray", "the x-ray");
  f("channel:ops", "the channel:ops");
  f("n".repeat(300), "n".repeat(192));
});

test("a part without a place of its own has that of the nearest around it", () => {
  const draft = new Draft(at(0));
  const name = draft.add("checks", "a", { type: "tcp", host: "h", port: undefined }, at(7));
  draft.put(["checks", name, "port"], 25, at(9));
  const done = draft.done();
  expect([["checks", "a", "port"], ["checks", "a", "host"], ["checks", "b"], []].map((path) => done.origin(path).line)).toEqual([9, 7, 0, 0]);
  expect(done.document).toEqual({ checks: { a: { type: "tcp", host: "h", port: 25 } } });
});

test("what is written stays one comment a line, and `${` is no reference", () => {
  const draft = new Draft(at(0));
  const name = draft.add("checks", "a", { type: "http", url: "http://a/${b}" }, at(3));
  draft.note("differs", at(3), "a\nb", "it is\u2028so", "do this", ["checks", name]);
  expect(writeDocument(draft.done(), "test", "some\nfile")).toBe(
    "# Written by `tocsin import` from some file (test).\n\nchecks:\n  # f:3\n  # different: a b: it is so; do this\n  a:\n    type: http\n    url: http://a/$${b}\n",
  );
});

test("of what is not as it was, no more is told than anybody reads; what would be refused stays so", () => {
  const tell = (last: NoteKind): readonly (readonly [NoteKind, string])[] => {
    const draft = new Draft(at(0));
    for (let line = 1; line <= 20_000; line += 1) draft.note("ignored", at(line), "a", "it is so");
    draft.note("taken", at(1), "b", "as before");
    draft.note("differs", at(7), "c", "it is so");
    draft.note(last, at(8), "d", "it is so");
    return draft.done().notes.slice(20_000).map(({ kind, text }) => [kind, text]);
  };
  const rest = "there is more to tell than 20000 lines: what comes now is not told";
  expect(tell("left")).toEqual([["taken", "as before"], ["left", rest]]);
  expect(tell("refused")).toEqual([["taken", "as before"], ["refused", rest]]);
});
