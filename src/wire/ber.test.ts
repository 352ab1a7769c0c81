import fc from "fast-check";
import { expect, test } from "vitest";
import { BER, ber, berBoolean, berElements, berFrame, berInteger, berText, integerOf } from "./ber.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

test("elements are the octets of X.690", () => {
  expect(ber(BER.sequence, berInteger(1), berText("ab"))).toEqual(bytes("3007 020101 04026162"));
  expect(ber(BER.octets, new Uint8Array(200)).subarray(0, 3)).toEqual(bytes("0481c8"));
  expect(ber(BER.octets, new Uint8Array(70_000)).subarray(0, 5)).toEqual(bytes("0483011170"));
  expect(berBoolean(true)).toEqual(bytes("0101ff"));
  expect(berInteger(0)).toEqual(bytes("020100"));
  expect(berInteger(127)).toEqual(bytes("02017f"));
  expect(berInteger(128)).toEqual(bytes("02020080"));
  expect(berInteger(-128)).toEqual(bytes("020180"));
  expect(berInteger(-129)).toEqual(bytes("0202ff7f"));
});

test("frames tell what is missing and what is wrong", () => {
  expect(berFrame(bytes(""))).toEqual({ kind: "more" });
  expect(berFrame(bytes("30"))).toEqual({ kind: "more" });
  expect(berFrame(bytes("3084000000"))).toEqual({ kind: "more" });
  expect(berFrame(bytes("308400000010"))).toEqual({ kind: "frame", tag: 0x30, header: 6, total: 22 });
  expect(berFrame(bytes("00 0405"), 1)).toEqual({ kind: "frame", tag: 4, header: 2, total: 7 });
  expect(berFrame(bytes("3080"))).toEqual({ kind: "bad", reason: "an indefinite length" });
  expect(berFrame(bytes("3085"))).toEqual({ kind: "bad", reason: "a length of 5 octets" });
  expect(berFrame(bytes("1f81"))).toEqual({ kind: "bad", reason: "a tag of several octets" });
});

test("contents that are none", () => {
  expect(integerOf(bytes(""))).toBeNull();
  expect(integerOf(new Uint8Array(10))).toBeNull();
  expect(integerOf(bytes("00ffffffffffffffff"))).toBe(18_446_744_073_709_551_615n);
});

test("numbers and elements come back as they went", () => {
  const content = (element: Uint8Array): Uint8Array => berElements(element)?.[0]?.content ?? new Uint8Array(0);
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => integerOf(content(berInteger(value))) === value));
  const parts = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 });
  fc.assert(
    fc.property(parts, (contents) => {
      const elements = berElements(Buffer.concat(contents.map((each) => ber(BER.octets, each))));
      expect(elements?.map((each) => Uint8Array.from(each.content))).toEqual(contents);
    }),
  );
});

test("any bytes: no exception, and elements never reach beyond them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (any) => {
      const elements = berElements(any);
      integerOf(any);
      const sum = elements?.reduce((total, each) => total + each.content.length, 0) ?? 0;
      expect(sum).toBeLessThanOrEqual(any.length);
    }),
  );
});

test("a cut element is not whole", () => {
  const whole = ber(BER.sequence, berInteger(7), berText("x".repeat(200)));
  for (let cut = 1; cut < whole.length; cut++) expect(berElements(whole.subarray(0, cut))).toBeNull();
});
