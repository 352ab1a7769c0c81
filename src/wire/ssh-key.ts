import { type JsonWebKey, createHash, createPublicKey, verify } from "node:crypto";
import { Reader } from "./reader.ts";

/** Host keys of SSH and their signatures: RFC 4253, section 6.6; RFC 8709 (Ed25519), RFC 5656 (ECDSA), RFC 8332 (RSA with SHA-2). */

export const KEY_TYPES = ["ed25519", "ecdsa", "rsa"] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** Names of signature algorithms by type of key, best first; RSA with SHA-1 proves nothing any more. */
export const SIGNATURES: { readonly [type in KeyType]: readonly string[] } = {
  ed25519: ["ssh-ed25519"],
  ecdsa: ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  rsa: ["rsa-sha2-512", "rsa-sha2-256"],
};

const CURVES: { readonly [name: string]: { readonly crv: string; readonly octets: number; readonly hash: string } } = {
  nistp256: { crv: "P-256", octets: 32, hash: "sha256" },
  nistp384: { crv: "P-384", octets: 48, hash: "sha384" },
  nistp521: { crv: "P-521", octets: 66, hash: "sha512" },
};
const RSA_HASHES: { readonly [algorithm: string]: string } = { "rsa-sha2-512": "sha512", "rsa-sha2-256": "sha256" };

const readString = (reader: Reader): Uint8Array => reader.take(reader.u32());
const readText = (reader: Reader): string => Buffer.from(readString(reader)).toString("latin1");
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const withoutZeros = (bytes: Uint8Array): Uint8Array => bytes.subarray(Math.max(0, bytes.findIndex((octet) => octet !== 0)));

/** `SHA256:...` as `ssh-keygen -l` prints it. */
export const fingerprintOf = (blob: Uint8Array): string => `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/** The name that a public key begins with: `ssh-ed25519`, `ssh-rsa`; null when it does not begin with one. */
export function keyName(blob: Uint8Array): string | null {
  const reader = new Reader(blob);
  const name = readText(reader);
  return reader.bad === null && /^[a-z0-9@.-]{1,64}$/i.test(name) ? name : null;
}

/** The type of a key by its name. */
export function keyTypeOf(name: string): KeyType | null {
  if (name === "ssh-rsa") return "rsa";
  return KEY_TYPES.find((type) => SIGNATURES[type].includes(name)) ?? null;
}

interface Prepared {
  readonly jwk: JsonWebKey;
  readonly hash: string | null;
  readonly signature: Uint8Array;
}

/** Whether `signature` over `data` is that of the key, made with that algorithm; false for anything that is not sound. */
export function verifySignature(algorithm: string, blob: Uint8Array, signature: Uint8Array, data: Uint8Array): boolean {
  const outer = new Reader(signature);
  const name = readText(outer);
  const inner = readString(outer);
  if (outer.bad !== null || outer.left > 0 || name !== algorithm) return false;
  const prepared = prepare(algorithm, blob, inner);
  if (prepared === null) return false;
  try {
    const key = createPublicKey({ key: prepared.jwk, format: "jwk" });
    return verify(prepared.hash, data, { key, dsaEncoding: "ieee-p1363" }, prepared.signature);
  } catch {
    return false;
  }
}

function prepare(algorithm: string, blob: Uint8Array, signature: Uint8Array): Prepared | null {
  const key = new Reader(blob);
  const name = readText(key);
  const type = keyTypeOf(name);
  if (type === null || !SIGNATURES[type].includes(algorithm) || (type !== "rsa" && name !== algorithm)) return null;
  if (type === "ed25519") return whole(key, { jwk: { kty: "OKP", crv: "Ed25519", x: base64url(readString(key)) }, hash: null, signature });
  if (type === "rsa") {
    const e = withoutZeros(readString(key));
    const n = withoutZeros(readString(key));
    // RFC 8332 allows a signature without its leading zeros, which OpenSSL wants.
    const padded = signature.length < n.length ? Buffer.concat([Buffer.alloc(n.length - signature.length), signature]) : signature;
    return whole(key, { jwk: { kty: "RSA", e: base64url(e), n: base64url(n) }, hash: RSA_HASHES[algorithm] ?? null, signature: padded });
  }
  const curve = CURVES[readText(key)];
  const point = readString(key);
  if (curve === undefined || !algorithm.endsWith(curve.crv.replace("P-", "nistp")) || point[0] !== 4 || point.length !== 1 + 2 * curve.octets) return null;
  const parts = new Reader(signature);
  const [r, s] = [withoutZeros(readString(parts)), withoutZeros(readString(parts))];
  if (parts.bad !== null || parts.left > 0 || r.length > curve.octets || s.length > curve.octets) return null;
  const fixed = Buffer.alloc(2 * curve.octets);
  fixed.set(r, curve.octets - r.length);
  fixed.set(s, 2 * curve.octets - s.length);
  return whole(key, { jwk: { kty: "EC", crv: curve.crv, x: base64url(point.subarray(1, 1 + curve.octets)), y: base64url(point.subarray(1 + curve.octets)) }, hash: curve.hash, signature: fixed });
}

const whole = (reader: Reader, prepared: Prepared): Prepared | null => (reader.bad === null && reader.left === 0 ? prepared : null);
