import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smsOf } from "./sms.ts";

const LINK = "https://tocsin.example.com/checks/shop";

describe("one part of GSM", () => {
  const f = (line: string, link: string | null, expected: string): void => expect(smsOf(line, link)).toEqual({ text: expected, unicode: false });
  test("first line and link, without the mark", () => f("▲ DOWN shop — HTTP 503, since 03:12 (4 min)", LINK, `DOWN shop - HTTP 503, since 03:12 (4 min) ${LINK}`));
  test("no link", () => f("● RECOVERED shop", null, "RECOVERED shop"));
  test("letters of the alphabet stay", () => f("DOWN Köln è ñ Ø", null, "DOWN Köln è ñ Ø"));
  test("accents that it lacks are left out", () => f("DOWN Łódź".replace("Ł", "L"), null, "DOWN Lodz"));
  test("quotes and dots", () => f("DOWN “a” ‘b’ … –", null, "DOWN \"a\" 'b' ... -"));
  test("composed first", () => f("DOWN Ko\u0308ln", null, "DOWN Köln"));
  test("a long line gives way to the link", () => {
    const { text } = smsOf(`DOWN ${"x".repeat(300)}`, LINK);
    expect([text.length, text.endsWith(`... ${LINK}`)]).toEqual([160, true]);
  });
  test("a link that leaves no room is left out", () => f("DOWN shop", `https://x/${"y".repeat(100)}`, "DOWN shop"));
  test("signs of the extension count twice", () => expect(smsOf("€".repeat(100), null).text).toBe(`${"€".repeat(78)}...`));
  test("of names whole ones", () => {
    const names = Array.from({ length: 40 }, (_, at) => `service-${at}`).join(", ");
    const { text } = smsOf(`40 down — ${names}`, LINK, 160, "names");
    expect([text.length <= 160, text.length > 145, text.startsWith("40 down - service-0, service-1, "), /service-\d+, \.\.\. https:/.test(text)]).toEqual([true, true, true, true]);
    expect(smsOf("5 down — a, b, c, d, e", null, 160, "names").text).toBe("5 down - a, b, c, d, e");
  });
  test("another length", () => expect(smsOf("x".repeat(300), null, 159).text.length).toBe(159));
});

describe("what GSM has no sign for", () => {
  test("goes as it is", () => expect(smsOf("▲ DOWN 商店 — refused", LINK)).toEqual({ text: `DOWN 商店 - refused ${LINK}`, unicode: true }));
  test("no half signs", () => expect(smsOf("😀".repeat(100), null).text).toBe(`${"😀".repeat(78)}...`));
});

test("never longer than asked for, never half a sign", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), fc.option(fc.webUrl()), (line, link) => {
      const { text, unicode } = smsOf(line, link);
      const units = unicode ? text.length : Array.from(text).reduce((sum, sign) => sum + ("^{}\\[~]|€\f".includes(sign) ? 2 : 1), 0);
      return units <= 160 && text.isWellFormed();
    }),
  );
});
