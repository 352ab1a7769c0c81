import { expect, test } from "vitest";
import { decodeEcho, describeError, encodeEcho, hasToken, internetChecksum, ip4Payload } from "./icmp.ts";

const TOKEN = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function encoded(family: 4 | 6, sequence: number, size: number): Uint8Array {
  const into = new Uint8Array(100).fill(255);
  return into.subarray(0, encodeEcho(into, { family, id: 0x1234, sequence, token: TOKEN, size, sealed: family === 4 }));
}

test("the checksum is that of RFC 1071", () => {
  // the example of section 3: the sum is ddf2
  expect(internetChecksum(Uint8Array.of(0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7))).toBe(~0xddf2 & 0xffff);
  expect(internetChecksum(Uint8Array.of(0xff))).toBe(0x00ff);
  expect(internetChecksum(new Uint8Array(0))).toBe(0xffff);
});

test("echoes are written byte by byte", () => {
  expect(hex(encoded(4, 1, 12))).toBe("0800a3ab123400010102030405060708ddb65454");
  expect(hex(encoded(6, 0x0203, 4))).toBe("800000001234020354545454");
  expect(hex(encoded(4, 7, 0))).toBe("0800e5c412340007");
  expect(internetChecksum(encoded(4, 0xfedc, 57))).toBe(0);
});

test("all echoes of one size have one checksum", () => {
  const checksums = new Set<string>();
  for (const sequence of [0, 1, 255, 256, 0x7fff, 0xfffe, 0xffff]) {
    for (const id of [0, 1, 0xffff]) {
      for (const token of [TOKEN, new Uint8Array(8), new Uint8Array(8).fill(255)]) {
        const into = new Uint8Array(64);
        encodeEcho(into, { family: 4, id, sequence, token, size: 56, sealed: true });
        checksums.add(hex(into.subarray(2, 4)));
      }
    }
  }
  expect(checksums.size).toBe(1);
});

test("what was written is read again, whole or quoted", () => {
  expect(decodeEcho(4, encoded(4, 513, 20))).toEqual({ kind: "request", id: 0x1234, sequence: 513 });
  expect(decodeEcho(6, encoded(6, 0xffff, 0))).toEqual({ kind: "request", id: 0x1234, sequence: 0xffff });
  expect(decodeEcho(6, Uint8Array.of(129, 0, 9, 9, 0, 5, 0, 6))).toEqual({ kind: "reply", id: 5, sequence: 6 });
  expect(decodeEcho(4, Uint8Array.of(0, 0, 9, 9, 0, 5, 0, 6, 7))).toEqual({ kind: "reply", id: 5, sequence: 6 });
});

test("what is no echo is none", () => {
  expect(decodeEcho(4, Uint8Array.of(0, 0, 0, 0, 0, 0, 0))).toBeNull();
  expect(decodeEcho(4, Uint8Array.of(129, 0, 0, 0, 0, 0, 0, 0))).toBeNull();
  expect(decodeEcho(6, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0))).toBeNull();
  expect(decodeEcho(4, Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0))).toBeNull();
});

test("a token is compared where there is room for it", () => {
  const other = TOKEN.with(7, 0);
  const echo = encoded(4, 1, 8);
  expect([hasToken(echo, TOKEN, 8), hasToken(echo, other, 8), hasToken(encoded(6, 1, 56), TOKEN, 56)]).toEqual([true, false, true]);
  expect([hasToken(echo, other, 7), hasToken(echo.subarray(0, 15), other, 56)]).toEqual([true, true]);
});

test("a raw packet's header is passed over", () => {
  const packet = (first: number, octets: number): Uint8Array => new Uint8Array(octets).with(0, first);
  expect(ip4Payload(packet(0x45, 24))).toHaveLength(4);
  expect(ip4Payload(packet(0x46, 24))).toHaveLength(0);
  expect([ip4Payload(packet(0x46, 23)), ip4Payload(packet(0x44, 24)), ip4Payload(packet(0x65, 60)), ip4Payload(new Uint8Array(0))]).toEqual([null, null, null, null]);
});

test("errors are told in words", () => {
  const f = (family: 4 | 6, type: number, code: number, kind: string, sentence: string, mtu = 0): void => expect(describeError(family, type, code, mtu), `${type}/${code}`).toEqual({ kind, sentence });
  f(4, 3, 1, "unreachable", "host unreachable");
  f(4, 3, 3, "port", "port unreachable");
  f(4, 3, 4, "too-big", "the packet is too long: at most 1300 octets go on from here", 1300);
  f(4, 3, 4, "too-big", "the packet is too long to go on from here");
  f(4, 3, 13, "unreachable", "communication prohibited");
  f(4, 3, 99, "unreachable", "unreachable (code 99)");
  f(4, 11, 0, "expired", "hop limit exceeded");
  f(4, 11, 1, "other", "reassembly took too long");
  f(6, 1, 0, "unreachable", "no route");
  f(6, 1, 4, "port", "port unreachable");
  f(6, 2, 0, "too-big", "the packet is too long: at most 1280 octets go on from here", 1280);
  f(6, 3, 0, "expired", "hop limit exceeded");
  expect([describeError(4, 0, 0, 0), describeError(6, 129, 0, 0), describeError(4, 5, 1, 0)]).toEqual([null, null, null]);
});
