import { InvalidArgumentError } from "commander";
import { formatProblem } from "../config/problems.ts";
import type { CheckDefinition, Site } from "../config/site.ts";
import { changesOf, onCall, type Rotation } from "../core/rotation.ts";
import { describeSchedule, nextSlot, parseSchedule, type Schedule } from "../core/schedule.ts";
import { parseDate } from "../core/schedule-text.ts";
import type { CheckName, Instant } from "../core/types.ts";
import { canonicalZone } from "../core/zone.ts";
import { readConfiguration } from "./configuration.ts";
import type { CliCommand, Doors } from "./doors.ts";
import { configurationPath } from "./places.ts";

interface Options {
  readonly text?: true;
  readonly at?: string;
  readonly count: number;
  readonly json?: true;
  readonly config?: string;
  readonly zone?: string;
}

const COUNT_MAX = 10_000;

/** What gives runs: a schedule, and what spreads its slots: the name of its check. */
interface Source {
  readonly schedule: Schedule;
  readonly name: string;
}

interface Found {
  /** What is said above the slots. */
  readonly about: readonly string[];
  readonly sources: readonly Source[];
  readonly zone: string;
}

interface FoundRotation {
  readonly rotation: Rotation;
  readonly name: string;
  readonly zone: string;
}

const systemZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoneOf = (schedule: Schedule | undefined, otherwise: string): string => (schedule?.kind === "cron" ? schedule.zone : otherwise);

/** An exact name of a check, or of a rotation, wins over a text; without a configuration every argument is a text. */
async function find(asked: string, options: Options, doors: Doors): Promise<Found | FoundRotation | string> {
  let { zone } = options;
  if (zone !== undefined && canonicalZone(zone) === null) return `\`${zone}\` is no time zone; use a name of the IANA database, such as Europe/Berlin`;
  if (options.text !== true) {
    const { site, problems } = await readConfiguration(configurationPath(options.config), doors);
    const definition = site?.checks.find(({ name }) => name === asked);
    const rotation = site?.rotations.find(({ name }) => name === asked)?.rotation;
    if (rotation !== undefined && definition === undefined) return { rotation, name: asked, zone: zone ?? rotation.zone };
    if (site !== null && definition !== undefined) return ofCheck(definition, site, zone, doors);
    if (site === null && options.config !== undefined) return problems.map(formatProblem).join("\n");
    zone ??= site?.settings.timezone;
  }
  const parsed = parseSchedule(asked, zone ?? systemZone());
  if (parsed.kind === "wrong") return options.text === true ? `${parsed.wrong}; ${parsed.right}` : `\`${asked}\` is neither a check nor a rotation of ${configurationPath(options.config)} nor a schedule: ${parsed.wrong}; ${parsed.right}`;
  const { schedule } = parsed;
  return { about: [describeSchedule(schedule)], sources: [{ schedule, name: "" }], zone: zoneOf(schedule, zone ?? systemZone()) };
}

/** When a check runs: by its own schedule and in the slots of the groups that run it in turn, or by no time at all. */
async function ofCheck(definition: CheckDefinition, { checks, settings }: Site, zone: string | undefined, doors: Doors): Promise<Found> {
  const { name, type, schedule, policy } = definition;
  const found = (about: readonly string[], sources: readonly Source[]): Found => ({ about, sources, zone: zone ?? zoneOf(sources[0]?.schedule, settings.timezone) });
  if (policy.group?.run === "own" && schedule.kind === "never") return found([`judged from the states of its members: ${policy.group.members.join(", ")}`], []);
  const groups = groupsThatRun(name, checks);
  const within = groups.map((group) => `within \`${group.name}\`: ${describeSchedule(group.schedule)}`);
  if (schedule.kind !== "never") return found([describeSchedule(schedule), ...within], [{ schedule, name }, ...groups]);
  if (groups.length > 0) return found(within, groups);
  const passive = (await doors.registry()).probes.some((probe) => probe.type === type && probe.passive !== undefined);
  return found([passive ? "waits for heartbeats and is not run" : describeSchedule(schedule)], []);
}

