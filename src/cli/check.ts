import { readFileSync } from "node:fs";
import type { Problem } from "../config/problems.ts";
import { formatProblem } from "../config/problems.ts";
import type { Site } from "../config/site.ts";
import { channelName, checkName } from "../core/types.ts";
import { readConfiguration } from "./configuration.ts";
import type { CliCommand, RunDoors } from "./doors.ts";
import { PLUGIN_EXITS } from "./exits.ts";
import { type OptionReader, readOptions } from "./options.ts";
import { configurationPath } from "./places.ts";
import { unknownName, unknownType } from "./unknown.ts";
import { resultJson, resultText } from "./verdict.ts";

const HELP = `
Examples:
  tocsin check http url=https://shop.example.com/ expect.body=/Welcome/ warn.latency='< 800ms'
  tocsin check tcp host=192.0.2.1 port=25 timeout=5s --json
  tocsin check --name shop

A dot steps into a mapping; a secret is given as option=@FILE or option='\${env:NAME}'.
It serves as a Nagios plugin: the first line is its output with perfdata.

Exit codes: 0 up, 1 degraded, 2 down, 3 unknown or not understood.`;

interface Flags {
  readonly json?: boolean;
  readonly name?: string;
  readonly config?: string;
}

/** `tocsin check`: one probe now, or one configured check, group or channel once. */
export const check: CliCommand<RunDoors> = {
  name: "check",
  register(program, doors, end) {
    program
      .command("check")
      .description("Run one probe now, with options given here, or one configured check, group or channel once.")
      .argument("[type]", "a type of `tocsin types`")
      .argument("[options...]", "option=value")
      .option("--name <name>", "a check, group or channel of the configuration")
      .option("--config <file>", "the configuration file (default: tocsin.yaml)")
      .option("--json", "the whole result as JSON")
      .addHelpText("after", HELP)
      .action(async (type: string | undefined, words: string[], flags: Flags) => end(await runCheck(doors, type, words, flags)));
  },
};

async function runCheck(doors: RunDoors, type: string | undefined, words: readonly string[], flags: Flags): Promise<number> {
  if (flags.name !== undefined && type !== undefined) return refuse(doors, "give a type with options, or --name; not both");
  if (flags.name !== undefined) return runNamed(doors, flags.name, flags);
  if (type === undefined) return refuse(doors, "give a type (`tocsin types` lists them) or --name");
  const made = await siteOf(doors, type, words);
  if ("wrong" in made) return refuse(doors, made.wrong);
  return report(doors, made.site, "check", flags);
}

async function runNamed(doors: RunDoors, name: string, flags: Flags): Promise<number> {
  const { site, problems } = await readConfiguration(configurationPath(flags.config), doors);
  if (site === null) {
    for (const problem of problems.filter(({ severity }) => severity === "error")) doors.terminal.err(`${formatProblem(problem)}\n`);
    return PLUGIN_EXITS.unknown;
  }
  if (site.checks.some((known) => known.name === name)) return report(doors, site, name, flags);
  if (site.channels.some((known) => known.name === name)) {
    const { kind, detail } = await doors.notifyOnce(site, channelName(name));
    doors.terminal.out(`CHANNEL ${kind === "sent" ? "OK" : "CRITICAL"} - ${name}: ${kind === "sent" ? "a test message was sent" : detail}\n`);
    return kind === "sent" ? PLUGIN_EXITS.up : PLUGIN_EXITS.down;
  }
  return refuse(doors, await unknownName("check or channel", name, [...site.checks, ...site.channels].map((known) => known.name)));
}

async function report(doors: RunDoors, site: Site, name: string, { json }: Flags): Promise<number> {
  const once = await doors.checkOnce(site, checkName(name));
  if (once === null) return refuse(doors, `${name} waits for heartbeats and cannot be run; send one to its push address`);
  const type = site.checks.find((known) => known.name === name)?.type ?? name;
  doors.terminal.out(json === true ? resultJson(once, type) : resultText(once, type));
  return PLUGIN_EXITS[once.result.verdict];
}

function refuse({ terminal }: RunDoors, wrong: string): number {
  terminal.err(`tocsin check: ${wrong}\n`);
  return PLUGIN_EXITS.unknown;
}

/** A site of this one check: its options go through the same loading as a file's. */
async function siteOf(doors: RunDoors, type: string, words: readonly string[]): Promise<{ readonly site: Site } | { readonly wrong: string }> {
  const [{ parseYaml }, { loadSite }, { CHECK_KEYS }, { createRegistry }, { keysOf }, registry] = await Promise.all([
    import("../config/yaml.ts"),
    import("../config/load.ts"),
    import("../config/keys.ts"),
    import("../config/registry.ts"),
    import("../config/shape.ts"),
    doors.registry(),
  ]);
  const kind = createRegistry(registry.probes, registry.channels).probes.get(type);
  if (kind === undefined) return { wrong: await unknownType(type, registry.probes.map((probe) => probe.type)) };
  const schemas = { ...CHECK_KEYS, ...keysOf(kind.of.options) };
  const read: OptionReader = {
    value: (text) => {
      const parsed = parseYaml(text);
      return parsed.kind === "parsed" ? parsed.value : text;
    },
    file: (path) => {
      try {
        return readFileSync(path, "utf8").replace(/\r?\n$/, "");
      } catch {
        return null;
      }
    },
    takes: (key, value) => {
      const schema = Object.entries(schemas).find(([name]) => name === key)?.[1];
      return schema === undefined || !("safeParse" in schema) || (schema as { safeParse(given: unknown): { success: boolean } }).safeParse(value).success;
    },
    isSecret: (path) => kind.secretPaths.some((secret) => secret.join(".") === path),
  };
  const options = readOptions(words, read);
  if (options.kind === "wrong") return { wrong: `${options.wrong}; ${options.right}` };
  const document = JSON.stringify({ checks: { check: { ...options.values, type, every: "never" } } });
  const files = { read: () => Promise.resolve({ kind: "read" as const, text: document }), list: () => Promise.resolve(null) };
  const loaded = await loadSite({ path: "arguments", files, environment: doors.environment, ...registry });
  return loaded.kind === "loaded" ? { site: loaded.site } : { wrong: loaded.problems.filter(({ severity }) => severity === "error").map(withoutPlace).join("\ntocsin check: ") };
}

/** The problem without a line and column that nobody wrote. */
const withoutPlace = ({ wrong, right }: Problem): string => (right === "" ? wrong : `${wrong}; ${right.replace(/^add `([\w-]+): \.\.\.`/, "add `$1=...`")}`);
