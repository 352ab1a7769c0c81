import { existsSync } from "node:fs";
import { formatProblem } from "../config/problems.ts";
import { readConfiguration } from "./configuration.ts";
import type { CliCommand } from "./doors.ts";
import { FROM_HELP, KEEP_GOING_HELP } from "./foreign.ts";
import { configurationPath } from "./places.ts";

/** `tocsin lint`: every problem of a configuration with its place, what is wrong and what would be right. */
export const lint: CliCommand = {
  name: "lint",
  register(program, doors, end) {
    program
      .command("lint")
      .description("Check a configuration and print every problem as FILE:LINE:COLUMN: what is wrong; what would be right.")
      .argument("[config]", "the configuration: a tocsin.yaml, or another system's file or folder (default: tocsin.yaml)")
      .option("--from <format>", FROM_HELP)
      .option("--keep-going", KEEP_GOING_HELP)
      .addHelpText("after", `\nExample:\n  tocsin lint tocsin.yaml && systemctl reload tocsin\n\nExit codes: 0 no errors (warnings are printed all the same), 2 errors.`)
      .action(async (named: string | undefined, { from, keepGoing }: { from?: string; keepGoing?: true }) => {
        const { terminal } = doors;
        const path = configurationPath(named);
        const { site, problems } = await readConfiguration(path, doors, { from: from ?? null, keepGoing: keepGoing ?? false });
        for (const problem of problems) terminal.out(`${formatProblem(problem)}\n`);
        const errors = problems.filter(({ severity }) => severity === "error").length;
        if (site !== null && errors === 0) {
          terminal.err(`${path}: ${counted(site.checks.length, "check")}, ${counted(site.channels.length, "channel")}, ${problems.length === 0 ? "no problems" : counted(problems.length, "warning")}\n`);
          return;
        }
        if (site === null && from === undefined && existsSync(path) && !/\.ya?ml$/i.test(path) && (await doors.readForeign(path, { from: null, keepGoing: false })) === null) terminal.err("if this is another system's configuration, name its format with --from\n");
        terminal.err(`${path}: ${counted(errors, "error")}, ${counted(problems.length - errors, "warning")}\n`);
        end(2);
      });
  },
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
