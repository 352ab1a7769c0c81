import type { Decoder } from "./decoders.ts";
import { decodeAuthFailure, decodeInfoRequest } from "../../src/wire/ssh-auth.ts";
import { decodeChannel } from "../../src/wire/ssh-channel.ts";
import { Opener, Sealer, type Suite } from "../../src/wire/ssh-cipher.ts";
import { fingerprintOf, keyName, verifySignature } from "../../src/wire/ssh-key.ts";
import { parsePrivateKey } from "../../src/wire/ssh-private-key.ts";
import { KEX_METHODS, decodeDisconnect, decodeEcdhReply, decodeKexInit, encodeDisconnect, encodeKexInit, encodePacket, ephemeral, packetPayload, sshString } from "../../src/wire/ssh.ts";

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const OURS = hex("0102030405060708");
const CURVES = KEX_METHODS.map((method) => ephemeral(method, new Uint8Array(32).fill(5)));
const ED25519 = Buffer.concat([sshString("ssh-ed25519"), sshString(new Uint8Array(32).fill(7))]);
const ECDSA = Buffer.concat([sshString("ecdsa-sha2-nistp256"), sshString("nistp256"), sshString(new Uint8Array(65).fill(4))]);
const RSA = Buffer.concat([sshString("ssh-rsa"), sshString(hex("010001")), sshString(new Uint8Array(128).fill(0xc1))]);
const signature = (name: string, length: number): Uint8Array => Buffer.concat([sshString(name), sshString(new Uint8Array(length).fill(1))]);
const AGREED = { secret: new Uint8Array(32).fill(1), hash: new Uint8Array(32).fill(2) };
const SUITES: readonly Suite[] = [{ cipher: "aes256-gcm@openssh.com", mac: null }, { cipher: "aes128-ctr", mac: "hmac-sha2-256-etm@openssh.com" }, { cipher: "aes128-ctr", mac: "hmac-sha1" }];
/** Ed25519 and ECDSA, made for this. */
const PRIVATE = [
  "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACBVl/dZFP4bt0/g6EakA38zj2A+d4J4F3SAMgYftPHtZgAAAIiwCqqesAqqngAAAAtzc2gtZWQyNTUxOQAAACBVl/dZFP4bt0/g6EakA38zj2A+d4J4F3SAMgYftPHtZgAAAED0MwLR4m8WYajFCpHuD2eeZbi6l1rvx9llCRKgDL9ihFWX91kU/hu3T+DoRqQDfzOPYD53gngXdIAyBh+08e1mAAAAAAECAwQF",
  "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQQ3D1oikjbM062jW6aVWCSPd7UWhTZfAmGHo5dTIP0RyRF+j/jxX3iKbrk/RcX+UFQ4jIXNorDToPn+e+go5FKxAAAAmHS42k50uNpOAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDcPWiKSNszTraNbppVYJI93tRaFNl8CYYejl1Mg/RHJEX6P+PFfeIpuuT9Fxf5QVDiMhc2isNOg+f576CjkUrEAAAAgFVSmnFJiDWBedMUJGXzVZS/IaS4ufKSKtglKD6wHvHAAAAAA",
];

function openedPacket(opener: Opener, bytes: Uint8Array): unknown {
  if (bytes.length < opener.head) return null;
  const more = opener.rest(bytes.subarray(0, opener.head));
  const whole = more !== null && bytes.length >= opener.head + more.count;
  return whole ? opener.open(more.head, bytes.subarray(opener.head, opener.head + more.count), 0) : null;
}

/** Decoders of SSH; `decoders.ts` has all others. */
export const sshDecoders: readonly Decoder[] = [
  {
    name: "ssh",
    files: ["ssh.ts"],
    seeds: [encodePacket(encodeKexInit(new Uint8Array(16), ["ssh-ed25519"])).subarray(4), encodeKexInit(new Uint8Array(16), ["rsa-sha2-512"]), encodeDisconnect("bye"), Buffer.concat([Uint8Array.of(31), sshString(ED25519), sshString(new Uint8Array(32)), sshString(signature("ssh-ed25519", 64))])],
    decode: (bytes) => [packetPayload(bytes), decodeKexInit(bytes), decodeEcdhReply(bytes), decodeDisconnect(bytes)],
    growth: 16,
  },
  { name: "ssh-secret", files: ["ssh.ts"], seeds: CURVES.map(({ publicKey }) => publicKey), decode: (bytes) => CURVES.map((curve) => curve.secret(bytes)), growth: 32 },
  {
    name: "ssh-auth",
    files: ["ssh-auth.ts"],
    seeds: [Buffer.concat([Buffer.of(51), sshString("publickey,password"), Buffer.of(0)]), Buffer.concat([Buffer.of(60), sshString(""), sshString(""), sshString(""), hex("00000001"), sshString("Password: "), Buffer.of(0)])],
    decode: (bytes) => [decodeAuthFailure(bytes), decodeInfoRequest(bytes)],
  },
  {
    name: "ssh-channel",
    files: ["ssh-channel.ts"],
    seeds: [hex("5b 00000000 00000007 00000100 00000100"), Buffer.concat([hex("5e 00000000"), sshString("output")]), Buffer.concat([hex("62 00000000"), sshString("exit-status"), hex("00 00000003")]), Buffer.concat([Buffer.of(80), sshString("keepalive@openssh.com"), Buffer.of(1)])],
    decode: decodeChannel,
  },
  {
    name: "ssh-cipher",
    files: ["ssh-cipher.ts"],
    seeds: SUITES.map((suite) => new Sealer(suite, AGREED, "toClient").seal(hex("06 0000000c 7373682d7573657261757468"), 0, (count) => new Uint8Array(count))),
    decode: (bytes) => SUITES.map((suite) => openedPacket(new Opener(suite, AGREED), bytes)),
  },
  {
    name: "ssh-private-key",
    files: ["ssh-private-key.ts"],
    seeds: PRIVATE.map((base64) => Uint8Array.from(Buffer.from(base64, "base64"))),
    decode: (bytes) => parsePrivateKey(`-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(bytes).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----`),
    growth: 16,
  },
  {
    name: "ssh-key",
    files: ["ssh-key.ts"],
    seeds: [ED25519, ECDSA, RSA],
    decode: (bytes) => [fingerprintOf(bytes), keyName(bytes), ...["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"].map((name) => verifySignature(name, bytes, signature(name, 64), OURS))],
    growth: 16,
  },
  {
    name: "ssh-signature",
    files: ["ssh-key.ts"],
    seeds: [signature("ssh-ed25519", 64), signature("rsa-sha2-512", 128), Buffer.concat([sshString("ecdsa-sha2-nistp256"), sshString(signature("aaaa", 32))])],
    decode: (bytes) => [verifySignature("ssh-ed25519", ED25519, bytes, OURS), verifySignature("ecdsa-sha2-nistp256", ECDSA, bytes, OURS), verifySignature("rsa-sha2-512", RSA, bytes, OURS)],
  },
];
