import fc from "fast-check";
import { expect, test } from "vitest";
import { DIALECTS, decodeNegotiated, encodeSessionRequest, encodeSmb1Negotiate, encodeSmb2Negotiate, frameLength, frameSmb, sessionRefusal } from "./smb.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const GUID = Uint8Array.from({ length: 16 }, (_, index) => index);
const SALT = new Uint8Array(32).fill(0xaa);

/** 2020-01-01T00:00:00Z as FILETIME. */
const TIME = 132_223_104_000_000_000n;

function smb2({ status = 0, dialect = 0x0311, mode = 1, messageId = 0 } = {}): Uint8Array {
  const bytes = Buffer.alloc(128);
  bytes.write("\xfeSMB", "latin1");
  bytes.writeUInt16LE(64, 4);
  bytes.writeUInt32LE(status, 8);
  bytes.writeUInt32LE(1, 16);
  bytes.writeUInt32LE(messageId, 24);
  bytes.writeUInt16LE(65, 64);
  bytes.writeUInt16LE(mode, 66);
  bytes.writeUInt16LE(dialect, 68);
  bytes.set(GUID, 72);
  bytes.writeBigUInt64LE(TIME, 104);
  return bytes;
}

function smb1({ index = 0, words = 17, mode = 0x0c } = {}): Uint8Array {
  const bytes = Buffer.alloc(33 + 34 + 2 + 16);
  bytes.write("\xffSMB\x72", "latin1");
  bytes.writeUInt8(0x98, 9);
  bytes.writeUInt8(words, 32);
  bytes.writeUInt16LE(index, 33);
  bytes.writeUInt8(mode, 35);
  bytes.writeUInt32LE(0x80000000, 52);
  bytes.writeBigUInt64LE(TIME, 56);
  bytes.set(GUID, 69);
  return bytes;
}

test("a session request holds both names, twice as long", () => {
  const request = text(encodeSessionRequest("*SMBSERVER", "tocsin"));
  expect(request).toBe("\x81\0\0\x44 CKFDENECFDEFFCFGEFFCCACACACACACA\0 FEEPEDFDEJEOCACACACACACACACACAAA\0");
});

test("a session answer", () => {
  expect(sessionRefusal(0x82, new Uint8Array(0))).toBeNull();
  expect(sessionRefusal(0x83, Uint8Array.of(0x82))).toBe("the called name is not there");
  expect(sessionRefusal(0x83, new Uint8Array(0))).toBe("error 0");
  expect(sessionRefusal(0x84, Uint8Array.of(192, 0, 2, 1, 0, 139))).toBe("it sends sessions to 192.0.2.1 port 139");
  expect(sessionRefusal(0, new Uint8Array(0))).toBe("a packet of type 0");
  expect(frameLength(Uint8Array.of(0, 1, 0, 2))).toEqual({ type: 0, length: 65_538 });
  expect(text(frameSmb(Uint8Array.of(65)))).toBe("\0\0\0\x01A");
});

test("a negotiation offers what it is told to", () => {
  expect(text(encodeSmb1Negotiate(["SMB1"])).slice(32)).toBe("\0\x0c\0\x02NT LM 0.12\0");
  expect(text(encodeSmb1Negotiate(DIALECTS)).slice(35)).toBe("\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0");
  const plain = hex(encodeSmb2Negotiate({ dialects: ["SMB1", "2.0.2", "2.1"], guid: GUID, salt: SALT, messageId: 1 }));
  expect(plain).toHaveLength(2 * (64 + 36 + 4));
  expect(plain.slice(0, 128)).toBe(`fe534d4240000000${"00".repeat(6)}0100${"00".repeat(8)}01000000${"00".repeat(36)}`);
  expect(plain.slice(128)).toBe(`2400 0200 0100 0000 00000000 ${hex(GUID)} 0000000000000000 0202 1002`.replaceAll(" ", ""));
  const newest = hex(encodeSmb2Negotiate({ dialects: DIALECTS, guid: GUID, salt: SALT, messageId: 0 }));
  expect(newest.slice(128)).toBe(`2400 0500 0100 0000 7f000000 ${hex(GUID)} 70000000 0100 0000 0202 1002 0003 0203 1103 0000 0100 2600 00000000 0100 2000 0100 ${hex(SALT)}`.replaceAll(" ", ""));
});

test("answers are read", () => {
  const agreed = { kind: "negotiated", dialect: "3.1.1", signing: "enabled", guid: "03020100-0504-0706-0809-0a0b0c0d0e0f", timeMs: Date.UTC(2020, 0, 1) };
  expect(decodeNegotiated(smb2(), 0)).toEqual(agreed);
  expect(decodeNegotiated(smb2({ dialect: 0x0210, mode: 3 }), 0)).toEqual({ ...agreed, dialect: "2.1", signing: "required" });
  expect(decodeNegotiated(smb1(), 0)).toEqual({ ...agreed, dialect: "SMB1", signing: "required" });
  expect(decodeNegotiated(smb2({ dialect: 0x02ff }), 0)).toEqual({ kind: "again" });
  expect(decodeNegotiated(smb2({ status: 0xc00000bb }), 0)).toEqual({ kind: "refused", reason: "no dialect in common" });
  expect(decodeNegotiated(smb1({ index: 0xffff, words: 1 }), 0)).toEqual({ kind: "refused", reason: "no dialect in common" });
});

test("what is no answer is told as such", () => {
  expect(decodeNegotiated(new TextEncoder().encode("HTTP/1.1 400"), 0)).toEqual({ kind: "bad", reason: "no SMB message" });
  expect(decodeNegotiated(new Uint8Array(3), 0)).toMatchObject({ kind: "bad" });
  expect(decodeNegotiated(smb2({ messageId: 5 }), 0)).toEqual({ kind: "bad", reason: "an answer to another message" });
  expect(decodeNegotiated(smb2({ dialect: 0x0999 }), 0)).toEqual({ kind: "bad", reason: "the dialect 0x0999, which was not offered" });
  expect(decodeNegotiated(smb1({ words: 13 }), 0)).toMatchObject({ kind: "bad" });
});

test("any bytes, every cut, every changed octet: a value, never an exception", () => {
  const known = (bytes: Uint8Array): boolean => ["negotiated", "refused", "again", "bad"].includes(decodeNegotiated(bytes, 0).kind);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), known));
  for (const whole of [smb2(), smb1()]) for (let cut = 0; cut < whole.length; cut++) expect(known(whole.subarray(0, cut))).toBe(true);
  fc.assert(
    fc.property(fc.constantFrom(smb2(), smb1()), fc.nat(127), fc.nat(255), (whole, at, octet) => {
      const changed = Uint8Array.from(whole);
      changed[at % changed.length] = octet;
      return known(changed);
    }),
  );
});
