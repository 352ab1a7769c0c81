import { expect, test } from "vitest";
import { type Learnt, judgeHostKey, lacking, learntFrom, offerOf } from "./ssh-hostkey.ts";

const RSA = ["rsa-sha2-512", "rsa-sha2-256"];
const ECDSA = ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];

test("of a key that was learnt only its own kind is asked for", () => {
  expect(offerOf("learn", null, {})).toEqual(["ssh-ed25519", ...ECDSA, ...RSA]);
  expect(offerOf("learn", null, { "ssh-rsa": "one" })).toEqual(RSA);
  expect(offerOf("learn", null, { "ecdsa-sha2-nistp384": "one" })).toEqual(["ecdsa-sha2-nistp384"]);
  expect(offerOf("learn", "ed25519", { "ssh-rsa": "one" })).toEqual(["ssh-ed25519"]);
  expect(offerOf(null, null, { "ssh-rsa": "one" })).toEqual(["ssh-ed25519", ...ECDSA, ...RSA]);
  expect(offerOf([{ fingerprint: "one", type: "rsa" }], null, { "ssh-ed25519": "one" })).toEqual(RSA);
});

test("the first key is learnt, the same is known, another one is wrong", () => {
  const f = (learnt: Learnt, name: string, fingerprint: string): unknown => judgeHostKey("learn", learnt, { name, fingerprint }, "shell port 22");
  expect(f({}, "ssh-rsa", "one")).toEqual({ kind: "new", remember: { "ssh-rsa": "one" } });
  expect(f({ "ssh-rsa": "one" }, "ssh-rsa", "one")).toEqual({ kind: "known", remember: { "ssh-rsa": "one" } });
  expect(f({ "ssh-rsa": "one" }, "ssh-rsa", "two")).toEqual({ kind: "wrong", failure: { code: "mismatch", sentence: "the host key of shell port 22 was one and is two now (ssh-rsa); if that is right, write the new one as hostKey" } });
  expect(f({ "ssh-rsa": "one" }, "ssh-ed25519", "two")).toEqual({ kind: "new", remember: { "ssh-rsa": "one", "ssh-ed25519": "two" } });
  expect(lacking("learn", null, { "ssh-rsa": "one" }, "shell port 22", "ssh-ed25519").sentence).toBe("shell port 22 no longer has the host key one (ssh-rsa) that was learnt; it offers ssh-ed25519");
});

test("a pinned key that is shown is remembered, so that learning can go on from it", () => {
  const pins = [{ fingerprint: "two", type: null }];
  expect(judgeHostKey(pins, { "ssh-rsa": "one" }, { name: "ssh-rsa", fingerprint: "two" }, "")).toEqual({ kind: "known", remember: { "ssh-rsa": "two" } });
  expect(judgeHostKey(pins, {}, { name: "ssh-rsa", fingerprint: "one" }, "").kind).toBe("wrong");
  expect(judgeHostKey(null, {}, { name: "ssh-rsa", fingerprint: "one" }, "").kind).toBe("any");
});

test("what is no memory of this probe is none", () => {
  expect(learntFrom({ "ssh-rsa": "one", "ssh-dss": "two", rest: ["three"], "ssh-ed25519": 4 })).toEqual({ "ssh-rsa": "one" });
  for (const other of [undefined, null, "ssh-rsa", ["ssh-rsa"], 5]) expect(learntFrom(other)).toEqual({});
});
