import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { formatProblem } from "../config/problems.ts";
import { FORMATS } from "../import/formats.ts";
import type { Around } from "../import/importer.ts";
import type { Opened } from "../import/open.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import type { CliCommand, Doors, RunDoors } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";
import { FROM_HELP, KEEP_GOING_HELP } from "./foreign.ts";

const HELP = `
Formats:
${Object.entries(FORMATS).map(([format, about]) => `  ${format.padEnd(12)} ${about}`).join("\n")}

Examples:
  tocsin import /etc/dmonitor -o tocsin.yaml
  tocsin import more.csv --into tocsin.yaml
  tocsin import kuma.db -o tocsin.yaml --data data

The report says line by line what is taken as it is, what is different, what is not taken and why. Nothing of the other system is changed;
\`tocsin run\` and \`tocsin lint\` read its files as they are, too.

Exit codes: 0 written, 1 it could not be written, 2 the original would refuse these files, or they do not go with that tocsin.yaml.`;

const isThere = (output: string): string => `${output} exists already; it was left as it is. Remove it first, or name another file`;

/** Why nothing can be written; null when the file is written or shown. */
function write(text: string, output: string | undefined, { terminal }: Doors): string | null {
  if (output === undefined) {
    terminal.out(text);
    return null;
  }
  if (existsSync(output)) return isThere(output);
  try {
    mkdirSync(dirname(output), { recursive: true });
    // It may hold passwords.
    writeFileSync(output, text, { flag: "wx", mode: 0o600 });
    return null;
  } catch (error) {
    return `cannot write ${output}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function failed(why: string, { terminal }: Doors): number {
  terminal.err(`tocsin import: ${why}\n`);
  return 1;
}

interface Flags {
  readonly from?: string;
  readonly output?: string;
  readonly into?: string;
  readonly data?: string;
  readonly keepGoing?: true;
}

type Foreign = Extract<Opened, { kind: "opened" }>;

/** The report; whether the rest is to be written. */
async function report({ imported }: Foreign, { keepGoing }: Flags, { terminal }: Doors): Promise<boolean> {
  const { reportLines } = await import("../import/report.ts");
  for (const line of reportLines(imported)) terminal.err(`${line}\n`);
  if (!imported.notes.some(({ kind }) => kind === "refused") || keepGoing === true) return true;
  terminal.err("nothing is written; correct what is wrong, or leave it out with --keep-going\n");
  return false;
}

/** Takes its history and the states of its checks over; the exit code. */
async function takeHistory({ imported }: Foreign, folder: string, doors: RunDoors): Promise<number> {
  const taken = await doors.takeOver(imported, folder);
  if (taken.kind === "refused") return failed(`no history was taken: ${taken.reason}`, doors);
  const { checks, results, outages, left } = taken;
  doors.terminal.err(`took ${results} runs and ${outages} outages of ${checks} checks into ${folder}; ${left} checks begin in the state that they were left in\n`);
  return 0;
}

async function finish(opened: Foreign, path: string, flags: Flags, doors: RunDoors): Promise<number> {
  const { terminal } = doors;
  const { output, data } = flags;
  if (!(await report(opened, flags, doors))) return 2;
  const { writeDocument } = await import("../import/write.ts");
  const failure = write(writeDocument(opened.imported, opened.format, path), output, doors);
  if (failure !== null) return failed(failure, doors);
  if (output !== undefined) terminal.err(`wrote ${output}; next: \`tocsin lint ${output}\`\n`);
  return data === undefined ? 0 : takeHistory(opened, data, doors);
}

/** Reads a foreign configuration; null, and told, when it is none. */
async function open(path: string, { from }: Flags, around: Around | null, doors: RunDoors): Promise<Foreign | number> {
  const opened = await doors.openForeign(path, from ?? null, around);
  if (opened.kind === "opened") return opened;
  const why = opened.kind === "wrong" ? `${opened.wrong}; ${opened.right}` : existsSync(path) ? "this is in no other system's format that Tocsin knows; name the format with --from" : "there is no such file; correct the path";
  doors.terminal.err(`${path}: ${why}\n`);
  return opened.kind === "own" && !existsSync(path) ? EXIT_USAGE : 2;
}