/** The groups with a schedule that run a check in turn, be it as a member of a member. */
function groupsThatRun(name: CheckName, checks: readonly CheckDefinition[]): readonly CheckDefinition[] {
  const reached = new Set([name]);
  for (const member of reached) for (const { name: group, policy } of checks) if (policy.group?.run === "turn" && policy.group.members.includes(member)) reached.add(group);
  return checks.filter((check) => check.name !== name && reached.has(check.name) && check.schedule.kind !== "never");
}

/** The next slots of all sources, each instant once. */
function slotsOf(sources: readonly Source[], after: Instant, count: number): readonly Instant[] {
  const slots = new Set<Instant>();
  for (const { schedule, name } of sources) {
    let at = after;
    for (let taken = 0; taken < count; taken++) {
      const slot = nextSlot(schedule, at, name);
      if (slot === null) break;
      slots.add(slot);
      at = slot;
    }
  }
  return [...slots].toSorted((a, b) => a - b).slice(0, count);
}

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > COUNT_MAX) throw new InvalidArgumentError(`Write a whole number from 1 to ${COUNT_MAX}.`);
  return count;
}

/** `tocsin next`: when a check, or a schedule as it is typed, runs next. */
export const next: CliCommand = {
  name: "next",
  register(program, doors, end) {
    program
      .command("next")
      .description("Print the next runs of a check, or of a schedule's text; of a rotation, who is on call and who takes over when.")
      .argument("<name-or-text...>", "the name of a check or of a rotation, or a schedule such as `*/5 * * * *` or `cron 9-17 hr`; an exact name wins")
      .option("--text", "read it as a schedule, whatever names there are")
      .option("--at <time>", "runs after this time (2026-03-29, 2026-03-29 02:30, 2026-03-29T02:30:00Z; default: now)")
      .option("--count <n>", "how many", readCount, 5)
      .option("--zone <zone>", "time zone of the text, of --at and of what is printed (default: the schedule's, the configuration's, or the system's)")
      .option("--config <file>", "the configuration file (default: tocsin.yaml)")
      .option("--json", "a list of ISO times")
      .addHelpText("after", `\nExample:\n  tocsin next shop\n  tocsin next night-shift
  tocsin next --text "cron 9-17 hr 0 min mon-fri weekday" --at 2026-03-27 --count 3\n\nExit codes: 0 printed (also when it never runs again), 2 neither a check or rotation nor a schedule.`)
      .action(async (words: readonly string[], options: Options) => {
        const { terminal } = doors;
        const found = await find(words.join(" "), options, doors);
        if (typeof found === "string") {
          terminal.err(`${found}\n`);
          end(2);
          return;
        }
        const after = options.at === undefined ? doors.now() : parseDate(options.at, found.zone);
        if (after === null) {
          terminal.err(`\`${options.at}\` is no time; write it as 2026-03-29, 2026-03-29 02:30 or 2026-03-29T02:30:00Z\n`);
          end(2);
          return;
        }
        if ("rotation" in found) {
          terminal.out(turns(found, after, options));
          return;
        }
        const slots = slotsOf(found.sources, after, options.count);
        if (options.json === true) terminal.out(`${JSON.stringify(slots.map((slot) => new Date(slot).toISOString()))}\n`);
        else terminal.out(table(found, slots));
      });
  },
};

/** Who is on call, and who takes over when. */
function turns({ rotation, name, zone }: FoundRotation, from: Instant, { count, json }: Options): string {
  const shifts = [{ at: from, to: onCall(rotation, from) }, ...changesOf(rotation, from, count)];
  if (json === true) return `${JSON.stringify(shifts.map(({ at, to }) => ({ at: new Date(at).toISOString(), to })))}\n`;
  const local = localFormat(zone);
  return `${name} (${zone})\n${shifts.map(({ at, to }) => `${new Date(at).toISOString()}  ${local.format(at)}  ${to.join(", ")}\n`).join("")}`;
}

const localFormat = (zone: string): Intl.DateTimeFormat => new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", year: "numeric", month: "short", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });

function table({ about, sources, zone }: Found, slots: readonly Instant[]): string {
  const local = localFormat(zone);
  const lines = slots.map((slot) => `${new Date(slot).toISOString()}  ${local.format(slot)}`);
  const none = sources.length > 0 && lines.length === 0 ? ["no further runs"] : [];
  return `${[...about, ...lines, ...none].join("\n")}\n`;
}
