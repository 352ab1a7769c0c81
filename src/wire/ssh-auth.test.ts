import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AUTH, decodeAuthFailure, decodeInfoRequest, encodeAnswers, encodePassword, encodePublicKey } from "./ssh-auth.ts";
import { CHANNEL, decodeChannel, encodeExec, encodeOpen } from "./ssh-channel.ts";
import { verifySignature } from "./ssh-key.ts";
import { parsePrivateKey } from "./ssh-private-key.ts";
import { Reader } from "./reader.ts";
import { readString, sshString, u32 } from "./ssh.ts";

const bytes = (...parts: readonly (number | string | Uint8Array)[]): Uint8Array => Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.of(part) : typeof part === "string" ? sshString(part) : part)));
const pem = (kind: "ed25519" | "rsa" | "ec", type: "pkcs8" | "pkcs1" | "sec1"): string => {
  const { privateKey } = kind === "ed25519" ? generateKeyPairSync("ed25519") : kind === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 1024 }) : generateKeyPairSync("ec", { namedCurve: "P-384" });
  return privateKey.export({ format: "pem", type } as { readonly format: "pem"; readonly type: "pkcs8" }) as string;
};

/** Made for this test. */
const OPENSSH = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDL1QIoBCgd00YSrDe5GyCTk1GV4l3wVvhKn2s1dIEaRwAAAIgAAAAAAAAA
-----END OPENSSH PRIVATE KEY-----
`;

test("a password as RFC 4252, section 8 writes it", () => {
  expect(encodePassword("ann", "pä")).toEqual(bytes(50, "ann", "ssh-connection", "password", 0, Buffer.from("0000000370c3a4", "hex")));
});

test("a key of every kind signs its request, and the session with it", () => {
  for (const [kind, type, algorithm] of [["ed25519", "pkcs8", "ssh-ed25519"], ["rsa", "pkcs1", "rsa-sha2-256"], ["rsa", "pkcs8", "rsa-sha2-256"], ["ec", "sec1", "ecdsa-sha2-nistp384"], ["ec", "pkcs8", "ecdsa-sha2-nistp384"]] as const) {
    const key = parsePrivateKey(pem(kind, type));
    if (key.kind === "bad") throw new Error(`${kind} ${type}: ${key.reason}`);
    expect(key.algorithm).toBe(algorithm);
    const session = new Uint8Array(32).fill(9);
    const request = encodePublicKey("ann", key, session);
    const reader = new Reader(request, 1);
    const words = ["ssh-userauth"].concat(Array.from({ length: 3 }, () => Buffer.from(readString(reader)).toString()));
    expect([words.slice(1), reader.u8(), Buffer.from(readString(reader)).toString()]).toEqual([["ann", "ssh-connection", "publickey"], 1, algorithm]);
    expect(Buffer.from(readString(reader))).toEqual(key.blob);
    const signed = Buffer.concat([sshString(session), request.subarray(0, reader.offset)]);
    const signature = readString(reader);
    expect(verifySignature(algorithm, key.blob, signature, signed)).toBe(true);
    expect(verifySignature(algorithm, key.blob, signature, signed.subarray(1))).toBe(false);
  }
});

test("what is no private key, or a protected one, is told so", () => {
  const f = (text: string): string => {
    const key = parsePrivateKey(text);
    return key.kind === "bad" ? key.reason : "a key";
  };
  expect(f("")).toMatch(/no private key/);
  expect(f(OPENSSH)).toMatch(/no private key/);
  expect(f(pem("ed25519", "pkcs8").slice(0, -40))).toMatch(/no private key/);
  expect(f(generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" }) as string)).toMatch(/passphrase/);
  expect(f(generateKeyPairSync("x25519").privateKey.export({ format: "pem", type: "pkcs8" }) as string)).toMatch(/not known here/);
  const encrypted = bytes(Buffer.from("openssh-key-v1\0"), "aes256-ctr", "bcrypt", "", u32(1), "", "");
  expect(f(`-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(encrypted).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----`)).toMatch(/passphrase/);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (any) => f(`-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(bytes(Buffer.from("openssh-key-v1\0"), "none", "none", "", u32(1), "", any)).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----`).startsWith("this")));
});

test("answers of the server", () => {
  expect(decodeAuthFailure(bytes(AUTH.failure, "publickey,password", 0))).toEqual({ methods: ["publickey", "password"], partial: false });
  expect(decodeAuthFailure(bytes(AUTH.failure, "password", 1))).toEqual({ methods: ["password"], partial: true });
  expect(decodeInfoRequest(bytes(AUTH.infoRequest, "name", "what to do", "", u32(2), "Password: ", 0, "Code: ", 1))).toEqual([{ prompt: "Password: ", echo: false }, { prompt: "Code: ", echo: true }]);
  expect(decodeInfoRequest(bytes(AUTH.infoRequest, "", "", "", u32(0)))).toEqual([]);
  expect(decodeInfoRequest(bytes(AUTH.infoRequest, "", "", "", u32(11)))).toBeNull();
  expect(encodeAnswers(["a", ""])).toEqual(bytes(AUTH.infoResponse, u32(2), "a", ""));
});

test("messages of a session", () => {
  const f = (...parts: readonly (number | string | Uint8Array)[]): unknown => decodeChannel(bytes(...parts));
  expect(f(CHANNEL.opened, u32(0), u32(7), u32(1), u32(1))).toEqual({ kind: "opened", channel: 7 });
  expect(f(CHANNEL.refused, u32(0), u32(1), "not now", "")).toEqual({ kind: "refused", reason: 1, words: "not now" });
  expect(f(CHANNEL.data, u32(0), "out")).toEqual({ kind: "output", errors: false, bytes: Buffer.from("out") });
  expect(f(CHANNEL.extendedData, u32(0), u32(1), "err")).toEqual({ kind: "output", errors: true, bytes: Buffer.from("err") });
  expect(f(CHANNEL.request, u32(0), "exit-status", 0, u32(3))).toEqual({ kind: "exit", status: 3, signal: null });
  expect(f(CHANNEL.request, u32(0), "exit-signal", 0, "TERM", 0, "", "")).toEqual({ kind: "exit", status: null, signal: "TERM" });
  expect(f(CHANNEL.request, u32(0), "keepalive@openssh.com", 1)).toEqual({ kind: "asked", of: "channel" });
  expect(f(CHANNEL.globalRequest, "hostkeys-00@openssh.com", 0)).toEqual({ kind: "other" });
  expect(f(CHANNEL.globalRequest, "keepalive@openssh.com", 1)).toEqual({ kind: "asked", of: "connection" });
  expect([f(CHANNEL.success, u32(0)), f(CHANNEL.failure, u32(0))]).toEqual([{ kind: "answer", granted: true }, { kind: "answer", granted: false }]);
  expect([f(CHANNEL.eof, u32(0)), f(CHANNEL.close, u32(0)), f(20), f(CHANNEL.data, u32(0))]).toEqual([{ kind: "other" }, { kind: "closed" }, { kind: "bad" }, { kind: "bad" }]);
  expect(encodeExec(7, "id")).toEqual(bytes(CHANNEL.request, u32(7), "exec", 1, "id"));
  expect(encodeOpen(9, 5)).toEqual(bytes(CHANNEL.open, "session", u32(0), u32(9), u32(5)));
});

test("any bytes and every cut: a value, never an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (any) => decodeChannel(any).kind !== undefined && decodeAuthFailure(any).methods.length <= 20 && decodeInfoRequest(any) !== undefined));
});
