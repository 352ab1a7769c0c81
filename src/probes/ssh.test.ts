import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { fingerprintOf } from "../wire/ssh-key.ts";
import { sshString } from "../wire/ssh.ts";
import { ssh } from "./ssh.ts";

const blob = (name: string): Buffer => Buffer.concat([sshString(name), sshString(new Uint8Array(32).fill(7))]);
const ED25519 = blob("ssh-ed25519").toString("base64");
const parse = (options: object) => ssh.options.safeParse({ host: "shell.example.com", ...options });
const wrong = (options: object): unknown => {
  const parsed = parse(options);
  return parsed.success ? (ssh.check?.(parsed.data)?.wrong ?? null) : parsed.error.issues.map(({ message }) => message);
};
const NO_KEY = ["this is no host key of a type that is known here (ed25519, ecdsa, rsa)"];

test("a host key is pinned in any of its usual forms", () => {
  const fingerprint = fingerprintOf(blob("ssh-ed25519"));
  for (const written of [ED25519, `ssh-ed25519 ${ED25519}`, `ssh-ed25519 ${ED25519} root@shell`]) expect(parse({ hostKey: written }).data?.hostKey, written).toEqual([{ fingerprint, type: "ed25519" }]);
  for (const written of [fingerprint, `${fingerprint}=`]) expect(parse({ hostKey: [written] }).data?.hostKey).toEqual([{ fingerprint, type: null }]);
  expect(parse({ hostKey: blob("ssh-rsa").toString("base64") }).data?.hostKey).toMatchObject([{ type: "rsa" }]);
  expect(parse({ hostKey: "learn" }).data?.hostKey).toBe("learn");
});

test("what is no host key is told while loading", () => {
  expect(wrong({ hostKey: "MD5:00:11" })).toEqual(NO_KEY);
  expect(wrong({ hostKey: "AAAA" })).toEqual(NO_KEY);
  expect(wrong({ hostKey: blob("ssh-dss").toString("base64") })).toEqual(NO_KEY);
  expect(wrong({ hostKey: "SHA256:abc" })).toEqual(NO_KEY);
});

test("options must fit together", () => {
  expect(wrong({ hostKey: ED25519 })).toBeNull();
  expect(wrong({ hostKey: ED25519, keyType: "ed25519" })).toBeNull();
  expect(wrong({ hostKey: ED25519, keyType: "rsa" })).toBe("the pinned key is of type ed25519");
  expect(wrong({ hostKey: ED25519, until: "identification" })).toMatch(/cannot be seen without the key exchange/);
});

test("a login has all that it needs, and knows its server", () => {
  const privateKey = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" });
  const user = "probe";
  expect(wrong({ user, password: "x", hostKey: "learn" })).toBeNull();
  expect(wrong({ user, privateKey, hostKey: ED25519, command: "true" })).toBeNull();
  expect(wrong({ user, password: "x" })).toBe("a login must know which server is the right one");
  expect(wrong({ user, hostKey: "learn" })).toBe("a login needs a password or a private key");
  expect([{ password: "x" }, { privateKey }, { command: "true" }].map(wrong)).toEqual(["`password` needs a login", "`privateKey` needs a login", "`command` needs a login"]);
  expect(wrong({ user, hostKey: "learn", privateKey: "-----BEGIN" })).toEqual(["this is no private key in a form that is known here"]);
});
