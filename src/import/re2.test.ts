import { describe, expect, test } from "vitest";
import { condition, everyMatches, re2 } from "./re2.ts";

describe("RE2 in our words", () => {
  const f = (text: string, expected: string): void => {
    const pattern = re2(text);
    expect(typeof pattern === "string" ? pattern : condition(pattern), text).toBe(expected);
  };
  test("what is the same", () => f("^SSH-2\\.0-[^ ]+$", "/^SSH-2\\.0-[^ ]+$/"));
  test("flags at the front", () => f("(?is)a.b", "/a.b/is"));
  test("flags of a group", () => f("a(?i:b)", "/a(?i:b)/"));
  test("named groups", () => f("(?P<name>a)(?<more>b)", "/(?<name>a)(?<more>b)/"));
  test("ends of the text", () => f("\\Aa\\z", "/^a$/"));
  test("slashes", () => f("http://a/[/]", "/http:\\/\\/a\\/[\\/]/"));
  test("literal parts", () => f("\\Qa.b/c\\E+", "/a\\.b\\/c+/"));
  test("classes of POSIX", () => f("[[:alpha:]_[:digit:]]", "/[A-Za-z_0-9]/"));
  test("brackets in brackets", () => f("[]a[]", "/[\\]a\\[]/"));
  test("kinds of letters", () => f("\\pL\\p{Greek}\\PN", "/\\p{L}\\p{Script=Greek}\\P{N}/u"));
  test("wide characters", () => f("\\x{10FFFF}\\x41", "/\\u{10FFFF}\\x41/u"));
  test("what we cannot say", () => {
    for (const text of ["(?U)a+", "a(?i)b", "\\Ca", "[[:^alpha:]]"]) f(text, "unsaid");
  });
  test("what is none", () => {
    for (const text of ["(", ":[", "a**", "[b-a]", "\\", "+"]) f(text, "wrong");
  });
  test("places that are repeated", () => {
    f("^+OK$?", "/(?:^)+OK(?:$)?/");
    f("^{", "/^{/");
  });
  test("every one of a list", () => {
    const pattern = re2("^a.*b$");
    const [, source = "", flags = ""] = /^!\/(.*)\/(.*)$/.exec(everyMatches(typeof pattern === "string" ? { source: "", flags: "" } : pattern)) ?? [];
    expect(["a-b", "ab\nb", "b", "xab"].map((text) => RegExp(source, flags).test(text))).toEqual([false, true, true, true]);
  });
});
