import { type CronFields, type DayRule, type Stride, nextDay } from "./cron.ts";

/** What is wrong with a schedule's text and what would be right; both go into one line of `tocsin lint`. */
export interface Wrong {
  readonly kind: "wrong";
  readonly wrong: string;
  readonly right: string;
}

export type ParsedFields = { readonly kind: "parsed"; readonly fields: CronFields } | Wrong;

/** The names of the fields, the most significant first, as APScheduler 3 orders them. */
export const CRON_FIELD_NAMES = ["year", "month", "day", "week", "day_of_week", "hour", "minute", "second"] as const;
export type CronFieldName = (typeof CRON_FIELD_NAMES)[number];

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
  /** What is left out after the last given field. */
  readonly byDefault: string;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const ORDINALS = ["last", "1st", "2nd", "3rd", "4th", "5th"];

const FIELDS: { readonly [name in CronFieldName]: Field } = {
  year: { min: 1970, max: 9999, names: [], byDefault: "*" },
  month: { min: 1, max: 12, names: MONTHS, byDefault: "1" },
  day: { min: 1, max: 31, names: [], byDefault: "1" },
  week: { min: 1, max: 53, names: [], byDefault: "*" },
  day_of_week: { min: 0, max: 6, names: WEEKDAYS, byDefault: "*" },
  hour: { min: 0, max: 23, names: [], byDefault: "0" },
  minute: { min: 0, max: 59, names: [], byDefault: "0" },
  second: { min: 0, max: 59, names: [], byDefault: "0" },
};

/** crontab counts weekdays from Sunday = 0, and 7 is Sunday again. */
const CRONTAB_WEEKDAY: Field = { min: 0, max: 7, names: ["sun", ...WEEKDAYS], byDefault: "*" };

const wrong = (what: string, right: string): Wrong => ({ kind: "wrong", wrong: what, right });

function advice({ min, max, names }: Field): string {
  const byName = names.length === 0 ? "" : ` or ${names.includes("jan") ? "jan to dec" : "mon to sun"}`;
  return `use ${min} to ${max}${byName}, ranges such as ${min}-${min + 3}, steps such as */2, and commas between`;
}

function valueOf(field: Field, text: string): number {
  if (/^\d/.test(text)) return Number(text);
  const at = field.names.indexOf(text);
  return at < 0 ? NaN : at + (field === FIELDS.month ? 1 : 0);
}

/** A range that wraps, as the two that were meant: `sat-mon` is `sat-sun,mon-mon`. */
function backwards(field: Field, first: string, last: string): string {
  const [lowest, highest] = field.names.length === 0 ? [field.min, field.max] : field.names.includes("jan") ? ["jan", "dec"] : ["mon", "sun"];
  return `write two ranges with a comma between: ${first}-${highest},${lowest}-${last}`;
}

/** One part of a comma list: `*`, a value, a range, each with a step. Gives a stride, or what is wrong. */
function parsePart(label: string, field: Field, part: string, namesWithStep: boolean): Stride | Wrong {
  const shape = /^(?:\*|(?<first>\d+|[a-z]+)(?:-(?<last>\d+|[a-z]+))?)(?:\/(?<step>\d+))?$/.exec(part);
  const right = advice(field);
  if (shape === null) return wrong(`\`${part}\` is no ${label}`, right);
  const { first: firstText, last: lastText, step: stepText } = shape.groups ?? {};
  const first = firstText === undefined ? field.min : valueOf(field, firstText);
  // A single value with a step runs to the end of the field.
  let last = lastText !== undefined ? valueOf(field, lastText) : firstText !== undefined && stepText === undefined ? first : field.max;
  if (field === CRONTAB_WEEKDAY && lastText === "sun" && first > 0) last = 7;
  if (Number.isNaN(first) || Number.isNaN(last)) return wrong(`\`${part}\` is no ${label}`, right);
  // APScheduler refuses `1-thu` and takes `tue-3` for `tue`: nobody means that.
  if (!namesWithStep && lastText !== undefined && /^\d/.test(firstText ?? "") !== /^\d/.test(lastText)) return wrong(`\`${part}\` in ${label} mixes a name and a number`, "write both as names or both as numbers");
  if (first < field.min || last > field.max || first > field.max) return wrong(`\`${part}\` is outside of ${label} (${field.min} to ${field.max})`, right);
  if (first > last) return wrong(`\`${part}\` in ${label} runs backwards`, backwards(field, firstText ?? "", lastText ?? ""));
  const step = stepText === undefined ? 1 : Number(stepText);
  if (stepText !== undefined && !namesWithStep && /[a-z]/.test(part)) return wrong(`\`${part}\` has a step after names in ${label}`, "write the values as a list with commas");
  if (stepText !== undefined && (step < 1 || step > last - first)) return wrong(`the step of \`${part}\` does not fit ${label} (${first} to ${last})`, right);
  return { first, last, step };
}

const isWrong = (value: unknown): value is Wrong => typeof value === "object" && value !== null && "wrong" in value;

function parseStrides(label: string, field: Field, text: string, namesWithStep: boolean): readonly Stride[] | Wrong {
  const strides: Stride[] = [];
  for (const part of text.split(",")) {
    const stride = parsePart(label, field, part.trim(), namesWithStep);
    if (isWrong(stride)) return stride;
    strides.push(stride);
  }
  return strides;
}

/** Sorted values of the strides; null when every value from min to max is among them. */
function spread(strides: readonly Stride[], min: number, max: number): readonly number[] | null {
  const values: number[] = [];
  for (let value = min; value <= max; value++) if (strides.some(({ first, last, step }) => value >= first && value <= last && (value - first) % step === 0)) values.push(value);
  return values.length === max - min + 1 ? null : values;
}

