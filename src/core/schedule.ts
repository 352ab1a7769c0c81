import { type CronFields, longestGapMs, nextLocal } from "./cron.ts";
import { hash32, murmur128Text } from "./ids.ts";
import { formatDuration } from "./time.ts";
import { type Instant, type Millis, instant, millis } from "./types.ts";
import { type Segment, segmentAt, toLocal } from "./zone.ts";

export { parseSchedule, type ParsedSchedule } from "./schedule-text.ts";

const DAY_MS = 86_400_000;

export interface IntervalSchedule {
  readonly kind: "interval";
  readonly ms: Millis;
  /** The first run; null: anchored as `every` is. */
  readonly start: Instant | null;
  /** No run after it. */
  readonly end: Instant | null;
  /** Each run is put off by up to so much, the same for the same slot. */
  readonly jitterMs: Millis;
  /** As written, for showing. */
  readonly text: string;
}

export interface CronSchedule {
  readonly kind: "cron";
  readonly fields: CronFields;
  readonly zone: string;
  /** APScheduler's way with daylight saving: a time that occurs twice runs twice; otherwise once. */
  readonly twice: boolean;
  readonly start: Instant | null;
  readonly end: Instant | null;
  readonly jitterMs: Millis;
  /** As written, for showing. */
  readonly text: string;
}

/** When a check is due. Plain data. Slots are UTC instants; local time lives only inside `cron`. */
export type Schedule =
  /** Every so long, anchored to the epoch plus a hash of the check's name. */
  | { readonly kind: "every"; readonly ms: Millis }
  /** A fixed delay after the previous run's end. */
  | { readonly kind: "after"; readonly ms: Millis }
  /** Only in groups or on demand. */
  | { readonly kind: "never" }
  | IntervalSchedule
  | CronSchedule;

/** Where in its period a name's slots lie: 53 bits of its hash, so that ten years are spread as evenly as a second. */
function phaseMs(seedName: string, periodMs: number): number {
  const [high, low] = murmur128Text(seedName);
  return (high * 2 ** 21 + (low >>> 11)) % periodMs;
}

function nextPeriodic(anchor: number, periodMs: number, after: Instant): Instant {
  return instant(anchor + (Math.floor((after - anchor) / periodMs) + 1) * periodMs);
}

function nextInterval(schedule: IntervalSchedule, after: Instant, seedName: string): Instant | null {
  const { ms, start, end } = schedule;
  const slot = start === null ? nextPeriodic(phaseMs(seedName, ms), ms, after) : after < start ? start : nextPeriodic(start, ms, after);
  return end !== null && slot > end ? null : slot;
}

/** The first slot that is at least `from` and begins in this segment; see `docs/decisions/daylight-saving.md`. */
function nextInSegment({ fields, twice }: CronSchedule, segment: Segment, from: Instant): Instant | null {
  const { offsetMs, beforeMs, to } = segment;
  // An hour of `*` follows real time; fixed hours follow the clock on the wall.
  const byTheWall = fields.hours !== null;
  const seenBefore = segment.from + beforeMs;
  const local = nextLocal(fields, byTheWall && !twice ? Math.max(from + offsetMs, seenBefore) : from + offsetMs);
  const real = local !== null && local - offsetMs < to ? local - offsetMs : null;
  const inShiftedTime = beforeMs < offsetMs && from < segment.from + (offsetMs - beforeMs) && (byTheWall || twice);
  if (!inShiftedTime) return real === null ? null : instant(real);
  const missing = nextLocal(fields, twice ? seenBefore : from + beforeMs);
  const shifted = missing !== null && missing < segment.from + offsetMs && missing - beforeMs >= from ? missing - beforeMs : null;
  if (real === null || shifted === null) return real === null && shifted === null ? null : instant(real ?? shifted ?? 0);
  return instant(Math.min(real, shifted));
}

function nextCron(schedule: CronSchedule, after: Instant): Instant | null {
  const { fields, zone, start, end } = schedule;
  let from = instant((Math.floor(after / 1000) + 1) * 1000);
  if (start !== null && from < start) from = instant(Math.ceil(start / 1000) * 1000);
  for (;;) {
    const segment = segmentAt(zone, from);
    const slot = nextInSegment(schedule, segment, from);
    if (slot !== null) return end !== null && slot > end ? null : slot;
    // No later segment begins more than a day before the local end of this one.
    const later = nextLocal(fields, segment.to + segment.offsetMs - DAY_MS);
    if (later === null) return null;
    from = instant(Math.max(segment.to, later - 2 * DAY_MS));
    if (end !== null && from > end) return null;
  }
}