/** Prints what is wrong; whether it can be used. */
function isRight({ site, problems }: Configuration, { terminal }: Doors): boolean {
  if (site !== null) return true;
  for (const problem of problems.filter(({ severity }) => severity === "error")) terminal.err(`${formatProblem(problem)}\n`);
  return false;
}

/** The names of a tocsin.yaml; null, and told, when it is none. */
async function namesOf(into: string, doors: RunDoors): Promise<Around | null> {
  if ((await doors.readForeign(into, { from: null, keepGoing: false })) !== null) {
    doors.terminal.err(`${into} is another system's; write it as a tocsin.yaml first: \`tocsin import ${into} -o tocsin.yaml\`\n`);
    return null;
  }
  const whole = await readConfiguration(into, doors);
  if (!isRight(whole, doors) || whole.site === null) return null;
  return { checks: new Set<string>(whole.site.checks.map(({ name }) => name)), channels: new Set<string>(whole.site.channels.map(({ name }) => name)) };
}

/** As a further file of a tocsin.yaml: written only when both are right together. */
async function merge(path: string, into: string, flags: Flags, doors: RunDoors): Promise<number> {
  const { terminal } = doors;
  const [{ joinPath, folderOf }, { writeDocument }, { partOf }] = await Promise.all([import("../config/sources.ts"), import("../import/write.ts"), import("../import/part.ts")]);
  const file = joinPath(joinPath(folderOf(into), "conf.d"), `${basename(path).replace(/\.[^.]*$/, "").replaceAll(/[^\p{L}\p{N}_-]+/gu, "-") || "imported"}.yaml`);
  const { output = file } = flags;
  if (existsSync(output)) return failed(isThere(output), doors);
  const around = await namesOf(into, doors);
  if (around === null) return 2;
  const opened = await open(path, flags, around, doors);
  if (typeof opened === "number") return opened;
  opened.close();
  const part = { ...opened, imported: partOf(opened.imported, around) };
  if (!(await report(part, flags, doors))) return 2;
  if (Object.keys(part.imported.document).length === 0) {
    terminal.err(`there is nothing to add to ${into}\n`);
    return 0;
  }
  const text = writeDocument(part.imported, part.format, path);
  if (!isRight(await readConfiguration(into, doors, undefined, { file, text }), doors)) return 2;
  const failure = write(text, output, doors);
  if (failure !== null) return failed(failure, doors);
  terminal.err(`wrote ${output}${output === file ? `, which ${into} reads from now on` : ""}\n`);
  return 0;
}

/** `tocsin import`: another system's configuration as a commented tocsin.yaml, with a report of every line. */
export const importCommand: CliCommand<RunDoors> = {
  name: "import",
  register(program, doors, end) {
    program
      .command("import")
      .description("Write another system's configuration as a tocsin.yaml, and report line by line what became of it.")
      .argument("<path>", "the other system's file or folder")
      .option("--from <format>", FROM_HELP)
      .option("-o, --output <file>", "where to; never over an existing file (default: standard output)")
      .option("--into <config>", "as a further file of this tocsin.yaml, in conf.d beside it: names of its checks and channels may be used, and those it has already stay as they are")
      .option("--data <dir>", "take its history, and the state of each check, into this data folder too; no Tocsin may run on it meanwhile")
      .option("--keep-going", KEEP_GOING_HELP)
      .addHelpText("after", HELP)
      .action(async (path: string, flags: Flags) => {
        if (flags.into !== undefined && flags.data !== undefined) {
          doors.terminal.err("error: option '--data <dir>' cannot be used with option '--into <config>'\n");
          return end(EXIT_USAGE);
        }
        if (flags.into !== undefined) return end(await merge(path, flags.into, flags, doors));
        const opened = await open(path, flags, null, doors);
        if (typeof opened === "number") return end(opened);
        end(await finish(opened, path, flags, doors));
        opened.close();
      });
  },
};
