import { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { BER, type BerElement, ber, berElements, berFrame, berInteger, berText } from "./ber.ts";
import { type Bad, type SnmpPdu, decodePdu, smallInteger } from "./snmp.ts";

/** Messages of version 3 (RFC 3412, section 6) under the user-based security model (RFC 3414): digests of RFC 3414 and 7860, privacy of RFC 3414 and 3826. */

export const SNMP_AUTH_PROTOCOLS = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const;
export type SnmpAuthProtocol = (typeof SNMP_AUTH_PROTOCOLS)[number];
export const SNMP_PRIVACY_PROTOCOLS = ["aes128", "des"] as const;
export type SnmpPrivacyProtocol = (typeof SNMP_PRIVACY_PROTOCOLS)[number];

/** Octets of a digest that are sent (RFC 3414, section 6; RFC 7860, section 4.1). */
const DIGEST_OCTETS: { readonly [protocol in SnmpAuthProtocol]: number } = { md5: 12, sha1: 12, sha224: 16, sha256: 24, sha384: 32, sha512: 48 };
const PASSWORD_STRETCH = 1_048_576;
const PASSWORD_CHUNK = 4096;
const SALT_OCTETS = 8;
const SECURITY_MODEL = 3;
const FLAG = { signed: 1, sealed: 2, reportable: 4 } as const;
/** What we take in one datagram: all that UDP can carry. */
const SIZE_MAX = 65_507;
const ENGINE_OCTETS_MAX = 32;
const USER_OCTETS_MAX = 32;

/** The key of a password for all engines (RFC 3414, section A.2): the digest of a mebibyte of it, some milliseconds of work. */
export function passwordKey(protocol: SnmpAuthProtocol, password: string): Uint8Array {
  const octets = Buffer.from(password, "utf8");
  const chunk = Buffer.alloc(octets.length * Math.ceil(PASSWORD_CHUNK / octets.length), octets);
  const hash = createHash(protocol);
  for (let left = PASSWORD_STRETCH; left > 0; left -= chunk.length) hash.update(left < chunk.length ? chunk.subarray(0, left) : chunk);
  return hash.digest();
}

/** The same for one engine (RFC 3414, section 2.6). */
export function localizedKey(protocol: SnmpAuthProtocol, key: Uint8Array, engine: Uint8Array): Uint8Array {
  return createHash(protocol).update(key).update(engine).update(key).digest();
}

/** Keys are localized for the engine. Privacy without a digest does not exist. */
export interface SnmpUser {
  readonly name: string;
  readonly auth: { readonly protocol: SnmpAuthProtocol; readonly key: Uint8Array } | null;
  readonly privacy: { readonly protocol: SnmpPrivacyProtocol; readonly key: Uint8Array } | null;
}

/** The agent, and its clock: how often it started, and seconds since. */
export interface SnmpEngine {
  readonly id: Uint8Array;
  readonly boots: number;
  readonly time: number;
}

export interface SnmpV3Request {
  readonly messageId: number;
  readonly engine: SnmpEngine;
  readonly user: SnmpUser;
  readonly context: string;
  readonly pdu: Uint8Array;
  /** 8 octets that were never used with this key. */
  readonly salt: Uint8Array;
}

/** With an empty engine id and user it asks who is there (RFC 3414, section 4). */
export const SNMP_NOBODY: SnmpUser = { name: "", auth: null, privacy: null };

export function encodeV3({ messageId, engine, user, context, pdu, salt }: SnmpV3Request): Uint8Array {
  const flags = FLAG.reportable + (user.auth === null ? 0 : FLAG.signed) + (user.privacy === null ? 0 : FLAG.sealed);
  const scoped = ber(BER.sequence, ber(BER.octets, engine.id), berText(context), pdu);
  const sealed = user.privacy === null ? null : seal(user.privacy, scoped, engine, salt);
  const digest = new Uint8Array(user.auth === null ? 0 : DIGEST_OCTETS[user.auth.protocol]);
  const security = ber(BER.sequence, ber(BER.octets, engine.id), berInteger(engine.boots), berInteger(engine.time), berText(user.name), ber(BER.octets, digest), ber(BER.octets, sealed?.salt ?? new Uint8Array(0)));
  const global = ber(BER.sequence, berInteger(messageId), berInteger(SIZE_MAX), ber(BER.octets, Uint8Array.of(flags)), berInteger(SECURITY_MODEL));
  const message = ber(BER.sequence, berInteger(3), global, ber(BER.octets, security), sealed === null ? scoped : ber(BER.octets, sealed.octets));
  const place = partsOf(message)?.digest;
  if (user.auth !== null && place !== undefined) place.set(digestOf(user.auth, message));
  return message;
}

function digestOf({ protocol, key }: NonNullable<SnmpUser["auth"]>, message: Uint8Array): Uint8Array {
  return createHmac(protocol, createSecretKey(key)).update(message).digest().subarray(0, DIGEST_OCTETS[protocol]);
}

const clockOctets = ({ boots, time }: SnmpEngine): Buffer => {
  const octets = Buffer.alloc(8);
  octets.writeUInt32BE(boots, 0);
  octets.writeUInt32BE(time, 4);
  return octets;
};

const DES_BLOCK = 8;
/** The runtime has no single DES; it is the triple one with one key thrice. */
const desKey = (key: Uint8Array): Uint8Array => Buffer.concat([key.subarray(0, 8), key.subarray(0, 8), key.subarray(0, 8)]);
const desVector = (key: Uint8Array, salt: Uint8Array): Uint8Array => key.subarray(8, 16).map((octet, index) => octet ^ (salt[index] ?? 0));

/** RFC 3826, section 3.1 (AES); RFC 3414, section 8.1.1 (DES, whose salt begins with the engine's starts). */
function seal({ protocol, key }: NonNullable<SnmpUser["privacy"]>, plain: Uint8Array, engine: SnmpEngine, random: Uint8Array): { readonly salt: Uint8Array; readonly octets: Uint8Array } {
  if (protocol === "aes128") {
    const cipher = createCipheriv("aes-128-cfb", createSecretKey(key.subarray(0, 16)), Buffer.concat([clockOctets(engine), random]));
    return { salt: random, octets: Buffer.concat([cipher.update(plain), cipher.final()]) };
  }
  const salt = Buffer.concat([clockOctets(engine).subarray(0, 4), random.subarray(0, 4)]);
  const cipher = createCipheriv("des-ede3-cbc", createSecretKey(desKey(key)), desVector(key, salt)).setAutoPadding(false);
  const padding = new Uint8Array((DES_BLOCK - (plain.length % DES_BLOCK)) % DES_BLOCK);
  return { salt, octets: Buffer.concat([cipher.update(plain), cipher.update(padding), cipher.final()]) };
}

/** Null when the octets cannot have been sealed so. */
function unseal({ protocol, key }: NonNullable<SnmpUser["privacy"]>, octets: Uint8Array, engine: SnmpEngine, salt: Uint8Array): Uint8Array | null {
  if (salt.length !== SALT_OCTETS) return null;
  if (protocol === "aes128") {
    const cipher = createDecipheriv("aes-128-cfb", createSecretKey(key.subarray(0, 16)), Buffer.concat([clockOctets(engine), salt]));
    return Buffer.concat([cipher.update(octets), cipher.final()]);
  }
  if (octets.length % DES_BLOCK !== 0) return null;
  const cipher = createDecipheriv("des-ede3-cbc", createSecretKey(desKey(key)), desVector(key, salt)).setAutoPadding(false);
  return Buffer.concat([cipher.update(octets), cipher.final()]);
}

interface Parts {
  readonly messageId: number;
  readonly flags: number;
  readonly engine: SnmpEngine;
  readonly user: string;
  /** Views into the message. */
  readonly digest: Uint8Array;
  readonly salt: Uint8Array;
  readonly data: BerElement;
}

/** The fields of a whole message of version 3 (RFC 3412, section 6; RFC 3414, section 2.4), nothing verified; null when it is none. */
function partsOf(bytes: Uint8Array): Parts | null {
  const [outer, ...rest] = berElements(bytes) ?? [];
  const [version, global, security, data, ...more] = (outer?.tag === BER.sequence ? berElements(outer.content) : null) ?? [];
  if (smallInteger(version) !== 3 || global?.tag !== BER.sequence || security?.tag !== BER.octets || data === undefined || rest.length + more.length > 0) return null;
  const [id, size, flags, model] = berElements(global.content) ?? [];
  const messageId = smallInteger(id);
  const [inner] = berElements(security.content) ?? [];
  const [engine, bootsElement, timeElement, user, digest, salt] = (inner?.tag === BER.sequence ? berElements(inner.content) : null) ?? [];
  const [boots, time] = [smallInteger(bootsElement), smallInteger(timeElement)];
  if (messageId === null || smallInteger(size) === null || flags?.tag !== BER.octets || flags.content.length !== 1 || smallInteger(model) !== SECURITY_MODEL || boots === null || time === null) return null;
  if (engine?.tag !== BER.octets || engine.content.length > ENGINE_OCTETS_MAX || user?.tag !== BER.octets || user.content.length > USER_OCTETS_MAX || digest?.tag !== BER.octets || salt?.tag !== BER.octets) return null;
  return { messageId, flags: flags.content[0] ?? 0, engine: { id: engine.content, boots, time }, user: new TextDecoder().decode(user.content), digest: digest.content, salt: salt.content, data };
}

/** `signed`, `sealed`: verified, and decrypted, with the user's keys. */
export interface SnmpV3Message {
  readonly kind: "message";
  readonly messageId: number;
  readonly engine: SnmpEngine;
  readonly user: string;
  readonly signed: boolean;
  readonly sealed: boolean;
  readonly contextEngine: Uint8Array;
  readonly context: string;
  readonly pdu: SnmpPdu;
}

const bad = (reason: string): Bad => ({ kind: "bad", reason });

/** One whole message, verified and decrypted by its flags with the keys of `user` (RFC 3414, section 3.2). Whether its level is enough is for the caller. */
export function decodeV3(bytes: Uint8Array, user: SnmpUser): SnmpV3Message | Bad {
  const parts = partsOf(bytes);
  if (parts === null) return bad(`${bytes.length} octets, which are no message of SNMP version 3`);
  const [signed, sealed] = [(parts.flags & FLAG.signed) !== 0, (parts.flags & FLAG.sealed) !== 0];
  if (signed && !verified(bytes, parts, user)) return bad("an answer with a false digest");
  if (sealed && !signed) return bad("an encrypted answer without a digest");
  const scoped = sealed ? opened(parts, user) : parts.data;
  if (scoped === null) return bad("an answer that cannot be decrypted");
  const [engine, context, data, ...rest] = (scoped.tag === BER.sequence ? berElements(scoped.content) : null) ?? [];
  if (engine?.tag !== BER.octets || context?.tag !== BER.octets || data === undefined || rest.length > 0) return bad(sealed ? "an answer that cannot be decrypted" : "a message of SNMP version 3 without a whole PDU");
  const read = decodePdu(data);
  if (read.kind === "bad") return read;
  return { kind: "message", messageId: parts.messageId, engine: parts.engine, user: parts.user, signed, sealed, contextEngine: engine.content, context: new TextDecoder().decode(context.content), pdu: read.pdu };
}

function verified(bytes: Uint8Array, { digest }: Parts, { auth }: SnmpUser): boolean {
  if (auth === null || digest.length !== DIGEST_OCTETS[auth.protocol]) return false;
  const blank = Uint8Array.from(bytes);
  blank.fill(0, digest.byteOffset - bytes.byteOffset, digest.byteOffset - bytes.byteOffset + digest.length);
  return timingSafeEqual(digest, digestOf(auth, blank));
}

/** The scoped PDU, without what DES adds behind it. */
function opened({ data, engine, salt }: Parts, { privacy }: SnmpUser): BerElement | null {
  const plain = privacy === null || data.tag !== BER.octets ? null : unseal(privacy, data.content, engine, salt);
  const frame = plain === null ? null : berFrame(plain);
  if (plain === null || frame?.kind !== "frame" || frame.total > plain.length) return null;
  return { tag: frame.tag, content: plain.subarray(frame.header, frame.total) };
}
