import { describe, expect, it } from "vitest";
import { CookieJar } from "./http-cookies.ts";

const NOW = Date.UTC(2026, 10, 20, 12);
const HERE = "https://shop.example.com/a/login";

/** What `to` gets of what `from` sets, a field a line. */
function sent(setCookie: string, to: string, from = HERE, later = 0): string | null {
  const jar = new CookieJar();
  jar.store(new URL(from), setCookie, NOW);
  return jar.header(new URL(to), NOW + later);
}

describe("whom a cookie goes to (RFC 6265, section 5)", () => {
  it("back to the host alone, without Domain", () => {
    expect(sent("s=1", HERE)).toBe("s=1");
    expect(sent("s=1", "https://www.shop.example.com/a/")).toBeNull();
    expect(sent("s=1", "https://example.com/a/")).toBeNull();
    expect(sent("s=1", "https://shop.example.com:8443/a/")).toBe("s=1");
  });
  it("to all below its Domain", () => {
    for (const domain of ["example.com", ".example.com", "EXAMPLE.com"]) expect(sent(`s=1; Domain=${domain}; Path=/`, "https://pay.example.com/")).toBe("s=1");
    expect(sent("s=1; Domain=shop.example.com; Path=/", "https://a.shop.example.com/")).toBe("s=1");
    expect(sent("s=1; domain=example.com; path=/", "https://notexample.com/")).toBeNull();
    expect(sent("s=1; Domain=; Path=/", "https://example.com/")).toBeNull();
  });
  it("to nobody when its Domain is another's, or everybody's", () => {
    for (const domain of ["other.com", "pay.example.com", "hop.example.com", "com", ".com"]) expect(sent(`s=1; Domain=${domain}`, HERE)).toBeNull();
    expect(sent("s=1; Domain=co.uk; Path=/", "https://b.co.uk/", "https://a.co.uk/")).toBeNull();
    expect(sent("s=1; Domain=a.co.uk; Path=/", "https://x.a.co.uk/", "https://a.co.uk/")).toBe("s=1");
    expect(sent("s=1; Domain=web.de; Path=/", "https://login.web.de/", "https://web.de/")).toBe("s=1");
    expect(sent("s=1; Domain=localhost", "http://localhost/", "http://localhost/")).toBe("s=1");
    expect(sent("s=1; Domain=localhost", "http://a.localhost/", "http://localhost/")).toBeNull();
    expect(sent("s=1; Domain=0.0.1", "http://127.0.0.1/", "http://127.0.0.1/")).toBeNull();
    expect(sent("s=1; Domain=127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1/")).toBe("s=1");
    expect(sent("s=1", "http://[::1]:80/", "http://[::1]/")).toBe("s=1");
  });
  it("by path", () => {
    expect(sent("s=1", "https://shop.example.com/a")).toBe("s=1");
    expect(sent("s=1", "https://shop.example.com/ab")).toBeNull();
    expect(sent("s=1", "https://shop.example.com/")).toBeNull();
    expect(sent("s=1; Path=/a/", "https://shop.example.com/a")).toBeNull();
    expect(sent("s=1; Path=nonsense", "https://shop.example.com/a/x")).toBe("s=1");
    expect(sent("s=1", "https://shop.example.com/any", "https://shop.example.com/login")).toBe("s=1");
  });
  it("over TLS alone with Secure", () => {
    expect(sent("s=1; Path=/; Secure", "https://shop.example.com/")).toBe("s=1");
    expect(sent("s=1; Path=/; secure", "http://shop.example.com/")).toBeNull();
    expect(sent("s=1; Path=/", "http://shop.example.com/")).toBe("s=1");
  });
  it("until it ends", () => {
    expect(sent("s=1; Max-Age=60", HERE, HERE, 59_000)).toBe("s=1");
    expect(sent("s=1; Max-Age=60", HERE, HERE, 60_000)).toBeNull();
    expect(sent("s=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", HERE)).toBe("s=1");
    expect(sent("s=1; Expires=Fri, 20 Nov 2026 12:00:30 GMT", HERE, HERE, 29_000)).toBe("s=1");
    for (const date of ["Fri, 20 Nov 2026 12:00:30 GMT", "Friday, 20-Nov-26 12:00:30 GMT", "Fri Nov 20 12:00:30 2026"]) expect(sent(`s=1; Expires=${date}`, HERE, HERE, 31_000)).toBeNull();
    expect(sent("s=1; Expires=whenever; Max-Age=soon", HERE, HERE, 1e9)).toBe("s=1");
  });
});

it("replaces, deletes and orders", () => {
  expect(sent("a=1\nb=2\na=3", HERE)).toBe("a=3; b=2");
  expect(sent("a=1\nb=2\na=; Max-Age=0", HERE)).toBe("b=2");
  expect(sent("a=1; Path=/\nb=2; Path=/a\nc=3; Path=/", HERE)).toBe("b=2; a=1; c=3");
  expect(sent('s="a b=c"; HttpOnly; SameSite=Lax', HERE)).toBe('s="a b=c"');
});

it("ignores what is no cookie", () => {
  for (const field of ["", "=1", "alone", ";a=1", "a\x01=1", "a=\x7f", "a=日", `a=${"x".repeat(4096)}`]) expect(sent(field, HERE)).toBeNull();
  expect(sent("a=", HERE)).toBe("a=");
});

it("has a limit in number and in size", () => {
  const jar = new CookieJar();
  for (let index = 0; index < 1000; index++) jar.store(new URL(HERE), `c${index}=${"x".repeat(4000)}`, NOW);
  expect(jar.values()).toHaveLength(100);
  expect(jar.at(new URL(HERE), NOW)).toHaveProperty("c999");
  expect(jar.at(new URL(HERE), NOW)).not.toHaveProperty("c899");
  const flooded = new CookieJar();
  flooded.store(new URL(HERE), "a=1\n".repeat(100) + "b=2", NOW);
  expect(flooded.header(new URL(HERE), NOW)).toBe("a=1");
});
