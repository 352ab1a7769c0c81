import { createHash } from "node:crypto";
import { Reader } from "./reader.ts";

/** The protocol between MySQL or MariaDB and its clients (MySQL internals, "Client/Server Protocol"): greeting, login, ping, goodbye. */

export interface MysqlGreeting {
  readonly kind: "greeting";
  /** Without the `5.5.5-` that MariaDB puts before it. */
  readonly version: string;
  /** Whether TLS is offered. */
  readonly tls: boolean;
  readonly plugin: string;
  readonly salt: Uint8Array;
}

export type MysqlPacket =
  | { readonly kind: "ok" }
  | { readonly kind: "error"; readonly code: number; readonly text: string }
  | { readonly kind: "switch"; readonly plugin: string; readonly salt: Uint8Array }
  | { readonly kind: "more"; readonly data: Uint8Array }
  | { readonly kind: "bad"; readonly reason: string };

const CAPABILITY = { longPassword: 0x1, protocol41: 0x200, ssl: 0x800, transactions: 0x2000, secureConnection: 0x8000, pluginAuth: 0x80000 } as const;
const PLAIN = CAPABILITY.longPassword | CAPABILITY.protocol41 | CAPABILITY.transactions | CAPABILITY.secureConnection | CAPABILITY.pluginAuth;
const UTF8 = 45;

/** A payload as a packet of that sequence number. */
export function mysqlPacket(sequence: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  return Buffer.concat([Uint8Array.of(length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, sequence & 0xff), payload]);
}

function head(tls: boolean): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(tls ? PLAIN | CAPABILITY.ssl : PLAIN, 0);
  bytes.writeUInt32LE(1 << 16, 4);
  bytes[8] = UTF8;
  return bytes;
}

/** SSLRequest: the beginning of the login; TLS starts right behind it. */
export const encodeMysqlTls = (): Uint8Array => mysqlPacket(1, head(true));

/** HandshakeResponse41. */
export function encodeMysqlLogin(sequence: number, tls: boolean, user: string, plugin: string, proof: Uint8Array): Uint8Array {
  return mysqlPacket(sequence, Buffer.concat([head(tls), Buffer.from(`${user}\0`), Uint8Array.of(proof.length), proof, Buffer.from(`${plugin}\0`)]));
}

export const encodeMysqlPing = (): Uint8Array => mysqlPacket(0, Uint8Array.of(0x0e));
export const encodeMysqlQuit = (): Uint8Array => mysqlPacket(0, Uint8Array.of(0x01));

const hash = (algorithm: "sha1" | "sha256", ...parts: readonly Uint8Array[]): Buffer => createHash(algorithm).update(Buffer.concat(parts)).digest();
const mixed = (a: Uint8Array, b: Uint8Array): Uint8Array => Uint8Array.from(a, (octet, at) => octet ^ (b[at] ?? 0));

/** What proves that the password is known, without showing it; empty for no password, null for a plugin that is not known here. */
export function mysqlProof(plugin: string, password: string, salt: Uint8Array): Uint8Array | null {
  const secret = Buffer.from(password);
  if (plugin === "mysql_native_password") return secret.length === 0 ? secret : mixed(hash("sha1", secret), hash("sha1", salt, hash("sha1", hash("sha1", secret))));
  if (plugin === "caching_sha2_password") return secret.length === 0 ? secret : mixed(hash("sha256", secret), hash("sha256", hash("sha256", hash("sha256", secret)), salt));
  return null;
}

const u16 = (reader: Reader): number => reader.u8() + reader.u8() * 0x100;

function zeroText(reader: Reader): string {
  const end = reader.bytes.indexOf(0, reader.offset);
  if (end === -1 || end >= reader.end) {
    reader.fail("a text without an end");
    return "";
  }
  const text = new TextDecoder().decode(reader.take(end - reader.offset));
  reader.u8();
  return text;
}

/** The first packet of the server: its greeting (protocol 10), or an error instead. */
export function decodeMysqlGreeting(payload: Uint8Array): MysqlGreeting | MysqlPacket {
  if (payload[0] === 0xff) return decodeMysql(payload);
  const reader = new Reader(payload);
  if (reader.u8() !== 10) return { kind: "bad", reason: "a greeting of another protocol than 10" };
  const version = zeroText(reader).replace(/^5\.5\.5-(?=.*MariaDB)/i, "");
  reader.take(4);
  const first = reader.take(8);
  reader.u8();
  const lower = u16(reader);
  reader.take(3);
  const upper = u16(reader);
  const length = reader.u8();
  reader.take(10);
  const second = reader.take(Math.min(Math.max(13, length - 8), reader.left));
  const plugin = reader.left > 0 ? zeroText(reader) : "mysql_native_password";
  if (reader.bad !== null) return { kind: "bad", reason: `a greeting: ${reader.bad}` };
  const capabilities = lower + upper * 0x10000;
  if ((capabilities & CAPABILITY.protocol41) === 0) return { kind: "bad", reason: "a greeting of a server before 4.1" };
  return { kind: "greeting", version, tls: (capabilities & CAPABILITY.ssl) !== 0, plugin, salt: Buffer.concat([first, second]).subarray(0, 20) };
}

/** A packet that answers a login or a command. */
export function decodeMysql(payload: Uint8Array): MysqlPacket {
  const reader = new Reader(payload);
  const kind = reader.u8();
  const packet = ((): MysqlPacket => {
    if (kind === 0x00) return { kind: "ok" };
    if (kind === 0x01) return { kind: "more", data: reader.take(reader.left) };
    if (kind === 0xfe) return { kind: "switch", plugin: zeroText(reader), salt: reader.take(reader.left).subarray(0, 20) };
    if (kind !== 0xff) return { kind: "bad", reason: `a packet of kind ${kind}` };
    const code = u16(reader);
    // Before the greeting there is no SQLSTATE.
    return { kind: "error", code, text: new TextDecoder().decode(reader.take(reader.left)).replace(/^#.{5}/, "") };
  })();
  return reader.bad === null ? packet : { kind: "bad", reason: `a packet: ${reader.bad}` };
}
