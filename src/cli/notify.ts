import { formatProblem } from "../config/problems.ts";
import { channelName } from "../core/types.ts";
import { readConfiguration } from "./configuration.ts";
import type { CliCommand, RunDoors } from "./doors.ts";
import { configurationPath } from "./places.ts";
import { unknownName } from "./unknown.ts";

const HELP = `
Example:
  tocsin notify ops

Exit codes: 0 sent, 1 not sent now (it may work later), 2 refused, or there is no such channel.`;

/** `tocsin notify`: a test message to each recipient of a channel. */
export const notify: CliCommand<RunDoors> = {
  name: "notify",
  register(program, doors, end) {
    program
      .command("notify")
      .description("Send a test message over a channel of the configuration.")
      .argument("<channel>", "a channel's name")
      .option("--config <file>", "the configuration file (default: tocsin.yaml)")
      .addHelpText("after", HELP)
      .action(async (channel: string, { config }: { config?: string }) => end(await tell(doors, channel, configurationPath(config))));
  },
};

async function tell(doors: RunDoors, channel: string, path: string): Promise<number> {
  const { terminal } = doors;
  const { site, problems } = await readConfiguration(path, doors);
  if (site === null) {
    for (const problem of problems.filter(({ severity }) => severity === "error")) terminal.err(`${formatProblem(problem)}\n`);
    return 2;
  }
  if (!site.channels.some(({ name }) => name === channel)) {
    terminal.err(`tocsin notify: ${await unknownName("channel", channel, site.channels.map(({ name }) => name))}\n`);
    return 2;
  }
  const { kind, detail } = await doors.notifyOnce(site, channelName(channel));
  const said = kind === "sent" ? `sent over ${channel}: ${detail}` : kind === "retry" ? `not sent over ${channel}: ${detail}; it may work later` : `refused by ${channel}: ${detail}`;
  terminal.out(`${said}\n`);
  return kind === "sent" ? 0 : kind === "retry" ? 1 : 2;
}
