import { expect, test } from "vitest";
import { type House, type Knock, hostOf, refuseForm, refuseHost, refuseOrigin } from "./admit.ts";

const plain: Knock = { method: "GET", target: "/", host: "127.0.0.1:2930", hosts: 1, origin: null, site: null };
const house: House = { url: "https://tocsin.example.com/", listenHost: null };

test("the form of a request", () => {
  const f = (knock: Partial<Knock>, status: number | null) => expect(refuseForm({ ...plain, ...knock })?.status ?? null).toBe(status);
  f({}, null);
  f({ target: "http://127.0.0.1:2930/" }, 400);
  f({ target: "*" }, 400);
  f({ target: "" }, 400);
  f({ hosts: 2 }, 400);
  f({ target: `/${"a".repeat(8191)}` }, null);
  f({ target: `/${"a".repeat(8192)}` }, 414);
});

test("hosts in headers", () => {
  const f = (header: string, host: string | null) => expect(hostOf(header)).toBe(host);
  f("localhost", "localhost");
  f("LocalHost:80", "localhost");
  f("[::1]:2930", "::1");
  f("127.0.0.1", "127.0.0.1");
  f("name.example.", "name.example");
  f("a@b", null);
  f("a/b", null);
  f("[::1", null);
  f("::1", null);
  f("", null);
  f(".", null);
  f("localhost:99999999", null);
});

test("only names that are ours", () => {
  const f = (host: string | null, status: number | null) => expect(refuseHost({ ...plain, host }, house)?.status ?? null).toBe(status);
  f("127.0.0.1:2930", null);
  f("192.0.2.7", null);
  f("[2001:db8::7]:2930", null);
  f("localhost:2930", null);
  f("tocsin.example.com", null);
  f("TOCSIN.example.com:443", null);
  f("rebound.example.org:2930", 421);
  f("localhost.example.org", 421);
  f("127.0.0.1.example.org", 421);
  f("tocsin.example.com.evil.example", 421);
  f(null, 400);
  f("", 400);
  f("a b", 400);
  expect(refuseHost({ ...plain, host: "mon.lan:2930" }, { url: null, listenHost: "mon.lan" })).toBeNull();
});

test("only requests of the own page change anything", () => {
  const f = (knock: Partial<Knock>, status: number | null) => expect(refuseOrigin({ ...plain, method: "POST", ...knock }, house)?.status ?? null).toBe(status);
  f({}, null);
  f({ origin: "http://127.0.0.1:2930" }, null);
  f({ origin: "http://127.0.0.1:2930", site: "same-origin" }, null);
  f({ origin: "http://127.0.0.1:2930", site: "same-site" }, 403);
  f({ origin: "http://127.0.0.1:8080" }, 403);
  f({ origin: "https://evil.example" }, 403);
  f({ origin: "null" }, 403);
  f({ origin: "" }, 403);
  f({ site: "cross-site" }, 403);
  f({ site: "none" }, null);
  f({ host: "10.0.0.1:80", origin: "https://tocsin.example.com" }, null);
  f({ host: "10.0.0.1:80", origin: "http://tocsin.example.com" }, 403);
  f({ method: "GET", origin: "https://evil.example" }, null);
  f({ method: "DELETE", origin: "https://evil.example" }, 403);
});
