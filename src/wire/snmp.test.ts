import { expect, test } from "vitest";
import { ber, berElements, berInteger } from "./ber.ts";
import { decodeCommunityMessage, decodePdu, encodeCommunityMessage, encodeGet, smallInteger, snmpErrorName } from "./snmp.ts";

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
/** What Net-SNMP answers to the request below. */
const ANSWER = "302b 020101 0406 7075626c6963 a21e 0204 12345678 020100 020100 3010 300e 06082b06010201010300 4302 0131";

test("a request is what Net-SNMP sends", () => {
  const request = encodeCommunityMessage("2c", "public", encodeGet(0x12345678, ["1.3.6.1.2.1.1.3.0"]));
  expect(Buffer.from(request).toString("hex")).toBe("3029020101 0406 7075626c6963 a01c 0204 12345678 020100 020100 300e 300c 06082b06010201010300 0500".replaceAll(" ", ""));
  expect(Buffer.from(encodeCommunityMessage(1, "x", encodeGet(1, []))).toString("hex")).toBe("3013 020100 0401 78 a00b 020101 020100 020100 3000".replaceAll(" ", ""));
});

test("an answer", () => {
  expect(decodeCommunityMessage("2c", hex(ANSWER))).toEqual({ kind: "pdu", pdu: { tag: 0xa2, requestId: 0x12345678, error: 0, errorIndex: 0, bindings: [{ oid: "1.3.6.1.2.1.1.3.0", type: "TimeTicks", value: 3.05 }] } });
  expect(decodeCommunityMessage(1, hex("3013 020100 0401 78 a20b 0201ff 020102 020101 3000"))).toMatchObject({ pdu: { requestId: -1, error: 2, errorIndex: 1, bindings: [] } });
});

test("what is no answer of this version", () => {
  const reason = (digits: string, version: 1 | "2c" = "2c"): string => {
    const read = decodeCommunityMessage(version, hex(digits));
    return read.kind === "bad" ? read.reason : "";
  };
  expect(reason(ANSWER, 1)).toBe("an answer of another version of SNMP");
  expect(reason("")).toBe("0 octets, which are no SNMP message");
  expect(reason(`${ANSWER}00`)).toBe("46 octets, which are no SNMP message");
  expect(reason(ANSWER.slice(0, -2))).toBe("44 octets, which are no SNMP message");
  expect(reason("3003 020101")).toBe("an SNMP message without a whole PDU");
  expect(reason("3005 020101 0400")).toBe("an SNMP message without a whole PDU");
  expect(reason("3010 020101 0400 a209 020101 020100 020100")).toMatch(/without a whole PDU$/);
  expect(reason("3012 020101 0400 a20b 020101 0201ff 020100 3000")).toMatch(/without a whole PDU$/);
  expect(reason("3017 020101 0400 a210 020101 020100 020100 3005 3003 020101")).toMatch(/^an SNMP message with a value that is none$/);
});

test("more values than anybody asks for are not taken apart", () => {
  const list = ber(0x30, ...Array.from({ length: 2001 }, () => ber(0x30)));
  const [pdu] = berElements(ber(0xa2, berInteger(1), berInteger(0), berInteger(0), list)) ?? [];
  expect(pdu === undefined ? null : decodePdu(pdu)).toEqual({ kind: "bad", reason: "an SNMP message with 2001 values" });
});

test("numbers within bounds", () => {
  const number = (value: number): number | null => smallInteger(berElements(berInteger(value))?.[0]);
  expect([number(0), number(2 ** 31 - 1), number(2 ** 31), number(-1)]).toEqual([0, 2 ** 31 - 1, null, null]);
  expect(smallInteger(undefined)).toBeNull();
});

test("errors have names", () => expect([1, 2, 5, 16, 18, 19].map(snmpErrorName)).toEqual(["tooBig", "noSuchName", "genErr", "authorizationError", "inconsistentName", "error 19"]));
