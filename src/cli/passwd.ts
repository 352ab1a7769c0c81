import { existsSync } from "node:fs";
import type { CliCommand, Doors } from "./doors.ts";
import { dataFolder } from "./places.ts";

/** `tocsin passwd`: a new password for the page, typed twice or read from standard input. */
export const passwd: CliCommand = {
  name: "passwd",
  register(program, doors, end) {
    program
      .command("passwd")
      .description("Change the password of the page. It is typed twice, or read as one line from standard input.")
      .option("--data <dir>", "the data folder (default: $TOCSIN_DATA, or data)")
      .addHelpText("after", `\nExample:\n  tocsin passwd --data /var/lib/tocsin\n\nExit codes: 0 changed (at once, also in a running Tocsin; old sign-ins end), 1 not changed.`)
      .action(async ({ data }: { readonly data?: string }) => {
        const problem = await change(dataFolder(data, doors), doors);
        if (problem === null) doors.terminal.err("password changed\n");
        else {
          doors.terminal.err(`password not changed: ${problem}\n`);
          end(1);
        }
      });
  },
};

async function change(folder: string, doors: Doors): Promise<string | null> {
  const { terminal } = doors;
  if (!existsSync(folder)) return `there is no data folder ${folder}; name it with --data DIR`;
  const first = await terminal.secretLine("New password: ");
  if (first === null || first === "") return "no password was given";
  if (terminal.interactive) {
    const second = await terminal.secretLine("The same again: ");
    if (second !== first) return "the two differ";
  }
  const done = await doors.setPassword(folder, first);
  return done.kind === "done" ? null : `${done.reason}; ${done.advice}`;
}
