import fc from "fast-check";
import { expect, test } from "vitest";
import { type Scope, scopeOf } from "./scope.ts";

function f(scope: Scope, ...targets: readonly string[]): void {
  for (const target of targets) expect(scopeOf(target), target).toBe(scope);
}

test("this host", () => f("host", "", "this host", "/var", "unix:/run/docker.sock", "127.0.0.1:22", "127.8.8.8", "localhost:80", "LOCALHOST", "db.localhost:5432", "::1", "[::1]:443", "0:0:0:0:0:0:0:1", "http://localhost:8080/x", "::ffff:127.0.0.1"));
test("the local network", () => f("local", "10.1.2.3:443", "172.16.0.1", "172.31.255.255:1", "192.168.1.1", "169.254.1.1", "fe80::1", "[fe80::1%eth0]:53", "fd00::1", "[fc12:3::4]:80", "printer", "printer:9100", "nas.local:445", "nas.lan", "box.home.arpa", "x.internal", "example.org A @192.168.1.1", "example.org A @10.0.0.1,10.0.0.2", "ldap://dc.corp:389"));
test("beyond the gateway", () => f("outside", "192.0.2.1", "172.32.0.1:1", "172.15.0.1", "100.64.0.1", "2001:db8::1", "[2001:db8::1]:443", "shop.example.com:443", "shop.example.com.", "https://shop.example.com/a", "example.org A", "example.org A @10.0.0.1,192.0.2.1", "local.example.com", "8.8.8.8"));
test("any text has a scope", () => {
  fc.assert(fc.property(fc.string(), (text) => ["host", "local", "outside"].includes(scopeOf(text))));
});
