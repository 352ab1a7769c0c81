import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FUNCTION_LINES, LONG_FILES, LONG_FUNCTIONS, FILE_LINES } from "./tidy/limits.ts";
import { deadExports, importFindings, nameFindings, sizeFindings, sqlFindings, worldFindings } from "./tidy/rules.ts";
import { readSource, type Source } from "./tidy/source.ts";
import { ROOMS } from "./tidy/table.ts";

const root = join(import.meta.dirname, "..");
const paths = globSync(["src/**/*.ts", "web/*.ts", "web/src/**/*.{ts,tsx}", "test/**/*.ts", "bench/**/*.ts"], { cwd: root }).sort();
const sources: readonly Source[] = paths.map((path) => readSource(path, readFileSync(join(root, path), "utf8")));

/** All findings at once, a line each. */
const none = (found: readonly string[]): void => expect(found.join("\n")).toBe("");

describe("the house is tidy", () => {
  test("every file is seen", () => expect(sources.length).toBeGreaterThan(100));
  test("imports keep to the table", () => none(sources.flatMap(importFindings)));
  test("the world comes in through src/sys", () => none(sources.flatMap(worldFindings)));
  test("files and functions are short", () => none(sources.flatMap(sizeFindings)));
  test("SQL stands in the drivers", () => none(sources.flatMap(sqlFindings)));
  test("names and exports", () => none(sources.flatMap(nameFindings)));
  test("nothing is exported for nobody", () => none(deadExports(sources, ENTRIES)));
  test("what is excused is still that long", () => {
    const files = Object.keys(LONG_FILES).filter((path) => (sources.find((source) => source.path === path)?.lines ?? 0) <= FILE_LINES);
    const functions = Object.entries(LONG_FUNCTIONS).filter(([place, lines]) => {
      const source = sources.find(({ path }) => place.startsWith(`${path} `));
      return !source?.functions.some((it) => place === `${source.path} ${it.name}` && it.lines === lines && lines > FUNCTION_LINES);
    });
    none([...files, ...functions.map(([place, lines]) => `${place} ${lines}`)].map((place) => `${place} is excused in test/tidy/limits.ts for nothing; take it off the list, or write its new length`));
  });
  test("every room of the table is lived in, or is to come", () => {
    const empty = ROOMS.filter(({ files }) => !paths.some((path) => files.test(path))).map(({ name }) => name);
    expect(empty.filter((name) => !ROOMS_TO_COME.has(name))).toEqual([]);
  });
});

/** Files that are started by their name and not imported. */
const ENTRIES: ReadonlySet<string> = new Set(["src/main.ts", "src/config/worker.ts", "src/store/sqlite/writer.ts", "src/store/sqlite/reader.ts"]);
const ROOMS_TO_COME: ReadonlySet<string> = new Set(["PostgreSQL store", "cluster"]);

