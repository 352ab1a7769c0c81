import { type JsonWebKey, type KeyObject, createPrivateKey, sign } from "node:crypto";
import { Reader } from "./reader.ts";
import { readString, sshInteger, sshString } from "./ssh.ts";

/** A user's own key: public part and signatures as RFC 4252, section 7 wants them. */
export interface UserKey {
  readonly kind: "key";
  /** Name of the signature's algorithm: ssh-ed25519, rsa-sha2-256 (RFC 8332), ecdsa-sha2-nistp256, ... */
  readonly algorithm: string;
  readonly blob: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

type Bad = { readonly kind: "bad"; readonly reason: string };
const bad = (reason: string): Bad => ({ kind: "bad", reason });
const PROTECTED = bad("this key is protected by a passphrase");
const NO_KEY = bad("this is no private key in a form that is known here");

const MAGIC = "openssh-key-v1\0";
const CURVES: { readonly [crv: string]: { readonly name: string; readonly hash: string } } = {
  "P-256": { name: "nistp256", hash: "sha256" },
  "P-384": { name: "nistp384", hash: "sha384" },
  "P-521": { name: "nistp521", hash: "sha512" },
};

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const octets = (text: string | undefined): Uint8Array => Buffer.from(text ?? "", "base64url");
const isZeroLed = (bytes: Uint8Array): boolean => bytes[0] === 0;

/** Ed25519, ECDSA and RSA, as OpenSSH's own format (its PROTOCOL.key) or PEM (PKCS#1, PKCS#8, SEC1), without a passphrase. */
export function parsePrivateKey(text: string): UserKey | Bad {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/.exec(text)?.[1];
  if (base64 === undefined && /ENCRYPTED/.test(text)) return PROTECTED;
  try {
    if (base64 === undefined) return userKey(createPrivateKey(text));
    const jwk = fromOpenSsh(Buffer.from(base64, "base64"));
    return "kind" in jwk ? (jwk as Bad) : userKey(createPrivateKey({ key: jwk, format: "jwk" }));
  } catch {
    return NO_KEY;
  }
}

function userKey(key: KeyObject): UserKey | Bad {
  const { kty, crv = "", x, y, e, n } = key.export({ format: "jwk" });
  const curve = CURVES[crv];
  const made = (name: string, parts: readonly Uint8Array[], algorithm: string, signed: (data: Uint8Array) => Uint8Array): UserKey => ({
    kind: "key",
    algorithm,
    blob: Buffer.concat([sshString(name), ...parts]),
    sign: (data) => Buffer.concat([sshString(algorithm), sshString(signed(data))]),
  });
  // Every server that still takes RSA knows this one; not all know SHA-512.
  if (kty === "RSA") return made("ssh-rsa", [sshInteger(octets(e)), sshInteger(octets(n))], "rsa-sha2-256", (data) => sign("sha256", data, key));
  if (crv === "Ed25519") return made("ssh-ed25519", [sshString(octets(x))], "ssh-ed25519", (data) => sign(null, data, key));
  if (curve === undefined) return bad("this key is of a kind that is not known here (ed25519, ecdsa, rsa)");
  const name = `ecdsa-sha2-${curve.name}`;
  const pair = (data: Uint8Array): Uint8Array => {
    const both = sign(curve.hash, data, { key, dsaEncoding: "ieee-p1363" });
    return Buffer.concat([sshInteger(both.subarray(0, both.length / 2)), sshInteger(both.subarray(both.length / 2))]);
  };
  return made(name, [sshString(curve.name), sshString(Buffer.concat([Buffer.of(4), octets(x), octets(y)]))], name, pair);
}

function fromOpenSsh(bytes: Uint8Array): JsonWebKey | Bad {
  const outer = new Reader(bytes);
  if (Buffer.from(outer.take(MAGIC.length)).toString("latin1") !== MAGIC) return NO_KEY;
  const cipher = Buffer.from(readString(outer)).toString("latin1");
  readString(outer);
  readString(outer);
  const count = outer.u32();
  readString(outer);
  const inner = new Reader(readString(outer));
  if (outer.bad !== null || count !== 1) return NO_KEY;
  if (cipher !== "none") return PROTECTED;
  if (inner.u32() !== inner.u32()) return NO_KEY;
  const jwk = jwkOf(inner, Buffer.from(readString(inner)).toString("latin1"));
  return inner.bad === null ? jwk : NO_KEY;
}

function jwkOf(reader: Reader, name: string): JsonWebKey | Bad {
  if (name === "ssh-ed25519") {
    const x = readString(reader);
    return { kty: "OKP", crv: "Ed25519", x: base64url(x), d: base64url(readString(reader).subarray(0, 32)) };
  }
  if (name === "ssh-rsa") {
    const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => withoutZero(readString(reader))) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    return reader.bad === null ? { kty: "RSA", n: base64url(n), e: base64url(e), d: base64url(d), p: base64url(p), q: base64url(q), dp: reduced(d, p), dq: reduced(d, q), qi: base64url(qi) } : NO_KEY;
  }
  const crv = Object.keys(CURVES).find((one) => name === `ecdsa-sha2-${CURVES[one]?.name}`);
  if (crv === undefined) return bad("this key is of a kind that is not known here (ed25519, ecdsa, rsa)");
  readString(reader);
  const point = readString(reader);
  const half = (point.length - 1) / 2;
  const d = withoutZero(readString(reader));
  return { kty: "EC", crv, x: base64url(point.subarray(1, 1 + half)), y: base64url(point.subarray(1 + half)), d: base64url(Buffer.concat([new Uint8Array(Math.max(0, half - d.length)), d])) };
}

const withoutZero = (bytes: Uint8Array): Uint8Array => (isZeroLed(bytes) ? bytes.subarray(1) : bytes);
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);

/** d modulo (prime - 1), which RSA's JWK wants and OpenSSH leaves out. */
function reduced(d: Uint8Array, prime: Uint8Array): string {
  const hex = (number(d) % (number(prime) - 1n)).toString(16);
  return base64url(Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex"));
}
