import fc from "fast-check";
import { expect, test } from "vitest";
import { ber, berInteger, berText } from "./ber.ts";
import { decodeLdap, encodeBind, encodeSearch, encodeStartTls, encodeUnbind, ldapResultName } from "./ldap.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** As OpenLDAP sends them. */
const BOUND = bytes("300c 020101 6107 0a0100 0400 0400");
const ENTRY = bytes("302b 020102 6426 0400 3022 3020 040e 6e616d696e67436f6e7465787473 310e 040c 64633d6578616d706c652c64");

test("requests are the octets of RFC 4511", () => {
  expect(encodeBind(1, "", "")).toEqual(bytes("300c 020101 6007 020103 0400 8000"));
  expect(encodeBind(2, "cn=a", "pw")).toEqual(bytes("3012 020102 600d 020103 0404636e3d61 80027077"));
  expect(encodeStartTls(1)).toEqual(bytes("301d 020101 7718 8016 312e332e362e312e342e312e313436362e3230303337"));
  expect(encodeUnbind(2)).toEqual(bytes("3005 020102 4200"));
  expect(encodeSearch(2, { base: "", present: "objectClass", attributes: [] })).toEqual(bytes("302a 020102 6325 0400 0a0100 0a0100 020101 020100 010100 870b6f626a656374436c617373 3005 0403312e31"));
});

test("responses are read, long lengths and additions included", () => {
  const result = { kind: "result", id: 1, operation: "bind", code: 0, matchedDn: "", diagnostic: "", oid: "" };
  expect(decodeLdap(BOUND)).toEqual(result);
  expect(decodeLdap(bytes("308400000010 020101 618400000007 0a0100 0400 0400"))).toEqual(result);
  expect(decodeLdap(bytes("3014 020101 6107 0a0130 0400 0400 a006 3004 0402 3132"))).toMatchObject({ code: 48 });
  expect(decodeLdap(bytes("300e 020101 6109 0a0131 0400 0402 6e6f"))).toMatchObject({ code: 49, diagnostic: "no" });
  const notice = ber(0x30, berInteger(0), ber(0x78, ber(0x0a, Uint8Array.of(52)), berText(""), berText("bye"), berText("1.3.6.1.4.1.1466.20036", 0x8a)));
  expect(decodeLdap(notice)).toEqual({ kind: "result", id: 0, operation: "extended", code: 52, matchedDn: "", diagnostic: "bye", oid: "1.3.6.1.4.1.1466.20036" });
  expect(decodeLdap(ENTRY)).toEqual({ kind: "entry", id: 2, dn: "", attributes: [{ name: "namingContexts", values: [new TextEncoder().encode("dc=example,d")] }] });
  expect(decodeLdap(bytes("3009 020102 7304 0402 6c64"))).toEqual({ kind: "passed", id: 2 });
});

test("what is no message is told as such", () => {
  const wrong = (hex: string): unknown => decodeLdap(bytes(hex));
  expect(wrong("")).toEqual({ kind: "bad", reason: "no LDAP message" });
  expect(decodeLdap(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n"))).toEqual({ kind: "bad", reason: "no LDAP message" });
  expect(wrong("300c 020101 6107 0a0100 0400 0400 00")).toMatchObject({ kind: "bad" });
  expect(wrong("3003 020101")).toMatchObject({ reason: "an LDAP message without id or operation" });
  expect(wrong("3005 020101 0400")).toMatchObject({ reason: "an operation that LDAP does not know" });
  expect(wrong("300a 020101 6105 0a0100 0400")).toMatchObject({ reason: "an LDAP result that lacks its parts" });
  expect(wrong("3007 020101 6402 0400")).toMatchObject({ reason: "an LDAP entry that lacks its parts" });
});

test("codes have their names", () => {
  expect(ldapResultName(48)).toBe("inappropriateAuthentication");
  expect(ldapResultName(4096)).toBe("result 4096");
});

test("any bytes and any change of a message: a value, never an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (any) => decodeLdap(any).kind !== undefined));
  const changed = fc.tuple(fc.constantFrom(BOUND, ENTRY), fc.nat(60), fc.nat(255), fc.nat(60));
  fc.assert(
    fc.property(changed, ([whole, at, octet, cut]) => {
      const other = Uint8Array.from(whole);
      other[at % other.length] = octet;
      return decodeLdap(other.subarray(0, cut)).kind !== undefined && decodeLdap(other).kind !== undefined;
    }),
  );
});
