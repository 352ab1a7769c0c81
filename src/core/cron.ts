/**
 * The field engine of cron schedules, on local wall time alone: milliseconds and days as if the local clock were UTC.
 * Zones and daylight saving are the business of `schedule.ts`.
 */

const DAY_MS = 86_400_000;
/** The calendar repeats after 400 years: what did not come by then never does. */
const YEARS_AHEAD = 400;

/** `first`, `first + step`, ... up to `last`. */
export interface Stride {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** Days of a month: dates, the last day, and weekdays by ordinal (1 to 5; 0 for the last). Monday is 0. */
export interface DayRule {
  readonly dates: readonly number[];
  readonly last: boolean;
  readonly ordinals: readonly { readonly nth: number; readonly weekday: number }[];
}

/** Plain data; values sorted, null for every value. Weekdays count from Monday = 0, weeks are ISO weeks. */
export interface CronFields {
  readonly years: readonly Stride[] | null;
  readonly months: readonly number[] | null;
  readonly days: DayRule | null;
  readonly weeks: readonly number[] | null;
  readonly weekdays: readonly number[] | null;
  readonly hours: readonly number[] | null;
  readonly minutes: readonly number[] | null;
  readonly seconds: readonly number[] | null;
  /** crontab's rule: with both a day of the month and a weekday given, either will do. */
  readonly eitherDay: boolean;
}

/** The smallest permitted value that is at least `value`, or null. */
function atLeast(values: readonly number[] | null, value: number, max: number): number | null {
  if (values === null) return value <= max ? value : null;
  for (const candidate of values) if (candidate >= value) return candidate;
  return null;
}

const firstOf = (values: readonly number[] | null): number => values?.[0] ?? 0;
const lastOf = (values: readonly number[] | null, max: number): number => values?.at(-1) ?? max;

function nextYear(years: readonly Stride[] | null, year: number): number | null {
  if (years === null) return year;
  let next: number | null = null;
  for (const { first, last, step } of years) {
    const candidate = year <= first ? first : first + Math.ceil((year - first) / step) * step;
    if (candidate <= last && (next === null || candidate < next)) next = candidate;
  }
  return next;
}

const dayNumber = (year: number, month: number, date: number): number => Date.UTC(year, month - 1, date) / DAY_MS;
/** Of a day counted from 1970-01-01, a Thursday. */
const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7;

/** ISO 8601 week: week 1 holds the year's first Thursday. */
function isoWeek(day: number): number {
  const thursday = day - weekdayOf(day) + 3;
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  return Math.floor((thursday - dayNumber(year, 1, 1)) / 7) + 1;
}

function ruleHolds(rule: DayRule, date: number, lastDate: number, weekday: number): boolean {
  if (rule.dates.includes(date) || (rule.last && date === lastDate)) return true;
  return rule.ordinals.some((it) => it.weekday === weekday && (it.nth === 0 ? date + 7 > lastDate : Math.ceil(date / 7) === it.nth));
}

function dayFits(fields: CronFields, day: number, date: number, lastDate: number): boolean {
  const weekday = weekdayOf(day);
  const byDate = fields.days === null || ruleHolds(fields.days, date, lastDate, weekday);
  const byWeekday = fields.weekdays === null || fields.weekdays.includes(weekday);
  if (fields.eitherDay ? !byDate && !byWeekday : !byDate || !byWeekday) return false;
  return fields.weeks === null || fields.weeks.includes(isoWeek(day));
}

/** The first matching day that is at least `from`, both counted from 1970-01-01; null when none ever comes. */
export function nextDay(fields: CronFields, from: number): number | null {
  const start = new Date(from * DAY_MS);
  let year = start.getUTCFullYear();
  let month = start.getUTCMonth() + 1;
  let date = start.getUTCDate();
  let limit = year + YEARS_AHEAD;
  for (;;) {
    const wantedYear = nextYear(fields.years, year);
    if (wantedYear === null) return null;
    if (wantedYear > year) {
      limit = Math.max(limit, Math.min(wantedYear + YEARS_AHEAD, 9999));
      [year, month, date] = [wantedYear, 1, 1];
    }
    if (year > limit) return null;
    const wantedMonth = atLeast(fields.months, month, 12);
    if (wantedMonth === null) {
      [year, month, date] = [year + 1, 1, 1];
      continue;
    }
    if (wantedMonth > month) [month, date] = [wantedMonth, 1];
    const first = dayNumber(year, month, 1);
    const lastDate = dayNumber(year, month + 1, 1) - first;
    for (; date <= lastDate; date++) if (dayFits(fields, first + date - 1, date, lastDate)) return first + date - 1;
    [month, date] = [month + 1, 1];
  }
}

/** The first matching second of a day that is at least `from` (0 to 86399), or null. */
function nextSecond(fields: CronFields, from: number): number | null {
  const { hours, minutes, seconds } = fields;
  const h = Math.floor(from / 3600);
  const m = Math.floor(from / 60) % 60;
  const inHour = firstOf(minutes) * 60 + firstOf(seconds);
  const hour = atLeast(hours, h, 23);
  if (hour === null) return null;
  if (hour > h) return hour * 3600 + inHour;
  const minute = atLeast(minutes, m, 59);
  if (minute === m) {
    const second = atLeast(seconds, from % 60, 59);
    if (second !== null) return hour * 3600 + minute * 60 + second;
  }
  const later = minute === m ? atLeast(minutes, m + 1, 59) : minute;
  if (later !== null) return hour * 3600 + later * 60 + firstOf(seconds);
  const laterHour = atLeast(hours, h + 1, 23);
  return laterHour === null ? null : laterHour * 3600 + inHour;
}

/** The first matching local time that is at least `from` (milliseconds, local as if UTC), or null when none ever comes. */
export function nextLocal(fields: CronFields, from: number): number | null {
  const start = Math.ceil(from / 1000);
  const today = Math.floor(start / 86_400);
  if (nextDay(fields, today) === today) {
    const second = nextSecond(fields, start - today * 86_400);
    if (second !== null) return (today * 86_400 + second) * 1000;
  }
  const day = nextDay(fields, today + 1);
  return day === null ? null : day * DAY_MS + (nextSecond(fields, 0) ?? 0) * 1000;
}

function longestStep(values: readonly number[] | null): number {
  if (values === null) return 1;
  let longest = 0;
  for (let at = 1; at < values.length; at++) longest = Math.max(longest, (values[at] ?? 0) - (values[at - 1] ?? 0));
  return longest;
}

/** Longest distance in seconds between two runs of one day; 0 when it has only one. */
function longestWithinDay({ hours, minutes, seconds }: CronFields): number {
  const firstSecond = firstOf(seconds);
  const lastSecond = lastOf(seconds, 59);
  const firstInHour = firstOf(minutes) * 60 + firstSecond;
  const lastInHour = lastOf(minutes, 59) * 60 + lastSecond;
  const byMinute = longestStep(minutes) * 60 - (lastSecond - firstSecond);
  const byHour = longestStep(hours) * 3600 - (lastInHour - firstInHour);
  return Math.max(longestStep(seconds), minutes?.length === 1 ? 0 : byMinute, hours?.length === 1 ? 0 : byHour);
}

/** The longest distance of two neighbouring runs in the days of runs that follow `from`, in milliseconds of local time; 0 for fewer than two runs. */
export function longestGapMs(fields: CronFields, from: number): number {
  const DAYS_LOOKED_AT = 10;
  const firstInDay = nextSecond(fields, 0) ?? 0;
  const lastInDay = lastOf(fields.hours, 23) * 3600 + lastOf(fields.minutes, 59) * 60 + lastOf(fields.seconds, 59);
  let longest = longestWithinDay(fields);
  let day = nextDay(fields, Math.floor(from / DAY_MS));
  if (day === null) return 0;
  for (let looked = 0; looked < DAYS_LOOKED_AT; looked++) {
    const next: number | null = nextDay(fields, day + 1);
    if (next === null) break;
    longest = Math.max(longest, (next - day) * 86_400 - (lastInDay - firstInDay));
    day = next;
  }
  return longest * 1000;
}
