import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeNtp, encodeNtpRequest, kissCode, referenceName } from "./ntp.ts";

const NOW = Date.UTC(2026, 10, 20);
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const answer = (head: string, stamps: string): Uint8Array => octets(`${head} ${stamps}`);
/** 2026-11-20T00:00:00.500Z, counted from 1900. */
const HALF = "eeaa0c00 80000000";
const ZERO = "00000000 00000000";

test("a question is one octet of head and the timestamp", () => {
  expect(Buffer.from(encodeNtpRequest(octets("0102030405060708"))).toString("hex")).toBe(`23${"00".repeat(39)}0102030405060708`);
  expect(() => encodeNtpRequest(octets("01"))).toThrow(RangeError);
});

test("an answer is read field by field", () => {
  const packet = decodeNtp(answer("24 02 06 e8 00008000 00010000 c0000201", `${HALF} 0102030405060708 ${HALF} ${HALF}`), NOW);
  expect(packet).toMatchObject({ kind: "packet", leap: "none", version: 4, mode: 4, stratum: 2, poll: 6, precision: -24, rootDelayMs: 500, rootDispersionMs: 1000, origin: octets("0102030405060708") });
  expect(packet).toMatchObject({ referenceMs: NOW + 500, receiveMs: NOW + 500, transmitMs: NOW + 500 });
});

test("a second counts in the era that is nearest", () => {
  const at = (seconds: string, nowMs: number): unknown => {
    const packet = decodeNtp(answer("24 01 00 00 00000000 00000000 47505300", `${ZERO} ${ZERO} ${ZERO} ${seconds} 00000000`), nowMs);
    return packet.kind === "packet" ? packet.transmitMs : null;
  };
  const turn = Date.UTC(2036, 1, 7, 6, 28, 16);
  expect(at("ffffffff", turn)).toBe(turn - 1000);
  expect(at("00000001", turn)).toBe(turn + 1000);
  expect(at("00000001", turn - 2000)).toBe(turn + 1000);
  expect(at("00000000", turn)).toBeNull();
});

test("stratum 0 is a kiss of death only with a word", () => {
  const kiss = (stratum: number, id: string): string | null => kissCode({ stratum, referenceId: octets(id) });
  expect(kiss(0, "52415445")).toBe("RATE");
  expect(kiss(0, "00000000")).toBeNull();
  expect(kiss(1, "52415445")).toBeNull();
});

test("the reference is a clock or an address", () => {
  const name = (stratum: number, id: string): string => referenceName({ stratum, referenceId: octets(id) });
  expect(name(1, "47505300")).toBe("GPS");
  expect(name(2, "47505300")).toBe("71.80.83.0");
  expect(name(5, "7f7f0101")).toBe("127.127.1.1");
});

test("any bytes are a value, and a cut packet is none", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (any) => decodeNtp(any, NOW).kind === (any.length < 48 ? "bad" : "packet")));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), (any) => {
      const packet = decodeNtp(any, NOW);
      return packet.kind === "packet" && [packet.transmitMs, packet.receiveMs, packet.referenceMs].every((ms) => ms === null || Math.abs(ms - NOW) <= 2 ** 31 * 1000);
    }),
  );
});
