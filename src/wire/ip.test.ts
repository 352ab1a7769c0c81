import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp4, formatIp6, parseIp4, parseIp6 } from "./ip.ts";

function f(input: string, expected: string | null): void {
  const bytes = parseIp6(input);
  expect(bytes === null ? null : formatIp6(bytes), input).toBe(expected);
}

test("IPv6 texts become canonical as RFC 5952 says", () => {
  f("::", "::");
  f("::1", "::1");
  f("2001:DB8:0:0:0:0:0:10", "2001:db8::10");
  f("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
  f("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
  f("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
  f("fe80::", "fe80::");
  f("::ffff:192.0.2.1", "::ffff:192.0.2.1");
  f("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
});

test("what is no IPv6 address is refused", () => {
  for (const text of ["", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::1%eth0", "::1.2.3", "1.2.3.4"]) f(text, null);
});

test("IPv4 has four plain decimals and nothing else", () => {
  expect(parseIp4("192.0.2.255")).toEqual(Uint8Array.of(192, 0, 2, 255));
  for (const text of ["", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", "1.2.3.x", "0x1.2.3.4", " 1.2.3.4"]) expect(parseIp4(text), text).toBeNull();
});

test("every address survives its text", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => { expect(parseIp6(formatIp6(bytes))).toEqual(bytes); }));
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => { expect(parseIp4(formatIp4(bytes))).toEqual(bytes); }));
});
