import { expect, it } from "vitest";
import { digestAuthorization } from "./http-digest.ts";

// RFC 7616, section 3.9.1
const MUFASA = { user: "Mufasa", password: "Circle of Life", method: "GET", path: "/dir/index.html", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" };
const challenge = (algorithm: string): string => `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
const response = (challenges: string): string | undefined => /response="(\w+)"/.exec(digestAuthorization(challenges, MUFASA) ?? "")?.[1];

it("answers the examples of RFC 7616", () => {
  expect(response(challenge("MD5"))).toBe("8ca523f5e9506fed4657c9700eebdbec");
  expect(response(challenge("SHA-256"))).toBe("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
});

it("takes the strongest challenge that it can answer", () => {
  expect(response(`${challenge("MD5")}, ${challenge("SHA-256")}`)).toBe(response(challenge("SHA-256")));
  expect(response(`Basic realm="x, Digest", ${challenge("MD5")}`)).toBe(response(challenge("MD5")));
});

it("answers nothing else", () => {
  const none = (challenges: string): void => expect(digestAuthorization(challenges, MUFASA)).toBeNull();
  none('Basic realm="x"');
  none('Digest realm="x"');
  none(challenge("SHA-1024"));
  none('Digest realm="x", nonce="n", qop="auth-int"');
});
