import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMask, MASK } from "./mask.ts";

const SECRET = `p&ss/w"rd é+1`;
const f = (text: string, masked: string, secrets: readonly string[] = [SECRET]): void => {
  expect(createMask(secrets)(text)).toBe(masked);
};

describe("every form of a secret is masked", () => {
  test("plain", () => f(`password is ${SECRET}.`, `password is ${MASK}.`));
  test("twice, side by side", () => f("sesamesesame", MASK + MASK, ["sesame"]));
  test("percent-encoded", () => f(`?p=${encodeURIComponent(SECRET)}&q=1`, `?p=${MASK}&q=1`));
  test("percent-encoded in lower case", () => f(`?p=${encodeURIComponent(SECRET).replaceAll(/%../g, (code) => code.toLowerCase())}`, `?p=${MASK}`));
  test("base64 in an address", () => {
    const secret = "~~~???>>>";
    const code = Buffer.from(secret).toString("base64");
    expect(code).toMatch(/[+/].*[+/]/);
    f(`?k=${encodeURIComponent(code)}.`, `?k=${MASK}.`, [secret]);
    f(`?k=${encodeURIComponent(code).replaceAll(/%../g, (of) => of.toLowerCase())}.`, `?k=${MASK}.`, [secret]);
  });
  test("form-encoded", () => f(`p=${new URLSearchParams({ p: SECRET }).toString().slice(2)}`, `p=${MASK}`));
  test("JSON", () => f(JSON.stringify({ p: SECRET }), `{"p":"${MASK}"}`));
  test("JSON with escaped slashes", () => f(String.raw`"p&ss\/w\"rd é+1"`, `"${MASK}"`));
  test("JSON in ASCII", () => f(JSON.stringify(SECRET).replace("é", String.raw`\u00e9`), `"${MASK}"`));
  test("HTML", () => f(`<b>p&amp;ss/w&quot;rd é+1</b>`, `<b>${MASK}</b>`));
  test("hexadecimal", () => f(Buffer.from(SECRET).toString("hex"), MASK));
  test("hexadecimal in upper case", () => f(Buffer.from(SECRET).toString("hex").toUpperCase(), MASK));
  test("a line of a private key", () => f("MIIEvQIBADANBgkq is there", `${MASK} is there`, ["-----BEGIN\nMIIEvQIBADANBgkq\n-----END"]));
  test("the secret in the secret's file had spaces around it", () => f("sesame", MASK, [" sesame "]));
});

describe("an address that is a secret", () => {
  const hook = "https://hooks.example.com/services/T0/R2D2R2D2R2D2R2D2?key=1";
  test("whole", () => f(`set url to ${hook}`, `set url to ${MASK}`, [hook]));
  test("its path, which a receiver repeats", () => f("HTTP 404: Cannot POST /services/T0/R2D2R2D2R2D2R2D2?key=1", `HTTP 404: Cannot POST ${MASK}`, [hook]));
  test("the token in it", () => f("no such token: R2D2R2D2R2D2R2D2", `no such token: ${MASK}`, [hook]));
  test("not the host, nor a short path that says nothing", () => f("hooks.example.com /hook", "hooks.example.com /hook", [hook, "https://hooks.example.com/hook"]));
});

describe("short secrets", () => {
  test("alone", () => f("code ab, not cab or abc", `code ${MASK}, not cab or abc`, ["ab"]));
  test("an empty one masks nothing", () => f("abc", "abc", [""]));
  test("a pattern's characters are no pattern", () => f("a.b axb", `${MASK} axb`, ["a.b"]));
});

describe("credentials in headers", () => {
  test("authorization", () => f("GET /\r\nAuthorization: Basic dXNlcjpwYXNz\r\nHost: a", `GET /\r\nAuthorization: Basic ${MASK}\r\nHost: a`, []));
  test("a bearer", () => f("authorization:Bearer abc.def", `authorization:Bearer ${MASK}`, []));
  test("digest with quotes", () => f('Authorization: Digest username="u", response="1"\nX: 1', `Authorization: Digest ${MASK}\nX: 1`, []));
  test("proxy", () => f("Proxy-Authorization: x", `Proxy-Authorization: ${MASK}`, []));
  test("cookies", () => f("Cookie: a=1; b=2\nSet-Cookie: c=3; Path=/", `Cookie: ${MASK}\nSet-Cookie: ${MASK}`, []));
  test("as JSON", () => f('{"authorization": "Basic a\\"b", "x": 1}', `{"authorization": ${MASK}, "x": 1}`, []));
  test("without a value", () => f("Cookie:\nHost: a", "Cookie:\nHost: a", []));
});

test("base64 gives nothing away, whatever stands before and behind", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 6, maxLength: 20 }), fc.string(), fc.string(), fc.constantFrom("base64" as const, "base64url" as const), (secret, before, after, encoding) => {
      fc.pre(secret.trim().length >= 6);
      const text = Buffer.from(before + secret + after).toString(encoding);
      const masked = createMask([secret])(text);
      const secretBytes = new TextEncoder().encode(secret.toWellFormed());
      const left = masked.split(MASK).reduce((sum, part) => sum + part.length, 0);
      // At most one character on either side holds some bits of the secret.
      expect(left).toBeLessThanOrEqual(text.length - Math.floor((secretBytes.length * 8) / 6) + 1);
    }),
  );
});

test("a masked text holds no secret, and masking again changes nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 5, maxLength: 12 }), { minLength: 1, maxLength: 5 }), fc.array(fc.string(), { maxLength: 6 }), (secrets, between) => {
      fc.pre(secrets.every((secret) => secret.trim().length >= 4 && !secret.includes("*")));
      const mask = createMask(secrets);
      const masked = mask(between.map((text, index) => text + (secrets[index % secrets.length] ?? "")).join(" "));
      for (const secret of secrets) for (const part of masked.split(MASK)) expect(part).not.toContain(secret);
      expect(mask(masked)).toBe(masked);
    }),
  );
});

test("texts without secrets stay as they are", () => {
  const mask = createMask([createHmac("sha256", "k").update("t").digest("base64")]);
  const text = "nothing to hide ".repeat(1000);
  expect(mask(text)).toBe(text);
});
