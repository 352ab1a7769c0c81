import { createCipheriv, createDecipheriv, createHmac, createSecretKey, timingSafeEqual } from "node:crypto";

/**
 * The first packets of OpenVPN: the client's reset and the server's answer, bare or wrapped by tls-auth, tls-crypt or tls-crypt-v2
 * (OpenVPN wire protocol, sections "Control channel" and "Protecting the control channel"; doc/tls-crypt-v2.txt).
 */

export const DIGESTS = ["MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"] as const;
export type Digest = (typeof DIGESTS)[number];

/** 256 octets: two times 64 for the cipher and 64 for the authentication. */
export type StaticKey = Uint8Array;

export type Protection =
  | { readonly kind: "none" }
  /** `direction`: ours; null when the key is used one way. */
  | { readonly kind: "tls-auth"; readonly key: StaticKey; readonly direction: 0 | 1 | null; readonly digest: Digest }
  | { readonly kind: "tls-crypt"; readonly key: StaticKey }
  /** `wrapped`: our key as only the server can read it. */
  | { readonly kind: "tls-crypt-v2"; readonly key: StaticKey; readonly wrapped: Uint8Array };

const KEY_OCTETS = 256;
const RESET_CLIENT_V2 = 7 << 3;
const RESET_CLIENT_V3 = 10 << 3;
const RESET_SERVER_V2 = 8;
const SESSION_OCTETS = 8;
const ACKS_MAX = 8;
/** Replay id and time. */
const REPLAY_OCTETS = 8;
const TAG_OCTETS = 32;

/** A static key file's text (`openvpn --genkey secret`); null when it is none. */
export function parseStaticKey(text: string): StaticKey | null {
  const [, body = ""] = /-----BEGIN OpenVPN Static key V1-----([\s0-9a-fA-F]*)-----END OpenVPN Static key V1-----/.exec(text) ?? [];
  const key = Uint8Array.from(Buffer.from(body.replaceAll(/\s/g, ""), "hex"));
  return key.length === KEY_OCTETS ? key : null;
}

/** A client's key file for tls-crypt-v2: our key and the wrapped one after it; null when it is none. */
export function parseClientKey(text: string): { readonly key: StaticKey; readonly wrapped: Uint8Array } | null {
  const [, body = ""] = /-----BEGIN OpenVPN tls-crypt-v2 client key-----([\sA-Za-z0-9+/=]*)-----END OpenVPN tls-crypt-v2 client key-----/.exec(text) ?? [];
  const both = Uint8Array.from(Buffer.from(body.replaceAll(/\s/g, ""), "base64"));
  // the wrapped key holds at least a tag, the key and its length, and at most what fits a packet
  return both.length < KEY_OCTETS + TAG_OCTETS + KEY_OCTETS + 2 || both.length > KEY_OCTETS + 1024 ? null : { key: both.subarray(0, KEY_OCTETS), wrapped: both.subarray(KEY_OCTETS) };
}

export interface Reset {
  /** 8 random octets. */
  readonly session: Uint8Array;
  readonly nowS: number;
}

const part = (key: StaticKey, offset: number, length: number): Uint8Array => key.subarray(offset, offset + length);
const digestLength = (digest: Digest): number => createHmac(digest, "").digest().length;

