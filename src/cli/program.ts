import { Command, CommanderError } from "commander";
import { completion } from "./completion.ts";
import type { CliCommand, Doors } from "./doors.ts";
import { EXIT_USAGE, PLUGIN_EXITS } from "./exits.ts";
import { init } from "./init.ts";
import { lint } from "./lint.ts";
import { next } from "./next.ts";
import { outbox } from "./outbox.ts";
import { passwd } from "./passwd.ts";
import { schema } from "./schema.ts";
import { silence } from "./silence.ts";
import { status } from "./status.ts";
import { types } from "./types.ts";
import { why } from "./why.ts";

const COMMANDS: readonly CliCommand[] = [init, lint, schema, types, next, status, why, silence, outbox, passwd, completion];

const HELP_AFTER = `
Examples:
  tocsin init && tocsin run        start with a first configuration
  tocsin lint                      check tocsin.yaml
  tocsin status                    ask the running Tocsin

Exit codes: 0 done, ${EXIT_USAGE} not understood; a command's own codes stand in its --help.
Every command has --help with an example.`;

/** The whole command line. Commands of `more` join those listed here. `end` is told the exit code. */
export function buildProgram<Given extends Doors>(doors: Given, end: (exit: number) => void, more: readonly CliCommand<Given>[] = []): Command {
  const { terminal } = doors;
  const program = new Command("tocsin")
    .description("A network service monitor that rings only when it is real.")
    .version(doors.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print help for a command")
    .showHelpAfterError("(`tocsin --help` lists the commands)")
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text), getOutHelpWidth: () => terminal.columns ?? 100, getErrHelpWidth: () => terminal.columns ?? 100, getOutHasColors: () => terminal.colours, getErrHasColors: () => false })
    .addHelpText("after", HELP_AFTER)
    .exitOverride();
  for (const command of [...more, ...COMMANDS]) command.register(program, doors, end);
  for (const command of program.commands) command.showHelpAfterError(`(\`tocsin ${command.name()} --help\` says how)`);
  return program;
}

/** Runs one command line (without program name) and gives its exit code. */
export async function runCommandLine<Given extends Doors>(args: readonly string[], doors: Given, more: readonly CliCommand<Given>[] = []): Promise<number> {
  let exit = 0;
  const program = buildProgram(doors, (code) => void (exit = code), more);
  try {
    await program.parseAsync(args, { from: "user" });
    return exit;
  } catch (problem) {
    if (!(problem instanceof CommanderError)) throw problem;
    // Help and version end the same way, with 0; `tocsin` alone prints the help as an error.
    if (problem.exitCode === 0) return 0;
    // A Nagios plugin that cannot be understood is UNKNOWN.
    return args[0] === "check" ? PLUGIN_EXITS.unknown : EXIT_USAGE;
  }
}
