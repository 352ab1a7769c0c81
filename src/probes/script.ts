import { z } from "zod";
import type { Evidence, FailureCode, Facts, Verdict } from "../core/types.ts";
import { evidenceOf, printable } from "../dial/outcome.ts";
import type { ProcessEnd } from "../sys/ports.ts";
import { parsePluginOutput } from "../wire/perfdata.ts";
import type { Outcome, Probe } from "./probe.ts";

/** Kept of each stream; the plugin guidelines ask for 8 KiB at most. */
const OUTPUT_MAX = 65_536;
const SENTENCE_MAX = 300;

const options = z.strictObject({
  command: z
    .tuple([z.string().min(1)], z.string())
    .describe("Program and arguments, as a list; no shell is involved")
    .meta({ hostPower: true }),
  format: z
    .enum(["nagios", "ok-fail", "exit"])
    .default("nagios")
    .describe("How it answers. nagios: exit code 0 up, 1 degraded, 2 down, 3 unknown, perfdata after a bar; ok-fail: the first line is exactly OK or it failed, the exit code does not matter; exit: 0 is up, all else down"),
  contains: z.string().min(1).nullable().default(null).describe("Text that its output must hold as well; not found: down"),
  env: z.record(z.string().regex(/^[^=\0]+$/), z.string()).default({}).describe("Environment variables beyond PATH, HOME, USER, SHELL, TZ, TMPDIR and the C locale").meta({ hostPower: true }),
  secrets: z.record(z.string().regex(/^[^=\0]+$/), z.string().meta({ secret: true })).default({}).describe("Environment variables besides, whose values are never shown").meta({ hostPower: true }),
  folder: z.string().min(1).nullable().default(null).describe("Folder it runs in; by default the one that Tocsin runs in").meta({ hostPower: true }),
});
type Options = z.output<typeof options>;
type Ended = Extract<ProcessEnd, { kind: "ended" }>;

interface Judged {
  readonly verdict: Verdict;
  readonly code: FailureCode;
  readonly sentence: string;
  readonly facts: Facts;
}

const firstLine = (text: string): string => printable(text.trim().split("\n", 1)[0]?.trim() ?? "").slice(0, SENTENCE_MAX);
const programOf = ({ command }: Options): string => command[0].split("/").at(-1) ?? command[0];

/** What it said for itself, or else how it ended. */
function saying(end: Ended, text: string): string {
  const said = text === "" ? firstLine(end.stderr) : printable(text).slice(0, SENTENCE_MAX);
  return said === "" ? `it printed nothing and ended with exit code ${end.exit}` : said;
}

/** Exit codes by which shells and `env` say that a program could not be run (POSIX, sh, 2.8.2). */
function notRun(end: Ended, options: Options): Judged | null {
  if (end.stdout.trim() !== "") return null;
  const reason = firstLine(end.stderr);
  const hint = reason === "" ? "" : `: ${reason}`;
  if (end.exit === 126) return { verdict: "unknown", code: "permission", sentence: `${programOf(options)} could not be executed (exit code 126)${hint}; check its permissions`, facts: {} };
  if (end.exit === 127) return { verdict: "unknown", code: "resources", sentence: `a program was not found (exit code 127)${hint}; install it, or write its whole path`, facts: {} };
  return null;
}

const NAGIOS: readonly (readonly [Verdict, FailureCode])[] = [
  ["up", "ok"],
  ["degraded", "warned"],
  ["down", "exit"],
  ["unknown", "exit"],
];

function judgeNagios(end: Ended): Judged {
  const { text, perfdata } = parsePluginOutput(end.stdout);
  const values = Object.fromEntries(perfdata.flatMap(({ label, value }) => (value === null ? [] : [[label, value] as const])));
  const facts: Facts = perfdata.length === 0 ? {} : { perfdata: values };
  const [verdict, code] = NAGIOS[end.exit ?? -1] ?? ["unknown", "exit"];
  const known = end.exit !== null && end.exit <= 3;
  const sentence = known ? saying(end, text) : `exit code ${end.exit} means nothing in the plugin API (0 to 3): ${saying(end, text)}`;
  return { verdict, code, sentence, facts };
}

