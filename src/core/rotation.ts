import { parseCronFields } from "./cron-fields.ts";
import { type ChannelName, type Instant, instant } from "./types.ts";
import { fromLocal, toLocal } from "./zone.ts";

const DAY_MS = 86_400_000;
const MINUTES_A_DAY = 1440;
/** Days looked at for the next change: a week, and what reaches into it. */
const DAYS_AHEAD = 9;
/** Boundaries passed over at which nobody else is told. */
const SAME_MAX = 1000;

/** A time on the wall on some weekdays; Monday is 0. */
export interface WeekTime {
  readonly days: readonly number[];
  /** Minutes since midnight. */
  readonly minute: number;
}

/** From a week's time to an end on the same day, or on the next when it is not later. */
export interface WeekHours extends WeekTime {
  readonly endMinute: number;
}

/** Whom a name in a step stands for, by the time: turns that change at each handover, other hours, and days of exception. Plain data. */
export interface Rotation {
  readonly zone: string;
  readonly handover: WeekTime;
  /** The first turn begins with the first handover on or after this day, counted from 1970-01-01. */
  readonly firstDay: number;
  readonly turns: readonly (readonly ChannelName[])[];
  /** The first that holds wins over the turns. */
  readonly hours: readonly { readonly at: WeekHours; readonly to: readonly ChannelName[] }[];
  /** The last that holds wins over all else. */
  readonly overrides: readonly { readonly from: Instant; readonly until: Instant; readonly to: readonly ChannelName[] }[];
}

export type ParsedWeek<Of> = { readonly kind: "parsed"; readonly value: Of } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string };

const CLOCK = /(\d{1,2}):(\d{2})/.source;

function minuteOf(hour: string | undefined, minute: string | undefined, last: number): number | null {
  const at = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && at <= last ? at : null;
}

function daysOf(text: string): readonly number[] | null {
  const parsed = parseCronFields({ day_of_week: text === "daily" ? "*" : text.replaceAll(/\s/g, "") });
  return parsed.kind === "wrong" ? null : (parsed.fields.weekdays ?? [0, 1, 2, 3, 4, 5, 6]);
}

/** Reads `mon 09:00`, `mon-fri 09:00`, `sat,sun 8:00`, `daily 07:00`. */
export function parseWeekTime(text: string): ParsedWeek<WeekTime> {
  const shape = new RegExp(`^([a-z, -]+?)\\s+${CLOCK}$`).exec(text.trim().toLowerCase());
  const [days, minute] = shape === null ? [null, null] : [daysOf(shape[1] ?? ""), minuteOf(shape[2], shape[3], MINUTES_A_DAY - 1)];
  if (days === null || minute === null) return { kind: "wrong", wrong: `\`${text}\` is no time of the week`, right: "write weekdays and a time, such as `mon 09:00`, `mon-fri 18:00` or `daily 08:00`" };
  return { kind: "parsed", value: { days, minute } };
}

/** Reads `mon-fri 09:00-17:00`, `daily 22:00-06:00`, `sat,sun 00:00-24:00`. */
export function parseWeekHours(text: string): ParsedWeek<WeekHours> {
  const shape = new RegExp(`^([a-z, -]+?)\\s+${CLOCK}\\s*-\\s*${CLOCK}$`).exec(text.trim().toLowerCase());
  const days = shape === null ? null : daysOf(shape[1] ?? "");
  const [minute, endMinute] = shape === null ? [null, null] : [minuteOf(shape[2], shape[3], MINUTES_A_DAY - 1), minuteOf(shape[4], shape[5], MINUTES_A_DAY)];
  if (days === null || minute === null || endMinute === null || minute === endMinute) {
    return { kind: "wrong", wrong: `\`${text}\` are no hours of the week`, right: "write weekdays and two times, such as `mon-fri 09:00-17:00`, `daily 22:00-06:00` or `sat,sun 00:00-24:00`" };
  }
  return { kind: "parsed", value: { days, minute, endMinute } };
}

