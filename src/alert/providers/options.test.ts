import { describe, expect, test } from "vitest";
import { z } from "zod";
import { address, base, digits, hook, loginOf, loginOptions, loginsAgree, ownHook, password, phones, plainPhones, token, withQuery } from "./options.ts";

const takes = (schema: z.ZodType, values: readonly unknown[]): readonly unknown[] => values.filter((value) => schema.safeParse(value).success);

describe("options", () => {
  test("a key stands in a header: one word of ASCII", () => expect(takes(token("x"), ["abc", "a=b/c+d:e", "", "a b", "a\nb", "é", "a\r\nx: y", 7])).toEqual(["abc", "a=b/c+d:e"]));
  test("a password may hold anything", () => expect(takes(password("x"), ["a b", "é", ""])).toEqual(["a b", "é"]));
  test("an address made by the provider", () => expect(takes(hook("x"), ["https://a/b?c", "http://a/b", "https://u:p@a/b", "https://u@a/b", "a/b", "javascript:1", ""])).toEqual(["https://a/b?c"]));
  test("one made by oneself", () => expect(takes(ownHook("x"), ["https://a/b", "http://a/b", "http://u:p@a/b", "ftp://a/b"])).toEqual(["https://a/b", "http://a/b"]));
  const numbers = [["+15550100"], ["0412345678"], ["+49 171 1"], ["ops"], [], ["+1"], [15550100]];
  test("telephone numbers", () => expect(takes(phones(), numbers)).toEqual([["+15550100"]]));
  test("telephone numbers where the + does not matter", () => expect(takes(plainPhones(), numbers)).toEqual([["+15550100"], ["0412345678"]]));
  test("a login is whole, or none", () => {
    const f = (...keys: readonly string[]): boolean => z.strictObject({ token: token("x").optional(), ...loginOptions("x") }).refine(...loginsAgree).safeParse(Object.fromEntries(keys.map((key) => [key, "x"]))).success;
    expect([f(), f("token"), f("user", "password"), f("user"), f("password"), f("token", "user", "password")]).toEqual([true, true, true, false, false, false]);
    expect([loginOf({}), loginOf({ token: "t" }), loginOf({ user: "u", password: "p" })]).toEqual([{}, { authorization: "Bearer t" }, { authorization: "Basic dTpw" }]);
  });
  test("mail addresses", () => expect(takes(address(), ["a@example.com", "A <a@example.com>", "a", "a@b@c", "a@b\r\nBcc: c@d"])).toEqual(["a@example.com"]));
  test("no slash at the end of an address", () => expect(["https://a", "https://a/", "https://a/b//"].map((url) => base("x").parse(url))).toEqual(["https://a", "https://a", "https://a/b"]));
  test("digits alone", () => expect(["+4917", "004917", "4917", "Tocsin"].map(digits)).toEqual(["4917", "4917", "4917", "Tocsin"]));
  test("a query beside the one that is there", () => expect(withQuery("https://a/b?c=d", { e: "ü &", f: undefined })).toBe("https://a/b?c=d&e=%C3%BC+%26"));
});
