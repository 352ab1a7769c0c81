import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMysql, decodeMysqlGreeting, encodeMysqlLogin, encodeMysqlPing, encodeMysqlQuit, encodeMysqlTls, mysqlProof } from "./mysql.ts";

const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString("hex");
const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const greeting = (version: string, lower = "\xff\xff"): Uint8Array => bytes(`\x0a${version}\0\x05\0\0\0abcdefgh\0${lower}\x2d\x02\0\xff\x81\x15${"\0".repeat(10)}ijklmnopqrst\0mysql_native_password\0`);

test("packets are those of the documentation", () => {
  expect(hex(encodeMysqlPing())).toBe("010000000e");
  expect(hex(encodeMysqlQuit())).toBe("0100000001");
  expect(hex(encodeMysqlTls())).toBe(`2000000101aa0800000001002d${"00".repeat(23)}`);
  expect(hex(encodeMysqlLogin(1, false, "u", "p", Uint8Array.of(9)))).toBe(`2600000101a20800000001002d${"00".repeat(23)}750001097000`);
});

test("greetings are read", () => {
  expect(decodeMysqlGreeting(greeting("5.5.5-10.11.19-MariaDB"))).toEqual({ kind: "greeting", version: "10.11.19-MariaDB", tls: true, plugin: "mysql_native_password", salt: bytes("abcdefghijklmnopqrst") });
  expect(decodeMysqlGreeting(greeting("8.0.36", "\xff\xf7"))).toMatchObject({ version: "8.0.36", tls: false });
  expect(decodeMysqlGreeting(bytes("\xff\x10\x04Too many connections"))).toEqual({ kind: "error", code: 1040, text: "Too many connections" });
  for (const wrong of ["", "\x09x\0", "\x0a8.0", "\x0a8.0\0\x05\0\0\0abc"]) expect(decodeMysqlGreeting(bytes(wrong)).kind, wrong).toBe("bad");
  expect(decodeMysqlGreeting(greeting("4.0", "\x01\x00")).kind).toBe("bad");
});

test("answers are read", () => {
  expect(decodeMysql(bytes("\0\0\0\x02\0\0\0"))).toEqual({ kind: "ok" });
  expect(decodeMysql(bytes("\xff\x15\x04#28000Access denied"))).toEqual({ kind: "error", code: 1045, text: "Access denied" });
  expect(decodeMysql(bytes("\xfemysql_native_password\0abcdefghijklmnopqrst\0"))).toEqual({ kind: "switch", plugin: "mysql_native_password", salt: bytes("abcdefghijklmnopqrst") });
  expect(decodeMysql(bytes("\x01\x03"))).toEqual({ kind: "more", data: bytes("\x03") });
  for (const wrong of ["", "\xff", "\xfeabc", "\x02"]) expect(decodeMysql(bytes(wrong)).kind, wrong).toBe("bad");
});

test("proofs have the length of their digest, and none shows an empty password", () => {
  const salt = bytes("abcdefghijklmnopqrst");
  expect(mysqlProof("mysql_native_password", "secret", salt)).toHaveLength(20);
  expect(mysqlProof("caching_sha2_password", "secret", salt)).toHaveLength(32);
  expect(mysqlProof("caching_sha2_password", "", salt)).toHaveLength(0);
  expect(mysqlProof("client_ed25519", "secret", salt)).toBeNull();
});

test("any bytes and any cut: a value, never an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (any) => decodeMysql(any).kind.length > 0 && decodeMysqlGreeting(any).kind.length > 0));
  fc.assert(fc.property(fc.nat(90), fc.nat(90), fc.nat(255), (cut, at, octet) => { const other = Uint8Array.from(greeting("8.0")); other[at % other.length] = octet; return decodeMysqlGreeting(other.subarray(0, cut)).kind.length > 0; }));
});
