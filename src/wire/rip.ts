import { createHash, timingSafeEqual } from "node:crypto";

/** RIP version 2 (RFC 2453) with its authentication by a text (section 4.1) or by keyed MD5 (RFC 2082; RFC 4822, section 2). */

/** The text is at most 16 octets of UTF-8. */
export type RipAuthentication = { readonly kind: "none" } | { readonly kind: "text"; readonly password: string } | { readonly kind: "md5"; readonly password: string; readonly keyId: number };

export interface RipRoute {
  /** `192.0.2.0/24` */
  readonly prefix: string;
  /** 1 to 15; 16: not reachable. */
  readonly metric: number;
}

export const INFINITY = 16;
const REQUEST = 1;
const RESPONSE = 2;
const VERSION = 2;
const HEADER_OCTETS = 4;
const ENTRY_OCTETS = 20;
const SECRET_OCTETS = 16;
/** 25 entries and, with keyed MD5, one more behind them. */
const ENTRIES_MAX = 26;
const AUTHENTICATION = 0xffff;
const INTERNET = 2;
const TEXT = 2;
const KEYED = 3;

const secretOctets = (password: string): Buffer => {
  const octets = Buffer.alloc(SECRET_OCTETS);
  octets.write(password, "utf8");
  return octets;
};

function entry(family: number, type: number): Buffer {
  const bytes = Buffer.alloc(ENTRY_OCTETS);
  bytes.writeUInt16BE(family, 0);
  bytes.writeUInt16BE(type, 2);
  return bytes;
}

/** The digest of RFC 2082, section 3.2.2: the packet up to the digest, then the key where the digest will be. */
function digestOf(packet: Uint8Array, password: string): Buffer {
  return createHash("md5").update(packet).update(secretOctets(password)).digest();
}

/** Entries with what the authentication puts before and behind them. `sequence`: a number that grows, 32 bits. */
function encodeRip(command: 1 | 2, entries: Uint8Array, authentication: RipAuthentication, sequence: number): Uint8Array {
  const header = Uint8Array.of(command, VERSION, 0, 0);
  if (authentication.kind === "none") return Buffer.concat([header, entries]);
  if (authentication.kind === "text") {
    const first = entry(AUTHENTICATION, TEXT);
    first.set(secretOctets(authentication.password), 4);
    return Buffer.concat([header, first, entries]);
  }
  const first = entry(AUTHENTICATION, KEYED);
  first.writeUInt16BE(HEADER_OCTETS + ENTRY_OCTETS + entries.length, 4);
  first.writeUInt8(authentication.keyId, 6);
  first.writeUInt8(SECRET_OCTETS, 7);
  first.writeUInt32BE(sequence >>> 0, 8);
  const signed = Buffer.concat([header, first, entries, Uint8Array.of(0xff, 0xff, 0, 1)]);
  return Buffer.concat([signed, digestOf(signed, authentication.password)]);
}

/** Section 3.9.1: one entry without family and with metric 16 asks for the whole table. */
export function encodeTableRequest(authentication: RipAuthentication, sequence: number): Uint8Array {
  const whole = entry(0, 0);
  whole.writeUInt32BE(INFINITY, 16);
  return encodeRip(REQUEST, whole, authentication, sequence);
}

/** A response with these routes: what a router sends. */
export function encodeResponse(routes: readonly RipRoute[], authentication: RipAuthentication, sequence: number): Uint8Array {
  const entries = routes.map(({ prefix, metric }) => {
    const [address = "", length = "32"] = prefix.split("/");
    const bytes = entry(INTERNET, 0);
    bytes.set(address.split(".").map(Number), 4);
    bytes.writeUInt32BE(maskOf(Number(length)), 8);
    bytes.writeUInt32BE(metric, 16);
    return bytes;
  });
  return encodeRip(RESPONSE, Buffer.concat(entries), authentication, sequence);
}

const maskOf = (length: number): number => (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0);

