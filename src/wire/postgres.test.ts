import fc from "fast-check";
import { expect, test } from "vitest";
import { decodePostgres, encodeQuery, encodeSaslFirst, encodeSslRequest, encodeStartup, encodeTerminate, md5Password, zeroEndedList } from "./postgres.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const body = (text: string): Uint8Array => Buffer.from(text, "latin1");

test("messages are those of the documentation", () => {
  expect(hex(encodeSslRequest())).toBe("0000000804d2162f");
  expect(hex(encodeTerminate())).toBe("5800000004");
  expect(hex(encodeQuery("SELECT 1"))).toBe("510000000d53454c454354203100");
  expect(Buffer.from(encodeStartup("u", "d")).toString("latin1")).toBe("\0\0\0\x33\0\x03\0\0user\0u\0database\0d\0application_name\0tocsin\0\0");
  expect(Buffer.from(encodeSaslFirst("M", "n,,")).toString("latin1")).toBe("p\0\0\0\x0dM\0\0\0\0\x03n,,");
});

test("messages of the server are read", () => {
  expect(decodePostgres("R", body("\0\0\0\x0aSCRAM-SHA-256\0\0"))).toMatchObject({ kind: "authentication", method: 10 });
  expect(decodePostgres("E", body("SFATAL\0VFATAL\0C28000\0Mno\0\0"))).toEqual({ kind: "error", severity: "FATAL", code: "28000", text: "no" });
  expect(decodePostgres("S", body("server_version\x0015.4\0"))).toEqual({ kind: "parameter", name: "server_version", value: "15.4" });
  expect(decodePostgres("D", body("\0\x02\0\0\0\x011\xff\xff\xff\xff"))).toEqual({ kind: "row", columns: ["1", null] });
  expect(decodePostgres("Z", body("I"))).toEqual({ kind: "ready" });
  expect(decodePostgres("K", body("12345678"))).toEqual({ kind: "other", letter: "K" });
  expect(zeroEndedList(body("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"))).toEqual(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]);
});

test("cut messages are told as such", () => {
  for (const [letter, text] of [["R", "\0\0\0"], ["E", "SFATAL"], ["E", ""], ["S", "name\0"], ["D", "\0\x01\0\0\0\x05ab"], ["D", "\xff\xff"], ["Z", ""]] as const) expect(decodePostgres(letter, body(text)).kind, letter).toBe("bad");
});

test("MD5 is made of password, user and salt", () => expect(md5Password("md5_user", "password", Uint8Array.of(1, 2, 3, 4))).toMatch(/^md5[0-9a-f]{32}$/));

test("any bytes: a value, never an exception", () => {
  fc.assert(fc.property(fc.constantFrom("R", "E", "S", "D", "Z", "v"), fc.uint8Array({ maxLength: 60 }), (letter, any) => decodePostgres(letter, any).kind.length > 0 && zeroEndedList(any).length >= 0));
});
