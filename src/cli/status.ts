import { type CheckSummary, flagsOf, STATUS_MARKS, type StatusReport, type StatusWord } from "../api/types.ts";
import { oneLine } from "../core/one-line.ts";
import { formatDuration } from "../core/time.ts";
import { ask, notRunning } from "./ask.ts";
import type { CliCommand } from "./doors.ts";
import { dataFolder } from "./places.ts";

const EXIT = { up: 0, degraded: 1, down: 2, unknown: 3 } as const;
const EXIT_NOT_RUNNING = 3;

/** `tocsin status`: asks the running instance over the socket in its data folder. */
export const status: CliCommand = {
  name: "status",
  register(program, doors, end) {
    program
      .command("status")
      .description("Ask the running Tocsin what is wrong.")
      .option("--json", "the whole report as JSON")
      .option("--data <dir>", "the data folder (default: $TOCSIN_DATA, or data)")
      .addHelpText("after", `\nExample:\n  tocsin status --data /var/lib/tocsin\n\nExit codes: 0 all well, 1 something is degraded, 2 something is down, 3 there are no checks, or no Tocsin runs on this data folder or it does not answer.`)
      .action(async ({ json, data }: { readonly json?: true; readonly data?: string }) => {
        const { terminal } = doors;
        const answer = await ask(dataFolder(data, doors), "/api/v1/status");
        const report = answer.kind === "answered" && answer.status === 200 ? readReport(answer.body) : null;
        if (report === null) {
          terminal.err(`${notRunning(answer)}\n`);
          end(EXIT_NOT_RUNNING);
          return;
        }
        terminal.out(json === true ? `${JSON.stringify(report)}\n` : statusTable(report, { now: doors.now(), columns: terminal.columns ?? Infinity, colours: terminal.colours }));
        end(EXIT[report.state]);
      });
  },
};

function readReport(body: string): StatusReport | null {
  try {
    const report: unknown = JSON.parse(body);
    // What the same version of Tocsin wrote; its API is checked by its own tests.
    return typeof report === "object" && report !== null && "checks" in report && "state" in report ? (report as StatusReport) : null;
  } catch (problem) {
    if (problem instanceof SyntaxError) return null;
    throw problem;
  }
}

const COLOUR: { readonly [status in StatusWord]: string } = { down: "31", disputed: "35", degraded: "33", blocked: "90", pending: "90", paused: "90", up: "32" };

interface Look {
  readonly now: number;
  readonly columns: number;
  readonly colours: boolean;
}

function headline({ site, checks, page }: StatusReport): string {
  const words = Object.entries(STATUS_MARKS).sort(([, a], [, b]) => b.trouble - a.trouble);
  const counted = words.map(([state, { mark, word }]) => ({ count: checks.filter((check) => check.state === state).length, mark, word })).filter(({ count }) => count > 0);
  const counts = counted.length === 0 ? "no checks" : counted.map(({ count, mark, word }) => `${mark} ${count} ${word}`).join("  ");
  return `${site.name} (${site.vantage})  ${counts}${page === null ? "" : `  ${page}`}`;
}

/** The report for people: what is wrong first, a line a check, cut to the terminal's width. */
export function statusTable(report: StatusReport, look: Look): string {
  const paint = (code: string, text: string): string => (look.colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const trouble = ({ state }: CheckSummary): number => STATUS_MARKS[state].trouble;
  const checks = [...report.checks].sort((a, b) => trouble(b) - trouble(a) || (a.name < b.name ? -1 : 1));
  const nameWidth = Math.min(40, Math.max(0, ...checks.map(({ name }) => name.length)));
  const lines = [headline(report)];
  for (const banner of report.banners) lines.push(`! ${banner.text}; ${banner.advice}`);
  for (const check of checks) {
    const { mark, word } = STATUS_MARKS[check.state];
    const since = formatDuration(Math.max(0, look.now - check.since)).padStart(8);
    const latency = (check.latencyMs === null ? "" : `${Math.round(check.latencyMs)} ms`).padStart(9);
    const flags = flagsOf(check, (at) => `for ${formatDuration(Math.max(0, at - look.now))}`).join(", ");
    const line = `${check.name.padEnd(nameWidth)} ${since} ${latency}  ${flags === "" ? "" : `(${flags}) `}${check.summary}`;
    lines.push(`${paint(COLOUR[check.state], `${mark} ${word.padEnd(9)}`)}${cut(line, look.columns - 11)}`);
  }
  return `${lines.join("\n")}\n`;
}

function cut(text: string, width: number): string {
  const plain = oneLine(text);
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1)).toWellFormed()}…`;
}
