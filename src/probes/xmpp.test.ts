import { expect, test } from "vitest";
import { xmpp } from "./xmpp.ts";

const target = (options: object): string => xmpp.target(xmpp.options.parse({ domain: "example.com", ...options }));
const wrong = (options: object): unknown => xmpp.check?.(xmpp.options.parse({ domain: "example.com", ...options }))?.wrong ?? null;

test("the port is the protocol's own", () => {
  expect(target({})).toBe("example.com:5222");
  expect(target({ tls: true })).toBe("example.com:5223");
  expect(target({ tls: true, starttls: "required" })).toBe("example.com:5222");
  expect(target({ stream: "s2s" })).toBe("example.com:5269");
  expect(target({ stream: "s2s", tls: {} })).toBe("example.com:5270");
  expect(target({ host: "2001:db8::1", port: 80 })).toBe("[2001:db8::1]:80");
});

test("only a server says where it is from", () => {
  expect(wrong({ stream: "s2s", from: "monitor.example" })).toBeNull();
  expect(wrong({ from: "monitor.example" })).toBe("a client has no domain of its own");
});
