import fc from "fast-check";
import { expect, test } from "vitest";
import { type RipAuthentication, decodeRip, encodeResponse, encodeTableRequest } from "./rip.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const NONE: RipAuthentication = { kind: "none" };
const TEXT: RipAuthentication = { kind: "text", password: "tocsin" };
const MD5: RipAuthentication = { kind: "md5", password: "tocsinmd5", keyId: 1 };
const ROUTES = [{ prefix: "192.0.2.0/24", metric: 1 }, { prefix: "0.0.0.0/0", metric: 16 }, { prefix: "203.0.113.9/32", metric: 15 }];

test("a request for the whole table is the octets of RFC 2453", () => {
  expect(hex(encodeTableRequest(NONE, 0))).toBe(`01020000${"00".repeat(16)}00000010`);
  expect(hex(encodeTableRequest(TEXT, 0)).slice(0, 48)).toBe("01020000ffff0002746f6373696e00000000000000000000");
  const keyed = hex(encodeTableRequest(MD5, 7));
  expect(keyed).toHaveLength(128);
  expect(keyed.slice(0, 48)).toBe("01020000ffff0003002c0110000000070000000000000000");
  expect(keyed.slice(88, 96)).toBe("ffff0001");
});

test("a response is read with each authentication", () => {
  for (const authentication of [NONE, TEXT, MD5]) expect(decodeRip(encodeResponse(ROUTES, authentication, 5), authentication)).toEqual({ kind: "response", routes: ROUTES });
  expect(decodeRip(encodeTableRequest(NONE, 0), NONE)).toEqual({ kind: "request" });
});

test("entries that are none are left out", () => {
  const good = "0002 0000 c0000200 ffffff00 00000000 00000001";
  const odd = ["0003 0000 c0000200 ffffff00 00000000 00000001", "0002 0000 c0000200 ff00ff00 00000000 00000001", "0002 0000 c0000200 ffffff00 00000000 00000011", "0002 0000 c0000200 ffffff00 00000000 00000000"];
  expect(decodeRip(bytes(`02020000 ${odd.join("")} ${good}`), NONE)).toEqual({ kind: "response", routes: [{ prefix: "192.0.2.0/24", metric: 1 }] });
});

test("a response that does not show what was agreed on", () => {
  const reason = (sent: RipAuthentication, wanted: RipAuthentication): unknown => decodeRip(encodeResponse(ROUTES, sent, 5), wanted);
  expect(reason(TEXT, NONE)).toEqual({ kind: "unauthentic", reason: "a response with authentication, and none was configured" });
  expect(reason(NONE, TEXT)).toEqual({ kind: "unauthentic", reason: "a response without authentication" });
  expect(reason(TEXT, MD5)).toEqual({ kind: "unauthentic", reason: "a response with another kind of authentication" });
  expect(reason(TEXT, { ...TEXT, password: "other" })).toEqual({ kind: "unauthentic", reason: "a response with another password" });
  expect(reason(MD5, { ...MD5, password: "other" })).toEqual({ kind: "unauthentic", reason: "a response that another password signed" });
  expect(reason(MD5, { ...MD5, keyId: 2 })).toEqual({ kind: "unauthentic", reason: "a response with the key 1" });
});

test("what is no message is told as such", () => {
  expect(decodeRip(bytes(""), NONE)).toEqual({ kind: "bad", reason: "no RIP message" });
  expect(decodeRip(bytes("02020001"), NONE)).toEqual({ kind: "bad", reason: "no RIP message" });
  expect(decodeRip(bytes("02010000"), NONE)).toEqual({ kind: "bad", reason: "RIP version 1, not 2" });
  expect(decodeRip(new Uint8Array(4 + 27 * 20), NONE)).toEqual({ kind: "bad", reason: "no RIP message" });
});

test("any bytes are a value, and every changed octet of a signed response is noticed", () => {
  const all = fc.constantFrom(NONE, TEXT, MD5);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), all, (any, authentication) => ["response", "request", "unauthentic", "bad"].includes(decodeRip(any, authentication).kind)));
  const entries = fc.array(fc.uint8Array({ minLength: 20, maxLength: 20 }), { maxLength: 4 });
  fc.assert(fc.property(entries, all, (any, authentication) => ["response", "unauthentic"].includes(decodeRip(Buffer.concat([bytes("02020000"), ...any]), authentication).kind)));
  const whole = encodeResponse(ROUTES, MD5, 5);
  for (let at = 0; at < whole.length; at++) {
    const changed = Uint8Array.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 4;
    expect(decodeRip(changed, MD5).kind).not.toBe("response");
    expect(decodeRip(whole.subarray(0, at), MD5).kind).not.toBe("response");
  }
});
