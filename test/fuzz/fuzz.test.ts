import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { attack, inputFor, sizeOf, taken } from "./attack.ts";
import { type Decoder, NOT_FED, NO_DECODERS, decoders } from "./decoders.ts";

/** `npm run fuzz` gives each a million and more. */
const INPUTS = 2000;

describe("whatever comes from the network becomes a value of bounded size", () => {
  it.each(decoders)("$name", (decoder) => expect(attack(decoder, INPUTS, 1)).toEqual([]));
});

test("every valid message is taken, and cut at every octet", () => {
  for (const decoder of decoders) {
    for (const seed of decoder.seeds) for (let cut = 0; cut <= seed.length; cut++) expect(taken(decoder, seed.subarray(0, cut)), `${decoder.name} cut at ${cut}`).toBeNull();
  }
});

const WIRE = join(import.meta.dirname, "../../src/wire");
const files = readdirSync(WIRE).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));

test("every codec has its decoder here", () => {
  const fed = new Set([...decoders.flatMap((decoder) => decoder.files), ...Object.keys(NO_DECODERS)]);
  expect(files.filter((name) => !fed.has(name)), "add an entry to test/fuzz/decoders.ts for these files of src/wire").toEqual([]);
  expect([...fed].filter((name) => !files.includes(name)), "these files are gone").toEqual([]);
});

test("every function that decodes is called here", async () => {
  const exported = (await Promise.all(files.map(async (name) => Object.keys((await import(join(WIRE, name))) as object)))).flat();
  const decoding = exported.filter((name) => /^(decode|parse|read)[A-Z]/.test(name));
  const here = readdirSync(import.meta.dirname).filter((name) => name.startsWith("decoders"));
  // Behind the imports, so that an import alone does not count.
  const called = here.map((name) => readFileSync(join(import.meta.dirname, name), "utf8").replaceAll(/^import .*$/gm, "")).join("\n");
  const fed = new Set(decoding.filter((name) => new RegExp(`\\b${name}\\b(?!:)`).test(called)));
  expect(decoding.filter((name) => !fed.has(name)).toSorted(), "call these in test/fuzz/decoders.ts, or say in NOT_FED why not").toEqual(Object.keys(NOT_FED));
});

describe("the attack itself", () => {
  const decoder = (decode: Decoder["decode"]): Decoder => ({ name: "planted", files: [], seeds: [Uint8Array.of(1, 2, 3, 4)], decode });
  it("finds a decoder that throws", () => {
    const [first] = attack(decoder((bytes) => Buffer.from(bytes).readUInt32BE(0)), INPUTS, 1);
    expect(first?.what).toMatch(/^threw RangeError/);
  });
  it("finds one that believes in lengths", () => expect(attack(decoder((bytes) => new Uint8Array((bytes[0] ?? 0) * 0x100)), INPUTS, 1)[0]?.what).toMatch(/^made more than \d+ characters/));
  it("finds one that breaks only under much", () => expect(attack(decoder((bytes) => String.fromCharCode(...bytes, ...bytes, ...bytes, ...bytes)), 50_000, 1)[0]?.what).toMatch(/^threw RangeError/));
  it("gives the same input again, and others under another seed", () => {
    const inputs = (seed: number): readonly string[] => Array.from({ length: 50 }, (_, index) => Buffer.from(inputFor(decoder(() => null), seed, index)).toString("hex"));
    expect(inputs(7)).toEqual(inputs(7));
    expect(inputs(7)).not.toEqual(inputs(8));
  });
  it("measures all that a value holds", () => {
    expect(sizeOf("abc", 100)).toBe(4);
    expect(sizeOf({ a: [1, "bc"], b: new Map([["k", new Uint8Array(5)]]) }, 100)).toBe(16);
  });
});
