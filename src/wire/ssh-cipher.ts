import { type Cipheriv, type Decipheriv, type KeyObject, createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { PACKET_MAX, type Suites, packetPayload, sshInteger, u32 } from "./ssh.ts";

/** Packets of SSH after the exchange of keys: AES-GCM (RFC 5647 as OpenSSH names it) and AES-CTR (RFC 4344) with HMAC (RFC 6668; OpenSSH's PROTOCOL, section 1.7). */

const KEY_LENGTHS: { readonly [cipher: string]: number } = { "aes256-gcm@openssh.com": 32, "aes128-gcm@openssh.com": 16, "aes256-ctr": 32, "aes192-ctr": 24, "aes128-ctr": 16 };
const MACS: { readonly [mac: string]: { readonly hash: string; readonly length: number } } = {
  "hmac-sha2-256-etm@openssh.com": { hash: "sha256", length: 32 },
  "hmac-sha2-512-etm@openssh.com": { hash: "sha512", length: 64 },
  "hmac-sha2-256": { hash: "sha256", length: 32 },
  "hmac-sha2-512": { hash: "sha512", length: 64 },
  "hmac-sha1": { hash: "sha1", length: 20 },
};

/** All that can be spoken here, best first. */
export const SUITES: Suites = { ciphers: Object.keys(KEY_LENGTHS), macs: Object.keys(MACS), compressions: ["none"] };

const BLOCK = 16;
const TAG = 16;

/** Cipher and, unless that brings its own, MAC of one direction. */
export interface Suite {
  readonly cipher: string;
  /** Null with AES-GCM. */
  readonly mac: string | null;
}

/** RFC 4253, section 7.1: the first of ours that the server has as well; null when there is none. */
export function commonSuite(ciphers: readonly string[], macs: readonly string[]): Suite | null {
  const cipher = SUITES.ciphers.find((name) => ciphers.includes(name));
  if (cipher === undefined) return null;
  if (cipher.includes("gcm")) return { cipher, mac: null };
  const mac = SUITES.macs.find((name) => macs.includes(name));
  return mac === undefined ? null : { cipher, mac };
}

/** What the exchange of keys gave: the shared secret and the exchange hash, which is the session's id as well. */
export interface Agreed {
  readonly secret: Uint8Array;
  readonly hash: Uint8Array;
}

/** RFC 4253, section 7.2; SHA-256, as all exchanges here. */
function derived({ secret, hash }: Agreed, letter: string, length: number): Uint8Array {
  let key = Buffer.alloc(0);
  while (key.length < length) {
    const more = createHash("sha256").update(sshInteger(secret)).update(hash);
    key = Buffer.concat([key, (key.length === 0 ? more.update(letter).update(hash) : more.update(key)).digest()]);
  }
  return key.subarray(0, length);
}

interface Keys {
  readonly algorithm: string;
  readonly key: KeyObject;
  readonly iv: Buffer;
  readonly mac: { readonly hash: string; readonly length: number; readonly key: KeyObject } | null;
  /** The length of a packet is sent in the clear, and what is authenticated is the cipher text. */
  readonly clearLength: boolean;
}

/** RFC 4253, section 7.2: letters of initial vector, key and MAC key by direction. */
const LETTERS = { toServer: ["A", "C", "E"], toClient: ["B", "D", "F"] } as const;
export type Direction = keyof typeof LETTERS;

function keysOf({ cipher, mac }: Suite, agreed: Agreed, direction: Direction): Keys {
  const letters = LETTERS[direction];
  const algorithm = cipher.replace("@openssh.com", "").replace(/^aes(\d+)-/, "aes-$1-");
  const key = createSecretKey(derived(agreed, letters[1], KEY_LENGTHS[cipher] ?? 0));
  const made = MACS[mac ?? ""];
  return {
    algorithm,
    key,
    iv: Buffer.from(derived(agreed, letters[0], made === undefined ? 12 : 16)),
    mac: made === undefined ? null : { ...made, key: createSecretKey(derived(agreed, letters[2], made.length)) },
    clearLength: mac === null || mac.endsWith("-etm@openssh.com"),
  };
}

/** RFC 5647, section 7.1: the last eight octets count the packets. */
function nextIv(iv: Buffer): void {
  iv.writeBigUInt64BE(BigInt.asUintN(64, iv.readBigUInt64BE(4) + 1n), 4);
}

const authenticated = (mac: NonNullable<Keys["mac"]>, sequence: number, bytes: Uint8Array): Buffer => createHmac(mac.hash, mac.key).update(u32(sequence)).update(bytes).digest();

/** Enciphers what goes to the other side. */
export class Sealer {
  readonly #keys: Keys;
  readonly #stream: Cipheriv | null;

  constructor(suite: Suite, agreed: Agreed, direction: Direction = "toServer") {
    this.#keys = keysOf(suite, agreed, direction);
    this.#stream = this.#keys.mac === null ? null : createCipheriv(this.#keys.algorithm, this.#keys.key, this.#keys.iv);
  }

  /** One packet; `sequence` counts all packets sent before it, `random` gives so many octets of padding. */
  seal(payload: Uint8Array, sequence: number, random: (count: number) => Uint8Array): Uint8Array {
    const { algorithm, key, iv, mac, clearLength } = this.#keys;
    const before = clearLength ? 1 : 5;
    const padding = 4 + ((BLOCK - ((payload.length + before + 4) % BLOCK)) % BLOCK);
    const length = u32(1 + payload.length + padding);
    const body = Buffer.concat([Buffer.of(padding), payload, random(padding)]);
    if (mac === null || this.#stream === null) {
      const cipher = createCipheriv(algorithm as "aes-256-gcm", key, iv, { authTagLength: TAG }).setAAD(length);
      nextIv(iv);
      return Buffer.concat([length, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
    }
    if (!clearLength) {
      const plain = Buffer.concat([length, body]);
      return Buffer.concat([this.#stream.update(plain), authenticated(mac, sequence, plain)]);
    }
    const sealed = Buffer.concat([length, this.#stream.update(body)]);
    return Buffer.concat([sealed, authenticated(mac, sequence, sealed)]);
  }
}

/** Deciphers what comes from the other side: take `head` octets, then as many as `rest` says, then `open`. */
export class Opener {
  readonly #keys: Keys;
  readonly #stream: Decipheriv | null;
  /** Octets that tell the length of a packet. */
  readonly head: number;

  constructor(suite: Suite, agreed: Agreed, direction: Direction = "toClient") {
    this.#keys = keysOf(suite, agreed, direction);
    this.#stream = this.#keys.mac === null ? null : createDecipheriv(this.#keys.algorithm, this.#keys.key, this.#keys.iv);
    this.head = this.#keys.clearLength ? 4 : BLOCK;
  }

  /** How many octets follow the head; null for a length that no packet has. Once for each packet. */
  rest(head: Uint8Array): { readonly head: Uint8Array; readonly count: number } | null {
    const { mac, clearLength } = this.#keys;
    const plain = clearLength || this.#stream === null ? head : this.#stream.update(head);
    const length = Buffer.from(plain).readUInt32BE();
    const whole = clearLength ? length : length + 4;
    if (length > PACKET_MAX || length < BLOCK - 4 || whole % BLOCK !== 0) return null;
    return { head: plain, count: length + 4 - head.length + (mac?.length ?? TAG) };
  }

  /** The payload of a packet from its head as `rest` gave it and what followed; null when it is not authentic. */
  open(head: Uint8Array, rest: Uint8Array, sequence: number): Uint8Array | null {
    const { algorithm, key, iv, mac, clearLength } = this.#keys;
    const end = rest.length - (mac?.length ?? TAG);
    const [sealed, proof] = [rest.subarray(0, end), rest.subarray(end)];
    if (mac === null || this.#stream === null) {
      const decipher = createDecipheriv(algorithm as "aes-256-gcm", key, iv, { authTagLength: TAG }).setAAD(head).setAuthTag(proof);
      nextIv(iv);
      const body = decipher.update(sealed);
      try {
        decipher.final();
      } catch {
        return null;
      }
      return packetPayload(body);
    }
    const body = clearLength ? null : this.#stream.update(sealed);
    if (!timingSafeEqual(authenticated(mac, sequence, Buffer.concat([head, body ?? sealed])), proof)) return null;
    return packetPayload(body === null ? this.#stream.update(sealed) : Buffer.concat([head.subarray(4), body]));
  }
}
