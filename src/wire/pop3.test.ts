import fc from "fast-check";
import { expect, it } from "vitest";
import { apopDigest, apopTimestamp, parsePop3Status, parseStat, unstuffedLine } from "./pop3.ts";

it("reads the first line of an answer", () => {
  const f = (line: string, ...expected: readonly unknown[]) => expect(Object.values(parsePop3Status(line) ?? {})).toEqual(expected);
  f("+OK", true, null, "");
  f("+OK POP3 ready <1.2@mx>", true, null, "POP3 ready <1.2@mx>");
  f("-ERR [in-use] try later ", false, "IN-USE", "[in-use] try later");
  f("-err [SYS/TEMP]", false, "SYS/TEMP", "[SYS/TEMP]");
  for (const line of ["", "+OKAY", "* OK", "220 mx", "OK", "-ERROR", " +OK"]) expect(parsePop3Status(line), line).toBeNull();
});

it("takes dots away", () => {
  expect([".", "..", ".a", "a.", ""].map(unstuffedLine)).toEqual([null, ".", "a", "a.", ""]);
});

it("reads what STAT tells", () => {
  expect(parseStat("2 320")).toEqual({ messages: 2, bytes: 320 });
  expect(parseStat("0 0 octets")).toEqual({ messages: 0, bytes: 0 });
  for (const text of ["", "2", "two 3", "2 3x", "-1 3", `${"9".repeat(16)} 1`]) expect(parseStat(text), text).toBeNull();
});

it("proves a password by APOP", () => {
  // the example of RFC 1939, section 7
  const timestamp = apopTimestamp("POP3 server ready <1896.697170952@dbc.mtview.ca.us>");
  expect(timestamp).toBe("<1896.697170952@dbc.mtview.ca.us>");
  expect(apopDigest(timestamp ?? "", "tanstaaf")).toBe("c4c9334bac560ecc979e58001b3e22fb");
  for (const greeting of ["ready", "<a b@c>", "<@>", "<a@b", "a@b>"]) expect(apopTimestamp(greeting), greeting).toBeNull();
});

it("reads any line without failing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")), fc.constantFrom("", "+OK ", "-ERR ["), (text, begin) => {
      const status = parsePop3Status(begin + text);
      expect(status === null || status.text.length <= text.length + 1).toBe(true);
      expect(typeof parseStat(text)).toBe("object");
      expect(unstuffedLine(text)?.length ?? 0).toBeLessThanOrEqual(text.length);
    }),
  );
});