/** `last`, `1st mon`, `15`, mixed with commas: APScheduler's field `day`. */
function parseDays(text: string): DayRule | null | Wrong {
  const plain: string[] = [];
  const ordinals: { nth: number; weekday: number }[] = [];
  let last = false;
  for (const part of text.split(",").map((it) => it.trim())) {
    const shape = /^(last|[1-5](?:st|nd|rd|th)) +([a-z]+)$/.exec(part);
    if (part === "last") last = true;
    else if (shape === null) plain.push(part);
    else {
      const nth = ORDINALS.indexOf(shape[1] ?? "");
      const weekday = WEEKDAYS.indexOf(shape[2] ?? "");
      if (nth < 0 || weekday < 0) return wrong(`\`${part}\` is no day`, "write 1st, 2nd, 3rd, 4th, 5th or last and mon to sun, such as `1st mon`");
      ordinals.push({ nth, weekday });
    }
  }
  const strides = plain.length === 0 ? [] : parseStrides("day", FIELDS.day, plain.join(","), false);
  if (isWrong(strides)) return strides;
  const dates = spread(strides, 1, 31);
  return dates === null ? null : { dates, last, ordinals };
}

function spreadOf(name: CronFieldName, text: string): readonly number[] | null | Wrong {
  const field = FIELDS[name];
  const strides = parseStrides(name, field, text, false);
  return isWrong(strides) ? strides : spread(strides, field.min, field.max);
}

function ifEver(fields: CronFields): ParsedFields {
  if (nextDay(fields, 0) === null) return wrong("this schedule never comes: no day has that date", "check day, month, week and year against each other");
  return { kind: "parsed", fields };
}

/**
 * Reads fields by APScheduler 3's rules (`CronTrigger`): what is left out after the last given field is its minimum, before it `*`;
 * `week` and `day_of_week` are always `*` then. Texts must be lower case.
 */
export function parseCronFields(given: { readonly [name in CronFieldName]?: string }): ParsedFields {
  const lastGiven = CRON_FIELD_NAMES.findLastIndex((name) => given[name] !== undefined);
  const text = (name: CronFieldName): string => given[name]?.trim() ?? (CRON_FIELD_NAMES.indexOf(name) > lastGiven && lastGiven >= 0 ? FIELDS[name].byDefault : "*");
  const years = parseStrides("year", FIELDS.year, text("year"), false);
  const months = spreadOf("month", text("month"));
  const days = parseDays(text("day"));
  const weeks = spreadOf("week", text("week"));
  const weekdays = spreadOf("day_of_week", text("day_of_week"));
  const hours = spreadOf("hour", text("hour"));
  const minutes = spreadOf("minute", text("minute"));
  const seconds = spreadOf("second", text("second"));
  for (const part of [years, months, days, weeks, weekdays, hours, minutes, seconds]) if (isWrong(part)) return part;
  if (isWrong(years) || isWrong(months) || isWrong(days) || isWrong(weeks) || isWrong(weekdays) || isWrong(hours) || isWrong(minutes) || isWrong(seconds)) throw new Error("unreachable");
  const everyYear = years.some(({ first, last, step }) => first <= 1970 && last >= 9999 && step === 1);
  return ifEver({ years: everyYear ? null : years, months, days, weeks, weekdays, hours, minutes, seconds, eitherDay: false });
}

const CRONTAB_NAMES: { readonly [name: string]: string } = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Reads a line of crontab(5): five fields, or six with seconds in front; Sunday is 0 and 7. The text must be lower case. */
export function parseCrontab(text: string): ParsedFields {
  const parts = (CRONTAB_NAMES[text] ?? text).split(/\s+/);
  if (parts.length === 5) parts.unshift("0");
  const [second, minute, hour, day, month, weekday] = parts;
  if (parts.length !== 6 || second === undefined || minute === undefined || hour === undefined || day === undefined || month === undefined || weekday === undefined) {
    return wrong(`\`${text}\` is no cron line`, "write five fields (minute hour day month weekday), or six with seconds in front");
  }
  const read = (label: string, field: Field, part: string): readonly number[] | null | Wrong => {
    const strides = parseStrides(label, field, part, true);
    return isWrong(strides) ? strides : spread(strides, field.min, field.max);
  };
  const seconds = read("second", FIELDS.second, second);
  if (isWrong(seconds)) return seconds;
  const minutes = read("minute", FIELDS.minute, minute);
  if (isWrong(minutes)) return minutes;
  const hours = read("hour", FIELDS.hour, hour);
  if (isWrong(hours)) return hours;
  const dates = read("day", FIELDS.day, day);
  if (isWrong(dates)) return dates;
  const months = read("month", FIELDS.month, month);
  if (isWrong(months)) return months;
  const fromSunday = parseStrides("weekday", CRONTAB_WEEKDAY, weekday, true);
  if (isWrong(fromSunday)) return fromSunday;
  const sundayIs7 = spread(fromSunday, 0, 7) ?? [0, 1, 2, 3, 4, 5, 6];
  const weekdays = [...new Set(sundayIs7.map((value) => (value + 6) % 7))].sort((a, b) => a - b);
  // A field that starts with `*` is not "given"; of two that are given one is enough (crontab(5)).
  const eitherDay = !day.startsWith("*") && !weekday.startsWith("*");
  const everyDay = eitherDay && (dates === null || weekdays.length === 7);
  return ifEver({
    years: null,
    months,
    days: dates === null || everyDay ? null : { dates, last: false, ordinals: [] },
    weeks: null,
    weekdays: everyDay || weekdays.length === 7 ? null : weekdays,
    hours,
    minutes,
    seconds,
    eitherDay: eitherDay && !everyDay,
  });
}
