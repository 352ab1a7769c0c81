import fc from "fast-check";
import { expect, test } from "vitest";
import { RECORD_TYPES, canonicalData, dataOctets, readData, typeCode, typeName } from "./dns-records.ts";
import { Reader } from "./reader.ts";

function f(type: string, written: string, canonical: string | null): void {
  expect(canonicalData(typeCode(type) ?? -1, written), `${type} ${written}`).toBe(canonical);
}

function decoded(type: number, hex: string, internet = true): string | null {
  const reader = new Reader(Buffer.from(hex, "hex"));
  const text = readData(reader, type, internet);
  return reader.bad === null ? text : null;
}

test("what a user writes becomes the text that decoding gives", () => {
  f("A", "192.0.2.1", "192.0.2.1");
  f("A", "192.0.2", null);
  f("A", "2001:db8::1", null);
  f("AAAA", "2001:DB8:0:0::1", "2001:db8::1");
  f("CNAME", "WWW.Example.COM.", "www.example.com");
  f("NS", "a..b", null);
  f("MX", "10  Mail.Example.com.", "10 mail.example.com");
  f("MX", "0 .", "0 .");
  f("MX", "mail.example.com", null);
  f("MX", "65536 mail.example.com", null);
  f("SRV", "0 1 993 imap.example.com.", "0 1 993 imap.example.com");
  f("SOA", "ns1.example.test. Hostmaster.example.test. 4294967295 3600 600 86400 300", "ns1.example.test hostmaster.example.test 4294967295 3600 600 86400 300");
  f("TXT", "v=spf1 -all", "v=spf1 -all");
  f("TXT", '"v=spf1" " -all"', "v=spf1 -all");
  f("TXT", "", "");
  f("TXT", "Grüße; \\o/", "Grüße; \\o/");
  f("TXT", '"not closed', null);
  f("CAA", "0 Issue ca.example", '0 issue "ca.example"');
  f("CAA", '128 iodef "mailto:a b@example.com"', '128 iodef "mailto:a b@example.com"');
  f("DS", "60485 5 1 2bb183af 5f22588179a53b0a98631fad1a292118", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118");
  f("DNSKEY", "256 3 5 AQPS KmynfzW4", "256 3 5 AQPSKmynfzW4");
  f("TLSA", "3 1 1 0B9F", "3 1 1 0B9F");
  f("NAPTR", '100 10 "S" "SIP+D2U" "" _sip._udp.example.com.', '100 10 "S" "SIP+D2U" "" _sip._udp.example.com');
  f("TYPE65534", "\\# 3 ab cd 01", "\\# 3 ABCD01");
  f("TYPE65534", "\\# 4 abcd01", null);
  f("TYPE65534", "plain", null);
  f("A", "\\# 4 C0000201", "192.0.2.1");
  f("A", "\\# 3 C00002", null);
});

test("unknown types and other classes are shown octet by octet", () => {
  expect(decoded(65, "000100")).toBe("\\# 3 000100");
  expect(decoded(65, "")).toBe("\\# 0");
  expect(decoded(1, "0003616263", false)).toBe("\\# 5 0003616263");
  expect(decoded(16, "03616263", false)).toBe("abc");
});

test("TXT that is no plain text is written in quotes", () => {
  expect(decoded(16, "02ff00")).toBe('"\\255\\000"');
  expect(decoded(16, "022261")).toBe('"\\"a"');
  expect(decoded(16, "00")).toBe("");
});

test("data that is too short, too long or broken is refused", () => {
  for (const [type, hex] of [[1, "c00002"], [1, "c000020100"], [28, "00"], [15, "000a"], [15, "000a016100ff"], [16, ""], [16, "0561"], [6, "0000000001"], [257, "00"], [33, "000000010002"]] as const)
    expect(decoded(type, hex), `${type} ${hex}`).toBeNull();
});

test("types have names and numbers", () => {
  expect([typeCode("mx"), typeCode("TYPE15"), typeCode("CAA"), typeCode("TYPE65536"), typeCode("NONSENSE"), typeName(65)]).toEqual([15, 15, 257, null, null, "TYPE65"]);
});

test("whatever decodes is written back to the same text", () => {
  const codes = [...RECORD_TYPES.map((type) => typeCode(type) ?? 0), 65];
  fc.assert(
    fc.property(fc.constantFrom(...codes), fc.uint8Array({ maxLength: 64 }), (code, bytes) => {
      const reader = new Reader(bytes);
      const text = readData(reader, code);
      if (reader.bad !== null) return;
      const octets = dataOctets(code, text);
      expect(octets, text).not.toBeNull();
      expect(readData(new Reader(octets ?? bytes), code)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test("any text is refused or understood, never thrown at", () => {
  fc.assert(fc.property(fc.constantFrom(...RECORD_TYPES), fc.string({ unit: "binary" }), (type, text) => void canonicalData(typeCode(type) ?? 0, text)));
});
