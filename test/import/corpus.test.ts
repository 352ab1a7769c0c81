import { describe, expect, test } from "vitest";
import { FORMATS } from "../../src/import/formats.ts";
import { importers } from "../../src/import/index.ts";
import { openForeign } from "../../src/import/open.ts";
import { cases, diskOf, expected, importCase, pathOf } from "./corpus.ts";

const all = cases();

test("every format has an importer, and the other way round", () => expect(importers.map(({ format }) => format)).toEqual(Object.keys(FORMATS)));

test.each(Object.keys(FORMATS))("%s has a corpus", (format) => expect(all.filter((one) => one.format === format).length).toBeGreaterThanOrEqual(25));

describe.each(all)("$format $name", (one) => {
  test("comes out as expected; the written file makes the same site", async () => {
    const { yaml, text, direct, written } = await importCase(one);
    expect({ yaml, text }).toEqual(expected(one));
    // What the original would refuse is written by nobody.
    if (direct !== null) expect(written).toBe(direct);
  });
  test.skipIf(one.name.startsWith("forced-"))("is known for what it is", async () => {
    const opened = await openForeign(pathOf(one), null, diskOf(one));
    expect(opened.kind === "opened" ? opened.format : opened).toBe(one.format);
  });
});
