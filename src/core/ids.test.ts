import fc from "fast-check";
import { expect, test } from "vitest";
import { alertId, hash128, hash32, incidentId, murmur128 } from "./ids.ts";
import { channelName, checkName, instant } from "./types.ts";

test("hash128 gives the published digests of MurmurHash3_x86_128", () => {
  const f = (text: string, digest: string) => expect(hash128(text)).toBe(digest);
  f("", "00000000000000000000000000000000");
  f("The quick brown fox jumps over the lazy dog", "2f1583c3ecee2c675d7bf66ce5e91d2c");
});

test("murmur128 passes SMHasher's verification: keys 0..255 long, hash of hashes 0xB3ECE62A", () => {
  const bytes = (words: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);
  const digests = Array.from({ length: 256 }, (_, length) => [...bytes(murmur128(Uint8Array.from({ length }, (_, at) => at), 256 - length))]);
  expect(murmur128(Uint8Array.from(digests.flat()), 0)[0]).toBe(0xb3ece62a);
});

test("hash32 is the first word of hash128, of any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => hash32(text).toString(16).padStart(8, "0") === hash128(text).slice(0, 8)));
});

test("an id changes with every part, and parts cannot run into each other", () => {
  const parts = { check: checkName("a"), of: instant(5), kind: "down", step: 0, ordinal: 1, channel: channelName("ops"), recipient: "x" } as const;
  const ids = [
    parts,
    { ...parts, check: checkName("b") },
    { ...parts, of: instant(6) },
    { ...parts, kind: "recovered" } as const,
    { ...parts, step: 1 },
    { ...parts, ordinal: 2 },
    { ...parts, channel: channelName("opsx"), recipient: "" },
    { ...parts, channel: channelName('ops","x'), recipient: "" },
  ].map(alertId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(alertId({ ...parts })).toBe(ids[0]);
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
});

test("an incident's id is stable and depends on check, kind, first sign and those before", () => {
  const f = (check: string, kind: string, at: number, before = 0) => incidentId({ check: checkName(check), kind, firstSign: instant(at), before });
  expect(f("a", "down", 1)).toBe(f("a", "down", 1));
  expect(new Set([f("a", "down", 1), f("b", "down", 1), f("a", "unchecked", 1), f("a", "down", 2), f("a", "down", 1, 1)]).size).toBe(5);
});
