import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTable } from "./csv-table.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = (text: string): unknown => {
  const table = readTable(bytes(text));
  return table.kind === "read" ? table.rows.map((row) => row.map((cell) => cell.text)) : table;
};
const f = (text: string, expected: unknown): void => expect(texts(text)).toEqual(expected);

describe("cells", () => {
  test("commas and line ends", () => f("a,b\nc,d\r\ne,f\rg", [["a", "b"], ["c", "d"], ["e", "f"], ["g"]]));
  test("empty cells stay, empty rows do not", () => f("a,,b,\n\n,,\nc", [["a", "", "b", ""], ["c"]]));
  test("quotes hold separators and lines", () => f('"a,b","c\r\nd"\n', [["a,b", "c\r\nd"]]));
  test("a doubled quote is one", () => f('"say ""a""",""""', [['say "a"', '"']]));
  test("a quote counts at the beginning of a cell only", () => f('a "b", "c,d"', [['a "b"', '"c', 'd"']]));
  test("what stands behind a closing quote belongs to the cell", () => f('"a"b"c",d', [['ab"c"', "d"]]));
  test("blanks around a cell", () => f(" a ,\tb\t,\"  c \" ", [["a", "b", "c"]]));
  test("nothing", () => f("", []));
});

describe("separators", () => {
  test("commas, where there are as many", () => f("a;b,c\n", [["a;b", "c"]]));
  test("more semicolons than commas", () => f("a;b;c,d\n1,5;2", [["a", "b", "c,d"], ["1,5", "2"]]));
  test("tabs", () => f("a\tb\nc,d\te", [["a", "b"], ["c,d", "e"]]));
  test("what stands in quotes is not counted", () => f('"a;b;c",d\ne;f,g', [["a;b;c", "d"], ["e;f", "g"]]));
  test("the first line says it", () => f("sep=|\r\na|b,c", [["a", "b,c"]]));
});

describe("places", () => {
  const places = (text: string): unknown => {
    const table = readTable(bytes(text));
    return table.kind === "read" ? table.rows.flat().map(({ text: cell, line, column }) => `${cell}@${line}:${column}`) : `${table.line}:${table.column}`;
  };
  const at = (text: string, expected: unknown): void => expect(places(text)).toEqual(expected);
  test("of plain cells", () => at("a,bc,d\n\ne", ["a@1:1", "bc@1:3", "d@1:6", "e@3:1"]));
  test("behind a line in quotes", () => at('a,"b\nc",d\ne', ["a@1:1", "b\nc@1:3", "d@2:4", "e@3:1"]));
  test("behind a byte order mark", () => at("\uFEFFa,b", ["a@1:1", "b@1:3"]));
  test("behind the line that says the separator", () => at("sep=;\r\na;b", ["a@2:1", "b@2:3"]));
  test("of a quote that is not closed", () => at('a,b\nc,"d\ne,f\n', "2:3"));
  test("of bytes that are no UTF-8", () => expect(readTable(Uint8Array.of(97, 10, 98, 0xff))).toMatchObject({ kind: "wrong", line: 2, column: 2 }));
  test("of a cell that is too long", () => at(`a\nb,${"x".repeat(131_073)}`, "2:3"));
});

test("UTF-16 by its mark, either way round", () => {
  const little = Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x09, 0, 0xe4, 0);
  const big = Uint8Array.of(0xfe, 0xff, 0, 0x61, 0, 0x09, 0, 0xe4);
  for (const encoded of [little, big]) expect(readTable(encoded)).toMatchObject({ kind: "read", separator: "\t", rows: [[{ text: "a" }, { text: "ä" }]] });
});

test("what RFC 4180 writes is read back, each cell where it began", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "ä", '"', ",", "\n", "\r\n", " ", "7"), maxLength: 8 });
  const row = fc.array(cell, { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), fc.constantFrom("\n", "\r\n"), (rows, end) => {
      const header = ["a", "b", "c", "d", "e"];
      const written = [header, ...rows].map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(",")).join(end);
      const table = readTable(bytes(written));
      if (table.kind !== "read") throw new Error(table.wrong);
      expect(table.rows.slice(1).map((cells) => cells.map(({ text }) => text))).toEqual(rows.map((cells) => cells.map((text) => text.trim())).filter((cells) => cells.some((text) => text !== "")));
      const lines = written.split(/\r\n|\n/);
      for (const { line, column } of table.rows.flat()) expect(lines[line - 1]?.[column - 1]).toBe('"');
    }),
  );
});

test("any bytes give a table or one place", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\t", "\n", "\r", " ", "=") }).map(bytes)), (any) => {
      const table = readTable(any);
      for (const { line, column } of table.kind === "read" ? table.rows.flat() : [table]) expect([line >= 1, column >= 1]).toEqual([true, true]);
    }),
  );
});
