import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeReply, encodeConnect, encodeLogin, encodeMethods, replyLength, replyName } from "./socks5.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");

test("what is sent, byte by byte", () => {
  expect(hex(encodeMethods([0]))).toBe("050100");
  expect(hex(encodeLogin("probe", "probepw"))).toBe("010570726f62650770726f62657077");
  expect(hex(encodeConnect("127.0.0.1", 20080))).toBe("050100017f0000014e70");
  expect(hex(encodeConnect("::1", 443))).toBe("050100040000000000000000000000000000000101bb");
  expect(hex(encodeConnect("a.test", 80))).toBe("0501000306612e746573740050");
});

test("replies of every kind of address", () => {
  expect(decodeReply(bytes("05 00 00 01 7f000001 d0ed"))).toEqual({ code: 0, bound: "127.0.0.1:53485" });
  expect(decodeReply(bytes("05 05 00 03 06 612e74657374 0050"))).toEqual({ code: 5, bound: "a.test:80" });
  expect(decodeReply(bytes("05 00 00 04 00000000000000000000000000000001 01bb"))).toEqual({ code: 0, bound: "[::1]:443" });
  expect([replyName(5), replyName(99)]).toEqual(["connection refused", "reply 99"]);
});

test("what is no reply is none", () => {
  for (const other of ["", "05", "0400000100000000", "05 00 00 02 00 0000", "485454502f312e31", "05 00 00 01 7f000001 d0"]) expect(decodeReply(bytes(other)), other).toBeNull();
});

test("any bytes and every cut: a value, never an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => decodeReply(any) !== undefined && (replyLength(any) ?? 0) <= 262));
  const whole = bytes("05 05 00 03 06 612e74657374 0050");
  for (let cut = 0; cut < whole.length; cut++) expect(decodeReply(whole.subarray(0, cut)), String(cut)).toBeNull();
});
