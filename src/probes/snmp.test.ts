import { expect, it } from "vitest";
import { snmp } from "./snmp.ts";

const problem = (options: object): string => {
  const parsed = snmp.options.safeParse({ host: "aaa.test", ...options });
  if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
  return snmp.check?.(parsed.data)?.wrong ?? "";
};

it("names options that cannot be", () => {
  for (const fine of [{}, { version: 1 }, { version: 3 }, { version: 3, user: "u", authPassword: "12345678", privacyPassword: "12345678" }, { version: 3, user: "u", oids: "1.3.6" }]) expect(problem(fine), JSON.stringify(fine)).toBe("");
  expect(problem({ user: "u" })).toBe("`user` is of version 3, and the version is 2c");
  expect(problem({ version: 1, context: "c" })).toBe("`context` is of version 3, and the version is 1");
  expect(problem({ version: 3, community: "public" })).toBe("there is no community in version 3");
  expect(problem({ version: 3, authPassword: "12345678" })).toBe("`authPassword` needs a `user`");
  expect(problem({ version: 3, user: "u", privacyPassword: "12345678" })).toBe("what is encrypted is signed as well");
  expect(problem({ version: 3, oids: "1.3.6" })).toBe("values are read as a user in version 3, and there is no `user`");
  expect(problem({ version: 3, user: "u", authPassword: "1234567" })).toBe("a password in SNMP has at least 8 characters");
  expect(problem({ version: 3, user: "ü".repeat(17) })).toBe("it is longer than 32 bytes");
  expect(problem({ version: 2 })).not.toBe("");
});

it("takes one OID, a list, or names for them", () => {
  const oids = (value: unknown) => snmp.options.parse({ host: "aaa.test", oids: value }).oids;
  expect(oids(".1.3.6.1")).toEqual([{ name: "1.3.6.1", oid: "1.3.6.1" }]);
  expect(oids(["1.3.6.1", ".1.3.6.1", "1.3.6.2"])).toEqual([{ name: "1.3.6.1", oid: "1.3.6.1" }, { name: "1.3.6.2", oid: "1.3.6.2" }]);
  expect(oids({ load: "1.3.6.1", again: "1.3.6.1" })).toEqual([{ name: "load", oid: "1.3.6.1" }, { name: "again", oid: "1.3.6.1" }]);
  for (const wrong of [[], {}, "sysUpTime.0", ["1"], { "a b": "1.3" }, { address: "1.3" }, { latency: "1.3" }, { __proto__: null, constructor: "x" }, Array.from({ length: 65 }, (_, index) => `1.3.${index}`)]) expect(problem({ oids: wrong }), JSON.stringify(wrong)).not.toBe("");
});

it("knows the facts that its options name", () => {
  const named = (value: unknown) => snmp.named?.(snmp.options.parse({ host: "aaa.test", oids: value }));
  expect(named(null)).toEqual([]);
  expect(named({ load: "1.3.6.1" })).toEqual(["load"]);
  expect(named(["1.3.6.1"])).toEqual(["1.3.6.1"]);
});

it("names its target", () => expect(snmp.target(snmp.options.parse({ host: "::1" }))).toBe("[::1]:161"));
