import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { IncidentId } from "../core/types.ts";
import { Links } from "./links.ts";

const links = new Links(Buffer.alloc(32, 7));
const incident = "0123456789abcdef0123456789abcdef" as IncidentId;

test("what was signed is read, the same each time", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), fc.string({ maxLength: 60, unit: "grapheme" }), (id, by) => {
      const linked = { incident: id as IncidentId, by: by.slice(0, 100).toWellFormed() };
      expect(links.token(linked)).toBe(links.token(linked));
      expect(links.read(links.token(linked))).toEqual(linked);
    }),
  );
});

test("nothing else is", () => {
  const token = links.token({ incident, by: "ops@example.com" });
  const f = (forged: string) => expect(links.read(forged)).toBeNull();
  f("");
  f("x".repeat(10_000));
  f(new Links(Buffer.alloc(32, 8)).token({ incident, by: "ops@example.com" }));
  f(`${token}A`);
  f(token.slice(0, -2));
  f(`../${token}`);
  for (let at = 0; at < token.length; at += 1) f(`${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`);
});

test("the key stays in the data folder, for its owner alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-links-"));
  const token = (await Links.open(folder)).token({ incident, by: "" });
  expect((await Links.open(folder)).read(token)).toEqual({ incident, by: "" });
  expect(statSync(join(folder, "links.key")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, "links.key"), "utf8")).toMatch(/^[\w+/]{43}=\n$/);
  rmSync(folder, { recursive: true });
});
