import { expect, test } from "vitest";
import { ldap } from "./ldap.ts";

const parse = (options: object) => ldap.options.safeParse({ host: "ldap.example.com", ...options });
const wrong = (options: object): unknown => {
  const parsed = parse(options);
  return parsed.success ? (ldap.check?.(parsed.data)?.wrong ?? null) : parsed.error.issues.map(({ message }) => message);
};

test("a bind is anonymous, or has both a name and a password", () => {
  expect(wrong({})).toBeNull();
  expect(wrong({ dn: "cn=probe", password: "secret" })).toBeNull();
  expect(wrong({ dn: "cn=probe" })).toMatch(/binds anonymously/);
  expect(wrong({ dn: "cn=probe", password: "" })).toHaveLength(1);
  expect(wrong({ password: "secret" })).toMatch(/no name to bind as/);
});

test("what is read must be sayable", () => {
  expect(wrong({ base: "", attributes: ["namingContexts"] })).toBeNull();
  expect(wrong({ attributes: ["cn"] })).toMatch(/none is named/);
  expect(wrong({ base: "", filter: "(cn=*)" })).toEqual(["this is no attribute"]);
});

test("the port is the protocol's own", () => {
  const target = (options: object): string => ldap.target(ldap.options.parse({ host: "2001:db8::1", ...options }));
  expect(target({})).toBe("[2001:db8::1]:389");
  expect(target({ tls: true })).toBe("[2001:db8::1]:636");
  expect(target({ tls: true, starttls: true })).toBe("[2001:db8::1]:389");
  expect(target({ tls: true, port: 3269 })).toBe("[2001:db8::1]:3269");
});
