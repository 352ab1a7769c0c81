import { expect, test } from "vitest";
import { websocket } from "./websocket.ts";

const parse = (options: object) => websocket.options.safeParse({ url: "wss://example.com/", ...options });
const wrong = (options: object): unknown => {
  const parsed = parse(options);
  return parsed.success ? (websocket.check?.(parsed.data)?.wrong ?? null) : parsed.error.issues.map(({ message }) => message);
};

test("the address is one of a WebSocket", () => {
  expect(parse({ url: "wss://grüße.example/chat?a=b" }).data?.url).toBe("wss://xn--gre-6ka8l.example/chat?a=b");
  expect(wrong({ url: "https://example.com/" })).toEqual(["`https:` is neither ws: nor wss:"]);
  expect(wrong({ url: "example.com" })).toEqual(["`example.com` is no address"]);
  expect(wrong({ url: "wss://user:pw@example.com/" })).toEqual(["credentials do not belong in the address: it is shown everywhere"]);
  expect(wrong({ url: "wss://example.com/#x" })).toEqual(["an address of a WebSocket has no part behind #"]);
});

test("header fields are what can be sent", () => {
  expect(wrong({ headers: { "X-A": "b" } })).toBeNull();
  expect(wrong({ headers: { "sec-websocket-key": "b" } })).toBe("`sec-websocket-key` is filled in by itself");
  expect(wrong({ headers: { a: "b\r\nc: d" } })).toEqual(["a header field holds printable Latin-1 signs only, no line breaks"]);
  expect(wrong({ subprotocols: ["a b"] })).toEqual(["a subprotocol's name is one word, such as mqtt"]);
});

test("the port is the address's own", () => {
  const target = (url: string): string => websocket.target(websocket.options.parse({ url }));
  expect([target("ws://a.example/"), target("wss://a.example/"), target("ws://[2001:db8::1]:81/")]).toEqual(["a.example:80", "a.example:443", "[2001:db8::1]:81"]);
});
