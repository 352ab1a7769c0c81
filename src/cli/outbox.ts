import type { MessageView } from "../api/types.ts";
import { oneLine } from "../core/one-line.ts";
import { type Answer, ask, notRunning, refusal, runningChecks, unknownCheck } from "./ask.ts";
import type { CliCommand, Doors } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";
import { dataFolder } from "./places.ts";

/** As many as the API gives at once. */
const ROWS = 500;

const HELP = `
Example:
  tocsin outbox                    what was told last, newest first
  tocsin outbox --failed           what could not be told
  tocsin outbox --again all        sends all of that after all, the newest ${ROWS} at a time

Exit codes: 0 done, 1 some could not be sent again or there is no such check, 3 no Tocsin runs on this data folder or it does not answer.`;

const EXIT_REFUSED = 1;
const EXIT_NOT_RUNNING = 3;
const MESSAGE_ID = /^[0-9a-f]{32}$/;

type Options = { readonly failed?: true; readonly waiting?: true; readonly check?: string; readonly again?: string; readonly json?: true; readonly data?: string };

/** `tocsin outbox`: messages with every try, and dead letters sent again. */
export const outbox: CliCommand = {
  name: "outbox",
  register(program, doors, end) {
    program
      .command("outbox")
      .description("Show the messages of the running Tocsin and every try to send them; send again what failed.")
      .option("--failed", "only what was given up")
      .option("--waiting", "only what still waits")
      .option("--check <name>", "only what tells of this check")
      .option("--again <id>", "send a failed message after all; `all` for every one")
      .option("--json", "as JSON")
      .option("--data <dir>", "the data folder (default: $TOCSIN_DATA, or data)")
      .addHelpText("after", HELP)
      .action(async (options: Options) => end(options.again === undefined ? await show(doors, options) : await sendAgain(doors, options, options.again)));
  },
};

async function read(doors: Doors, { failed, waiting, check, data }: Options): Promise<readonly MessageView[] | Answer> {
  const status = failed === true ? "failed" : waiting === true ? "waiting" : undefined;
  const query = new URLSearchParams({ limit: String(ROWS), ...(status === undefined ? {} : { status }), ...(check === undefined ? {} : { check }) });
  const answer = await ask(dataFolder(data, doors), `/api/v1/outbox?${query.toString()}`);
  // What the same version of Tocsin wrote; its API is checked by its own tests.
  return answer.kind === "answered" && answer.status === 200 ? (JSON.parse(answer.body) as readonly MessageView[]) : answer;
}

async function show(doors: Doors, options: Options): Promise<number> {
  const { terminal } = doors;
  const messages = await read(doors, options);
  if ("kind" in messages) {
    terminal.err(`${notRunning(messages)}\n`);
    return EXIT_NOT_RUNNING;
  }
  if (messages.length === 0 && (await refusesCheck(doors, options))) return EXIT_REFUSED;
  if (options.json === true) terminal.out(`${JSON.stringify(messages)}\n`);
  else terminal.out(messages.length === 0 ? "no messages\n" : messages.map((message) => `${describe(message)}\n`).join(""));
  return 0;
}

/** Says that there is no such check; messages of one that is gone are found by its name all the same. */
async function refusesCheck(doors: Doors, { check, data }: Options): Promise<boolean> {
  const folder = dataFolder(data, doors);
  if (check === undefined || ((await runningChecks(folder)) ?? [check]).includes(check)) return false;
  doors.terminal.err(`${await unknownCheck(folder, check)}\n`);
  return true;
}

/** `2026-11-20T02:12:43.000Z  failed   ops to a@x  shop, mail (3 tries: 550 no such user)  ID`. */
function describe({ id, channel, recipient, checks, status, formedAt, tries, reason, doubt }: MessageView): string {
  const to = recipient === "" ? channel : `${channel} to ${recipient}`;
  const tried = tries === 0 ? "not tried yet" : `${tries} ${tries === 1 ? "try" : "tries"}${reason === "" ? "" : `: ${reason}`}`;
  return oneLine(`${new Date(formedAt).toISOString()}  ${status.padEnd(10)}  ${to}  ${checks.join(", ")} (${tried}${doubt ? "; it may have arrived" : ""})  ${id}`);
}

async function sendAgain(doors: Doors, options: Options, id: string): Promise<number> {
  const { terminal } = doors;
  if (id !== "all" && !MESSAGE_ID.test(id)) {
    terminal.err(`\`${id}\` is no id of a message, which has 32 hexadecimal digits; \`tocsin outbox --failed\` lists them\n`);
    return EXIT_USAGE;
  }
  const failed = await read(doors, { ...options, failed: true });
  if ("kind" in failed) {
    terminal.err(`${notRunning(failed)}\n`);
    return EXIT_NOT_RUNNING;
  }
  if (failed.length === 0 && (await refusesCheck(doors, options))) return EXIT_REFUSED;
  const ids = id === "all" ? failed.map((message) => message.id) : [id];
  if (ids.length === 0) terminal.out("nothing has failed\n");
  let refused = 0;
  for (const one of ids) {
    const answer = await ask(dataFolder(options.data, doors), `/api/v1/outbox/${encodeURIComponent(one)}/again`, {});
    const done = answer.kind === "answered" && answer.status === 204;
    if (!done) refused += 1;
    terminal.out(`${one}: ${done ? "is sent again" : refusal(answer)}\n`);
  }
  if (id === "all" && ids.length === ROWS) terminal.err(`these were the newest ${ROWS}; ask once more for those before them\n`);
  return refused === 0 ? 0 : EXIT_REFUSED;
}
