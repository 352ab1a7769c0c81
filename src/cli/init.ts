import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CliCommand } from "./doors.ts";
import { CONFIGURATION_FILE, dataFolder } from "./places.ts";

const isThere = (problem: unknown): boolean => problem instanceof Error && "code" in problem && problem.code === "EEXIST";

/** `tocsin init`: a first configuration and the data folder; never over an existing file. */
export const init: CliCommand = {
  name: "init",
  register(program, doors, end) {
    program
      .command("init")
      .description(`Write a first ${CONFIGURATION_FILE} and make the data folder.`)
      .argument("[dir]", "where to; made if missing", ".")
      .addHelpText("after", `\nExample:\n  tocsin init /etc/tocsin\n\nExit codes: 0 written, 1 there was one already or it could not be written.`)
      .action(async (folder: string) => {
        const { terminal } = doors;
        const { STARTER } = await import("../config/starter.ts");
        const path = join(folder, CONFIGURATION_FILE);
        try {
          mkdirSync(join(folder, dataFolder(undefined, { environment: {} })), { recursive: true, mode: 0o700 });
          // It will hold secrets sooner or later.
          writeFileSync(path, STARTER, { flag: "wx", mode: 0o600 });
        } catch (problem) {
          if (!(problem instanceof Error)) throw problem;
          terminal.err(isThere(problem) ? `${path} exists already; it was left as it is. Remove it first, or name another folder: tocsin init DIR\n` : `cannot write ${path}: ${problem.message}\n`);
          end(1);
          return;
        }
        terminal.out(`wrote ${path}\nnext: \`tocsin run${folder === "." ? "" : ` ${path}`}\`, then edit the file; changes are taken over at once\n`);
      });
  },
};
