import { formatProblem } from "../config/problems.ts";
import type { Site } from "../config/site.ts";
import { onCall } from "../core/rotation.ts";
import { channelName } from "../core/types.ts";
import { readConfiguration } from "./configuration.ts";
import type { CliCommand, RunDoors } from "./doors.ts";
import { configurationPath } from "./places.ts";
import { unknownName } from "./unknown.ts";

const HELP = `
Example:
  tocsin notify ops

Exit codes: 0 sent, 1 not sent now (it may work later), 2 refused, or there is no such channel.`;

/** `tocsin notify`: a test message to each recipient of a channel, or of those that are on call. */
export const notify: CliCommand<RunDoors> = {
  name: "notify",
  register(program, doors, end) {
    program
      .command("notify")
      .description("Send a test message over a channel of the configuration, or over those that a rotation has on call.")
      .argument("<channel>", "a channel's or a rotation's name")
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
  if (site.channels.some(({ name }) => name === channel)) return tellOne(doors, site, channel);
  const rotation = site.rotations.find(({ name }) => name === channel)?.rotation;
  if (rotation === undefined) {
    terminal.err(`tocsin notify: ${await unknownName("channel", channel, [...site.channels, ...site.rotations].map(({ name }) => name))}\n`);
    return 2;
  }
  const now = onCall(rotation, doors.now());
  terminal.out(`${channel} is a rotation; on call now: ${now.join(", ")}\n`);
  let worst = 0;
  for (const name of now) worst = Math.max(worst, await tellOne(doors, site, name));
  return worst;
}

async function tellOne(doors: RunDoors, site: Site, channel: string): Promise<number> {
  const { terminal } = doors;
  const { kind, detail } = await doors.notifyOnce(site, channelName(channel));
  const said = kind === "sent" ? `sent over ${channel}: ${detail}` : kind === "retry" ? `not sent over ${channel}: ${detail}; it may work later` : `refused by ${channel}: ${detail}`;
  terminal.out(`${said}\n`);
  return kind === "sent" ? 0 : kind === "retry" ? 1 : 2;
}
