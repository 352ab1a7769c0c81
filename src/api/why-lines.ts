import type { Action } from "../core/state.ts";
import { formatDuration } from "../core/time.ts";
import type { CheckName, Instant, JournalEntry, Result, Transition } from "../core/types.ts";
import { UNTOLD } from "./story.ts";
import type { WhyLine } from "./types.ts";

/** The rows of the store as lines: runs that say the same are one. Pure. */

const line = (at: number, kind: WhyLine["kind"], text: string): WhyLine => ({ at, until: null, kind, verdict: null, text });

/** What is known besides the runs themselves. */
export interface AboutRuns {
  readonly failAfter: number;
  /** Runs begun before and ended after one of these do not count. */
  readonly resumedAt: readonly Instant[];
}

/** Why a run counts for no threshold; empty when it counts. */
export function notCounted(result: Result, resumedAt: readonly Instant[]): string {
  if (result.origin === "manual") return "asked for by hand";
  if (result.origin === "confirm") return "asked because a check behind it failed";
  if (result.origin === "retry") return "a retry";
  if (result.verdict === "unknown") return "this place could not tell";
  return resumedAt.some((at) => result.started < at && result.started + result.latencyMs > at) ? "it began before what happened then" : "";
}

interface Group {
  readonly results: Result[];
  readonly reason: string;
  /** Counted failing runs in a row, with these. */
  inRow: number;
}

/** At one instant: what was done, the run, what it led to. */
const RANK: { readonly [kind in WhyLine["kind"]]: number } = { "left-out": 0, input: 1, runs: 2, asked: 3, transition: 4, "not-told": 5, told: 6, try: 7, closed: 8, now: 9, next: 10 };

/** Runs and events in the order in which they were: runs that follow each other and say the same become one line. */
export function condense(results: readonly Result[], events: readonly WhyLine[], about: AboutRuns): readonly WhyLine[] {
  const ordered = events.toSorted((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind]);
  const lines: WhyLine[] = [];
  const groups: Group[] = [];
  let inRow = 0;
  let next = 0;
  const close = (): void => {
    const group = groups.pop();
    if (group !== undefined) lines.push(runsLine(group, about.failAfter));
  };
  for (const result of results) {
    for (let event = ordered[next]; event !== undefined && (event.at < result.started || (event.at === result.started && RANK[event.kind] < RANK.runs)); event = ordered[++next]) {
      close();
      add(lines, event);
    }
    const reason = notCounted(result, about.resumedAt);
    if (reason === "") inRow = result.verdict === "down" ? inRow + 1 : 0;
    const [group] = groups;
    const [first] = group?.results ?? [];
    if (group !== undefined && first?.verdict === result.verdict && first.code === result.code && group.reason === reason) {
      group.results.push(result);
      group.inRow = inRow;
    } else {
      close();
      groups.push({ results: [result], reason, inRow });
    }
  }
  close();
  for (const event of ordered.slice(next)) add(lines, event);
  return lines;
}

/** The same input several times in a row is one line. */
function add(lines: WhyLine[], event: WhyLine): void {
  const last = lines.at(-1);
  if (event.kind === "input" && last?.kind === "input" && last.text === event.text) lines[lines.length - 1] = { ...last, until: event.at };
  else lines.push(event);
}

function runsLine({ results, reason, inRow }: Group, failAfter: number): WhyLine {
  const [first] = results;
  const last = results.at(-1);
  if (first === undefined || last === undefined) throw new Error("a line of no runs");
  const count = results.length === 1 ? "1 run" : `${results.length} runs`;
  const saw = last.verdict === "unknown" ? "without a verdict" : last.verdict;
  const tries = last.tries > 1 ? ` after ${last.tries} tries` : "";
  const text = last.verdict === "up" ? `${count} up${tries}, ${latencies(results)}` : `${count} ${saw}${tries}: ${last.sentence}`;
  const row = reason === "" && last.verdict === "down" && failAfter > 1 && inRow <= failAfter ? ` (${inRow} of ${failAfter} in a row)` : "";
  return { at: first.started, until: results.length > 1 ? last.started : null, kind: "runs", verdict: last.verdict, text: `${text}${row}${reason === "" ? "" : ` (does not count: ${reason})`}` };
}

function latencies(results: readonly Result[]): string {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const { latencyMs } of results) {
    least = Math.min(least, latencyMs);
    most = Math.max(most, latencyMs);
  }
  const shown = (ms: number): string => (ms < 10 ? ms.toFixed(1) : String(Math.round(ms)));
  return shown(least) === shown(most) ? `${shown(most)} ms` : `${shown(least)} to ${shown(most)} ms`;
}

/** A change of state with the rule that decided, and why nobody was told of it. */
export function transitionLines({ at, from, to, reason, telling }: Transition): readonly WhyLine[] {
  const cause = reason.cause === null ? "" : `, because of ${reason.cause}`;
  const untold = UNTOLD[telling];
  const moved = line(at, "transition", `From ${from} to ${to} (rule ${reason.rule}${cause}): ${reason.sentence}`);
  return untold === undefined ? [moved] : [moved, line(at, "not-told", untold)];
}

const RELOADED: { readonly [changed in (Action & { kind: "reload" })["changed"]]: string } = {
  target: "what it asks; it is judged anew",
  judging: "conditions or thresholds; they hold from the next run on",
  telling: "schedule, tags or whom to tell",
};

/** What the judge was told besides results. */
function inputText(action: Action, at: Instant): string {
  switch (action.kind) {
    case "added":
      return "Added by the configuration";
    case "restart":
      return `Tocsin started; what was believed before goes on${action.anew === true ? ", failing runs are counted anew" : ""}`;
    case "acknowledge":
      return `Acknowledged by ${action.by}${action.note === "" ? "" : `: ${action.note}`}; reminders stop`;
    case "pause":
      return `Paused by ${action.by}`;
    case "resume":
      return `Resumed by ${action.by}`;
    case "silence":
      return `Silenced by ${action.by} ${(action.until ?? null) === null ? "until it recovers" : `for ${formatDuration((action.until ?? at) - at)}`}`;
    case "unsilence":
      return `No longer silenced, by ${action.by}`;
    case "reload":
      return `The configuration changed: ${RELOADED[action.changed]}`;
    case "maintenance":
      return action.open.length === 0 ? "No maintenance any more" : `Maintenance: ${action.open.join(", ")}; nobody is told of outages`;
    case "skipped":
      return "A run was due and left out: the one before it was not over";
    case "remove":
      return "Removed from the configuration";
    default:
      return action satisfies never;
  }
}

const KINDS: ReadonlySet<string> = new Set<Action["kind"]>(["added", "restart", "acknowledge", "pause", "resume", "silence", "unsilence", "reload", "maintenance", "skipped", "remove"]);

/** What this process journalled, or one before it. */
const isAction = (input: unknown): input is Action => typeof input === "object" && input !== null && "kind" in input && KINDS.has(String(input.kind));

/** Lines of the journal: all but ticks, whose effects are there themselves. */
export function inputLines(journal: readonly JournalEntry[]): readonly WhyLine[] {
  return journal.flatMap(({ at, input }) => (isAction(input) ? [line(at, "input", inputText(input, at))] : []));
}

/** Runs of a parent that were asked for because a check behind it failed. */
export function askedLines(parent: CheckName, results: readonly Result[]): readonly WhyLine[] {
  return results.filter(({ origin }) => origin === "confirm").map(({ started, verdict, sentence }) => line(started, "asked", `${parent} was asked first: ${verdict}${verdict === "up" ? "" : `, ${sentence}`}`));
}
