import { type KeyObject, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fingerprintOf, keyName, keyTypeOf, verifySignature } from "./ssh-key.ts";
import { ANY_SUITES, KEX_METHODS, decodeDisconnect, decodeEcdhReply, decodeKexInit, encodeDisconnect, encodeKexInit, encodePacket, ephemeral, packetPayload, sshInteger, sshString } from "./ssh.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hex = (value: Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString("hex"));
const random = fc.uint8Array({ minLength: 32, maxLength: 32 });

test("integers as in RFC 4251, section 5", () => {
  expect(hex(sshInteger(bytes("")))).toBe("00000000");
  expect(hex(sshInteger(bytes("0000")))).toBe("00000000");
  expect(hex(sshInteger(bytes("09a378f9b2e332a7")))).toBe("0000000809a378f9b2e332a7");
  expect(hex(sshInteger(bytes("0080")))).toBe("000000020080");
});

test("packets are padded to eight, with four at least", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
      const packet = encodePacket(payload);
      expect(packet.length % 8).toBe(0);
      expect(packet[4]).toBeGreaterThanOrEqual(4);
      expect(hex(packetPayload(packet.subarray(4)))).toBe(payload.length === 0 ? null : hex(payload));
    }),
  );
});

test("lists of algorithms come back", () => {
  const decoded = decodeKexInit(encodeKexInit(new Uint8Array(16), ["ssh-ed25519", "rsa-sha2-512"]));
  expect(decoded).toMatchObject({ kind: "kexInit", kex: [...KEX_METHODS, "kex-strict-c-v00@openssh.com"], strict: false, ciphersBack: ANY_SUITES.ciphers, macsBack: ANY_SUITES.macs, hostKey: ["ssh-ed25519", "rsa-sha2-512"] });
});

test("the keys and the secret of RFC 7748, section 6.1", () => {
  const bob = ephemeral("curve25519-sha256", bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  expect(hex(bob.publicKey)).toBe("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  expect(hex(bob.secret(bytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")))).toBe("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
});

test("both sides get the same secret", () => {
  fc.assert(
    fc.property(fc.constantFrom(...KEX_METHODS), random, random, (method, one, other) => {
      const [a, b] = [ephemeral(method, one), ephemeral(method, other)];
      expect(hex(a.secret(b.publicKey))).toBe(hex(b.secret(a.publicKey)));
    }),
    { numRuns: 50 },
  );
});

test("what is no half of an exchange gives no secret", () => {
  for (const method of KEX_METHODS) {
    const own = ephemeral(method, new Uint8Array(32).fill(5));
    expect(own.secret(new Uint8Array(32))).toBeNull();
    expect(own.secret(new Uint8Array(0))).toBeNull();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), (any) => own.secret(any) === null || any.length >= 32));
  }
});

const der = (key: KeyObject): { readonly [name: string]: Uint8Array } => Object.fromEntries(Object.entries(key.export({ format: "jwk" })).map(([name, value]) => [name, Buffer.from(String(value), "base64url")]));
const data = Buffer.from("what is signed");
const none = new Uint8Array(0);

/** Blob and signature of a fresh key, as a server makes them. */
function signed(algorithm: string): { readonly blob: Uint8Array; readonly signature: Uint8Array } {
  if (algorithm === "ssh-ed25519") {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    return { blob: Buffer.concat([sshString(algorithm), sshString(der(publicKey)["x"] ?? none)]), signature: Buffer.concat([sshString(algorithm), sshString(sign(null, data, privateKey))]) };
  }
  if (algorithm.startsWith("rsa")) {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const { e = none, n = none } = der(publicKey);
    return { blob: Buffer.concat([sshString("ssh-rsa"), sshInteger(e), sshInteger(n)]), signature: Buffer.concat([sshString(algorithm), sshString(sign(algorithm === "rsa-sha2-512" ? "sha512" : "sha256", data, privateKey))]) };
  }
  const size = algorithm.slice(-3);
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: `P-${size}` });
  const { x = none, y = none } = der(publicKey);
  const pair = sign(size === "256" ? "sha256" : size === "384" ? "sha384" : "sha512", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const half = pair.length / 2;
  const signature = Buffer.concat([sshString(algorithm), sshString(Buffer.concat([sshInteger(pair.subarray(0, half)), sshInteger(pair.subarray(half))]))]);
  return { blob: Buffer.concat([sshString(algorithm), sshString(`nistp${size}`), sshString(Buffer.concat([Buffer.of(4), x, y]))]), signature };
}

const ALGORITHMS = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-256", "rsa-sha2-512"];

test("a signature is true for its own key, data and algorithm only", () => {
  for (const algorithm of ALGORITHMS) {
    const { blob, signature } = signed(algorithm);
    expect(verifySignature(algorithm, blob, signature, data), algorithm).toBe(true);
    expect(verifySignature(algorithm, blob, signature, Buffer.from("other")), algorithm).toBe(false);
    expect(verifySignature(algorithm, signed(algorithm).blob, signature, data), algorithm).toBe(false);
    for (const other of ALGORITHMS) if (other !== algorithm) expect(verifySignature(other, blob, signature, data), `${algorithm} as ${other}`).toBe(false);
  }
});

test("a changed or cut key or signature is never true, and never an exception", () => {
  for (const algorithm of ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"]) {
    const { blob, signature } = signed(algorithm);
    const changed = (whole: Uint8Array, at: number, by: number): Uint8Array => whole.map((octet, index) => (index === at % whole.length ? octet ^ by : octet));
    fc.assert(fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, by) => !verifySignature(algorithm, blob, changed(signature, at, by), data)), { numRuns: 60 });
    fc.assert(fc.property(fc.nat(), (at) => !verifySignature(algorithm, blob.subarray(0, at % blob.length), signature, data)), { numRuns: 60 });
    fc.assert(fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, by) => typeof verifySignature(algorithm, changed(blob, at, by), signature, data) === "boolean"), { numRuns: 60 });
  }
});

test("keys have names and fingerprints", () => {
  const blob = Buffer.from("AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl", "base64");
  expect(keyName(blob)).toBe("ssh-ed25519");
  expect(fingerprintOf(blob)).toBe("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
  expect([keyTypeOf("ssh-rsa"), keyTypeOf("ecdsa-sha2-nistp384"), keyTypeOf("ssh-dss")]).toEqual(["rsa", "ecdsa", null]);
  expect(keyName(bytes("0000"))).toBeNull();
});

test("a farewell has its words", () => expect(decodeDisconnect(encodeDisconnect("bye"))).toEqual({ reason: 11, words: "bye" }));

test("any bytes and every cut: a value, never an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (any) => decodeKexInit(any).kind !== undefined && decodeEcdhReply(any).kind !== undefined && decodeDisconnect(any).words.length <= any.length && keyName(any) !== undefined));
  const whole = encodeKexInit(new Uint8Array(16), ["ssh-ed25519"]);
  for (let cut = 0; cut < whole.length; cut++) expect(decodeKexInit(whole.subarray(0, cut)).kind, String(cut)).toBe("bad");
});
