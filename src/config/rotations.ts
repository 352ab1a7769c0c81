import { z } from "zod";
import { parseWeekHours, parseWeekTime, type Rotation } from "../core/rotation.ts";
import { parseDate } from "../core/schedule-text.ts";
import { channelName, type Instant } from "../core/types.ts";
import { unknownName } from "./issues.ts";
import { type Layer, overlay, validate } from "./layers.ts";
import type { Report } from "./report.ts";
import type { Entry } from "./sections.ts";
import { names, timezone } from "./words.ts";

const DAY_MS = 86_400_000;
const DATE_RIGHT = "write a date and time, such as 2026-12-24 09:00";
/** A Monday long ago: turns are counted from somewhere. */
const FIRST_DAY = "1970-01-05";
const HANDOVER = "mon 09:00";

/** Keys of one on-call rotation. */
export const ROTATION_KEYS = {
  turns: z.array(names()).min(1).max(1000).describe("Who is on call, one turn after the other: each a channel, or a list of channels."),
  handover: z.string().min(1).describe("When the next turn begins: `mon 09:00`, `mon,fri 17:00`, `daily 08:00`.").meta({ default: HANDOVER }).optional(),
  from: z.string().min(1).describe("The day on or after which the first turn begins.").meta({ default: FIRST_DAY, unit: "date" }).optional(),
  hours: z
    .array(
      z.strictObject({
        at: z.string().min(1).describe("`mon-fri 09:00-17:00`; past midnight when the end is not later."),
        to: names().describe("Channels."),
      }),
    )
    .describe("Hours in which others are told than whose turn it is.")
    .meta({ default: "none" })
    .optional(),
  overrides: z
    .array(
      z.strictObject({
        from: z.string().min(1).describe("When it begins.").meta({ unit: "date and time" }),
        until: z.string().min(1).describe("When it ends.").meta({ unit: "date and time" }),
        to: names().describe("Channels."),
      }),
    )
    .describe("Times in which others are told than ever, such as holidays.")
    .meta({ default: "none" })
    .optional(),
  timezone: timezone().describe("Its zone.").meta({ default: "the site's" }).optional(),
} as const;
const rotationSchema = z.strictObject(ROTATION_KEYS);
type RotationKeys = z.output<typeof rotationSchema>;

/** What the names in a rotation are checked against. */
interface Around {
  readonly channels: ReadonlySet<string>;
  readonly timezone: string;
  readonly report: Report;
}

/** Reads every rotation; those with errors are left out, their names stay known. */
export function readRotations(entries: ReadonlyMap<string, Entry>, around: Around): ReadonlyMap<string, Rotation> {
  const rotations = new Map<string, Rotation>();
  for (const entry of entries.values()) {
    if (around.channels.has(entry.name)) around.report.error([entry], [], `there is a channel \`${entry.name}\` too`, "give the rotation another name", "key");
    const rotation = readRotation(entry, around);
    if (rotation !== null) rotations.set(entry.name, rotation);
  }
  return rotations;
}

function readRotation(layer: Layer, around: Around): Rotation | null {
  const read = validate(rotationSchema, overlay([layer.filled]), () => overlay([layer.written]), []);
  if (read.kind === "wrong") {
    for (const finding of read.findings) around.report.local([layer], finding);
    return null;
  }
  const keys = read.value;
  const zone = keys.timezone ?? around.timezone;
  const handover = told(parseWeekTime(keys.handover ?? HANDOVER), ["handover"], layer, around);
  const first = dateOf(keys.from ?? FIRST_DAY, "UTC", ["from"], layer, around);
  const hours = (keys.hours ?? []).map(({ at, to }, index) => ({ at: told(parseWeekHours(at), ["hours", index, "at"], layer, around), to: to.map(channelName) }));
  const overrides = (keys.overrides ?? []).map((override, index) => overrideOf(override, zone, ["overrides", index], layer, around));
  const known = namesOf(keys).map(({ name, path }) => isChannel(name, path, layer, around));
  if (handover === null || first === null || known.includes(false)) return null;
  const turns = keys.turns.map((turn) => turn.map(channelName));
  const whole = { hours: hours.flatMap(({ at, to }) => (at === null ? [] : [{ at, to }])), overrides: overrides.flatMap((override) => override ?? []) };
  return { zone, handover, firstDay: Math.floor(first / DAY_MS), turns, ...whole };
}

function told<Of>(parsed: { readonly kind: "parsed"; readonly value: Of } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string }, path: Layer["path"], layer: Layer, { report }: Around): Of | null {
  if (parsed.kind === "parsed") return parsed.value;
  report.error([layer], path, parsed.wrong, parsed.right);
  return null;
}

function dateOf(text: string, zone: string, path: Layer["path"], layer: Layer, { report }: Around): Instant | null {
  const at = parseDate(text, zone);
  if (at === null) report.error([layer], path, `\`${text}\` is no date`, DATE_RIGHT);
  return at;
}

function overrideOf(override: NonNullable<RotationKeys["overrides"]>[number], zone: string, path: Layer["path"], layer: Layer, around: Around): Rotation["overrides"][number] | null {
  const from = dateOf(override.from, zone, [...path, "from"], layer, around);
  const until = dateOf(override.until, zone, [...path, "until"], layer, around);
  if (from === null || until === null) return null;
  if (until <= from) around.report.error([layer], [...path, "until"], "this time ends before it begins", "correct `from` or `until`");
  return { from, until, to: override.to.map(channelName) };
}

/** Every name of a channel in it, and where it stands. */
function namesOf({ turns, hours = [], overrides = [] }: RotationKeys): readonly { readonly name: string; readonly path: Layer["path"] }[] {
  const of = (list: readonly string[], path: Layer["path"]): { name: string; path: Layer["path"] }[] => list.map((name) => ({ name, path }));
  return [...turns.flatMap((turn, at) => of(turn, ["turns", at])), ...hours.flatMap(({ to }, at) => of(to, ["hours", at, "to"])), ...overrides.flatMap(({ to }, at) => of(to, ["overrides", at, "to"]))];
}

function isChannel(name: string, path: Layer["path"], layer: Layer, { channels, report }: Around): boolean {
  if (channels.has(name)) return true;
  report.error([layer], path, `there is no channel \`${name}\``, unknownName(name, [...channels], [], "value").right);
  return false;
}

/** Every channel that a rotation may ever stand for. */
export const channelsOf = ({ turns, hours, overrides }: Rotation): readonly string[] => [...new Set([...turns.flat(), ...hours.flatMap(({ to }) => to), ...overrides.flatMap(({ to }) => to)])];
