import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ctime, fixed3, floatRepr, jsonText } from "./python.ts";

// What CPython 3.11 printed for the same values.
const letter = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));

describe("as Python writes it", () => {
  test("three decimals, half to even", () => {
    const f = (value: number, expected: string) => expect(fixed3(value)).toBe(expected);
    f(0, "0.000");
    f(-1, "-1.000");
    f(3.5434999, "3.543");
    f(0.0625, "0.062");
    f(0.1875, "0.188");
    f(0.3125, "0.312");
    f(0.4375, "0.438");
    f(0.9375, "0.938");
    f(1.0625, "1.062");
    f(-0.0625, "-0.062");
    f(123.9375, "123.938");
    f(0.0005, "0.001");
    f(0.0015, "0.002");
    f(100, "100.000");
    f(33.333333333333336, "33.333");
    f(1e15, "1000000000000000.000");
  });
  test("floats", () => {
    const f = (value: number, expected: string) => expect(floatRepr(value)).toBe(expected);
    f(0, "0.0");
    f(-0, "-0.0");
    f(100, "100.0");
    f(-1, "-1.0");
    f(0.1, "0.1");
    f(3.525257110595703, "3.525257110595703");
    f(1 / 3, "0.3333333333333333");
    f(0.0001, "0.0001");
    f(0.00012345, "0.00012345");
    f(0.00001, "1e-05");
    f(1.5e-7, "1.5e-07");
    f(1e15, "1000000000000000.0");
    f(2 ** 53, "9007199254740992.0");
    f(1e16, "1e+16");
    f(123456789012345680, "1.2345678901234568e+17");
    f(5e-324, "5e-324");
    f(1700000000123, "1700000000123.0");
    f(Number.NaN, "NaN");
    f(-Infinity, "-Infinity");
  });
  test("floats read back as what they were", () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => Number(floatRepr(value)) === value));
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => /^-?\d+(\.\d+)?(e[+-]\d{2,3})?$/.test(floatRepr(value))));
  });
  test("texts", () => {
    expect(jsonText('a"b\\c\n\r\t\b\f\u0000\u001f\u007f\u0080é€😀\u2028')).toBe('"a\\"b\\\\c\\n\\r\\t\\b\\f\\u0000\\u001f\\u007f\\u0080\\u00e9\\u20ac\\ud83d\\ude00\\u2028"');
    fc.assert(fc.property(fc.string({ unit: letter }), (text) => JSON.parse(jsonText(text)) === text));
  });
  test("ctime, in the zone of the system", () => {
    const before = process.env["TZ"];
    const f = (zone: string, at: number, expected: string) => {
      process.env["TZ"] = zone;
      expect(ctime(at)).toBe(expected);
    };
    f("UTC", 0, "Thu Jan  1 00:00:00 1970");
    f("UTC", Date.UTC(2018, 0, 1, 12, 59, 59, 999), "Mon Jan  1 12:59:59 2018");
    f("Europe/Berlin", Date.UTC(2026, 9, 25, 0, 59, 59), "Sun Oct 25 02:59:59 2026");
    f("America/New_York", Date.UTC(2024, 1, 29, 4, 0, 5), "Wed Feb 28 23:00:05 2024");
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  });
});
