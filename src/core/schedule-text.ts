import { type CronFieldName, CRON_FIELD_NAMES, type Wrong, parseCronFields, parseCrontab } from "./cron-fields.ts";
import type { CronSchedule, IntervalSchedule } from "./schedule.ts";
import { type Instant, type Millis, instant, millis } from "./types.ts";
import { canonicalZone, fromLocal } from "./zone.ts";

export type ParsedSchedule = { readonly kind: "parsed"; readonly schedule: IntervalSchedule | CronSchedule } | Wrong;

/** Fields as words: of an interval weeks, days, hours, minutes, seconds; of a cron its eight fields; of both the four below. */
export type ScheduleFields = { readonly [name: string]: string | number };

const RIGHT = "write a cron line such as `*/5 8-18 * * mon-fri`, or words such as `interval 5 min` or `cron 9-17 hr 0 min mon-fri weekday`";
const wrong = (what: string, right = RIGHT): Wrong => ({ kind: "wrong", wrong: what, right });

const SHARED_UNITS = { end: "end_date", end_date: "end_date", z: "timezone", timezone: "timezone", jitter: "jitter", start: "start_date", start_date: "start_date" };
const INTERVAL_UNITS: { readonly [word: string]: string } = {
  ...SHARED_UNITS,
  week: "weeks", weeks: "weeks", day: "days", days: "days", hr: "hours", hour: "hours", hours: "hours",
  min: "minutes", minute: "minutes", minutes: "minutes", sec: "seconds", second: "seconds", seconds: "seconds",
};
const CRON_UNITS: { readonly [word: string]: string } = {
  ...SHARED_UNITS,
  year: "year", month: "month", day: "day", week: "week", weekday: "day_of_week", day_of_week: "day_of_week",
  hr: "hour", hour: "hour", min: "minute", minute: "minute", sec: "second", second: "second",
};
const INTERVAL_MS: { readonly [field: string]: number } = { weeks: 604_800_000, days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000 };
/** As short as `every` may be. */
const SHORTEST_MS = 100;
/** Beyond a hundred years an interval is a slip of the pen, and would leave the exact integers. */
const LONGEST_MS = 100 * 366 * 86_400_000;

/** What is earlier is a slip of the pen, and of the first hundred years `Date.UTC` makes 1900 to 1999. */
const YEAR_MIN = 1000;

/** A date with or without time, from the year 1000 on, in the zone unless it carries its own offset: `2025-06-15`, `2025-06-15 08:30`, `2025-06-15T08:30:00Z`. */
export function parseDate(text: string, zone: string): Instant | null {
  const shape = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ t](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6}))?)?)?\s*(z|[+-]\d{2}:?\d{2})?$/i.exec(text.trim());
  if (shape === null) return null;
  const [year, month, date, hour, minute, second] = shape.slice(1, 7).map((part) => Number(part ?? 0));
  const local = Date.UTC(year ?? 0, (month ?? 1) - 1, date, hour, minute, second) + Math.round(Number(`0.${shape[7] ?? 0}`) * 1000);
  const back = new Date(local);
  if ((year ?? 0) < YEAR_MIN || back.getUTCMonth() + 1 !== month || back.getUTCDate() !== date || (hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 59) return null;
  const offset = shape[8]?.toLowerCase();
  if (offset === undefined) return fromLocal(zone, local);
  if (offset === "z") return instant(local);
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return instant(local - (offset.startsWith("-") ? -minutes : minutes) * 60_000);
}

interface Frame {
  readonly zone: string;
  readonly start: Instant | null;
  readonly end: Instant | null;
  readonly jitterMs: Millis;
}

/** The four fields that intervals and crons share. */
function readFrame(fields: ScheduleFields, zoneByDefault: string): { readonly kind: "frame"; readonly frame: Frame } | Wrong {
  const named = String(fields["timezone"] ?? zoneByDefault);
  const zone = canonicalZone(named);
  if (zone === null) return wrong(`\`${named}\` is no time zone`, "use a name of the IANA database, such as Europe/Berlin");
  const date = (name: string): Instant | null | Wrong => {
    const text = fields[name];
    if (text === undefined) return null;
    return parseDate(String(text), zone) ?? wrong(`\`${text}\` is no date`, "write it as 2025-06-15 or 2025-06-15 08:30:00");
  };
  const start = date("start_date");
  if (typeof start === "object" && start !== null) return start;
  const end = date("end_date");
  if (typeof end === "object" && end !== null) return end;
  if (start !== null && end !== null && end < start) return wrong("the schedule ends before it starts", "let end be later than start");
  const jitter = Number(fields["jitter"] ?? 0);
  if (!(jitter >= 0 && jitter * 1000 <= LONGEST_MS)) return wrong(`\`${fields["jitter"]}\` is no jitter`, "write a number of seconds, such as `20 jitter`");
  return { kind: "frame", frame: { zone, start, end, jitterMs: millis(Math.round(jitter * 1000)) } };
}

