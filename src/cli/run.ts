import { configurationPath, dataFolder } from "./places.ts";
import type { CliCommand, RunDoors } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";
import { FROM_HELP, KEEP_GOING_HELP } from "./foreign.ts";

const HELP = `
Example:
  tocsin run /etc/tocsin/tocsin.yaml --data /var/lib/tocsin --listen 127.0.0.1:2930

SIGHUP, or a change of the file, loads it again; a broken file changes nothing.
SIGTERM ends Tocsin within 5 s.

Exit codes: 0 ended by a signal, 2 the configuration has errors, 74 the data
folder or the page's address cannot be used, 75 another Tocsin holds the folder.`;

/** `127.0.0.1:2930`, `[::1]:2930` or `off`; null when it is neither. */
function parseListen(text: string): { readonly host: string; readonly port: number } | "off" | null {
  if (text === "off") return "off";
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host === undefined || port > 65_535 ? null : { host, port };
}

export const run: CliCommand<RunDoors> = {
  name: "run",
  register(program, doors, end) {
    program
      .command("run")
      .description("Watch what the configuration names, until a signal ends it.")
      .argument("[config]", "the configuration: a tocsin.yaml, or another system's file or folder (default: tocsin.yaml)")
      .option("--from <format>", FROM_HELP)
      .option("--keep-going", KEEP_GOING_HELP)
      .option("--data <dir>", "data folder (default: TOCSIN_DATA, or data)")
      .option("--listen <host:port|off>", "where the page listens, in place of the file's `listen`")
      .addHelpText("after", HELP)
      .action(async (config: string | undefined, { from, keepGoing, data, listen }: { from?: string; keepGoing?: true; data?: string; listen?: string }) => {
        const parsed = listen === undefined ? null : parseListen(listen);
        if (listen !== undefined && parsed === null) {
          doors.terminal.err(`tocsin: \`${listen}\` is no address to listen on; write HOST:PORT such as 127.0.0.1:2930, [::1]:2930, or off\n`);
          return end(EXIT_USAGE);
        }
        end(await doors.run({ config: configurationPath(config), foreign: { from: from ?? null, keepGoing: keepGoing ?? false }, data: dataFolder(data, doors), listen: parsed }));
      });
  },
};