/** Of a day counted from 1970-01-01, a Thursday. */
const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7;
const dayOf = (zone: string, at: Instant): number => Math.floor(toLocal(zone, at) / DAY_MS);
/** The first instant at which the wall shows this, or would have. */
const wall = (zone: string, day: number, minute: number): Instant => fromLocal(zone, day * DAY_MS + minute * 60_000);

/** Handovers on days up to and with this one, since the week of 1970-01-01. */
function handoversUpTo({ days }: WeekTime, day: number): number {
  const weekday = weekdayOf(day);
  return Math.floor((day + 3) / 7) * days.length + days.filter((each) => each <= weekday).length;
}

/** The day of the handover that was last at `at`. */
function lastHandover({ zone, handover }: Rotation, at: Instant): number {
  let day = dayOf(zone, at) + 1;
  while (!handover.days.includes(weekdayOf(day)) || wall(zone, day, handover.minute) > at) day -= 1;
  return day;
}

function endOf(zone: string, day: number, { minute, endMinute }: WeekHours): Instant {
  return wall(zone, endMinute > minute ? day : day + 1, endMinute);
}

function isWithin(hours: WeekHours, zone: string, at: Instant): boolean {
  const today = dayOf(zone, at);
  return [today - 1, today, today + 1].some((day) => hours.days.includes(weekdayOf(day)) && at >= wall(zone, day, hours.minute) && at < endOf(zone, day, hours));
}

/** The channels that a rotation stands for at an instant. */
export function onCall(rotation: Rotation, at: Instant): readonly ChannelName[] {
  const { zone, handover, firstDay, turns, hours, overrides } = rotation;
  const exception = overrides.findLast(({ from, until }) => at >= from && at < until);
  if (exception !== undefined) return exception.to;
  const other = hours.find((each) => isWithin(each.at, zone, at));
  if (other !== undefined) return other.to;
  const passed = handoversUpTo(handover, lastHandover(rotation, at)) - handoversUpTo(handover, firstDay - 1) - 1;
  return turns[((passed % turns.length) + turns.length) % turns.length] ?? [];
}

/** The next instant after `after` at which somebody may take over. */
function nextBoundary({ zone, handover, turns, hours, overrides }: Rotation, after: Instant): Instant | null {
  const edges: number[] = overrides.flatMap(({ from, until }) => [from, until]);
  const today = dayOf(zone, after);
  for (let day = today - 1; day < today + DAYS_AHEAD; day += 1) {
    if (turns.length > 1 && handover.days.includes(weekdayOf(day))) edges.push(wall(zone, day, handover.minute));
    for (const { at } of hours) if (at.days.includes(weekdayOf(day))) edges.push(wall(zone, day, at.minute), endOf(zone, day, at));
  }
  const later = edges.filter((edge) => edge > after);
  return later.length === 0 ? null : instant(Math.min(...later));
}

/** The next changes after an instant, at most `count`. */
export function changesOf(rotation: Rotation, after: Instant, count: number): readonly { readonly at: Instant; readonly to: readonly ChannelName[] }[] {
  const changes: { readonly at: Instant; readonly to: readonly ChannelName[] }[] = [];
  for (let change = nextChange(rotation, after); change !== null && changes.length < count; change = nextChange(rotation, change.at)) changes.push(change);
  return changes;
}

/** When a rotation next stands for others than at `after`, and for whom; null for never. */
export function nextChange(rotation: Rotation, after: Instant): { readonly at: Instant; readonly to: readonly ChannelName[] } | null {
  const before = onCall(rotation, after).join("\n");
  let at = nextBoundary(rotation, after);
  for (let passed = 0; at !== null && passed < SAME_MAX; passed += 1) {
    const to = onCall(rotation, at);
    if (to.join("\n") !== before) return { at, to };
    at = nextBoundary(rotation, at);
  }
  return null;
}
