import { expect, test } from "vitest";
import { internetChecksum } from "./icmp.ts";
import { decodeSegment, encodeSyn, SYN_OCTETS } from "./tcp.ts";

const FOUR = { source: Uint8Array.of(192, 0, 2, 1), destination: Uint8Array.of(198, 51, 100, 2) };
const SIX = { source: Uint8Array.from({ length: 16 }, (_, index) => 255 - index), destination: Uint8Array.from({ length: 16 }, (_, index) => index) };
const PORTS = { sourcePort: 0x1234, destinationPort: 443, sequence: 0xfedcba98 };

test("a SYN is written byte by byte, with the checksum over the pseudo-header", () => {
  const into = new Uint8Array(60).fill(255);
  encodeSyn(into, { ...FOUR, ...PORTS });
  expect(Buffer.from(into.subarray(0, 16)).toString("hex")).toBe("123401bbfedcba98000000006002faf0");
  expect(Buffer.from(into.subarray(18, 26)).toString("hex")).toBe("0000020405b4ffff");
  for (const ends of [FOUR, SIX]) {
    encodeSyn(into, { ...ends, ...PORTS });
    const whole = Buffer.concat([ends.source, ends.destination, Uint8Array.of(0, 6, 0, SYN_OCTETS), into.subarray(0, SYN_OCTETS)]);
    expect(internetChecksum(whole)).toBe(0);
  }
});

test("what answers or quotes it is read", () => {
  const segment = (flags: number): Uint8Array => Uint8Array.of(1, 0xbb, 0x12, 0x34, 0, 0, 0, 7, 0xfe, 0xdc, 0xba, 0x99, 0x50, flags);
  const f = (flags: number, kind: string): void => expect(decodeSegment(segment(flags))).toEqual({ sourcePort: 443, destinationPort: 0x1234, sequence: 7, answer: { acknowledged: 0xfedcba99, kind } });
  f(0x12, "open");
  f(0x14, "closed");
  f(0x04, "closed");
  f(0x10, "other");
  f(0x02, "other");
  expect(decodeSegment(segment(0x12).subarray(0, 13))).toEqual({ sourcePort: 443, destinationPort: 0x1234, sequence: 7, answer: null });
  expect(decodeSegment(segment(0x12).subarray(0, 7))).toBeNull();
});
