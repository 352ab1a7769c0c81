import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeHealthAnswer, encodeHealthRequest, grpcStatusName, grpcWords } from "./grpc.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const read = (text: string): unknown => decodeHealthAnswer(new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex")));

test("requests, byte by byte", () => {
  expect(hex(encodeHealthRequest(""))).toBe("0000000000");
  expect(hex(encodeHealthRequest("shop"))).toBe("00000000060a0473686f70");
  expect(hex(encodeHealthRequest("x".repeat(200)).subarray(0, 8))).toBe("00000000cb0ac801");
});

test("answers", () => {
  expect(read("0000000002 0801")).toEqual({ kind: "answer", serving: "SERVING" });
  expect(read("0000000002 0802")).toEqual({ kind: "answer", serving: "NOT_SERVING" });
  expect(read("0000000000")).toEqual({ kind: "answer", serving: "UNKNOWN" });
  expect(read("0000000002 0809")).toEqual({ kind: "answer", serving: "9" });
  // fields that are not known yet: of every type
  expect(read("0000000016 1001 1a026162 2100000000000000ff 2d000000ff 0801")).toEqual({ kind: "answer", serving: "SERVING" });
});

test("what is no answer", () => {
  expect(read("")).toEqual({ kind: "bad", reason: "no gRPC message" });
  expect(read("0100000002 0801")).toEqual({ kind: "bad", reason: "a compressed message, which was not asked for" });
  expect(read("0000000003 0801")).toEqual({ kind: "bad", reason: "a message of 2 bytes that announces 3" });
  for (const cut of ["0000000001 08", "0000000002 1aff", "0000000002 1a05", "0000000001 0b", `000000000c 08${"ff".repeat(11)}`]) expect(read(cut), cut).toEqual({ kind: "bad", reason: "a field that is cut short" });
});

test("statuses and words", () => {
  expect([grpcStatusName(0), grpcStatusName(14), grpcStatusName(99)]).toEqual(["OK", "UNAVAILABLE", "status 99"]);
  expect([grpcWords("not%20here"), grpcWords("100%")]).toEqual(["not here", "100%"]);
});

test("any bytes, framed or not: a value, never an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (any) => decodeHealthAnswer(any).kind !== undefined));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (any) => decodeHealthAnswer(Uint8Array.of(0, 0, 0, 0, any.length, ...any)).kind !== undefined));
});
