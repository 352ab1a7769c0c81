import { formatProblem } from "../config/problems.ts";
import { oneLine } from "../core/one-line.ts";
import { formatDuration } from "../core/time.ts";
import type { Instant } from "../core/types.ts";
import { readConfiguration } from "./configuration.ts";
import type { BacktestReport, CliCommand, LoneAlert, RunDoors } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";
import { configurationPath, dataFolder } from "./places.ts";
import { readWhen, WHEN_HELP } from "./when.ts";

const HELP = `
Nothing is sent and nothing is written; Tocsin may run meanwhile.

Example:
  tocsin backtest new.yaml             what had come with this configuration
  tocsin backtest new.yaml --since 7d

Exit codes: 0 done, 1 history judged again is not what it was, 2 the configuration has errors, 3 there is no history.`;

const EXIT_DIFFERS = 1;
const EXIT_CONFIGURATION = 2;
const EXIT_NO_HISTORY = 3;
const LINES_MAX = 20;

type Options = { readonly since: string; readonly json?: true; readonly data?: string };

/** `tocsin backtest`: which alerts another configuration would have brought. */
export const backtest: CliCommand<RunDoors> = {
  name: "backtest",
  register(program, doors, end) {
    program
      .command("backtest")
      .description("Judge stored history by another configuration: which alerts would have come, and which did.")
      .argument("[config]", "the configuration to try (default: tocsin.yaml)")
      .option("--since <when>", WHEN_HELP, "30d")
      .option("--json", "as JSON")
      .option("--data <dir>", "the data folder (default: $TOCSIN_DATA, or data)")
      .addHelpText("after", HELP)
      .action(async (config: string | undefined, options: Options) => end(await run(doors, config, options)));
  },
};

async function run(doors: RunDoors, config: string | undefined, { since, json, data }: Options): Promise<number> {
  const { terminal } = doors;
  const from = readWhen(since, doors.now());
  if (from.kind === "wrong") {
    terminal.err(`${from.wrong}\n`);
    return EXIT_USAGE;
  }
  const { site, problems } = await readConfiguration(configurationPath(config), doors);
  if (site === null) {
    for (const problem of problems) terminal.err(`${formatProblem(problem)}\n`);
    return EXIT_CONFIGURATION;
  }
  const answer = await doors.backtest(site, dataFolder(data, doors), from.at);
  if (answer.kind === "refused") {
    terminal.err(`${answer.reason}\n`);
    return EXIT_NO_HISTORY;
  }
  const { report } = answer;
  terminal.out(json === true ? `${JSON.stringify(report)}\n` : backtestText(report, from.at, doors.now()));
  return report.mismatch === null ? 0 : EXIT_DIFFERS;
}

const time = (at: Instant): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** The report for people: how far it is proven, the sums, then check by check. */
function backtestText(report: BacktestReport, since: Instant, now: Instant): string {
  const { from, judged, missing, transitions, mismatch, limits, changes } = report;
  const lines = [`Judged again from ${time(from)} (${formatDuration(Math.max(0, now - from))}): ${counted(judged, "result and input").replace("result and inputs", "results and inputs")}.`];
  if (from > since) lines.push(`The order of judging is on record since then only.`);
  if (missing > 0) lines.push(`${missing} of what was judged then was not kept.`);
  if (mismatch !== null) {
    lines.push(`NOT PROVEN: by the configurations of then ${mismatch.check} is judged otherwise from ${time(mismatch.at)} on.`, `  on record: ${mismatch.was ?? "nothing"}`, `  now:       ${mismatch.is ?? "nothing"}`);
    return `${lines.join("\n")}\n`;
  }
  lines.push(`Proven: the configurations of then give exactly the ${counted(transitions, "change")} of state on record.`);
  for (const { check, why, from: then } of limits.slice(0, LINES_MAX)) lines.push(`${then === null ? "Not judged" : `Judged from ${time(then)} on`}: ${check}: ${why}.`);
  if (limits.length > LINES_MAX) lines.push(`So ${limits.length - LINES_MAX} more.`);
  const sum = (of: (change: BacktestReport["changes"][number]) => number): number => changes.reduce((all, change) => all + of(change), 0);
  lines.push("", `${counted(sum(({ wouldCome }) => wouldCome), "alert")} would have come, ${sum(({ came }) => came)} came: ${sum(({ fewer }) => fewer.length)} would not have come, ${sum(({ more }) => more.length)} would have come besides.`);
  for (const { check, channel, recipient, came, wouldCome, fewer, more } of changes) {
    if (fewer.length + more.length === 0) continue;
    lines.push("", `${oneLine(check)}, ${recipient === "" ? "" : `${recipient} on `}${channel}: ${wouldCome} instead of ${came}`, ...listed("-", fewer), ...listed("+", more));
  }
  return `${lines.join("\n")}\n`;
}

function listed(mark: string, alerts: readonly LoneAlert[]): readonly string[] {
  const lines = alerts.slice(0, LINES_MAX).map(({ at, kind, sentence }) => `  ${mark} ${time(at)} ${kind.padEnd(9)} ${oneLine(sentence)}`);
  return alerts.length > LINES_MAX ? [...lines, `  ${mark} ${alerts.length - LINES_MAX} more`] : lines;
}