function unknownField(fields: ScheduleFields, known: readonly string[], kind: string): Wrong | null {
  const stranger = Object.keys(fields).find((name) => !known.includes(name));
  return stranger === undefined ? null : wrong(`\`${stranger}\` is no field of ${kind}`, `use ${known.join(", ")}`);
}

const SHARED_FIELDS = ["start_date", "end_date", "timezone", "jitter"];

/** An interval from APScheduler's fields: the sum of its parts, at least 100 ms; none is 1 s. `text` is what was written, for showing. */
export function intervalSchedule(fields: ScheduleFields, zone: string, text: string): ParsedSchedule {
  const stranger = unknownField(fields, [...Object.keys(INTERVAL_MS), ...SHARED_FIELDS], "an interval");
  if (stranger !== null) return stranger;
  const read = readFrame(fields, zone);
  if (read.kind === "wrong") return read;
  let total = 0;
  for (const [name, size] of Object.entries(INTERVAL_MS)) {
    const value = fields[name];
    if (value === undefined) continue;
    if (!/^\d+(\.\d+)?$/.test(String(value).trim())) return wrong(`\`${value}\` is no number of ${name}`, "write a number before each unit, such as `1 hr 30 min`");
    total += Number(value) * size;
  }
  if (total > 0 && total < SHORTEST_MS) return wrong(`\`${text}\` is too short`, `write ${SHORTEST_MS / 1000} sec or more`);
  if (total > LONGEST_MS) return wrong(`\`${text}\` is longer than a hundred years`, "write a shorter interval");
  const { start, end, jitterMs } = read.frame;
  return { kind: "parsed", schedule: { kind: "interval", ms: millis(total === 0 ? 1000 : Math.round(total)), start, end, jitterMs, text } };
}

/** A cron from APScheduler's fields. `twice`: with daylight saving as APScheduler does (for what is imported). */
export function cronSchedule(fields: ScheduleFields, zone: string, text: string, twice: boolean): ParsedSchedule {
  const stranger = unknownField(fields, [...CRON_FIELD_NAMES, ...SHARED_FIELDS], "a cron");
  if (stranger !== null) return stranger;
  const read = readFrame(fields, zone);
  if (read.kind === "wrong") return read;
  const given: { [name in CronFieldName]?: string } = {};
  for (const name of CRON_FIELD_NAMES) if (fields[name] !== undefined) given[name] = String(fields[name]).toLowerCase();
  const parsed = parseCronFields(given);
  return parsed.kind === "wrong" ? parsed : { kind: "parsed", schedule: { kind: "cron", fields: parsed.fields, twice, text, ...read.frame } };
}

/** Pairs VALUE UNIT: a value may be several words, a value without unit is minutes, a unit without value is skipped; the last of a unit wins. */
function readPairs(words: readonly string[], units: { readonly [word: string]: string }, minutes: string): ScheduleFields {
  const fields: { [name: string]: string } = {};
  let value: string[] = [];
  for (const word of words) {
    const unit = Object.hasOwn(units, word) ? units[word] : undefined;
    if (unit === undefined) value.push(word);
    else {
      if (value.length > 0) fields[unit] = value.join(" ");
      value = [];
    }
  }
  if (value.length > 0) fields[minutes] = value.join(" ");
  return fields;
}

/**
 * Reads a schedule as it is typed: a cron line (crontab(5), five or six fields, or `@daily`), or words (`interval 1 hr 30 min`,
 * `cron 9-17 hr 0 min mon-fri weekday Europe/Berlin z`; `interval` may be left out). `zone` holds where the text names none.
 */
export function parseSchedule(text: string, zone: string, twice = false): ParsedSchedule {
  const shown = text.trim().replaceAll(/\s+/g, " ");
  const lower = shown.toLowerCase();
  if (lower === "") return wrong("the schedule is empty");
  const words = lower.split(" ");
  const byWords = words.some((word) => Object.hasOwn(CRON_UNITS, word) || Object.hasOwn(INTERVAL_UNITS, word));
  if (words[0] === "cron") return cronSchedule(readPairs(words.slice(1), CRON_UNITS, "minute"), zone, shown, twice);
  if (words[0] === "interval") return intervalSchedule(readPairs(words.slice(1), INTERVAL_UNITS, "minutes"), zone, shown);
  const bareMinutes = /^\d+(\.\d+)?$/.test(lower);
  if (byWords || bareMinutes) return intervalSchedule(readPairs(words, INTERVAL_UNITS, "minutes"), zone, `interval ${shown}${bareMinutes ? " min" : ""}`);
  if (!lower.startsWith("@") && words.length !== 5 && words.length !== 6) return wrong(`\`${shown}\` is no schedule`);
  const parsed = parseCrontab(lower);
  if (parsed.kind === "wrong") return parsed;
  const read = readFrame({}, zone);
  return read.kind === "wrong" ? read : { kind: "parsed", schedule: { kind: "cron", fields: parsed.fields, twice, text: shown, ...read.frame } };
}
