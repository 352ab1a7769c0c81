import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AddedLine, type SmtpReply, addReplyLine, capabilitiesOf, dotStuffed, shownReply } from "./smtp.ts";

/** The reply that the lines make; a text says why they make none. */
function replyOf(...lines: string[]): SmtpReply | string {
  let soFar: SmtpReply | null = null;
  for (const [index, line] of lines.entries()) {
    const added: AddedLine = addReplyLine(soFar, line);
    if (added.kind === "wrong") return added.reason;
    if (added.kind === "whole") return index === lines.length - 1 ? added.reply : "too early";
    soFar = added.reply;
  }
  return "not whole";
}

describe("replies", () => {
  it("end with a blank or nothing after the code", () => {
    expect(replyOf("220 mx ready")).toEqual({ code: 220, lines: ["mx ready"], enhanced: null });
    expect(replyOf("250")).toEqual({ code: 250, lines: [""], enhanced: null });
    expect(replyOf("220-stay", "220-", "220 mx")).toEqual({ code: 220, lines: ["stay", "", "mx"], enhanced: null });
    expect(replyOf("220-stay")).toBe("not whole");
  });
  it("have an enhanced code of their own class", () => {
    expect(replyOf("550-5.1.1 no such user", "550 5.1.1 here")).toMatchObject({ enhanced: "5.1.1" });
    expect(replyOf("450 4.7.1")).toMatchObject({ enhanced: "4.7.1" });
    expect(replyOf("450 5.7.1 what")).toMatchObject({ enhanced: null });
    expect(replyOf("250 2.1 what")).toMatchObject({ enhanced: null });
  });
  it("of other kinds are none", () => {
    for (const line of ["", "SSH-2.0-OpenSSH", "* OK ready", "99 a", "600 a", "2200 a", "220_a", "+OK"]) expect(replyOf(line), line).toMatch(/^no reply of SMTP: /);
    expect(replyOf("250-a", "550 b")).toBe("a reply that begins with 250 and goes on with 550");
    expect(replyOf(...Array.from({ length: 101 }, () => "250-a"))).toBe("a reply of more than 100 lines");
  });
  it("are read from any lines without failing", () => {
    const line = fc.oneof(fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")), fc.tuple(fc.constantFrom("220-", "220 ", "250-", "250 2.0.0 "), fc.string({ maxLength: 20 })).map((parts) => parts.join("")));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const reply = replyOf(...lines);
        if (typeof reply === "string") return;
        expect(reply.lines).toHaveLength(lines.length);
        expect(shownReply(reply).length).toBeLessThanOrEqual(200);
        expect(capabilitiesOf(reply).size).toBeLessThan(lines.length);
      }),
      { numRuns: 200 },
    );
  });
  it("are shown on one line", () => expect(shownReply({ code: 550, lines: [" a\tb", "c "], enhanced: null })).toBe("550 a b c"));
});

it("tells what EHLO offers", () => {
  const offered = capabilitiesOf({ code: 250, lines: ["mx hello", "SIZE 1000", "starttls", "AUTH PLAIN LOGIN", "AUTH=LOGIN", " ", "8BITMIME "], enhanced: null });
  expect([...offered]).toEqual([["SIZE", "1000"], ["STARTTLS", ""], ["AUTH", "PLAIN LOGIN LOGIN"], ["8BITMIME", ""]]);
});

describe("a mail after DATA", () => {
  const f = (mail: string, expected: string) => expect(dotStuffed(mail)).toBe(expected);
  it("has its dots doubled and one at its end", () => {
    f("a\nb", "a\r\nb\r\n.\r\n");
    f("a\r\n", "a\r\n.\r\n");
    f(".a\r\n.\r\n..b", "..a\r\n..\r\n...b\r\n.\r\n");
    f("", ".\r\n");
  });
  it("ends nowhere else", () => {
    const mail = fc.array(fc.constantFrom(".", "\r", "\n", "\r\n", "a", "\u2028"), { maxLength: 20 }).map((parts) => parts.join(""));
    fc.assert(fc.property(mail, (text) => {
      const wire = `\r\n${dotStuffed(text)}`;
      expect(wire.indexOf("\r\n.\r\n")).toBe(wire.length - 5);
    }));
  });
});
