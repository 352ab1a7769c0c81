import fc from "fast-check";
import { expect, test } from "vitest";
import { OPCODE, acceptOf, closePayload, closeReason, decodeHeader, encodeFrame } from "./websocket.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const MASK = bytes("37fa213d");

test("the proof of RFC 6455, section 1.3", () => expect(acceptOf("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));

test("the masked frame of RFC 6455, section 5.7", () => expect(Buffer.from(encodeFrame(OPCODE.text, Buffer.from("Hello"), MASK)).toString("hex")).toBe("818537fa213d7f9f4d5158"));

test("headers of section 5.7", () => {
  expect(decodeHeader(bytes("8105"))).toEqual({ kind: "frame", last: true, opcode: 1, length: 5 });
  expect(decodeHeader(bytes("0103"))).toEqual({ kind: "frame", last: false, opcode: 1, length: 3 });
  expect(decodeHeader(bytes("827e0100"))).toEqual({ kind: "frame", last: true, opcode: 2, length: 256 });
  expect(decodeHeader(bytes("827f0000000000010000"))).toEqual({ kind: "frame", last: true, opcode: 2, length: 65_536 });
  expect([decodeHeader(bytes("")), decodeHeader(bytes("827e01")), decodeHeader(bytes("827f01"))]).toEqual([{ kind: "more", header: 2 }, { kind: "more", header: 4 }, { kind: "more", header: 10 }]);
});

test("what no server may send", () => {
  const wrong = (hex: string): unknown => decodeHeader(bytes(hex));
  expect(wrong("8185")).toEqual({ kind: "bad", reason: "a masked frame, which only clients send" });
  expect(wrong("c105")).toEqual({ kind: "bad", reason: "a frame of an extension that was not agreed on" });
  expect(wrong("8305")).toEqual({ kind: "bad", reason: "a frame of the unknown kind 3" });
  expect(wrong("0900")).toEqual({ kind: "bad", reason: "a control frame that is cut or too long" });
  expect(wrong("897e0100")).toEqual({ kind: "bad", reason: "a control frame that is cut or too long" });
  for (const long of ["817e0005", "817f0000000000000005", "817fffffffffffffffff"]) expect(wrong(long), long).toEqual({ kind: "bad", reason: "a length that is not written as it must be" });
});

test("a close frame has its reason", () => {
  expect(closeReason(Buffer.concat([closePayload(1001), Buffer.from("going")]))).toEqual({ code: 1001, words: "going" });
  expect(closeReason(new Uint8Array(0))).toEqual({ code: 1005, words: "" });
});

test("any bytes: a value, never an exception; frames of every length have their header", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), (any) => decodeHeader(any).kind !== undefined && closeReason(any).code >= 0));
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 125, 126, 65_535, 65_536, 70_000), (length) => {
      const frame = encodeFrame(OPCODE.binary, new Uint8Array(length), MASK);
      frame[1] = (frame[1] ?? 0) & 0x7f;
      expect(decodeHeader(frame)).toEqual({ kind: "frame", last: true, opcode: 2, length });
    }),
  );
});
