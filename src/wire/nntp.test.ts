import fc from "fast-check";
import { expect, it } from "vitest";
import { parseGroup, parseNntpReply } from "./nntp.ts";

it("reads the first line of an answer", () => {
  expect(parseNntpReply("200 ready, posting allowed ")).toEqual({ code: 200, text: "ready, posting allowed" });
  expect(parseNntpReply("205")).toEqual({ code: 205, text: "" });
  for (const line of ["", "20", "2000 x", "200-more", " 200 x", "600 x", "099 x", "+OK", "HTTP/1.1 200 OK"]) expect(parseNntpReply(line), line).toBeNull();
});

it("reads what is told of a group", () => {
  // the example of RFC 3977, section 6.1.1.3
  expect(parseGroup("1234 3000234 3002322 misc.test")).toEqual({ articles: 1234, first: 3_000_234, last: 3_002_322 });
  expect(parseGroup("0 1 0")).toEqual({ articles: 0, first: 1, last: 0 });
  for (const text of ["", "1 2", "1 2 x", "-1 2 3", `${"9".repeat(16)} 1 1`, "1 2 3x"]) expect(parseGroup(text), text).toBeNull();
});

it("reads any line without failing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")), fc.constantFrom("", "211 ", "1 2 "), (text, begin) => {
      const reply = parseNntpReply(begin + text);
      expect(reply === null || (reply.code >= 100 && reply.code <= 599 && reply.text.length <= begin.length + text.length)).toBe(true);
      for (const number of Object.values(parseGroup(begin + text) ?? {})) expect(Number.isSafeInteger(number)).toBe(true);
    }),
  );
});
