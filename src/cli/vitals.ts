import { InvalidArgumentError, type Command } from "commander";
import type { CliCommand, RunDoors, VitalsOptions } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";

const HELP = `
Examples:
  tocsin vitals connmonitor.conf           monitor the hosts of a file, as connmonitor
  tocsin vitals -t -s example.com          measure hosts once, as connvitals
  tocsin vitals --watch example.com        watch them live, as mtr

A file is in one of connmonitor's two formats; without one, standard input is read.
With an option of connvitals, or --watch, the arguments are hosts.
While watching, q quits, p pauses, r begins to count anew, d changes the display,
n shows names or addresses, s looks at the ports; -p ends it after so many
rounds of a second. Without a terminal the page is printed every 10 s.
SIGHUP reads the file again, SIGTERM lets what runs finish and be printed.

Exit codes: 0 ended by a signal, or all was measured; 1 the file cannot be read
or has mistakes, or something could not be measured; ${EXIT_USAGE} not understood.`;

/** Values of connvitals' options as the command line gives them. */
export interface OnceFlags {
  readonly hops?: number;
  readonly pings?: number;
  /** False with `--no-ping`; true else. */
  readonly ping: boolean;
  readonly trace?: true;
  readonly portScan?: true;
  readonly json?: true;
  readonly payloadSize?: number;
}

const DEFAULTS = { hops: 30, pings: 10, payload: 41 } as const;
const MAX = { hops: 255, pings: 10_000, payload: 65_500 } as const;

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`write a whole number from ${least} to ${most}`);
  };
}

/** Gives a command the options of connvitals. */
export function withOnceFlags(command: Command): Command {
  return command
    .option("-H, --hops <hops>", `most hops of a trace (default: ${DEFAULTS.hops})`, whole(1, MAX.hops))
    .option("-p, --pings <pings>", `echoes to send (default: ${DEFAULTS.pings})`, whole(0, MAX.pings))
    .option("-P, --no-ping", "no pings")
    .option("-t, --trace", "trace the route")
    .option("-s, --port-scan", "look for HTTP, HTTPS and MySQL on their ports")
    .option("-j, --json", "print JSON")
    .option("--payload-size <octets>", `payload of each packet (default: ${DEFAULTS.payload})`, whole(0, MAX.payload));
}

/** What connvitals measures with these options. */
export function onceOptions({ hops, pings, ping, trace, portScan, payloadSize }: OnceFlags): VitalsOptions {
  return { pings: ping ? (pings ?? DEFAULTS.pings) : 0, payload: payloadSize ?? DEFAULTS.payload, hops: trace === true ? (hops ?? DEFAULTS.hops) : 0, scan: portScan === true };
}

interface Flags extends OnceFlags {
  readonly watch?: true;
}

/** `tocsin vitals`: pings, routes and ports, for a file of hosts, once, or live. */
export const vitals: CliCommand<RunDoors> = {
  name: "vitals",
  register(program, doors, end) {
    withOnceFlags(
      program
        .command("vitals")
        .description("Measure pings, routes and ports: of a file of hosts again and again, of hosts once, or live.")
        .argument("[file-or-hosts...]", "connmonitor's input file; hosts with --watch or an option of connvitals")
        .option("-w, --watch", "a live view of routes, pings and ports"),
    )
      .addHelpText("after", HELP)
      .action(async (words: readonly string[], flags: Flags, command: Command) => end(await run(words, flags, command, doors)));
  },
};

async function run(words: readonly string[], flags: Flags, command: Command, doors: RunDoors): Promise<number> {
  const refuse = (wrong: string): number => {
    doors.terminal.err(`tocsin vitals: ${wrong}\n`);
    return EXIT_USAGE;
  };
  const ofConnvitals = command.options.some((option) => option.attributeName() !== "watch" && command.getOptionValueSource(option.attributeName()) === "cli");
  if (flags.watch === true) {
    if (words.length === 0) return refuse("name the hosts to watch: tocsin vitals --watch example.com");
    if (flags.json === true || !flags.ping) return refuse("--watch shows pings to people: leave -j and -P out");
    return doors.vitals({ kind: "watch", hosts: words, options: { ...onceOptions(flags), hops: flags.hops ?? DEFAULTS.hops }, rounds: flags.pings ?? null });
  }
  if (ofConnvitals) {
    if (words.length === 0) return refuse("name the hosts to measure: tocsin vitals -t example.com");
    return doors.vitals({ kind: "once", hosts: words, options: onceOptions(flags), json: flags.json === true });
  }
  if (words.length > 1) return refuse("one file at a time; to measure hosts once add an option of connvitals (-t, -s, -p 10), to watch them live --watch");
  return doors.vitals({ kind: "monitor", file: words[0] ?? null });
}
