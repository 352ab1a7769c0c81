import { describe, expect, test } from "vitest";
import { targetKeys } from "./target.ts";

describe("a target in the options of its type", () => {
  const f = (type: string, target: string, expected: object | string): void => {
    const came = targetKeys(type, target);
    expect(came.kind === "keys" ? came.keys : came.wrong, `${type} ${target}`).toEqual(expected);
  };
  test("http", () => {
    f("http", "example.com", { url: "http://example.com" });
    f("http", "HTTPS://example.com/a?b=c", { url: "HTTPS://example.com/a?b=c" });
    f("http", "http://[::1", "`http://[::1` is no address");
  });
  test("websocket", () => f("websocket", "wss://example.com/", { url: "wss://example.com/" }));
  test("tcp", () => {
    f("tcp", "example.com:25", { host: "example.com", port: 25 });
    f("tcp", "[2001:db8::1]:25", { host: "2001:db8::1", port: 25 });
    for (const text of ["example.com", "example.com:0", "example.com:99999", "a b:1", "http://example.com:80", "2001:db8::1"]) f("tcp", text, `\`${text}\` is no host with a port`);
  });
  test("icmp", () => {
    f("icmp", "example.com", { host: "example.com" });
    f("icmp", "2001:db8::1", { host: "2001:db8::1" });
    f("icmp", "https://example.com", "`https://example.com` is no host");
  });
  test("dns", () => {
    f("dns", "9.9.9.9", { server: "9.9.9.9" });
    f("dns", "[2620:fe::9]:5353", { server: "2620:fe::9", port: 5353 });
  });
  test("grpc", () => {
    f("grpc", "https://example.com:50051/x", { host: "example.com", port: 50_051 });
    f("grpc", "example.com", { host: "example.com" });
  });
  test("nothing, and what takes none", () => {
    f("http", "", "the target is missing");
    f("script", "a", "a check of type `script` takes no target");
  });
});
