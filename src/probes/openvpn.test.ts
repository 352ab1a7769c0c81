import { expect, test } from "vitest";
import { openvpn } from "./openvpn.ts";

const STATIC = `-----BEGIN OpenVPN Static key V1-----\n${"0123456789abcdef0123456789abcdef\n".repeat(16)}-----END OpenVPN Static key V1-----\n`;
const wrong = (options: object): unknown => openvpn.check?.(openvpn.options.parse({ host: "vpn.example.com", ...options }))?.wrong ?? null;

test("a protection has its key", () => {
  expect(wrong({})).toBeNull();
  expect(wrong({ protection: "tls-auth", key: STATIC })).toBeNull();
  expect(wrong({ protection: "tls-crypt", key: STATIC })).toBeNull();
  expect(wrong({ protection: "tls-crypt" })).toBe("tls-crypt needs a key");
  expect(wrong({ key: STATIC })).toBe("there is a key, but nothing that it is for");
  expect(wrong({ protection: "tls-crypt-v2", key: STATIC })).toBe("this is no key for tls-crypt-v2");
  expect(wrong({ protection: "tls-auth", key: "hello" })).toBe("this is no key for tls-auth");
});

test("the port is 1194 unless said", () => {
  const target = (options: object): string => openvpn.target(openvpn.options.parse({ host: "2001:db8::1", ...options }));
  expect(target({})).toBe("[2001:db8::1]:1194");
  expect(openvpn.options.safeParse({ host: "a", digest: "SHA3" }).success).toBe(false);
});
