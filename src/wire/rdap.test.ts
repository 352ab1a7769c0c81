import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRegistration, serverFor } from "./rdap.ts";

const REGISTRY = JSON.stringify({
  version: "1.0",
  services: [
    [["com", "net"], ["http://old.example/", "https://rdap.example/com/"]],
    [["co.uk"], ["https://rdap.example/co-uk/"]],
    [["uk"], ["https://rdap.example/uk/"]],
    [["void"], []],
    "nonsense",
  ],
});

test("the server is that of the longest entry, https first", () => {
  const f = (domain: string, server: string | null): void => expect(serverFor(REGISTRY, domain)).toEqual({ kind: "found", server });
  f("example.com", "https://rdap.example/com/");
  f("example.co.uk", "https://rdap.example/co-uk/");
  f("example.org.uk", "https://rdap.example/uk/");
  f("telecom", null);
  f("example.void", null);
  expect(serverFor("[]", "example.com")).toEqual({ kind: "bad", reason: "no registry of RDAP servers" });
  expect(serverFor("{", "example.com").kind).toBe("bad");
});

test("a registration is read, whatever else stands there", () => {
  const answer = {
    objectClassName: "domain",
    ldhName: "EXAMPLE.COM.",
    status: ["active", 7],
    events: [{ eventAction: "registration", eventDate: "1995-08-14T04:00:00Z" }, { eventAction: "expiration", eventDate: "soon" }, { eventAction: "expiration", eventDate: "2027-08-13T04:00:00Z" }, null],
    entities: [{ roles: ["abuse"] }, { roles: ["registrar"], handle: "376", vcardArray: ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Registrar"]]] }],
    nameservers: [{ ldhName: "A.Example.NET" }, {}],
  };
  expect(parseRegistration(JSON.stringify(answer))).toEqual({
    kind: "domain",
    name: "example.com",
    expires: "2027-08-13T04:00:00Z",
    registered: "1995-08-14T04:00:00Z",
    changed: null,
    registrar: "Example Registrar",
    status: ["active"],
    nameservers: ["a.example.net"],
  });
  expect(parseRegistration(JSON.stringify({ ...answer, entities: [{ roles: ["registrar"], handle: "376" }] }))).toMatchObject({ registrar: "376" });
  for (const wrong of ["", "null", "[]", "7", "{}", JSON.stringify({ ...answer, objectClassName: "entity" }), JSON.stringify({ ...answer, ldhName: 7 })]) expect(parseRegistration(wrong)).toEqual({ kind: "bad", reason: "no RDAP answer about a domain" });
});

test("any text is a value", () => {
  const shaped = fc.record({ objectClassName: fc.constant("domain"), ldhName: fc.string({ minLength: 1 }), events: fc.jsonValue(), entities: fc.jsonValue(), status: fc.jsonValue(), nameservers: fc.jsonValue(), services: fc.jsonValue() });
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), shaped.map((value) => JSON.stringify(value))), (text) => ["domain", "bad"].includes(parseRegistration(text).kind) && ["found", "bad"].includes(serverFor(text, "example.com").kind)));
});
