import { Command, CommanderError } from "commander";
import type { RunDoors } from "./doors.ts";
import { type OnceFlags, onceOptions, withOnceFlags } from "./vitals.ts";

/** The programs whose names Tocsin answers to, as links in `bin/`: with their own options, versions and usage errors. */

/** As their users know it (Python's argparse). */
const EXIT_MISUSE = 2;

type Name = "connvitals" | "connmonitor";

/** The exit code, or null when the first argument names none of these programs. */
export function runForeign([name, ...args]: readonly string[], doors: RunDoors): Promise<number> | null {
  if (name !== "connvitals" && name !== "connmonitor") return null;
  return runAs(name, args, doors);
}

async function runAs(name: Name, args: readonly string[], doors: RunDoors): Promise<number> {
  let exit = 0;
  const program = (name === "connvitals" ? connvitals : connmonitor)(frame(name, doors), doors, (code) => void (exit = code));
  try {
    await program.parseAsync(args, { from: "user" });
    return exit;
  } catch (problem) {
    if (!(problem instanceof CommanderError)) throw problem;
    return problem.exitCode === 0 ? 0 : EXIT_MISUSE;
  }
}

function frame(name: Name, { terminal, version }: RunDoors): Command {
  const program = new Command(name);
  return program
    .version(`${name} (Tocsin ${version})`, name === "connvitals" ? "-V, --version" : "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(`usage: ${name} ${program.usage()}\n${name}: ${text}`),
      getOutHelpWidth: () => terminal.columns ?? 100,
      getErrHelpWidth: () => terminal.columns ?? 100,
    })
    .exitOverride();
}

type Make = (program: Command, doors: RunDoors, end: (exit: number) => void) => Command;

const connvitals: Make = (program, doors, end) =>
  withOnceFlags(program.description("Measures pings, routes and ports of hosts, once.").argument("<hosts...>", "names or addresses")).action(async (hosts: readonly string[], flags: OnceFlags) =>
    end(await doors.vitals({ kind: "once", hosts, options: onceOptions(flags), json: flags.json === true })),
  );

const connmonitor: Make = (program, doors, end) =>
  program
    .description("Measures pings, routes and ports of a file of hosts, again and again.")
    .argument("[file]", "input file (default: standard input)")
    .action(async (file: string | undefined) => end(await doors.vitals({ kind: "monitor", file: file ?? null })));
