import { listOf, type NagiosObject } from "./nagios-inherit.ts";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const SHORT = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const DAY = 24 * 60;
const WEEK = 7 * DAY;
const OWN = new Set(["timeperiod_name", "alias", "name", "use", "register", ...DAYS]);

/** A time of the week, for `maintenance`. */
export interface WeeklyWindow {
  /** `mon 17:00`. */
  readonly weekly: string;
  /** `16h`, `90m`. */
  readonly for: string;
}

/** When a timeperiod does not hold, week by week; and its lines that a week cannot say. */
export interface Closed {
  /** `always`: it never holds. */
  readonly windows: readonly WeeklyWindow[] | "always";
  readonly left: readonly string[];
  readonly wrong: readonly string[];
}

/** `09:00-12:00,13:00-24:00` as minutes of the day; null when it is none. */
function rangesOf(text: string): readonly { readonly from: number; readonly to: number }[] | null {
  const ranges = listOf(text).map((part) => {
    const [, h1 = "", m1 = "", h2 = "", m2 = ""] = /^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/.exec(part) ?? [];
    return { from: Number(h1 || Number.NaN) * 60 + Number(m1), to: Number(h2 || Number.NaN) * 60 + Number(m2) };
  });
  return ranges.every(({ from, to }) => from >= 0 && to <= DAY && from <= to) ? ranges : null;
}

const durationOf = (minutes: number): string => (minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`);
const timeOf = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** Times of a week in which a timeperiod does not hold. */
export function closedOf(period: NagiosObject): Closed {
  const open = new Uint8Array(WEEK);
  const wrong: string[] = [];
  for (const [index, day] of DAYS.entries()) {
    const value = period.values.get(day);
    const ranges = rangesOf(value?.text ?? "");
    if (ranges === null) wrong.push(`${day} ${value?.text ?? ""}`);
    for (const { from, to } of ranges ?? []) open.fill(1, index * DAY + from, index * DAY + to);
  }
  const left = period.lines.filter(({ text }) => !OWN.has(text.split(/\s/, 1)[0] ?? "")).map(({ text }) => text);
  const first = open.indexOf(1);
  if (first < 0) return { windows: "always", left, wrong };
  const windows: WeeklyWindow[] = [];
  // From a minute at which it holds around the week, so that no window is cut at its end.
  for (let step = 0, begun = -1; step <= WEEK; step += 1) {
    const closed = step < WEEK && open[(first + step) % WEEK] === 0;
    if (closed && begun < 0) begun = step;
    if (closed || begun < 0) continue;
    const at = (first + begun) % WEEK;
    windows.push({ weekly: `${SHORT[Math.floor(at / DAY)] ?? "mon"} ${timeOf(at % DAY)}`, for: durationOf(step - begun) });
    begun = -1;
  }
  return { windows, left, wrong };
}
