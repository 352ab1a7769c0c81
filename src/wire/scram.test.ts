import fc from "fast-check";
import { expect, test } from "vitest";
import { type ScramLogin, scramChallenge, scramFinal, scramFirst, scramVerified } from "./scram.ts";

const PENCIL: ScramLogin = { hash: "sha256", user: "user", password: "pencil", nonce: "rOprNGfwEbeRWgbNEkqO" };

test("is that of RFC 7677, section 3", async () => {
  expect(scramFirst(PENCIL)).toBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  expect(await scramFinal(PENCIL, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")).toEqual({
    kind: "final",
    message: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    verifier: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  });
});

test("is that of RFC 5802, section 5, with SHA-1", async () => {
  const login: ScramLogin = { hash: "sha1", user: "user", password: "pencil", nonce: "fyko+d2lbbFgONRv9qkxdawL" };
  expect(await scramFinal(login, "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")).toEqual({
    kind: "final",
    message: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    verifier: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
  });
});

test("writes a name so that it ends where it ends", () => expect(scramFirst({ ...PENCIL, user: "a,b=c" })).toBe("n,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO"));

test("the server's proof counts whole", () => {
  const verifier = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
  expect(scramVerified(verifier, verifier)).toBe(true);
  expect(scramVerified(verifier, `${verifier.slice(0, -2)}A=`)).toBe(false);
  expect(scramVerified(verifier, "e=other-error")).toBe(false);
});

test("takes no foreign nonce and no endless work", async () => {
  for (const first of ["", "r=abc,s=AA==,i=4096", "r=xyz1,s=AA==,i=4096", "r=abc1,s=AA==,i=0", "r=abc1,s=AA==,i=100001", "m=x,r=abc1,s=AA==,i=1"]) expect((await scramFinal({ ...PENCIL, nonce: "abc" }, first)).kind, first).toBe("bad");
});

test("any text: a value, never an exception", () => fc.assert(fc.property(fc.string(), (first) => scramChallenge(PENCIL, first).kind === "bad")));

test("the most rounds that a server may want leave the event loop free", async () => {
  const turned = new Promise((resolve) => setImmediate(resolve, "turned"));
  expect(await Promise.race([scramFinal({ ...PENCIL, nonce: "abc" }, "r=abc1,s=AAAA,i=100000"), turned])).toBe("turned");
});
