import { createCipheriv, createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Protection, decodeServerReset, encodeClientReset, parseClientKey, parseStaticKey } from "./openvpn.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const OURS = Uint8Array.from({ length: 8 }, (_, index) => index + 1);
const KEY = Uint8Array.from({ length: 256 }, (_, index) => index);
const NONE: Protection = { kind: "none" };
const AUTH: Protection = { kind: "tls-auth", key: KEY, direction: 1, digest: "SHA256" };
const CRYPT: Protection = { kind: "tls-crypt", key: KEY };

const HEADER = Buffer.concat([Uint8Array.of(0x40), new Uint8Array(8).fill(9)]);
const CONTENT = Buffer.concat([Uint8Array.of(1, 0, 0, 0, 0), OURS, new Uint8Array(4)]);
const REPLAY = Uint8Array.of(0, 0, 0, 1, 0x60, 0, 0, 0);

/** What a server with the same key sends. */
function served(protection: Protection, content: Uint8Array = CONTENT): Uint8Array {
  if (protection.kind === "none") return Buffer.concat([HEADER, content]);
  if (protection.kind === "tls-auth") {
    const mac = createHmac("sha256", KEY.subarray(64, 96)).update(REPLAY).update(HEADER).update(content).digest();
    return Buffer.concat([HEADER, mac, REPLAY, content]);
  }
  const tag = createHmac("sha256", KEY.subarray(64, 96)).update(HEADER).update(REPLAY).update(content).digest();
  const cipher = createCipheriv("aes-256-ctr", KEY.subarray(0, 32), tag.subarray(0, 16));
  return Buffer.concat([HEADER, REPLAY, tag, cipher.update(content), cipher.final()]);
}

test("resets have the lengths and heads that servers answer", () => {
  const reset = { session: OURS, nowS: 0x60000000 };
  expect(hex(encodeClientReset(NONE, reset))).toBe("3801020304050607080000000000");
  const auth = hex(encodeClientReset(AUTH, reset));
  expect(auth).toHaveLength(108);
  expect(auth.slice(0, 18)).toBe("380102030405060708");
  expect(auth.slice(-26)).toBe("00000001600000000000000000");
  expect(encodeClientReset({ ...AUTH, digest: "SHA1" }, reset)).toHaveLength(42);
  expect(hex(encodeClientReset(CRYPT, reset)).slice(0, 34)).toBe("3801020304050607080000000160000000");
  expect(encodeClientReset(CRYPT, reset)).toHaveLength(54);
  const wrapped = Uint8Array.of(0xaa, 0xbb);
  const second = hex(encodeClientReset({ kind: "tls-crypt-v2", key: KEY, wrapped }, reset));
  expect(second.slice(0, 2) + second.slice(-4)).toBe("50aabb");
});

test("answers are read with each protection", () => {
  for (const protection of [NONE, AUTH, CRYPT]) {
    expect(decodeServerReset(served(protection), protection, OURS)).toEqual({ kind: "reset", session: new Uint8Array(8).fill(9) });
    expect(decodeServerReset(served(protection, Buffer.concat([CONTENT, OURS])), protection, OURS)).toMatchObject({ kind: "reset" });
    expect(decodeServerReset(served(protection), protection, new Uint8Array(8))).toEqual({ kind: "bad", reason: "a reset of another session" });
    expect(decodeServerReset(served(protection, new Uint8Array(5)), protection, OURS)).toEqual({ kind: "bad", reason: "a reset that does not answer ours" });
  }
  for (const direction of [0, null] as const) {
    const answer = decodeServerReset(served(AUTH), { kind: "tls-auth", key: KEY, direction, digest: "SHA256" }, OURS);
    expect(answer).toMatchObject(direction === null ? { kind: "reset" } : { kind: "bad", reason: "a reset whose signature does not fit the key" });
  }
});

test("what is no answer is told as such", () => {
  expect(decodeServerReset(new Uint8Array(0), NONE, OURS)).toEqual({ kind: "bad", reason: "an empty packet" });
  expect(decodeServerReset(new TextEncoder().encode("\x7f"), NONE, OURS)).toEqual({ kind: "bad", reason: "no packet of OpenVPN" });
  expect(decodeServerReset(Uint8Array.of(0x28), NONE, OURS)).toEqual({ kind: "other", opcode: 5 });
  expect(decodeServerReset(served(NONE, Uint8Array.of(255, 0, 0)), NONE, OURS)).toEqual({ kind: "bad", reason: "a reset that is cut short" });
});

test("every cut and every changed octet of a signed answer is refused; any bytes are a value", () => {
  for (const protection of [AUTH, CRYPT]) {
    const whole = served(protection);
    for (let at = 0; at < whole.length; at++) {
      expect(decodeServerReset(whole.subarray(0, at), protection, OURS).kind).toBe("bad");
      // the lowest bit of the first octet is the key's number, which is signed as well
      const changed = Uint8Array.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(decodeServerReset(changed, protection, OURS).kind).toBe("bad");
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(NONE, AUTH, CRYPT), (any, protection) => ["bad", "other", "reset"].includes(decodeServerReset(any, protection, OURS).kind)));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (any) => ["bad", "reset"].includes(decodeServerReset(Buffer.concat([HEADER, any]), NONE, OURS).kind)));
});

test("keys are read from their files", () => {
  const lines = hex(KEY).replaceAll(/(.{32})/g, "$1\n");
  const file = `#\n# 2048 bit OpenVPN static key\n#\n-----BEGIN OpenVPN Static key V1-----\n${lines}-----END OpenVPN Static key V1-----\n`;
  expect(parseStaticKey(file)).toEqual(KEY);
  expect(parseStaticKey(file.replaceAll("\n", "\r\n"))).toEqual(KEY);
  expect(parseStaticKey(file.replace("00", ""))).toBeNull();
  expect(parseStaticKey("hello")).toBeNull();
  const both = Buffer.concat([KEY, new Uint8Array(290).fill(5)]);
  const client = `-----BEGIN OpenVPN tls-crypt-v2 client key-----\n${both.toString("base64")}\n-----END OpenVPN tls-crypt-v2 client key-----\n`;
  expect(parseClientKey(client)).toEqual({ key: KEY, wrapped: new Uint8Array(290).fill(5) });
  expect(parseClientKey(file)).toBeNull();
  expect(parseClientKey(client.replace(/\n.{100}/, "\n"))).toBeNull();
});
