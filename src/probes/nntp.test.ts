import { expect, it } from "vitest";
import { nntp } from "./nntp.ts";

it("names options that cannot be", () => {
  const problem = (options: object): string => {
    const parsed = nntp.options.safeParse({ host: "news.test", ...options });
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    return nntp.check?.(parsed.data)?.wrong ?? "";
  };
  expect(problem({ user: "u", password: "p", group: "comp.lang.c++" })).toBe("");
  expect(problem({ user: "u" })).toMatch(/^a login needs both/);
  expect(problem({ user: "u", password: "p", starttls: "optional" })).toMatch(/^with `optional` the password would be sent in plain/);
  expect(problem({ user: "u\r\nQUIT", password: "p" })).toBe("NNTP cannot send control characters");
  for (const group of ["", "a b", "comp.*", "a\r\nQUIT"]) expect(problem({ group })).toBe("write the name of one newsgroup: comp.lang.misc");
});

it("chooses the port", () => {
  const target = (options: object): string => nntp.target(nntp.options.parse({ host: "news.test", ...options }));
  expect([target({}), target({ tls: true }), target({ host: "::1", port: 1 })]).toEqual(["news.test:119", "news.test:563", "[::1]:1"]);
});
