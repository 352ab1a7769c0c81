import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { chapPassword, decodeRadius, encodeRadius, hiddenPassword } from "./radius.ts";

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");
const SECRET = "xyzzy5461";
/** The exchange of RFC 2865, section 7.1. */
const AUTHENTICATOR = hex("0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a");
const REPLY = hex("02 00 00 26 86 fe 22 0e 76 24 ba 2a 10 05 f6 bf 9b 55 e0 b2 06 06 00 00 00 01 0f 06 00 00 00 00 0e 06 c0 a8 01 03");
const REQUEST = { id: 0, authenticator: AUTHENTICATOR };

/** An answer as a server makes it, with a Message-Authenticator where `signed`. */
function answer(code: number, attributes: Uint8Array, signed: boolean): Buffer {
  const body = signed ? Buffer.concat([hex("5012"), Buffer.alloc(16), attributes]) : Buffer.from(attributes);
  const packet = Buffer.concat([Buffer.of(code, 0, 0, 20 + body.length), AUTHENTICATOR, body]);
  if (signed) packet.set(createHmac("md5", SECRET).update(packet).digest(), 22);
  packet.set(createHash("md5").update(packet).update(SECRET).digest(), 4);
  return packet;
}

it("hides passwords as RFC 2865 does", () => {
  expect(hiddenPassword("arctangent", AUTHENTICATOR, SECRET)).toEqual(hex("0d be 70 8d 93 d4 13 ce 31 96 e4 3f 78 2a 0a ee"));
  expect(chapPassword(0x16, "arctangent", hex("2a ee 86 f0 8d 0d 55 96 9c a5 97 8e 0d 33 67 a2"))).toEqual(hex("16 e9 75 57 c3 16 18 58 95 f2 93 ff 63 44 07 72 75"));
  expect(["", "a".repeat(16), "a".repeat(17), "a".repeat(128)].map((password) => hiddenPassword(password, AUTHENTICATOR, SECRET).length)).toEqual([16, 16, 32, 128]);
});

it("signs what it sends, first of all", () => {
  const packet = Buffer.from(encodeRadius({ code: 12, id: 7, authenticator: AUTHENTICATOR, attributes: [{ type: 32, value: Buffer.from("x") }] }, SECRET));
  expect(packet.subarray(0, 4)).toEqual(hex("0c 07 00 29"));
  expect(packet.subarray(20, 22)).toEqual(hex("50 12"));
  expect(packet.subarray(38)).toEqual(hex("20 03 78"));
  const signature = Buffer.from(packet.subarray(22, 38));
  expect(createHmac("md5", SECRET).update(packet.fill(0, 22, 38)).digest()).toEqual(signature);
});

it("reads the answer of RFC 2865, padded too", () => {
  for (const bytes of [REPLY, Buffer.concat([REPLY, hex("ffff")])]) {
    const read = decodeRadius(bytes, REQUEST, SECRET);
    expect(read).toMatchObject({ kind: "reply", code: 2, signed: false });
    expect(read.kind === "reply" && read.attributes.map(({ type, value }) => [type, Buffer.from(value).toString("hex")])).toEqual([[6, "00000001"], [15, "00000000"], [14, "c0a80103"]]);
  }
});

it("believes nothing that was not made with the secret", () => {
  const f = (bytes: Uint8Array): string => {
    const read = decodeRadius(bytes, REQUEST, SECRET);
    return read.kind === "bad" ? read.reason : read.kind === "reply" ? `${read.code} ${read.signed ? "signed" : "plain"}` : read.kind;
  };
  expect(f(REPLY)).toBe("2 plain");
  expect(f(answer(3, new Uint8Array(0), true))).toBe("3 signed");
  expect(f(Buffer.concat([hex("02 01"), REPLY.subarray(2)]))).toBe("foreign");
  expect(f(Buffer.concat([hex("03"), REPLY.subarray(1)]))).toBe("an answer that was not made with this secret");
  expect(f(REPLY.subarray(0, 37))).toBe("37 octets, which are no RADIUS packet");
  expect(f(hex("02 00 00 13"))).toBe("4 octets, which are no RADIUS packet");
  expect(f(answer(2, hex("5012 00000000 00000000 00000000 00000000"), false))).toBe("an answer with a false Message-Authenticator");
  expect(f(answer(2, hex("5003 00"), false))).toBe("an answer with an unsound Message-Authenticator");
  expect(f(answer(2, hex("5012 00000000 00000000 00000000 00000000"), true))).toBe("an answer with an unsound Message-Authenticator");
  for (const attributes of ["06", "0601", "0600", "0605 00"]) expect(f(answer(2, hex(attributes), false)), attributes).toBe("an answer whose attributes do not fit into it");
});

it("reads any bytes, at every cut, without failing", () => {
  const cut = (bytes: Uint8Array): void => {
    for (let end = 0; end <= bytes.length; end++) {
      const read = decodeRadius(bytes.subarray(0, end), REQUEST, SECRET);
      if (read.kind === "reply") expect(read.attributes.reduce((sum, { value }) => sum + 2 + value.length, 20)).toBeLessThanOrEqual(end);
    }
  };
  cut(answer(2, hex("0606 00000001"), true));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => cut(bytes)));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (attributes, signed) => cut(answer(2, attributes, signed))), { numRuns: 30 });
});
