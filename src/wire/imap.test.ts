import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ImapToken, folderName, imapDay, imapString, literalLength, parseImapResponse, searchedNumbers, statusNumbers } from "./imap.ts";

const parse = (...pieces: string[]) => parseImapResponse(pieces);

describe("responses", () => {
  it("have a status", () => {
    const f = (line: string, tag: string, status: string, code: string | null, text: string) => expect(parse(line)).toEqual({ tag, status, code, text, tokens: [] });
    f("* OK ready", "*", "OK", null, "ready");
    f("* OK [CAPABILITY IMAP4rev1 ID] ready [now]", "*", "OK", "CAPABILITY IMAP4rev1 ID", "ready [now]");
    f("a1 NO [AUTHENTICATIONFAILED]", "a1", "NO", "AUTHENTICATIONFAILED", "");
    f("* bye [UNAVAILABLE ) \" (", "*", "BYE", null, "[UNAVAILABLE ) \" (");
    f("A.7 BAD", "A.7", "BAD", null, "");
    expect(parse("+ go {3}")).toMatchObject({ tag: "+", status: null, text: "go {3}" });
    expect(parse("+")).toMatchObject({ tag: "+", text: "" });
  });
  it("have data", () => {
    const f = (pieces: readonly string[], ...tokens: ImapToken[]) => expect(parseImapResponse(pieces)?.tokens).toEqual(tokens);
    f(["* CAPABILITY IMAP4rev1 AUTH=PLAIN"], "CAPABILITY", "IMAP4rev1", "AUTH=PLAIN");
    f(["* 3 EXISTS"], "3", "EXISTS");
    f(['* LIST (\\HasNoChildren) "/" "a \\"b\\" \\\\"'], "LIST", ["\\HasNoChildren"], "/", 'a "b" \\');
    f(["* STATUS {5}", "INBOX", " (MESSAGES 3 UNSEEN 1)"], "STATUS", "INBOX", ["MESSAGES", "3", "UNSEEN", "1"]);
    f(["* 1 FETCH (X {3+}", ") (", " Y ~{0}", "", ")"], "1", "FETCH", ["X", ") (", "Y", ""]);
    f(["* SEARCH"], "SEARCH");
    f(["* ((()))"], [[[]]]);
  });
  it("of other kinds are none", () => {
    for (const line of ["", "220 mx", "+OK ready", "a1", "a1 FETCH", "(", "* (", "* )", "*OK", " x", "SSH-2.0-x", `* ${"(".repeat(50)}${")".repeat(50)}`]) expect(parse(line), line).toBeNull();
  });
  it("are read from any pieces without failing", () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")), fc.array(fc.constantFrom("* ", "(", ")", '"', "\\", "{3}", " ", "OK", "SEARCH ", "STATUS ", "1 ", "[", "]"), { maxLength: 12 }).map((parts) => parts.join("")));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const response = parseImapResponse(pieces);
        if (response === null) return;
        expect(searchedNumbers(response)?.every(Number.isSafeInteger) ?? true).toBe(true);
        expect(Object.values(statusNumbers(response) ?? {}).every(Number.isSafeInteger)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
  it("announce literals", () => {
    const f = (line: string, expected: number | null) => expect(literalLength(line)).toBe(expected);
    f("* 1 FETCH (BODY[] {12}", 12);
    f("x ~{0+}", 0);
    f("{4294967296}", 4294967296);
    f("{12} ", null);
    f("{12345678901}", null);
    f("{}", null);
    f("{-1}", null);
  });
});

it("finds numbers", () => {
  const searched = (line: string) => searchedNumbers(parse(line) ?? { tag: "*", status: null, code: null, text: "", tokens: [] });
  expect(searched("* search 3 5")).toEqual([3, 5]);
  expect(searched("* SEARCH")).toEqual([]);
  expect(searched("* SEARCH 0 x (1) 7")).toEqual([7]);
  expect(searched("* 3 EXISTS")).toBeNull();
  const status = (line: string) => statusNumbers(parse(line) ?? { tag: "*", status: null, code: null, text: "", tokens: [] });
  expect(status('* STATUS "a b" (MESSAGES 3 UNSEEN 1 X y Z)')).toEqual({ messages: 3, unseen: 1 });
  expect(status("* STATUS INBOX 3")).toBeNull();
  expect(status("* SEARCH 3")).toBeNull();
});

it("writes texts as arguments", () => {
  expect(imapString('a "b" \\')).toBe('"a \\"b\\" \\\\"');
  expect(imapString("")).toBe('""');
  expect(imapString("ü")).toEqual({ literal: Uint8Array.of(0xc3, 0xbc) });
  expect(imapString("a\r\nb")).toEqual({ literal: new TextEncoder().encode("a\r\nb") });
  // what is quoted is read back as it was
  const quotable = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
  fc.assert(fc.property(quotable, (text) => {
    const written = imapString(text);
    if (typeof written !== "string") return;
    expect(parse(`* X ${written}`)?.tokens).toEqual(["X", text]);
  }));
});

it("writes folders' names", () => {
  // the examples of RFC 3501, section 5.1.3
  expect(folderName("~peter/mail/台北/日本語")).toBe("~peter/mail/&U,BTFw-/&ZeVnLIqe-");
  expect(folderName("R&D")).toBe("R&-D");
  expect(folderName("Entwürfe")).toBe("Entw&APw-rfe");
});

it("writes days", () => {
  expect(imapDay(Date.UTC(2026, 10, 20, 23, 59))).toBe("20-Nov-2026");
  expect(imapDay(Date.UTC(2027, 0, 1))).toBe("1-Jan-2027");
});
