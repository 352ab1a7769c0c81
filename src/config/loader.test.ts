import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { diskFiles, loadInWorker, type LoaderResult } from "./loader.ts";
import type { Site } from "./site.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "tocsin-loader-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));
const PATH = join(FOLDER, "tocsin.yaml");
const REGISTRY = new URL("./testdata/registry.ts", import.meta.url).href;

async function load(text: string, previous: Site | null = null): Promise<LoaderResult> {
  writeFileSync(PATH, text);
  return loadInWorker({ path: PATH, environment: { PASSWORD: "hush hush" }, modules: { probes: REGISTRY, channels: REGISTRY, providers: REGISTRY }, previous });
}

const checks = (count: number, host: string): string => `checks:\n${Array.from({ length: count }, (_, index) => `  c${index}: {type: tcp, host: ${index === 7 ? host : "a"}, port: 1, notify: []}`).join("\n")}\n`;

test("a site comes over whole, in order and frozen; unchanged checks are kept at a reload", async () => {
  const first = await load(checks(1234, "a"));
  if (first.kind === "broken") throw new Error("broken");
  expect(first.diff).toBeNull();
  expect(first.site.checks.map(({ name }) => name)).toEqual(Array.from({ length: 1234 }, (_, index) => `c${index}`));
  expect(Object.isFrozen(first.site.checks) && Object.isFrozen(first.site.checks[0]?.policy)).toBe(true);
  const second = await load(checks(1234, "b"), first.site);
  if (second.kind === "broken") throw new Error("broken");
  expect(second.diff).toMatchObject({ added: [], removed: [], changed: [{ name: "c7", what: "target" }], settings: false });
  expect(second.site.checks[6]).toBe(first.site.checks[6]);
  expect(second.site.checks[7]).not.toBe(first.site.checks[7]);
  expect(second.site.version).not.toBe(first.site.version);
});

test("problems come over, all of them", async () => {
  const result = await load(`checks:\n${Array.from({ length: 2500 }, (_, index) => `  c${index}: {type: tpc}`).join("\n")}\n`);
  expect(result.kind === "broken" && result.problems.length).toBe(2500);
});

test("secrets are filled in from the environment that was given", async () => {
  const result = await load("checks: {a: {type: http, url: 'http://a/', notify: [], auth: {user: u, password: '${env:PASSWORD}'}}}");
  expect(result.kind === "loaded" && result.site.secrets).toEqual(["hush hush"]);
});

test("an aborted load ends at once", async () => {
  const controller = new AbortController();
  const loading = loadInWorker({ path: PATH, environment: {}, modules: { probes: REGISTRY, channels: REGISTRY, providers: REGISTRY }, previous: null, signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(loading).rejects.toThrow("enough");
});

test("a registry that is none is a bug, and told as one", async () => {
  await expect(loadInWorker({ path: PATH, environment: {}, modules: { probes: new URL("./nearest.ts", import.meta.url).href, channels: REGISTRY, providers: REGISTRY }, previous: null })).rejects.toThrow("exports no list `probes`");
});

test("files of this machine", async () => {
  const files = diskFiles();
  mkdirSync(join(FOLDER, "d"));
  writeFileSync(join(FOLDER, "d", "b"), "text");
  writeFileSync(join(FOLDER, "d", "a"), "");
  expect(await files.list(join(FOLDER, "d"))).toEqual(["a", "b"]);
  expect(await files.list(join(FOLDER, "no"))).toBeNull();
  expect(await files.read(join(FOLDER, "d", "b"))).toEqual({ kind: "read", text: "text" });
  expect(await files.read(join(FOLDER, "no"))).toEqual({ kind: "failed", sentence: "there is no such file" });
  expect(await files.read(FOLDER)).toEqual({ kind: "failed", sentence: "this is a folder" });
  writeFileSync(join(FOLDER, "latin1"), Buffer.from("name: caf\u00e9", "latin1"));
  expect(await files.read(join(FOLDER, "latin1"))).toEqual({ kind: "failed", sentence: "this file is no text in UTF-8", right: "save it as UTF-8" });
  writeFileSync(join(FOLDER, "bom"), "\uFEFFname: caf\u00e9");
  expect(await files.read(join(FOLDER, "bom"))).toEqual({ kind: "read", text: "\uFEFFname: caf\u00e9" });
  chmodSync(join(FOLDER, "d", "b"), 0o604);
  expect(await files.exposed?.(join(FOLDER, "d", "b"))).toBe(true);
  chmodSync(join(FOLDER, "d", "b"), 0o755);
  expect(await files.exposed?.(join(FOLDER, "d", "b")), "a program").toBe(false);
  expect(await files.exposed?.(join(FOLDER, "d")), "a folder's files are looked at one by one").toBe(false);
  chmodSync(join(FOLDER, "d", "b"), 0o640);
  expect(await files.exposed?.(join(FOLDER, "d", "b"))).toBe(false);
});

test("a file that is empty for a moment ends no check; `checks: {}` does", async () => {
  const first = await load(checks(3, "a"));
  if (first.kind === "broken") throw new Error("broken");
  const f = async (text: string, line: number, column: number) => {
    const again = await load(text, first.site);
    expect(again).toMatchObject({
      kind: "broken",
      problems: expect.arrayContaining([{ severity: "error", file: PATH, line, column, wrong: "there are no checks any more", right: "write them below `checks:`; to end all that run, write `checks: {}`" }]),
    });
  };
  await f("", 1, 1);
  await f("name: x\n", 1, 1);
  await f("name: x\nchecks:\n", 2, 1);
  await f("checks:\n  x-one: {type: tcp}\n", 1, 1);
  expect(await load("checks: {}\n", first.site)).toMatchObject({ kind: "loaded", site: { checks: [] }, diff: { removed: ["c0", "c1", "c2"] } });
  const none = await load("");
  expect(none).toMatchObject({ kind: "loaded", warnings: [{ wrong: "there are no checks" }] });
  expect(await load("name: x\n", none.kind === "loaded" ? none.site : null), "nothing runs that could end").toMatchObject({ kind: "loaded" });
});
