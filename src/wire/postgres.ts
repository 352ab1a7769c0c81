import { createHash } from "node:crypto";
import { Reader } from "./reader.ts";

/** The protocol 3.0 between PostgreSQL and its clients ("Frontend/Backend Protocol" in its documentation): starting up, logging in, one simple query. */

export type PostgresMessage =
  | { readonly kind: "authentication"; readonly method: number; /** Salt, mechanisms or SASL data. */ readonly data: Uint8Array }
  | { readonly kind: "error"; readonly severity: string; readonly code: string; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string; readonly value: string }
  /** Columns as text, null for NULL. */
  | { readonly kind: "row"; readonly columns: readonly (string | null)[] }
  | { readonly kind: "ready" }
  /** Any other message: its letter. */
  | { readonly kind: "other"; readonly letter: string }
  | { readonly kind: "bad"; readonly reason: string };

/** Numbers of the authentication request. */
export const AUTHENTICATION = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;

const i32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const zeroEnded = (text: string): Buffer => Buffer.from(`${text}\0`);
const message = (letter: string, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(letter, "latin1"), i32(body.length + 4), body]);
};

/** Asks whether TLS may begin; one letter is the answer. */
export const encodeSslRequest = (): Uint8Array => Buffer.concat([i32(8), i32(80_877_103)]);

export function encodeStartup(user: string, database: string): Uint8Array {
  const body = Buffer.concat([i32(196_608), ...["user", user, "database", database, "application_name", "tocsin", ""].map(zeroEnded)]);
  return Buffer.concat([i32(body.length + 4), body]);
}

export const encodePassword = (password: string): Uint8Array => message("p", zeroEnded(password));
export const encodeSaslFirst = (mechanism: string, first: string): Uint8Array => message("p", zeroEnded(mechanism), i32(Buffer.byteLength(first)), Buffer.from(first));
export const encodeSaslResponse = (response: string): Uint8Array => message("p", Buffer.from(response));
export const encodeQuery = (sql: string): Uint8Array => message("Q", zeroEnded(sql));
export const encodeTerminate = (): Uint8Array => message("X");

/** What MD5 authentication sends in place of the password. */
export function md5Password(user: string, password: string, salt: Uint8Array): string {
  const md5 = (...parts: readonly (string | Uint8Array)[]): string => {
    const hash = createHash("md5");
    for (const part of parts) hash.update(part);
    return hash.digest("hex");
  };
  return `md5${md5(md5(password, user), salt)}`;
}

/** One message of the server: its letter, and the body that follows the length. */
export function decodePostgres(letter: string, body: Uint8Array): PostgresMessage {
  const reader = new Reader(body);
  const read = decodeBody(letter, reader);
  return reader.bad === null ? read : { kind: "bad", reason: `a message ${letter}: ${reader.bad}` };
}

function decodeBody(letter: string, reader: Reader): PostgresMessage {
  switch (letter) {
    case "R":
      return { kind: "authentication", method: reader.u32(), data: reader.take(reader.left) };
    case "E":
      return errorOf(reader);
    case "S":
      return { kind: "parameter", name: zeroText(reader), value: zeroText(reader) };
    case "D":
      return rowOf(reader);
    case "Z":
      reader.u8();
      return { kind: "ready" };
    default:
      return { kind: "other", letter };
  }
}

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

/** The fields of an error by letter; V (never translated) goes before S. */
function errorOf(reader: Reader): PostgresMessage {
  const fields = new Map<string, string>();
  for (let field = reader.u8(); field !== 0 && reader.bad === null; field = reader.u8()) fields.set(String.fromCharCode(field), zeroText(reader));
  return { kind: "error", severity: fields.get("V") ?? fields.get("S") ?? "", code: fields.get("C") ?? "", text: fields.get("M") ?? "" };
}

function rowOf(reader: Reader): PostgresMessage {
  const columns: (string | null)[] = [];
  for (let left = reader.u16(); left > 0 && reader.bad === null; left--) {
    const length = reader.u32();
    columns.push(length === 0xffff_ffff ? null : new TextDecoder().decode(reader.take(length)));
  }
  return { kind: "row", columns };
}

/** Texts one behind the other, each ended by a zero, an empty one last: the mechanisms of SASL. */
export function zeroEndedList(data: Uint8Array): readonly string[] {
  return Buffer.from(data).toString("latin1").split("\0").filter((name) => name !== "");
}
