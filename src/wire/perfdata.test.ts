import fc from "fast-check";
import { expect, test } from "vitest";
import { type Perfdatum, formatPluginLine, formatRange, parsePerfdata, parsePluginLine, parsePluginOutput, parseRange } from "./perfdata.ts";

const datum = (label: string, value: number | null, more: Partial<Perfdatum> = {}): Perfdatum => ({ label, value, unit: "", warn: null, critical: null, min: null, max: null, ...more });

function f(text: string, ...expected: readonly Perfdatum[]): void {
  expect(parsePerfdata(text), text).toEqual(expected);
}

/** Values on which a range alerts, of -5 5 15 25. */
function range(text: string, ...alerts: readonly number[]): void {
  const parsed = parseRange(text);
  expect(parsed, text).not.toBeNull();
  expect(parsed === null ? [] : [-5, 5, 15, 25].filter((value) => (value >= parsed.start && value <= parsed.end) === parsed.inside), text).toEqual(alerts);
}

test("ranges alert outside, with @ inside", () => {
  range("10", -5, 15, 25);
  range("10:", -5, 5);
  range("~:10", 15, 25);
  range("10:20", -5, 5, 25);
  range("@10:20", 15);
  range("@10", 5);
  range("-5:5", 15, 25);
  range("0.5:15,5", -5, 25);
  range("100.000000", -5);
});

test("what is no range is null", () => {
  for (const text of ["", " ", "x", "20:10", "@", "~", "1:2:3", "10-20"]) expect(parseRange(text), text).toBeNull();
});

test("what plugins really print is read", () => {
  const to = (end: number) => ({ start: 0, end, inside: false });
  f("rta=0.238000ms;100.000000;500.000000;0.000000 pl=0%;20;60;0;", datum("rta", 0.238, { unit: "ms", warn: to(100), critical: to(500), min: 0 }), datum("pl", 0, { unit: "%", warn: to(20), critical: to(60), min: 0 }));
  f("voltage=231000mV;;;0; battery=97%;;;0;100 temp=88degF;;;0;", datum("voltage", 231000, { unit: "mV", min: 0 }), datum("battery", 97, { unit: "%", min: 0, max: 100 }), datum("temp", 88, { unit: "degF", min: 0 }));
  f("load1=1.030;100.000;200.000;0;", datum("load1", 1.03, { warn: to(100), critical: to(200), min: 0 }));
  f("pl=0%;40;80;;", datum("pl", 0, { unit: "%", warn: to(40), critical: to(80) }));
  f("/=1234MB;~:2000;@10:20;0;5000", datum("/", 1234, { unit: "MB", warn: { start: -Infinity, end: 2000, inside: false }, critical: { start: 10, end: 20, inside: true }, min: 0, max: 5000 }));
});

test("quoted labels, decimal commas, unknown values and rubbish between", () => {
  f("'a b'=1 'it''s'=2s ''''=3", datum("a b", 1), datum("it's", 2, { unit: "s" }), datum("'", 3));
  f("time=0,25s;1,5;;", datum("time", 0.25, { unit: "s", warn: { start: 0, end: 1.5, inside: false } }));
  f("temp=U;10", datum("temp", null, { warn: { start: 0, end: 10, inside: false } }));
  f("neg=-1.5 exp=1e3B dot=.5", datum("neg", -1.5), datum("exp", 1000, { unit: "B" }), datum("dot", 0.5));
  f("rubbish =1 a=x b=2 'open=3", datum("b", 2));
  f("'a'b=1 c=2", datum("c", 2));
  f("");
});

test("a line is divided at its first bar", () => {
  expect(parsePluginLine("OK - fine | a=1")).toEqual({ text: "OK - fine", perfdata: [datum("a", 1)] });
  expect(parsePluginLine("OK - fine")).toEqual({ text: "OK - fine", perfdata: [] });
  expect(parsePluginLine("|a=1").text).toBe("");
});

test("long output may hold more perfdata after a second bar", () => {
  expect(parsePluginOutput("DISK OK | /=1MB\r\nline two\r\nline three | /home=2MB\n/var=3MB\n")).toEqual({
    text: "DISK OK",
    perfdata: [datum("/", 1, { unit: "MB" }), datum("/home", 2, { unit: "MB" }), datum("/var", 3, { unit: "MB" })],
    more: "line two\nline three",
  });
  expect(parsePluginOutput("\n\nOK late\nmore")).toEqual({ text: "OK late", perfdata: [], more: "more" });
  expect(parsePluginOutput("")).toEqual({ text: "", perfdata: [], more: "" });
});

test("a line that we print is one that we read", () => {
  expect(formatPluginLine("UP: a|b\nc", [datum("latency", 12.3456, { unit: "ms", warn: { start: 0, end: 800, inside: false }, min: 0 })])).toBe("UP: a b c|latency=12.3456ms;800;;0");
  expect(formatPluginLine("down", [])).toBe("down");
  expect(formatPluginLine("x", [datum("a b", null), datum("it's", 1e-12), datum("big", 1e15)])).toBe("x|'a b'=U 'it''s'=0 big=1000000000000000");
  const number = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => value / 1000);
  const limit = fc.option(fc.tuple(number, number, fc.boolean()).map(([a, b, inside]) => ({ start: Math.min(a, b), end: Math.max(a, b), inside })));
  const one = fc.record({ label: fc.stringMatching(/^[a-z' /.:|-]{1,12}$/), value: fc.option(number), unit: fc.constantFrom("", "ms", "%", "B", "c"), warn: limit, critical: limit, min: fc.option(number), max: fc.option(number) });
  fc.assert(fc.property(fc.array(one, { maxLength: 5 }), (perfdata) => {
    expect(parsePerfdata(formatPluginLine("x", perfdata).slice(2))).toEqual(perfdata);
  }));
  for (const text of ["10", "10:", "~:10", "10:20", "@10:20", "-5:5", "0:"]) expect(formatRange(parseRange(text) ?? { start: 1, end: 0, inside: false })).toBe(text);
});

test("any output is read in one pass", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    expect(Array.isArray(parsePluginOutput(text).perfdata)).toBe(true);
  }));
  expect(parsePerfdata("'".repeat(65_536))).toEqual([]);
  expect(parsePerfdata("a=1 ".repeat(65_536))).toHaveLength(1000);
});
