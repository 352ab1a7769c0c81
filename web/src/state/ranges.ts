const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const RANGES = [
  { key: "3h", label: "3 h", ms: 3 * HOUR },
  { key: "24h", label: "24 h", ms: DAY },
  { key: "7d", label: "7 d", ms: 7 * DAY },
  { key: "30d", label: "30 d", ms: 30 * DAY },
  { key: "1y", label: "1 y", ms: 365 * DAY },
] as const;
export type RangeKey = (typeof RANGES)[number]["key"];

/** What the chart shows. `live`: its right edge is now. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly live: boolean;
}

/** Steps a person can name; the chart asks for no more than `POINTS_MAX` of one. */
const STEPS = [10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY];
const POINTS_MAX = 370;
const SHORTEST_MS = 10 * MINUTE;
const LONGEST_MS = 366 * DAY;

/** The finest step that gives at most 370 points. */
export function stepFor(ms: number): number {
  return STEPS.find((step) => ms / step <= POINTS_MAX) ?? Math.ceil(ms / POINTS_MAX / DAY) * DAY;
}

/** The span that ends now. */
export function liveSpan(ms: number, now: number): Span {
  return { from: now - ms, to: now, live: true };
}

/** A span's edges on whole steps, so that the same question gives the same buckets. */
export function aligned(span: Span): { readonly from: number; readonly to: number; readonly stepMs: number } {
  const stepMs = stepFor(span.to - span.from);
  return { from: Math.floor(span.from / stepMs) * stepMs, to: Math.ceil(span.to / stepMs) * stepMs, stepMs };
}

/** Nearer (`factor` under 1) or further about the middle; a live span keeps its right edge. Between ten minutes and a year, never beyond now. */
export function zoom(span: Span, factor: number, now: number): Span {
  const ms = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (span.to - span.from) * factor));
  if (span.live) return liveSpan(ms, now);
  return within((span.from + span.to) / 2 - ms / 2, ms, now);
}

/** Earlier (negative) or later by a share of the span's width. */
export function pan(span: Span, share: number, now: number): Span {
  const ms = span.to - span.from;
  return within(span.from + ms * share, ms, now);
}

/** The stretch that was dragged over, at least ten minutes wide. */
export function select(from: number, to: number, now: number): Span {
  const ms = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, to - from));
  return within((from + to) / 2 - ms / 2, ms, now);
}

function within(from: number, ms: number, now: number): Span {
  return from + ms >= now ? liveSpan(ms, now) : { from, to: from + ms, live: false };
}