function judgeOkFail(end: Ended): Judged {
  const line = end.stdout.split("\n", 1)[0]?.replace(/\r$/, "") ?? "";
  if (line === "OK") return { verdict: "up", code: "ok", sentence: "OK", facts: {} };
  return { verdict: "down", code: "exit", sentence: `the first line is not OK: ${saying(end, firstLine(end.stdout))}`, facts: {} };
}

function judgeExit(end: Ended): Judged {
  const said = firstLine(end.stdout);
  if (end.exit === 0) return { verdict: "up", code: "ok", sentence: said === "" ? "exit code 0" : said, facts: {} };
  return { verdict: "down", code: "exit", sentence: `exit code ${end.exit}: ${saying(end, firstLine(end.stderr) || said)}`, facts: {} };
}

function judge(end: Ended, options: Options): Judged {
  const said = firstLine(end.stdout) || firstLine(end.stderr);
  const until = said === "" ? "it had printed nothing" : `it had printed: ${said}`;
  if (end.killed) return { verdict: "down", code: "timeout", sentence: `${programOf(options)} did not end in time and was killed; ${until}`, facts: {} };
  if (end.signal !== null) return { verdict: "down", code: "killed", sentence: `${programOf(options)} died of ${end.signal}; ${until}`, facts: {} };
  const judged = { nagios: judgeNagios, "ok-fail": judgeOkFail, exit: judgeExit }[options.format](end);
  if (judged.verdict === "up") return lacking(end, options) ?? judged;
  return notRun(end, options) ?? judged;
}

function lacking(end: Ended, { contains }: Options): Judged | null {
  if (contains === null || end.stdout.includes(contains)) return null;
  return { verdict: "down", code: "mismatch", sentence: `the output does not hold \`${contains}\`: ${saying(end, firstLine(end.stdout))}`, facts: {} };
}

function evidence(end: Ended, options: Options): Evidence {
  const how = end.killed ? "killed at the deadline" : end.signal === null ? `exit code ${end.exit}` : `died of ${end.signal}`;
  return evidenceOf({ command: printable(options.command.join(" ")), end: end.cut ? `${how}; more than ${OUTPUT_MAX} bytes of output` : how, output: printable(end.stdout), errors: printable(end.stderr) });
}

/** Runs a program on this machine, and believes what it says. */
export const script: Probe<Options> = {
  type: "script",
  about: "Runs a program on this machine and reads its exit code and output: Nagios plugins with perfdata, OK/FAIL scripts, or any program by its exit code",
  source: "Monitoring Plugins Development Guidelines, sections 2.1 to 2.6; POSIX, Shell Command Language 2.8.2",
  options,
  facts: {
    exit: { number: true, about: "Exit code; missing when it was killed" },
    perfdata: { about: "Values of the perfdata by label, as printed: `perfdata.load1`" },
    output: { about: "All that it printed, for conditions only" },
  },
  reaches: "outside",
  target: ({ command }) => command[0],
  async run(options, ctx): Promise<Outcome> {
    const begun = ctx.clock.monotonic();
    const environment = { ...ctx.processes.environment, ...options.env, ...options.secrets };
    const end = await ctx.processes.run({ command: options.command, environment, folder: options.folder, input: "", outputLimit: OUTPUT_MAX, signal: ctx.signal });
    const phases = { run: ctx.clock.monotonic() - begun };
    if (end.kind === "failed") {
      return { verdict: "unknown", code: end.failure.code, sentence: `${end.failure.sentence}; check \`command\` and \`folder\``, phases, facts: {}, evidence: evidenceOf({ command: printable(options.command.join(" ")) }) };
    }
    const { facts, ...judged } = judge(end, options);
    return { ...judged, phases, facts: { ...(end.exit === null ? {} : { exit: end.exit }), ...facts }, material: ctx.wants.has("output") ? { output: end.stdout } : {}, evidence: evidence(end, options) };
  },
};
