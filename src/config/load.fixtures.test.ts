import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadSite } from "./load.ts";
import { diskFiles } from "./loader.ts";
import { formatProblem } from "./problems.ts";
import { channels, probes } from "./testdata/registry.ts";

/**
 * One file a rule: `invalid-*` is refused, `doubtful-*` is taken with warnings. Its last lines hold what lint must print, after `#= `.
 * `TOCSIN_WRITE_FIXTURES=1` writes them anew, to be read before they are committed.
 */
const FOLDER = new URL("./testdata/", import.meta.url).pathname;
const MARK = "#= ";
const environment = { PASSWORD: "correct horse", TOKEN: "0123456789abcdef0123", SHORT: "0123" };
const fixtures = readdirSync(FOLDER).filter((name) => /^(invalid|doubtful)-.*\.yaml$/.test(name));

async function lint(name: string): Promise<{ readonly kind: string; readonly lines: readonly string[] }> {
  const loading = await loadSite({ path: FOLDER + name, files: { ...diskFiles(), exposed: () => Promise.resolve(false) }, environment, probes, channels });
  const problems = loading.kind === "loaded" ? loading.warnings : loading.problems;
  return { kind: loading.kind, lines: problems.map((problem) => formatProblem(problem).replaceAll(FOLDER, "")) };
}

describe("each rule has a file that breaks it", () => {
  test.each(fixtures)("%s", async (name) => {
    const text = readFileSync(FOLDER + name, "utf8");
    const { kind, lines } = await lint(name);
    if (process.env["TOCSIN_WRITE_FIXTURES"] === "1") {
      const body = text.split("\n").filter((line) => !line.startsWith(MARK)).join("\n").trimEnd();
      writeFileSync(FOLDER + name, `${[body, ...lines.map((line) => MARK + line)].join("\n")}\n`);
      return;
    }
    const expected = text.split("\n").filter((line) => line.startsWith(MARK)).map((line) => line.slice(MARK.length));
    expect(lines).toEqual(expected);
    expect(lines.length).toBeGreaterThan(0);
    expect(kind).toBe(name.startsWith("invalid-") ? "broken" : "loaded");
    for (const secret of Object.values(environment)) expect(lines.join("\n")).not.toContain(secret);
  });
});
