import fc from "fast-check";
import { expect, test } from "vitest";
import { distance, nearest } from "./nearest.ts";

const KNOWN = ["timeout", "retries", "failAfter", "recoverAfter", "notify", "every", "url"];
const f = (word: string, expected: string | null): void => expect(nearest(word, KNOWN)).toBe(expected);

test("a letter too few", () => f("timeou", "timeout"));
test("neighbours swapped", () => f("tiemout", "timeout"));
test("another spelling", () => f("fail_after", "failAfter"));
test("upper case", () => f("URL", "url"));
test("a short word", () => f("ulr", "url"));
test("nothing near", () => f("colour", null));
test("a part of one name", () => expect(nearest("Twilio", ["sms-twilio", "sms-vonage"])).toBe("sms-twilio"));
test("a part of several names", () => expect(nearest("sms", ["sms-twilio", "sms-vonage"])).toBeNull());
test("a swap is one edit", () => expect(distance("ab", "ba", 5)).toBe(1));
test("the limit", () => expect(distance("abcdef", "uvwxyz", 2)).toBe(3));

test("distance is symmetric and zero only for equals", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      expect(distance(a, b, 20)).toBe(distance(b, a, 20));
      expect(distance(a, b, 20) === 0).toBe(a === b);
    }),
  );
});