/** Our authentication key and the server's. */
function authKeys(key: StaticKey, direction: 0 | 1 | null, length: number): { readonly send: Uint8Array; readonly receive: Uint8Array } {
  const first = part(key, 64, length);
  const second = part(key, 192, length);
  if (direction === null) return { send: first, receive: first };
  return direction === 1 ? { send: second, receive: first } : { send: first, receive: second };
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** P_CONTROL_HARD_RESET_CLIENT_V2, or V3 for tls-crypt-v2: the first packet of a session, with replay id 1. */
export function encodeClientReset(protection: Protection, { session, nowS }: Reset): Uint8Array {
  const header = Buffer.concat([Uint8Array.of(protection.kind === "tls-crypt-v2" ? RESET_CLIENT_V3 : RESET_CLIENT_V2), session]);
  // no packet is acknowledged, and this one is number 0
  const content = new Uint8Array(5);
  const replay = Buffer.concat([u32(1), u32(nowS)]);
  if (protection.kind === "none") return Buffer.concat([header, content]);
  if (protection.kind === "tls-auth") {
    const { send } = authKeys(protection.key, protection.direction, digestLength(protection.digest));
    const mac = createHmac(protection.digest, createSecretKey(send)).update(replay).update(header).update(content).digest();
    return Buffer.concat([header, mac, replay, content]);
  }
  const tag = createHmac("sha256", createSecretKey(part(protection.key, 192, 32))).update(header).update(replay).update(content).digest();
  const cipher = createCipheriv("aes-256-ctr", createSecretKey(part(protection.key, 128, 32)), tag.subarray(0, 16));
  const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([header, replay, tag, encrypted, protection.kind === "tls-crypt-v2" ? protection.wrapped : new Uint8Array(0)]);
}

/** `other`: another packet of OpenVPN, which may come before or after. */
export type ServerReset = { readonly kind: "reset"; readonly session: Uint8Array } | { readonly kind: "other"; readonly opcode: number } | { readonly kind: "bad"; readonly reason: string };

const bad = (reason: string): ServerReset => ({ kind: "bad", reason });

/** Reads P_CONTROL_HARD_RESET_SERVER_V2 that answers our session: only who saw our reset knows its id, and only who has the key can say so. */
export function decodeServerReset(bytes: Uint8Array, protection: Protection, ours: Uint8Array): ServerReset {
  const [first] = bytes;
  if (first === undefined) return bad("an empty packet");
  const opcode = first >> 3;
  if (opcode < 1 || opcode > 11) return bad("no packet of OpenVPN");
  if (opcode !== RESET_SERVER_V2) return { kind: "other", opcode };
  if (bytes.length < 1 + SESSION_OCTETS) return bad("a reset that is cut short");
  const opened = unwrap(bytes.subarray(0, 1 + SESSION_OCTETS), bytes.subarray(1 + SESSION_OCTETS), protection);
  if (opened.kind === "bad") return opened;
  const content = Buffer.from(opened.content);
  const [acks = 0] = content;
  if (acks > ACKS_MAX || content.length < 1 + acks * 4 + (acks > 0 ? SESSION_OCTETS : 0) + 4) return bad("a reset that is cut short");
  const acked = Array.from({ length: acks }, (_, index) => content.readUInt32BE(1 + index * 4));
  if (!acked.includes(0)) return bad("a reset that does not answer ours");
  const echoed = content.subarray(1 + acks * 4, 1 + acks * 4 + SESSION_OCTETS);
  return echoed.equals(ours) ? { kind: "reset", session: Uint8Array.from(bytes.subarray(1, 1 + SESSION_OCTETS)) } : bad("a reset of another session");
}

type Opened = { readonly kind: "opened"; readonly content: Uint8Array } | { readonly kind: "bad"; readonly reason: string };

const forged: Opened = { kind: "bad", reason: "a reset whose signature does not fit the key" };
const short: Opened = { kind: "bad", reason: "a reset that is cut short" };

function unwrap(header: Uint8Array, rest: Uint8Array, protection: Protection): Opened {
  if (protection.kind === "none") return { kind: "opened", content: rest };
  if (protection.kind === "tls-auth") {
    const length = digestLength(protection.digest);
    if (rest.length < length + REPLAY_OCTETS) return short;
    const { receive } = authKeys(protection.key, protection.direction, length);
    const content = rest.subarray(length + REPLAY_OCTETS);
    const mac = createHmac(protection.digest, createSecretKey(receive)).update(rest.subarray(length, length + REPLAY_OCTETS)).update(header).update(content).digest();
    return timingSafeEqual(mac, rest.subarray(0, length)) ? { kind: "opened", content } : forged;
  }
  if (rest.length < REPLAY_OCTETS + TAG_OCTETS) return short;
  const tag = rest.subarray(REPLAY_OCTETS, REPLAY_OCTETS + TAG_OCTETS);
  const decipher = createDecipheriv("aes-256-ctr", createSecretKey(part(protection.key, 0, 32)), tag.subarray(0, 16));
  const content = Buffer.concat([decipher.update(rest.subarray(REPLAY_OCTETS + TAG_OCTETS)), decipher.final()]);
  const right = createHmac("sha256", createSecretKey(part(protection.key, 64, 32))).update(header).update(rest.subarray(0, REPLAY_OCTETS)).update(content).digest();
  return timingSafeEqual(right, tag) ? { kind: "opened", content } : forged;
}
