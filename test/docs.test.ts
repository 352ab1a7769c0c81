import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { renderMessage } from "../src/alert/message.ts";
import { channels } from "../src/alert/channels/index.ts";
import { providers } from "../src/alert/providers/index.ts";
import { openDoors } from "../src/app/doors.ts";
import { backtest } from "../src/cli/backtest.ts";
import { check } from "../src/cli/check.ts";
import { importCommand } from "../src/cli/import.ts";
import { notify } from "../src/cli/notify.ts";
import { buildProgram } from "../src/cli/program.ts";
import { run } from "../src/cli/run.ts";
import { vitals } from "../src/cli/vitals.ts";
import { loadSite } from "../src/config/load.ts";
import { formatProblem } from "../src/config/problems.ts";
import { SETTINGS_KEYS } from "../src/config/settings.ts";
import { type Alert, type AlertId, channelName, checkName, type IncidentId, instant } from "../src/core/types.ts";
import { probes } from "../src/probes/index.ts";
import type { Files } from "../src/sys/ports.ts";

const root = join(import.meta.dirname, "..");
const documents = globSync(["*.md", "docs/**/*.md"], { cwd: root }).toSorted();
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
/** Without the blocks of code. */
const proseOf = (path: string): string => textOf(path).replaceAll(/^```[\s\S]*?^```/gm, "");
const blocksOf = (path: string, language: string): readonly string[] => [...textOf(path).matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```/gm)].filter(([, , of]) => of === language).map(([, , , text]) => text ?? "");

/** All findings at once, a line each. */
const none = (found: readonly string[]): void => expect(found.join("\n")).toBe("");

/** The anchor that a heading gets. */
const anchor = (heading: string): string => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-");
const anchorsOf = (path: string): ReadonlySet<string> => new Set([...proseOf(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading ?? "")));

function brokenLinks(path: string): readonly string[] {
  const links = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? "").filter((link) => !/^[a-z]+:/.test(link));
  return links.flatMap((link) => {
    const [file = "", heading] = link.split("#");
    const target = file === "" ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(root, target))) return [`${path} links to ${link}, which is not there`];
    return heading === undefined || anchorsOf(target).has(heading) ? [] : [`${path} links to ${link}, and ${target} has no such heading`];
  });
}

/** Paths in backticks, without line numbers; `NAME` stands for anything. */
function missingFiles(path: string): readonly string[] {
  const named = [...proseOf(path).matchAll(/`((?:src|test|docs|bin|web|bench|examples)\/[\w./-]+)`/g)].map(([, file]) => file ?? "");
  return named.filter((file) => !file.includes("NAME") && file !== "web/dist" && !existsSync(join(root, file))).map((file) => `${path} names ${file}, which is not there`);
}

const program = buildProgram(openDoors(), () => undefined, [run, check, notify, importCommand, vitals, backtest]);

/** Command lines of `tocsin`, in blocks and in backticks, against the tree of commands. */
function wrongCommands(path: string): readonly string[] {
  const shell = [...blocksOf(path, "sh"), ...blocksOf(path, "text").filter((text) => text.startsWith("$ "))].flatMap((text) => text.split("\n"));
  const inline = [...proseOf(path).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text ?? "");
  const lines = [...shell, ...inline].map((line) => /^(?:\$ )?(?:\w+=\S+ )*(?:bin\/)?tocsin +([a-z].*)$/.exec(line.trim())?.[1]).filter((line) => line !== undefined);
  return lines.flatMap((line) => {
    const [name = "", ...words] = line.split(/[;&|]/)[0]?.trim().split(/\s+/) ?? [];
    const command = program.commands.find((known) => known.name() === name);
    if (command === undefined) return [`${path}: there is no command tocsin ${name}`];
    const known = new Set(["--help", ...command.options.map((option) => option.long)]);
    return words.filter((word) => word.startsWith("--") && !known.has(word)).map((word) => `${path}: tocsin ${name} has no option ${word}`);
  });
}

function wrongScripts(path: string): readonly string[] {
  const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: { readonly [name: string]: string } };
  const named = [...textOf(path).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test))\b/g)].map(([, script, plain]) => script ?? plain ?? "");
  return named.filter((name) => !Object.hasOwn(scripts, name)).map((name) => `${path}: package.json has no script ${name}`);
}

/** Every reference leads somewhere, each to a text of its own. */
const secretFor = (name: string): string => (name.includes("url") ? `https://${name}.example.com/` : createHash("sha256").update(name).digest("hex"));
const environmentOf = (text: string): { readonly [name: string]: string } => Object.fromEntries([...text.matchAll(/\$\{env:(\w+)\}/g)].map(([, name = ""]) => [name, secretFor(name)]));
const filesWith = (text: string): Files => ({ read: (path) => Promise.resolve({ kind: "read", text: path === "/t/tocsin.yaml" ? text : `${secretFor(path.replace(/^.*\//, ""))}\n` }), list: () => Promise.resolve(null) });

const SECTIONS: ReadonlySet<string> = new Set(["checks", "channels", "rotations", "defaults", "maintenance", ...Object.keys(SETTINGS_KEYS)]);

/** A piece of a configuration as a whole one: keys of the site beside a check, checks by name, or keys of one check. */
function wholeOf(snippet: string): { readonly text: string; readonly whole: boolean } {
  const value: unknown = load(snippet);
  if (typeof value !== "object" || value === null) throw new Error(`no mapping: ${snippet}`);
  const isSite = Object.keys(value).every((key) => SECTIONS.has(key) || key.startsWith("x-"));
  if ("checks" in value && isSite) return { text: snippet, whole: true };
  const people = { ops: { type: "log" }, boss: { type: "log" } };
  if (isSite) return { text: JSON.stringify({ channels: people, ...value, checks: { gateway: { type: "tcp", host: "192.0.2.1", port: 1 } } }), whole: false };
  const gateway = { type: "tcp", host: "192.0.2.1", port: 1 };
  const named = Object.values(value).every((of) => typeof of === "object" && of !== null && "type" in of);
  const checks = named ? { gateway, ...value } : { gateway, shop: { type: "http", url: "https://shop.example.com/", ...value } };
  return { text: JSON.stringify({ channels: people, checks }), whole: false };
}

async function lint(path: string, snippet: string): Promise<readonly string[]> {
  const { text, whole } = wholeOf(snippet);
  const loading = await loadSite({ path: "/t/tocsin.yaml", files: filesWith(text), environment: environmentOf(text), probes, channels: [...channels, ...providers] });
  const problems = loading.kind === "loaded" ? loading.warnings : loading.problems;
  return problems.filter(({ severity }) => whole || severity === "error").map((problem) => `${path}: ${formatProblem(problem)} in\n${snippet}`);
}

describe("the documents", () => {
  test("all are seen", () => expect(documents).toEqual(expect.arrayContaining(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/judging.md"])));
  test("links lead somewhere", () => none(documents.flatMap(brokenLinks)));
  test("files that are named are there", () => none(documents.flatMap(missingFiles)));
  test("commands and options that are named exist", () => none(documents.flatMap(wrongCommands)));
  test("scripts that are named exist", () => none(documents.flatMap(wrongScripts)));
  test("every command stands in the README", () => {
    const readme = textOf("README.md");
    none(program.commands.map((command) => command.name()).filter((name) => !readme.includes(`\`tocsin ${name}\``)).map((name) => `README.md does not name tocsin ${name}`));
  });
  test("every page of docs is linked from the README or another page", () => {
    const linked = new Set(documents.flatMap((path) => [...proseOf(path).matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) => normalize(join(dirname(path), link ?? "")))));
    none(documents.filter((path) => /^docs\/[^/]+$/.test(path) && !linked.has(path)).map((path) => `${path} is linked from nowhere; name it in the README`));
  });
  test("configurations, whole and in pieces, are right", async () => {
    const snippets = documents.flatMap((path) => blocksOf(path, "yaml").map((snippet) => ({ path, snippet })));
    expect(snippets.length).toBeGreaterThan(10);
    const found = await Promise.all(snippets.map(({ path, snippet }) => lint(path, snippet)));
    none(found.flat());
  });
  test("the figures of /metrics are those there are", () => {
    const source = textOf("src/api/metrics.ts");
    const families = [...source.matchAll(/(?:new Family|one)\("(gauge|counter|info)", "(\w+)"|quantiles\("(\w+)"/g)];
    const real = families.map(([, kind, name, quantile]) => `${name ?? quantile}${kind === "counter" ? "_total" : kind === "info" ? "_info" : ""}`);
    const told = [...textOf("docs/api.md").matchAll(/`((?:tocsin|process|nodejs)_[a-z_]+)`/g)].map(([, name]) => name ?? "");
    expect(new Set(told)).toEqual(new Set(real));
  });
  test("the message in docs/alerting.md is what is sent", () => {
    const since = instant(Date.parse("2026-11-20T02:12:41Z"));
    const sentence = "192.0.2.1 answered none of 3 echoes";
    const where = { id: "a".repeat(32) as AlertId, check: checkName("gateway"), incident: "b".repeat(32) as IncidentId, channel: channelName("ops"), recipient: "ops@example.com" };
    const alert: Alert = { ...where, kind: "down", at: since, status: "down", since, sentence, code: "timeout", evidence: [], hides: [checkName("shop"), checkName("mail")], dependents: [checkName("wiki")], outageFrom: null, step: 0, ordinal: 1 };
    const site = { name: "Example", vantage: "home", url: "https://tocsin.example.com/", timezone: "Europe/Berlin" };
    const { text } = renderMessage({ key: "c".repeat(32), recipient: "ops@example.com", alerts: [alert], site, asOf: instant(since + 20_000), alsoTold: [], unrecorded: false });
    expect(blocksOf("docs/alerting.md", "text")[0]?.trim()).toBe(text.trim());
  });
});