/** The last slot of `next` in (after - spanMs, after], or null. */
function lastBefore(next: (after: Instant) => Instant | null, after: Instant, spanMs: number): Instant | null {
  let last: Instant | null = null;
  let low: number = after - spanMs;
  let high: number = after;
  while (low < high) {
    const middle = last === null ? low : Math.floor((low + high) / 2);
    const slot = next(instant(middle));
    if (slot !== null && slot <= after) {
      last = slot;
      low = Math.max(slot, low + 1);
    } else if (last === null) return null;
    else high = middle;
  }
  return last;
}

function nextJittered(next: (after: Instant) => Instant | null, schedule: IntervalSchedule | CronSchedule, after: Instant, seedName: string): Instant | null {
  const put = (slot: Instant): Instant => {
    const following = next(slot);
    // Less than the distance to the next slot, so that the order stays.
    const room = Math.min(schedule.jitterMs + 1, following === null ? Infinity : following - slot);
    return instant(Math.min(slot + (hash32(`${seedName}\n${slot}`) % room), schedule.end ?? Infinity));
  };
  const last = lastBefore(next, after, schedule.jitterMs + 1);
  if (last !== null) {
    const slot = put(last);
    if (slot > after) return slot;
  }
  const slot = next(after);
  return slot === null ? null : put(slot);
}

/** Whether a new check is run once before its first slot: not outside of its time, and not where it is done as APScheduler does, which waits. */
export function runsFirst(schedule: Schedule, now: Instant): boolean {
  if (schedule.kind === "never") return false;
  if (schedule.kind === "every" || schedule.kind === "after") return true;
  const { start, end } = schedule;
  return (start === null || start <= now) && (end === null || end >= now) && !(schedule.kind === "cron" && schedule.twice);
}

/**
 * The first slot strictly after `after`, or null when there is none (any more). `seedName` spreads checks of one period and seeds the
 * jitter. Of a fixed delay (`after`) give the previous run's end.
 */
export function nextSlot(schedule: Schedule, after: Instant, seedName: string): Instant | null {
  switch (schedule.kind) {
    case "every":
      return nextPeriodic(phaseMs(seedName, schedule.ms), schedule.ms, after);
    case "after":
      return instant(after + schedule.ms);
    case "never":
      return null;
    case "interval": {
      const next = (from: Instant): Instant | null => nextInterval(schedule, from, seedName);
      return schedule.jitterMs > 0 ? nextJittered(next, schedule, after, seedName) : next(after);
    }
    case "cron": {
      const next = (from: Instant): Instant | null => nextCron(schedule, from);
      return schedule.jitterMs > 0 ? nextJittered(next, schedule, after, seedName) : next(after);
    }
    default:
      return schedule satisfies never;
  }
}

/** Nominal distance of runs from `at` on: for cron the longest of its gaps in the next days with runs; 0 when it does not run again by itself. */
export function scheduleGapMs(schedule: Schedule, at: Instant): Millis {
  switch (schedule.kind) {
    case "every":
    case "after":
    case "interval":
      return schedule.ms;
    case "never":
      return millis(0);
    case "cron":
      return millis(longestGapMs(schedule.fields, toLocal(schedule.zone, at)));
    default:
      return schedule satisfies never;
  }
}

/** How far ahead a change of the clock is looked for that a schedule meets. */
const CHANGES_AHEAD_MS = 2 * 366 * DAY_MS;
const HOUR_MS = 3_600_000;

/** Whether APScheduler's way with daylight saving gives this schedule a run, in the two years from `from` on, that it would not have otherwise. */
export function runsTwice(schedule: Schedule, from: Instant): boolean {
  if (schedule.kind !== "cron" || !schedule.twice || schedule.fields.hours === null) return false;
  const plain = { ...schedule, jitterMs: millis(0) };
  const once = { ...plain, twice: false };
  for (let segment = segmentAt(schedule.zone, from); segment.to < from + CHANGES_AHEAD_MS; segment = segmentAt(schedule.zone, segment.to)) {
    const after = instant(segment.to - 1);
    const second = nextCron(plain, after);
    if (second !== null && second < segment.to + HOUR_MS && second !== nextCron(once, after)) return true;
  }
  return false;
}

/** In words for people: `every 30s`, `5m after the last run`, `cron 9-17 hr 0 min (Europe/Berlin)`. */
export function describeSchedule(schedule: Schedule): string {
  switch (schedule.kind) {
    case "every":
      return `every ${formatDuration(schedule.ms)}`;
    case "after":
      return `${formatDuration(schedule.ms)} after the last run`;
    case "never":
      return "only in groups or on demand";
    case "interval":
      return schedule.text;
    case "cron":
      return `${schedule.text} (${schedule.zone}${schedule.twice ? ", daylight saving as APScheduler" : ""})`;
    default:
      return schedule satisfies never;
  }
}
