import { expect, test } from "vitest";
import { socks5 } from "./socks5.ts";

const parse = (options: object) => socks5.options.safeParse({ host: "proxy.example.com", ...options });
const wrong = (options: object): unknown => {
  const parsed = parse(options);
  return parsed.success ? (socks5.check?.(parsed.data)?.wrong ?? null) : parsed.error.issues.map(({ message }) => message);
};

test("where the proxy must connect to has a port", () => {
  expect(parse({ connect: "shop.example.com:443" }).data?.connect).toEqual({ host: "shop.example.com", port: 443 });
  expect(parse({ connect: "[2001:db8::1]:80" }).data?.connect).toEqual({ host: "2001:db8::1", port: 80 });
  for (const connect of ["shop.example.com", "shop:0", "shop:65536", "2001:db8::1:80", "http://shop:80"]) expect(wrong({ connect }), connect).toEqual([`\`${connect}\` is no host with a port`]);
});

test("a login has both parts, and fits", () => {
  expect(wrong({ user: "probe", password: "secret" })).toBeNull();
  expect(wrong({ user: "probe" })).toBe("there is a user, but no password");
  expect(wrong({ password: "secret" })).toBe("there is a password, but no user");
  expect(wrong({ user: "é".repeat(128), password: "secret" })).toBe("the name has more than 255 bytes");
  expect(wrong({ user: "probe", password: "x".repeat(256) })).toBe("the password has more than 255 bytes");
});

test("the port is that of SOCKS", () => expect(socks5.target(socks5.options.parse({ host: "::1" }))).toBe("[::1]:1080"));
