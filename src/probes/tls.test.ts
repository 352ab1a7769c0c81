import { expect, test } from "vitest";
import { tls } from "./tls.ts";

const parse = (options: object) => tls.options.safeParse({ host: "shop.example.com", ...options });
const wrong = (options: object): readonly string[] => parse(options).error?.issues.map(({ message }) => message) ?? [];
const BASE64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const HEX = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test("a pin is a SHA-256 digest in any of its usual forms", () => {
  for (const written of [BASE64, HEX, `sha256/${BASE64}`, `sha256//${BASE64}`, `pin-sha256=${BASE64}`]) expect(parse({ pin: written }).data?.pin, written).toEqual([BASE64]);
  expect(parse({ pin: [BASE64, HEX.toUpperCase()] }).data?.pin).toEqual([BASE64, BASE64]);
  expect(parse({}).data?.pin).toBeNull();
});

test("what is no digest is told while loading", () => {
  expect(wrong({ pin: "abc" })).toEqual(["`abc` is no SHA-256 digest of a key"]);
  expect(wrong({ pin: BASE64.slice(0, 40) })).toHaveLength(1);
  expect(wrong({ pin: "%".repeat(44) })).toHaveLength(1);
  expect(wrong({ pin: [] })).toHaveLength(1);
  expect(wrong({ starttls: "gopher" })).toHaveLength(1);
});

test("the port is that of HTTPS", () => {
  expect(tls.target(tls.options.parse({ host: "shop.example.com" }))).toBe("shop.example.com:443");
  expect(tls.target(tls.options.parse({ host: "2001:db8::1", port: 8443 }))).toBe("[2001:db8::1]:8443");
});