/** `unauthentic`: a response that may be real, but does not show what was agreed on. */
export type RipMessage =
  | { readonly kind: "response"; readonly routes: readonly RipRoute[] }
  | { readonly kind: "request" }
  | { readonly kind: "unauthentic"; readonly reason: string }
  | { readonly kind: "bad"; readonly reason: string };

const bad = (reason: string): RipMessage => ({ kind: "bad", reason });

/** Reads one datagram. Entries that are none are left out, as section 3.9.2 says. */
export function decodeRip(bytes: Uint8Array, authentication: RipAuthentication): RipMessage {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = (view.length - HEADER_OCTETS) / ENTRY_OCTETS;
  if (!Number.isInteger(entries) || entries < 0 || entries > ENTRIES_MAX || view.readUInt16BE(2) !== 0) return bad("no RIP message");
  const [command = 0, version = 0] = view;
  if (command !== REQUEST && command !== RESPONSE) return bad("no RIP message");
  if (version !== VERSION) return bad(`RIP version ${version}, not 2`);
  if (command === REQUEST) return { kind: "request" };
  const checked = authenticate(view, entries, authentication);
  if (typeof checked === "string") return { kind: "unauthentic", reason: checked };
  const routes: RipRoute[] = [];
  for (let index = checked.from; index < checked.to; index++) {
    const route = routeOf(view.subarray(HEADER_OCTETS + index * ENTRY_OCTETS, HEADER_OCTETS + (index + 1) * ENTRY_OCTETS));
    if (route !== null) routes.push(route);
  }
  return { kind: "response", routes };
}

/** Which entries are routes, or what is wrong with the authentication. */
function authenticate(packet: Buffer, entries: number, wanted: RipAuthentication): { readonly from: number; readonly to: number } | string {
  const has = entries > 0 && packet.readUInt16BE(HEADER_OCTETS) === AUTHENTICATION ? packet.readUInt16BE(HEADER_OCTETS + 2) : null;
  if (wanted.kind === "none") return has === null ? { from: 0, to: entries } : "a response with authentication, and none was configured";
  if (has === null) return "a response without authentication";
  if (has !== (wanted.kind === "text" ? TEXT : KEYED)) return "a response with another kind of authentication";
  if (wanted.kind === "text") {
    const same = timingSafeEqual(packet.subarray(HEADER_OCTETS + 4, HEADER_OCTETS + ENTRY_OCTETS), secretOctets(wanted.password));
    return same ? { from: 1, to: entries } : "a response with another password";
  }
  return authenticateKeyed(packet, entries, wanted);
}

function authenticateKeyed(packet: Buffer, entries: number, { password, keyId }: Extract<RipAuthentication, { kind: "md5" }>): { readonly from: number; readonly to: number } | string {
  const trailer = packet.readUInt16BE(HEADER_OCTETS + 4);
  const id = packet.readUInt8(HEADER_OCTETS + 6);
  if (trailer !== packet.length - ENTRY_OCTETS || entries < 2) return "a response whose authentication is not whole";
  if (packet.readUInt16BE(trailer) !== AUTHENTICATION || packet.readUInt16BE(trailer + 2) !== 1) return "a response whose authentication is not whole";
  if (id !== keyId) return `a response with the key ${id}`;
  const same = timingSafeEqual(digestOf(packet.subarray(0, trailer + 4), password), packet.subarray(trailer + 4));
  return same ? { from: 1, to: entries - 1 } : "a response that another password signed";
}

function routeOf(bytes: Buffer): RipRoute | null {
  const metric = bytes.readUInt32BE(16);
  const mask = bytes.readUInt32BE(8);
  const length = Math.clz32(~mask >>> 0);
  if (bytes.readUInt16BE(0) !== INTERNET || metric < 1 || metric > INFINITY || mask !== maskOf(length)) return null;
  return { prefix: `${bytes.subarray(4, 8).join(".")}/${length}`, metric };
}
