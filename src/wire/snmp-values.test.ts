import fc from "fast-check";
import { expect, test } from "vitest";
import { berElements } from "./ber.ts";
import { isMissing, oidElement, oidOf, parseOid, snmpValue } from "./snmp-values.ts";

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const value = (digits: string): string => {
  const [element] = berElements(hex(digits)) ?? [];
  const read = element === undefined ? null : snmpValue(element);
  return read === null ? "none" : `${read.type} ${JSON.stringify(read.value)}`;
};

test("identifiers as users write them", () => {
  const f = (text: string, expected: string | null): void => expect(parseOid(text), text).toBe(expected);
  f("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.3.0");
  f(" .1.3.6 ", "1.3.6");
  f("1.03.6", "1.3.6");
  f("2.999.4294967295", "2.999.4294967295");
  for (const wrong of ["", "1", ".", "1..3", "1.3.", "iso.3.6", "SNMPv2-MIB::sysUpTime.0", "3.1", "1.40", "0.40.1", "1.3.4294967296", "1.3.-1", `1.3${".1".repeat(127)}`]) f(wrong, null);
});

test("identifiers as octets of X.690", () => {
  const f = (oid: string, octets: string): void => expect(Buffer.from(oidElement(oid)).toString("hex"), oid).toBe(octets.replaceAll(" ", ""));
  f("1.3.6.1.2.1.1.3.0", "06 08 2b06010201010300");
  f("2.999.3", "06 03 883703");
  f("1.3.127.128.16384.4294967295", "06 0c 2b 7f 8100 818000 8fffffff7f");
  f("0.0", "06 01 00");
});

test("identifiers that are none", () => {
  expect([oidOf(hex("")), oidOf(hex("80")), oidOf(hex("2b86")), oidOf(hex("2b 9fffffff7f")), oidOf(new Uint8Array(128).fill(1))]).toEqual([null, null, null, null, null]);
  expect(oidOf(hex("90 80 80 80 4f"))).toBe("2.4294967295");
  expect(oidOf(new Uint8Array(127).fill(1))?.split(".")).toHaveLength(128);
});

test("identifiers come back as they went", () => {
  const arcs = fc.tuple(fc.nat(2), fc.nat(39), fc.array(fc.nat(0xffff_ffff), { maxLength: 126 })).map(([first, second, rest]) => [first, second, ...rest].join("."));
  fc.assert(fc.property(arcs, (oid) => oidOf(berElements(oidElement(oid))?.[0]?.content ?? new Uint8Array(0)) === oid && parseOid(oid) === oid));
});

test("numbers", () => {
  expect(value("02 01 fb")).toBe("INTEGER -5");
  expect(value("02 09 00ffffffffffffffff")).toBe('INTEGER "18446744073709551615"');
  expect(value("41 05 00ffffffff")).toBe("Counter32 4294967295");
  expect(value("42 04 b2d05e00")).toBe("Gauge32 3000000000");
  expect(value("46 07 1fffffffffffff")).toBe("Counter64 9007199254740991");
  expect(value("46 07 20000000000000")).toBe('Counter64 "9007199254740992"');
  expect(value("46 08 ffffffffffffffff")).toBe('Counter64 "18446744073709551615"');
  expect(value("43 02 0131")).toBe("TimeTicks 3.05");
});

test("octets are text where they are, else hexadecimal", () => {
  expect(value("04 05 67 72 c3bc 6e")).toBe('OCTET STRING "grün"');
  expect(value("04 04 61620000")).toBe('OCTET STRING "ab"');
  expect(value("04 00")).toBe('OCTET STRING ""');
  expect(value("04 02 0000")).toBe('OCTET STRING "00:00"');
  expect(value("04 06 001b210aff41")).toBe('OCTET STRING "00:1b:21:0a:ff:41"');
  // DateAndTime (RFC 2579)
  expect(value("04 08 07ea0b140c0f0000")).toBe('OCTET STRING "07:ea:0b:14:0c:0f:00:00"');
});

test("other values", () => {
  expect(value("06 03 2b0601")).toBe('OBJECT IDENTIFIER "1.3.6.1"');
  expect(value("40 04 c0000201")).toBe('IpAddress "192.0.2.1"');
  expect(value("44 07 9f7804 41bc0000")).toBe("Opaque 23.5");
  expect(value("44 0b 9f7908 4037800000000000")).toBe("Opaque 23.5");
  expect(value("44 07 9f7804 7f800000")).toBe('Opaque "9f:78:04:7f:80:00:00"');
  expect(value("44 02 0101")).toBe('Opaque "01:01"');
});

test("what is missing has no value, and says why", () => {
  expect(["0500", "8000", "8100", "8200"].map(value)).toEqual(["NULL null", "noSuchObject null", "noSuchInstance null", "endOfMibView null"]);
  expect(isMissing({ type: "noSuchName", value: null })).toBe(true);
  expect(isMissing({ type: "INTEGER", value: 0 })).toBe(false);
});

test("contents that do not fit their type", () => {
  for (const digits of ["0200", "02 0a 00000000000000000001", "40 03 c00002", "41 05 0100000000", "41 05 ff00000000", "46 09 010000000000000000", "46 09 ff0000000000000000", "0600", "0c 01 41"]) expect(value(digits), digits).toBe("none");
});
