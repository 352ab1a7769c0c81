import { type Instant, instant } from "./types.ts";

const DAY_MS = 86_400_000;
/** Distance of the probes for changes of the offset; no zone changes twice within it. */
const GRID_MS = 7 * DAY_MS;

/** A stretch of time with one offset from UTC. Local times are milliseconds as if the local clock were UTC. */
export interface Segment {
  readonly from: Instant;
  /** First instant that is no longer in it. */
  readonly to: Instant;
  readonly offsetMs: number;
  /** The offset before `from`; the same where nothing changed there. */
  readonly beforeMs: number;
}

interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly years: Map<number, readonly Segment[]>;
}

// Pure all the same: what is kept depends on nothing but its key.
const zones = new Map<string, Zone>();

function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    calendar: "iso8601",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const zone: Zone = { format, years: new Map() };
  zones.set(name, zone);
  return zone;
}

/** The zone's own spelling (`europe/berlin` is `Europe/Berlin`), or null when there is no such zone. */
export function canonicalZone(name: string): string | null {
  try {
    return zoneOf(name).format.resolvedOptions().timeZone;
  } catch (problem) {
    if (problem instanceof RangeError) return null;
    throw problem;
  }
}

function askOffset(zone: Zone, at: number): number {
  const part: { [type: string]: number } = {};
  for (const { type, value } of zone.format.formatToParts(at)) part[type] = Number(value);
  const local = Date.UTC(part["year"] ?? 0, (part["month"] ?? 1) - 1, part["day"] ?? 1, part["hour"] ?? 0, part["minute"] ?? 0, part["second"] ?? 0);
  return local - Math.floor(at / 1000) * 1000;
}

/** The first second from which the offset at `late` holds, given that it changes once after `early`. */
function changeBetween(zone: Zone, early: number, late: number, offsetLate: number): number {
  let low = early / 1000;
  let high = late / 1000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (askOffset(zone, middle * 1000) === offsetLate) high = middle;
    else low = middle;
  }
  return high * 1000;
}

function surveyYear(zone: Zone, year: number): readonly Segment[] {
  const end = Date.UTC(year + 1, 0, 1);
  const segments: Segment[] = [];
  // From a week earlier, so that a change at the turn of the year is known on both sides.
  let from = Date.UTC(year, 0, 1) - GRID_MS;
  let offsetMs = askOffset(zone, from);
  let beforeMs = offsetMs;
  for (let early = from; early < end; early += GRID_MS) {
    const late = Math.min(early + GRID_MS, end);
    const offsetLate = askOffset(zone, late);
    if (offsetLate === offsetMs) continue;
    const change = changeBetween(zone, early, late, offsetLate);
    segments.push({ from: instant(from), to: instant(change), offsetMs, beforeMs });
    beforeMs = offsetMs;
    offsetMs = offsetLate;
    from = change;
  }
  segments.push({ from: instant(from), to: instant(Math.max(end, from + 1)), offsetMs, beforeMs });
  return segments;
}

/** The segment of the zone (canonical name) that holds `at`. It may end at a turn of the year without a change. */
export function segmentAt(zoneName: string, at: Instant): Segment {
  const zone = zoneOf(zoneName);
  const year = new Date(at).getUTCFullYear();
  let segments = zone.years.get(year);
  if (segments === undefined) {
    if (zone.years.size >= 100) zone.years.clear();
    segments = surveyYear(zone, year);
    zone.years.set(year, segments);
  }
  for (const segment of segments) if (at < segment.to) return segment;
  throw new RangeError(`no segment of ${zoneName} holds ${at}`);
}

/** Local wall time of the zone, in milliseconds as if it were UTC. */
export function toLocal(zoneName: string, at: Instant): number {
  return at + segmentAt(zoneName, at).offsetMs;
}

/** Whether another instant has the same local wall time, because the clocks are put back. */
export function occursTwice(zoneName: string, at: Instant): boolean {
  const { from, to, offsetMs, beforeMs } = segmentAt(zoneName, at);
  return at - from < beforeMs - offsetMs || to - at <= offsetMs - segmentAt(zoneName, to).offsetMs;
}

/** The instant of a local wall time: the first when it occurs twice, the shifted one when it does not exist. */
export function fromLocal(zoneName: string, local: number): Instant {
  let segment = segmentAt(zoneName, instant(local - 2 * DAY_MS));
  while (local >= segment.to + segment.offsetMs) segment = segmentAt(zoneName, segment.to);
  return instant(local < segment.from + segment.offsetMs ? local - segment.beforeMs : local - segment.offsetMs);
}
