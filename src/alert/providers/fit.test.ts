import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MessageItem } from "../channels/channel.ts";
import { cut, fitDetails, fitTitle, lengthOf } from "./fit.ts";

const length = (text: string): number => text.length;

describe("cut", () => {
  test("what fits stays", () => expect(cut("abc", 3, length)).toBe("abc"));
  test("what does not ends with an ellipsis", () => expect(cut("abcdef", 4, length)).toBe("abc…"));
  test("no space before it", () => expect(cut("ab  cdef", 5, length)).toBe("ab…"));
  test("bytes", () => expect(cut("äöüäöü", 9, (text) => Buffer.byteLength(text))).toBe("äöü…"));
  test("no half pairs", () => expect(cut("a😀😀😀", 4, length)).toBe("a😀…"));
  test("within any measure", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.integer({ min: 3, max: 100 }), fc.boolean(), (text, most, bytes) => {
        const limits = bytes ? ({ bytes: true } as const) : {};
        const measure = (one: string): number => lengthOf(one, limits);
        const short = cut(text, most, measure);
        return measure(short) <= most && short.isWellFormed() === text.isWellFormed();
      }),
    );
  });
  test("by what is written", () => expect(fitTitle("a & b & c", { title: 8, escape: (text) => text.replaceAll("&", "&amp;") })).toBe("a &…"));
});

describe("details", () => {
  const item = (headline: string): MessageItem => ({ headline, text: headline, link: null, type: "http", opened: null, alert: undefined as never });
  const message = (details: string, headlines: readonly string[]): Parameters<typeof fitDetails>[0] => ({ subject: "first", text: `first\n\n${details}\n`, items: headlines.map(item) });
  const f = (details: string, headlines: readonly string[], room: number): string => fitDetails(message(details, headlines), room, {});
  test("all of it", () => expect(f("a\nb", ["x"], 10)).toBe("a\nb"));
  test("of one trouble the beginning", () => expect(f("abcdefghijklmn", ["x"], 5)).toBe("abcd…"));
  test("of many their first lines", () => expect(f("e".repeat(50), ["one", "two"], 10)).toBe("one\ntwo"));
  test("as many as fit, and how many more", () => expect(f("e".repeat(50), ["one", "two", "three", "four"], 17)).toBe("one\n… and 3 more"));
  test("none fits", () => expect(f("e".repeat(50), ["a".repeat(40), "b".repeat(40)], 20)).toBe("… and 2 more"));
});

test("the owner's own words are cut, not replaced", () => expect(fitDetails({ subject: "first", text: "all is lost, all of it", items: [] }, 10, {})).toBe("all is lo…"));
