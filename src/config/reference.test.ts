import { describe, expect, test } from "vitest";
import { z } from "zod";
import { host, port, secret } from "../dial/options.ts";
import { configurationSchema } from "./jsonschema.ts";
import { fillParts, optionRows, referenceParts } from "./reference.ts";
import { channels, probes } from "./testdata/registry.ts";

const schema = z.strictObject({
  host: host().describe("Whom to ask"),
  port: port().default(25),
  login: z.strictObject({ user: z.string(), password: secret() }).optional(),
  turns: z.array(z.strictObject({ send: z.string().meta({ source: "RFC 1" }) })).default([]),
  mode: z.union([z.enum(["a", "b"]), z.literal(false)]).default("a"),
});

test("rows of every option", () => {
  expect(optionRows(schema).map((row) => [row.option, row.type, row.default, row.required, row.secret])).toEqual([
    ["host", "text", null, true, false],
    ["port", "whole number 1 to 65535", "25", false, false],
    ["login", "mapping with `user`, `password`", null, false, false],
    ["login.user", "text", null, true, false],
    ["login.password", "text", null, true, true],
    ["turns", "list of mapping with `send`", "[]", false, false],
    ["turns[].send", "text", null, true, false],
    ["mode", "one of `a`, `b`, or `false`", "a", false, false],
  ]);
});

test("parts go where they belong", () => {
  expect(fillParts("a\n<!-- generated: x -->\nold\n<!-- end -->\nb", { x: "new" })).toBe("a\n<!-- generated: x -->\n\nnew\n\n<!-- end -->\nb");
  expect(() => fillParts("", { x: "new" })).toThrow("no place for x");
  expect(() => fillParts("<!-- generated: y -->\n<!-- end -->", {})).toThrow("no part `y`");
});

test("every part holds what it is about", () => {
  const parts = referenceParts(probes, channels);
  expect(Object.keys(parts)).toEqual(["settings", "check", "group", "channel", "rotations", "maintenance", "probes", "channels"]);
  expect(parts["probes"]).toContain("| `auth.password` | text | **required** | Its password. Secret: never shown. |");
});

describe("the editor's schema", () => {
  const json = JSON.stringify(configurationSchema(probes, channels));
  const defs = z.record(z.string(), z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() })).parse(configurationSchema(probes, channels)["$defs"]);
  test("has a definition of every type", () => expect(Object.keys(defs)).toEqual(expect.arrayContaining(["check-http", "check-group", "channel-email", "window", "defaults"])));
  test("knows options and common keys of a type", () => expect(Object.keys(defs["check-tcp"]?.properties ?? {})).toEqual(expect.arrayContaining(["host", "port", "every", "depends"])));
  test("every reference in it leads somewhere", () => {
    for (const [, name] of json.matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)) expect(Object.keys(defs)).toContain(name);
  });
  test("accepts references where numbers stand", () => expect(JSON.stringify(defs["check-tcp"]?.properties?.["port"])).toContain("(env|file)"));
  test("offers no default that would be wrong", () => expect(json).not.toContain("the site's"));
});
