import { STATUS_MARKS, type WhyLine, type WhyView } from "../api/types.ts";
import { oneLine } from "../core/one-line.ts";
import { formatDuration } from "../core/time.ts";
import { ask, isUnknown, notRunning, unknownCheck } from "./ask.ts";
import type { CliCommand, Doors } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";
import { dataFolder } from "./places.ts";
import { readWhen, WHEN_HELP } from "./when.ts";

const HELP = `
Without --since the story begins a few runs before the newest incident.

Example:
  tocsin why shop                  why is it in its state, and who was told
  tocsin why shop --since 2h       all of the last two hours

Exit codes: 0 told, 1 there is no such check, 3 no Tocsin runs on this data folder or it does not answer.`;

const EXIT_UNKNOWN = 1;
const EXIT_NOT_RUNNING = 3;
const COLUMNS = 80;

type Options = { readonly since?: string; readonly json?: true; readonly data?: string };

/** `tocsin why`: the story of a check's state, from the running instance. */
export const why: CliCommand = {
  name: "why",
  register(program, doors, end) {
    program
      .command("why")
      .description("Tell why a check is in its state: what was seen, what counted, which rule decided, who was told and who was not.")
      .argument("<check>", "the check's name")
      .option("--since <when>", WHEN_HELP)
      .option("--json", "as JSON")
      .option("--data <dir>", "the data folder (default: $TOCSIN_DATA, or data)")
      .addHelpText("after", HELP)
      .action(async (check: string, options: Options) => end(await tell(doors, check, options)));
  },
};

async function tell(doors: Doors, check: string, { since, json, data }: Options): Promise<number> {
  const { terminal } = doors;
  const from = since === undefined ? null : readWhen(since, doors.now());
  if (from?.kind === "wrong") {
    terminal.err(`${from.wrong}\n`);
    return EXIT_USAGE;
  }
  const folder = dataFolder(data, doors);
  const answer = await ask(folder, `/api/v1/checks/${encodeURIComponent(check)}/why${from === null ? "" : `?since=${from.at}`}`);
  if (isUnknown(answer)) {
    terminal.err(`${await unknownCheck(folder, check)}\n`);
    return EXIT_UNKNOWN;
  }
  if (answer.kind !== "answered" || answer.status !== 200) {
    terminal.err(`${notRunning(answer)}\n`);
    return EXIT_NOT_RUNNING;
  }
  // What the same version of Tocsin wrote; its API is checked by its own tests.
  const view = JSON.parse(answer.body) as WhyView;
  terminal.out(json === true ? `${JSON.stringify(view)}\n` : whyText(view, terminal.columns ?? COLUMNS));
  return 0;
}

/** `2026-11-20` and `02:12:43` in a zone. */
function localTime(zone: string): (at: number) => { readonly day: string; readonly time: string } {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return (at) => {
    const [day = "", time = ""] = format.format(at).split(" ");
    return { day, time };
  };
}

const MARK: { readonly [kind in WhyLine["kind"]]: string } = { runs: "", "left-out": "…", asked: "?", input: "*", transition: "=>", "not-told": "x", told: "!", try: ">", closed: "=", now: "now", next: "..." };

function markOf({ kind, verdict }: WhyLine): string {
  if (verdict === null) return MARK[kind];
  return verdict === "unknown" ? "?" : STATUS_MARKS[verdict].mark;
}

/** The story for people: a line an event, day by day in the site's time zone, wrapped to the terminal's width. */
export function whyText(view: WhyView, columns: number): string {
  const local = localTime(view.timezone);
  const { mark, word } = STATUS_MARKS[view.state];
  const lines = wrap(`${mark} ${view.check} is ${word} for ${formatDuration(Math.max(0, view.now - view.since))}: ${view.summary}`, columns, 2);
  let day = "";
  for (const line of view.lines) {
    const at = local(line.at);
    if (at.day !== day) lines.push("", `${at.day}  ${view.timezone}`);
    day = at.day;
    const lasted = line.until === null ? "" : `, until ${until(local(line.until), day)}`;
    lines.push(...wrap(`${at.time} ${markOf(line).padEnd(3)} ${line.text}${lasted}`, columns, 13));
  }
  return `${lines.join("\n")}\n`;
}

const until = ({ day, time }: { readonly day: string; readonly time: string }, today: string): string => (day === today ? time : `${day} ${time}`);

/** Breaks a text between words; further lines begin further in. */
function wrap(text: string, columns: number, indent: number): string[] {
  const width = Math.max(40, columns);
  const lines: string[] = [];
  let rest = oneLine(text);
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const cut = space > indent ? space : width;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = `${" ".repeat(indent)}${rest.slice(cut).trimStart()}`;
  }
  lines.push(rest);
  return lines;
}