describe("a planted fault is found", () => {
  type Rule = (source: Source) => readonly string[];
  const f = (rule: Rule, path: string, text: string, expected: string) => expect(rule(readSource(path, text)).join("\n")).toContain(expected);
  const clean = (rule: Rule, path: string, text: string) => expect(rule(readSource(path, text))).toEqual([]);

  test("imports", () => {
    f(importFindings, "src/core/a.ts", 'import { readFileSync } from "node:fs";', "src/core/a.ts:1 (core) must not import node:fs; belief must be replayable");
    f(importFindings, "src/core/a.ts", 'import { z } from "zod";', "(core) must not import zod");
    f(importFindings, "src/core/a.ts", 'import type { Store } from "../store/store.ts";', "(core) must not import ../store/store.ts");
    f(importFindings, "src/probes/smtp.ts", '\nimport { http } from "./http.ts";', "src/probes/smtp.ts:2 must not import another probe");
    f(importFindings, "src/probes/smtp.ts", 'import { Engine } from "../run/engine.ts";', "(probe) must not import ../run/engine.ts; a probe observes");
    f(importFindings, "src/probes/smtp.ts", 'import { realClock } from "../sys/ports.ts";', "must not import ../sys/ports.ts");
    f(importFindings, "src/run/a.ts", 'const a = await import("../store/sqlite/open.ts");', "(run) must not import ../store/sqlite/open.ts");
    f(importFindings, "src/run/a.ts", 'export { a } from "../api/server.ts";', "(run) must not import ../api/server.ts");
    f(importFindings, "src/run/a.ts", 'export * from "../api/server.ts";', "(run) must not import ../api/server.ts");
    f(importFindings, "src/alert/outbox.ts", 'import { email } from "./channels/email.ts";', "(alert) must not import ./channels/email.ts");
    f(importFindings, "src/store/a.ts", 'import { DatabaseSync } from "node:sqlite";', "(store contract) must not import node:sqlite");
    f(importFindings, "web/src/a.tsx", 'import { nextSlot } from "../../src/core/schedule.ts";', "(page) must not import");
    f(importFindings, "src/cli/a.ts", 'import { openStore } from "../store/sqlite/open.ts";', "(cli) must not import");
    f(importFindings, "src/elsewhere/a.ts", "", "is in no room");
  });
  test("imports that are right", () => {
    clean(importFindings, "src/probes/http-json.ts", 'import type { Ports } from "../sys/ports.ts"; import { z } from "zod"; import { a } from "../dial/dial.ts";');
    clean(importFindings, "src/probes/http.ts", 'import { path } from "./http-json.ts";');
    clean(importFindings, "src/core/a.test.ts", 'import { test } from "vitest"; import fc from "fast-check"; import { readFileSync } from "node:fs";');
    clean(importFindings, "web/src/a.tsx", 'import type { Overview } from "../../src/api/types.ts"; import "./css/base.css"; import { For } from "solid-js/web";');
  });
  test("the world", () => {
    f(worldFindings, "src/run/a.ts", "const a = Date.now();", "uses Date.now; take `now` as an argument");
    f(worldFindings, "src/run/a.ts", "const a = new Date();", "uses new Date()");
    f(worldFindings, "src/run/a.ts", "const a = performance.now();", "uses performance.now");
    f(worldFindings, "src/run/a.ts", "setTimeout(() => {}, 5);", "uses setTimeout; use `clock.timer()`");
    f(worldFindings, "src/run/a.ts", "globalThis.setInterval(() => {}, 5);", "uses setInterval");
    f(worldFindings, "src/run/a.ts", "const a = Math.random();", "uses Math.random");
    f(worldFindings, "src/run/a.ts", "const a = process.env.HOME;", "uses process.env");
    f(worldFindings, "src/run/a.ts", 'console.log("a");', "uses console.log; use `log`");
    clean(worldFindings, "src/sys/clock.ts", "const a = Date.now();");
    clean(worldFindings, "src/run/a.ts", "const a = new Date(5).getTime(); socket.setTimeout(5);");
  });
  test("sizes", () => {
    f(sizeFindings, "src/run/a.ts", "\n".repeat(FILE_LINES + 1), "has 351 lines of at most 350");
    f(sizeFindings, "src/probes/a.ts", "\n".repeat(251), "of at most 250");
    f(sizeFindings, "src/alert/channels/a.ts", "\n".repeat(151), "of at most 150");
    f(sizeFindings, "src/run/a.ts", `export function long(): void {${"\n".repeat(70)}}`, "src/run/a.ts:1 long has 71 lines of at most 70");
    f(sizeFindings, "src/run/a.ts", `const long = () => {${"\n".repeat(70)}};`, "long has 71 lines");
    clean(sizeFindings, "src/run/a.ts", `function long(): void {${"\n".repeat(69)}}`);
    clean(sizeFindings, "src/run/a.test.ts", `describe("a", () => {${"\n".repeat(100)}});`);
    f(sizeFindings, "src/run/a.test.ts", `test("a", () => {${"\n".repeat(100)}});`, "test has 101 lines");
  });
  test("SQL, names, defaults", () => {
    f(sqlFindings, "src/api/a.ts", 'const a = "SELECT a FROM b";', "holds SQL");
    f(sqlFindings, "src/api/a.ts", "const a = `UPDATE a SET b = ${1}`;", "holds SQL");
    clean(sqlFindings, "src/api/a.ts", 'const a = "select a check from the list";');
    f(nameFindings, "src/utils/a.ts", "", "in a folder called utils");
    f(nameFindings, "src/run/helpers.ts", "", "is called helpers");
    f(nameFindings, "src/run/a.ts", "export default 5;", "has a default export");
  });
  test("dead exports", () => {
    const a = readSource("src/run/a.ts", "export const used = 1; export function dead(): void {} export type Fine = 1;");
    const b = readSource("src/run/b.ts", 'import { used } from "./a.ts";');
    const own = readSource("src/run/a.test.ts", 'import { dead } from "./a.ts";');
    expect(deadExports([a, b, own], new Set())).toEqual(["src/run/a.ts:1 exports dead, which nothing imports; remove it"]);
    const both = readSource("src/run/a.ts", "export const used = 1; export function dead(): number { return 1; } const more = used + dead();");
    expect(deadExports([both, b], new Set())).toEqual(["src/run/a.ts:1 exports dead, which nothing imports; remove the word export"]);
    expect(deadExports([both, b, own], new Set())).toEqual([]);
    expect(deadExports([a, b, own], new Set(["src/run/a.ts"]))).toEqual([]);
  });
});
