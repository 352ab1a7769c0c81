import { createECDH, createHash, createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";
import { Reader } from "./reader.ts";

/** The SSH transport protocol (RFC 4253) as far as the exchange that proves the host key; packets before encryption. What comes after: `ssh-cipher.ts`. */

export const SSH = { disconnect: 1, ignore: 2, unimplemented: 3, debug: 4, extensions: 7, kexInit: 20, newKeys: 21, ecdhInit: 30, ecdhReply: 31 } as const;
/** Section 6.1: what every side must take at least; nobody needs more for what is asked here. */
export const PACKET_MAX = 35_000;

/** Methods of key exchange that are known here, best first (RFC 8731; RFC 5656, section 4). All hash with SHA-256. */
export const KEX_METHODS = ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256"] as const;
/** Says and asks for strict exchanges: nothing may be slipped in before encryption (OpenSSH's PROTOCOL, section 1.10; CVE-2023-48795). */
const STRICT = { ours: "kex-strict-c-v00@openssh.com", theirs: "kex-strict-s-v00@openssh.com" };

/** What is offered for the time after the exchange. */
export interface Suites {
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly compressions: readonly string[];
}

/** For an exchange that ends with the host key: never used, but without a common choice the server would end it before. */
export const ANY_SUITES: Suites = {
  ciphers: ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr", "aes256-cbc", "aes128-cbc"],
  macs: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"],
  compressions: ["none", "zlib@openssh.com", "zlib"],
};

type Bad = { readonly kind: "bad"; readonly reason: string };
const bad = (reason: string): Bad => ({ kind: "bad", reason });

export const u32 = (value: number): Uint8Array => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Section 5 of RFC 4251: a length and so many bytes. */
export const sshString = (value: Uint8Array | string): Uint8Array => {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
};

/** RFC 4251, section 5: a positive integer without leading zeros, but one where the highest bit is set. */
export function sshInteger(value: Uint8Array): Uint8Array {
  const first = value.findIndex((octet) => octet !== 0);
  const bare = first === -1 ? new Uint8Array(0) : value.subarray(first);
  return sshString((bare[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bare]) : bare);
}

export const readString = (reader: Reader): Uint8Array => reader.take(reader.u32());
const readNames = (reader: Reader): readonly string[] => text(readString(reader)).split(",").filter((name) => name !== "");

/** Section 6: a payload with its length and at least four bytes of padding, a multiple of eight in all. */
export function encodePacket(payload: Uint8Array): Uint8Array {
  const padding = 4 + ((8 - ((payload.length + 9) % 8)) % 8);
  return Buffer.concat([u32(payload.length + padding + 1), Buffer.of(padding), payload, Buffer.alloc(padding)]);
}

/** The payload of what follows the length of a packet. */
export function packetPayload(body: Uint8Array): Uint8Array | null {
  const padding = body[0] ?? 255;
  return padding + 2 > body.length ? null : body.subarray(1, body.length - padding);
}

export interface KexInit {
  readonly kind: "kexInit";
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  /** Towards the server, and from it. */
  readonly ciphers: readonly string[];
  readonly ciphersBack: readonly string[];
  readonly macs: readonly string[];
  readonly macsBack: readonly string[];
  /** The server holds to the rules of strict exchanges. */
  readonly strict: boolean;
}

/** Section 7.1, with these kinds of host keys; `cookie` is 16 random bytes. */
export function encodeKexInit(cookie: Uint8Array, hostKey: readonly string[], { ciphers, macs, compressions }: Suites = ANY_SUITES): Uint8Array {
  const lists = [[...KEX_METHODS, STRICT.ours], hostKey, ciphers, ciphers, macs, macs, compressions, compressions, [], []];
  return Buffer.concat([Buffer.of(SSH.kexInit), cookie, ...lists.map((names) => sshString(names.join(","))), Buffer.of(0), u32(0)]);
}

export function decodeKexInit(payload: Uint8Array): KexInit | Bad {
  const reader = new Reader(payload, 17);
  const [kex = [], hostKey = [], ciphers = [], ciphersBack = [], macs = [], macsBack = []] = Array.from({ length: 10 }, () => readNames(reader));
  reader.u8();
  reader.u32();
  const strict = kex.includes(STRICT.theirs);
  return reader.bad === null && payload[0] === SSH.kexInit ? { kind: "kexInit", kex, hostKey, ciphers, ciphersBack, macs, macsBack, strict } : bad("a list of algorithms that is cut short");
}

/** Our half of the exchange. */
export interface Ephemeral {
  readonly publicKey: Uint8Array;
  /** Null for a value of the other side that is no point of the curve, or a weak one. */
  secret(other: Uint8Array): Uint8Array | null;
}

const X25519_PRIVATE = Buffer.from("302e020100300506032b656e04220420", "hex");
const X25519_PUBLIC = Buffer.from("302a300506032b656e032100", "hex");

const orNull = <Value>(act: () => Value): Value | null => {
  try {
    return act();
  } catch {
    return null;
  }
};

/** `random`: 32 bytes. */
export function ephemeral(method: string, random: Uint8Array): Ephemeral {
  if (method === "ecdh-sha2-nistp256") {
    const ecdh = createECDH("prime256v1");
    // A number between 1 and the order of the curve, whatever the bytes are.
    ecdh.setPrivateKey(Buffer.concat([Buffer.of(1 + ((random[0] ?? 0) & 0x7f)), random.subarray(1)]));
    return { publicKey: ecdh.getPublicKey(), secret: (other) => orNull(() => ecdh.computeSecret(other)) };
  }
  const privateKey = createPrivateKey({ key: Buffer.concat([X25519_PRIVATE, random]), format: "der", type: "pkcs8" });
  const spki = (raw: Uint8Array): Buffer => Buffer.concat([X25519_PUBLIC, raw]);
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  return { publicKey, secret: (other) => (other.length === 32 ? orNull(() => diffieHellman({ privateKey, publicKey: createPublicKey({ key: spki(other), format: "der", type: "spki" }) })) : null) };
}

/** RFC 5656, section 4; RFC 8731, section 3. */
export const encodeEcdhInit = (publicKey: Uint8Array): Uint8Array => Buffer.concat([Buffer.of(SSH.ecdhInit), sshString(publicKey)]);

export interface EcdhReply {
  readonly kind: "ecdhReply";
  readonly hostKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

export function decodeEcdhReply(payload: Uint8Array): EcdhReply | Bad {
  const reader = new Reader(payload, 1);
  const hostKey = readString(reader);
  const publicKey = readString(reader);
  const signature = readString(reader);
  return reader.bad === null && reader.left === 0 && payload[0] === SSH.ecdhReply ? { kind: "ecdhReply", hostKey, publicKey, signature } : bad("an answer to the key exchange that lacks its parts");
}

export interface Exchanged {
  /** Identifications without line ends. */
  readonly client: string;
  readonly server: string;
  readonly clientInit: Uint8Array;
  readonly serverInit: Uint8Array;
  readonly hostKey: Uint8Array;
  readonly clientKey: Uint8Array;
  readonly serverKey: Uint8Array;
  readonly secret: Uint8Array;
}

/** RFC 4253, section 8: what the host key signs. */
export function exchangeHash({ client, server, clientInit, serverInit, hostKey, clientKey, serverKey, secret }: Exchanged): Uint8Array {
  const hash = createHash("sha256");
  for (const part of [client, server, clientInit, serverInit, hostKey, clientKey, serverKey]) hash.update(sshString(part));
  return hash.update(sshInteger(secret)).digest();
}

/** Section 11.1, reason 11: by application. */
export const encodeDisconnect = (words: string): Uint8Array => Buffer.concat([Buffer.of(SSH.disconnect), u32(11), sshString(words), sshString("")]);

/** The reason of a disconnect message, as number and words. */
export function decodeDisconnect(payload: Uint8Array): { readonly reason: number; readonly words: string } {
  const reader = new Reader(payload, 1);
  const reason = reader.u32();
  return { reason, words: text(readString(reader)) };
}
