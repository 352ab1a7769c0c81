import { readFileSync, writeFileSync } from "node:fs";
import { channels } from "../src/alert/channels/index.ts";
import { providers } from "../src/alert/providers/index.ts";
import { routes } from "../src/api/routes/index.ts";
import { openDoors } from "../src/app/doors.ts";
import { backtest } from "../src/cli/backtest.ts";
import { check } from "../src/cli/check.ts";
import { importCommand } from "../src/cli/import.ts";
import { notify } from "../src/cli/notify.ts";
import { runCommandLine } from "../src/cli/program.ts";
import { run } from "../src/cli/run.ts";
import { vitals } from "../src/cli/vitals.ts";
import { fillParts, providerMarkdown, providersTable, referenceParts } from "../src/config/reference.ts";
import { probes } from "../src/probes/index.ts";
import { probesMarkdown } from "./proofs.ts";

/** The command that writes the generated parts of the documents anew. */
export const COMMAND = "node test/reference.ts --write";
export const CONFIGURATION = "docs/configuration.md";

const HELP_COLUMNS = 100;
const doors = openDoors();

/** What one command line prints, as on a terminal of a fixed width. */
async function printed(args: readonly string[]): Promise<string> {
  let text = "";
  const terminal = { ...doors.terminal, columns: HELP_COLUMNS, colours: false, out: (part: string): void => void (text += part), err: (part: string): void => void (text += part) };
  await runCommandLine(args, { ...doors, terminal }, [run, check, notify, importCommand, vitals, backtest]);
  return text;
}

/** Every command's own help. */
async function commandsMarkdown(): Promise<string> {
  const main = await printed(["--help"]);
  const names = [...main.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name ?? "").filter((name) => name !== "help" && name !== "tocsin");
  const parts: string[] = ["```text", main.trimEnd(), "```"];
  for (const name of names) parts.push("", `## \`tocsin ${name}\``, "", "```text", (await printed([name, "--help"])).trimEnd(), "```");
  return parts.join("\n");
}

const ACCESS: { readonly [access in (typeof routes)[number]["access"]]: string } = { anybody: "anybody", page: "any browser that has the page", local: "signed in, or a program of this machine", login: "signed in" };

function routesMarkdown(): string {
  const rows = routes.map(({ method, path, summary, access }) => `| ${method} | \`${path}\` | ${summary.replaceAll("|", "\\|")} | ${ACCESS[access]} |`);
  return ["| Method | Path | What it does | Who may |", "|---|---|---|---|", ...rows].join("\n");
}

/** Each document with generated parts: as it is, and as the code says. */
export async function references(): Promise<readonly { readonly path: string; readonly now: string; readonly right: string }[]> {
  const catalogue = { "docs/alerting.md": { catalogue: providersTable(providers) }, "docs/providers.md": { providers: providers.map(providerMarkdown).join("\n\n") } };
  const parts = { [CONFIGURATION]: referenceParts(probes, channels), ...catalogue, "docs/commands.md": { commands: await commandsMarkdown() }, "docs/api.md": { routes: routesMarkdown() }, "docs/probes.md": { probes: probesMarkdown(probes) } };
  return Object.entries(parts).map(([path, of]) => {
    const now = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
    return { path, now, right: fillParts(now, of) };
  });
}

if (import.meta.main && process.argv.includes("--write")) {
  for (const { path, right } of await references()) writeFileSync(new URL(`../${path}`, import.meta.url), right);
}
