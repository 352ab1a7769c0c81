import fc from "fast-check";
import { expect, test } from "vitest";
import { targetKeys } from "./target.ts";

test("whatever the target, there are its options or what is wrong with it", () => {
  const signs = fc.array(fc.constantFrom("a", "1", ":", "[", "]", "/", ".", "%", "@", " ", "é", "http://", "\0", "::", "443"), { maxLength: 12 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.constantFrom("http", "tcp", "dns", "icmp", "grpc", "websocket", "script"), fc.oneof(signs, fc.string()), (type, target) => {
      const came = targetKeys(type, target);
      if (came.kind === "wrong") expect([came.wrong, came.right]).not.toContain("");
      else for (const value of Object.values(came.keys)) expect(value).not.toBe("");
    }),
    { numRuns: 2000 },
  );
});
