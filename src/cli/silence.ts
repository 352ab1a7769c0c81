import type { CheckSummary } from "../api/types.ts";
import { SILENCE_MS } from "../core/silence.ts";
import { formatDuration, type ParsedDuration, parseDuration } from "../core/time.ts";
import { ask, isUnknown, notRunning, refusal, unknownCheck } from "./ask.ts";
import type { CliCommand, Doors } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";
import { dataFolder } from "./places.ts";

const HELP = `
Example:
  tocsin silence shop 2h           nobody is told of it for two hours, whatever happens
  tocsin silence shop              nobody is told until it has recovered
  tocsin silence shop --end        tell again

It runs and is recorded as ever; what is still wrong at the end is told then.
A group stands for its members: for a time all of them are silent, without one those that are not well, each until it has recovered.

Exit codes: 0 done, 1 refused or there is no such check, 3 no Tocsin runs on this data folder or it does not answer.`;

const EXIT_NOT_RUNNING = 3;

type Options = { readonly end?: true; readonly data?: string };

/** `tocsin silence`: has the running Tocsin tell nobody of a check for a while. */
export const silence: CliCommand = {
  name: "silence",
  register(program, doors, end) {
    program
      .command("silence")
      .description("Have nobody told of a check, for a time or until it has recovered.")
      .argument("<check>", "the check's name")
      .argument("[time]", "for so long: 30m, 2h, 1d (default: until it has recovered)")
      .option("--end", "tell again")
      .option("--data <dir>", "the data folder (default: $TOCSIN_DATA, or data)")
      .addHelpText("after", HELP)
      .action(async (check: string, time: string | undefined, options: Options) => end(await order(doors, check, time, options)));
  },
};

async function order(doors: Doors, check: string, time: string | undefined, options: Options): Promise<number> {
  const { terminal } = doors;
  const asked = time === undefined ? null : parseDuration(time);
  const wrong = asked === null ? null : wrongTime(asked, time ?? "", options);
  if (wrong !== null) {
    terminal.err(`${wrong}\n`);
    return EXIT_USAGE;
  }
  const folder = dataFolder(options.data, doors);
  const path = `/api/v1/checks/${encodeURIComponent(check)}/${options.end === true ? "unsilence" : "silence"}`;
  const answer = await ask(folder, path, asked?.kind === "parsed" ? { forMs: asked.ms } : {});
  if (answer.kind !== "answered") {
    terminal.err(`${notRunning(answer)}\n`);
    return EXIT_NOT_RUNNING;
  }
  if (answer.status !== 200) {
    terminal.err(`${isUnknown(answer) ? await unknownCheck(folder, check) : refusal(answer)}\n`);
    return 1;
  }
  // What the same version of Tocsin wrote; its API is checked by its own tests.
  const { silenced, silencedUntil } = JSON.parse(answer.body) as CheckSummary;
  const how = options.end === true ? "is told again" : !silenced ? "is well; its members that are not are silent until they have recovered" : silencedUntil === null ? "is silent until it has recovered" : `is silent until ${new Date(silencedUntil).toISOString()} (${formatDuration(silencedUntil - doors.now())})`;
  terminal.out(`${check} ${how}\n`);
  return 0;
}

/** Why it cannot be silent for so long; null when it can. */
function wrongTime(asked: ParsedDuration, time: string, { end }: Options): string | null {
  if (asked.kind === "wrong") return `${asked.wrong}; ${asked.right}`;
  if (end === true) return "`--end` ends it at once and takes no time";
  const { least, most } = SILENCE_MS;
  if (asked.ms >= least && asked.ms <= most) return null;
  return `\`${time}\` is too ${asked.ms < least ? "short" : "long"}; write a time from ${formatDuration(least)} to ${formatDuration(most)}`;
}
