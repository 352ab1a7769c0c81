import { existsSync, writeFileSync } from "node:fs";
import { FORMATS } from "../import/formats.ts";
import type { Opened } from "../import/open.ts";
import type { CliCommand, Doors, RunDoors } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";
import { FROM_HELP } from "./foreign.ts";

const HELP = `
Formats:
${Object.entries(FORMATS).map(([format, about]) => `  ${format.padEnd(12)} ${about}`).join("\n")}

Example:
  tocsin import /etc/dmonitor -o tocsin.yaml

The report says line by line what is taken as it is, what is different, what is not taken and why. Nothing of the other system is changed;
\`tocsin run\` and \`tocsin lint\` read its files as they are, too.

Exit codes: 0 written, 1 it could not be written, 2 the original would refuse these files.`;

/** Why nothing can be written; null when the file is written or shown. */
function write(text: string, output: string | undefined, { terminal }: Doors): string | null {
  if (output === undefined) {
    terminal.out(text);
    return null;
  }
  if (existsSync(output)) return `${output} exists already; it was left as it is. Remove it first, or name another file`;
  try {
    // It may hold passwords.
    writeFileSync(output, text, { flag: "wx", mode: 0o600 });
    return null;
  } catch (error) {
    return `cannot write ${output}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function finish(opened: Extract<Opened, { kind: "opened" }>, path: string, output: string | undefined, doors: Doors): Promise<number> {
  const [{ reportLines }, { writeDocument }] = await Promise.all([import("../import/report.ts"), import("../import/write.ts")]);
  const { terminal } = doors;
  for (const line of reportLines(opened.imported)) terminal.err(`${line}\n`);
  if (opened.imported.notes.some(({ kind }) => kind === "refused")) return 2;
  const failure = write(writeDocument(opened.imported, opened.format, path), output, doors);
  if (failure !== null) terminal.err(`tocsin import: ${failure}\n`);
  else if (output !== undefined) terminal.err(`wrote ${output}; next: \`tocsin lint ${output}\`\n`);
  return failure === null ? 0 : 1;
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
      .addHelpText("after", HELP)
      .action(async (path: string, { from, output }: { from?: string; output?: string }) => {
        const opened = await doors.openForeign(path, from ?? null);
        if (opened.kind === "opened") {
          end(await finish(opened, path, output, doors));
          opened.close();
          return;
        }
        const why = opened.kind === "wrong" ? `${opened.wrong}; ${opened.right}` : existsSync(path) ? "this is in no other system's format that Tocsin knows; name the format with --from" : "there is no such file; correct the path";
        doors.terminal.err(`${path}: ${why}\n`);
        end(opened.kind === "own" && !existsSync(path) ? EXIT_USAGE : 2);
      });
  },
};
