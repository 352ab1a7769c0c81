import fc from "fast-check";
import { expect, test } from "vitest";
import { importers } from "../../src/import/index.ts";
import { type ForeignDisk, openForeign } from "../../src/import/open.ts";
import { cases, diskOf, pathOf } from "./corpus.ts";

const all = cases();

/** What can happen to a file: a part is cut out, doubled, or overwritten with other bytes. */
const damage = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat({ max: 40 }), bytes: fc.uint8Array({ maxLength: 40 }), how: fc.constantFrom("cut", "double", "write") });
type Damage = typeof damage extends fc.Arbitrary<infer Of> ? Of : never;

function damaged(bytes: Uint8Array, { at, length, bytes: other, how }: Damage): Uint8Array {
  const from = Math.floor(at * bytes.length);
  const [before, part, after] = [bytes.subarray(0, from), bytes.subarray(from, from + length), bytes.subarray(from + length)];
  return Buffer.concat(how === "cut" ? [before, after] : how === "double" ? [before, part, part, after] : [before, other, after]);
}

test("no damaged file makes an importer fail, and everything it says has a place", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...all), fc.array(damage, { minLength: 1, maxLength: 4 }), fc.constantFrom(...importers.map(({ format }) => format)), async (one, damages, other) => {
      const disk = diskOf(one);
      const hostile: ForeignDisk = {
        ...disk,
        async read(path, most) {
          const read = await disk.read(path, most);
          return read.kind === "read" ? { kind: "read", bytes: damages.reduce(damaged, read.bytes).subarray(0, most) } : read;
        },
      };
      const path = pathOf(one);
      for (const format of [one.format, other]) {
        const opened = await openForeign(path, format, hostile);
        if (opened.kind !== "opened") continue;
        const { notes, document } = opened.imported;
        expect(typeof document).toBe("object");
        for (const { file, line, column, text } of notes) expect([file !== "", line >= 0, column >= 0, text !== ""]).toEqual([true, true, true, true]);
        opened.close();
      }
    }),
    { numRuns: 400 },
  );
});
