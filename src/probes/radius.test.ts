import { expect, it } from "vitest";
import { radius } from "./radius.ts";

it("names options that cannot be", () => {
  const problem = (options: object): string => {
    const parsed = radius.options.safeParse({ host: "aaa.test", secret: "s", ...options });
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    return radius.check?.(parsed.data)?.wrong ?? "";
  };
  expect(problem({})).toBe("");
  expect(problem({ user: "u", password: "p".repeat(128), answer: "reject" })).toBe("");
  expect(problem({ user: "u" })).toBe("a login needs both `user` and `password`, and `password` is missing");
  expect(problem({ user: "ü".repeat(127), password: "p" })).toBe("a user name in RADIUS has at most 253 bytes");
  expect(problem({ user: "u", password: "ü".repeat(65) })).toBe("a password in RADIUS has at most 128 bytes");
  expect(problem({ answer: "reject" })).toBe("`answer` is about a login, and there is no `user`");
  expect(problem({ nasIdentifier: "x".repeat(254) })).toBe("it is longer than 253 bytes");
});

it("names its target", () => {
  expect(radius.target(radius.options.parse({ host: "::1", secret: "s" }))).toBe("[::1]:1812");
});
