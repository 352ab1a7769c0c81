import { cronSchedule } from "./schedule-text.ts";
import { type CronSchedule, type IntervalSchedule, nextSlot } from "./schedule.ts";
import { type CheckName, type Instant, type Millis, instant } from "./types.ts";

/** When a window is open: once, or for a while from each slot of a schedule on. */
export type WindowTimes =
  | { readonly kind: "once"; readonly from: Instant; readonly to: Instant }
  | { readonly kind: "recurring"; readonly schedule: CronSchedule | IntervalSchedule; readonly forMs: Millis };

/** A time in which nobody is told of outages of some checks. Plain data. */
export interface MaintenanceWindow {
  readonly name: string;
  /** Names of checks and groups (a group stands for its members), or every check. */
  readonly checks: readonly CheckName[] | "all";
  /** Checks with any of these tags, besides. */
  readonly tags: readonly string[];
  readonly when: WindowTimes;
}

/** What windows are matched against: a check, its tags, and the groups it is a member of, directly or through others. */
export interface Subject {
  readonly check: CheckName;
  readonly tags: readonly string[];
  readonly groups: readonly CheckName[];
}

export type ParsedWeekly = { readonly kind: "parsed"; readonly schedule: CronSchedule } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string };

/** Reads `sun 02:00`, `mon-fri 22:30`, `sat,sun 4:00`, `daily 03:00`: the beginnings of a weekly window in a zone. */
export function parseWeekly(text: string, zone: string): ParsedWeekly {
  const right = "write weekdays and a time, such as `sun 02:00`, `mon-fri 22:30` or `daily 03:00`";
  const shape = /^([a-z]{3}(?:\s*[-,]\s*[a-z]{3})*|daily)\s+(\d{1,2}):(\d{2})$/.exec(text.trim().toLowerCase());
  const [, days, hour, minute] = shape ?? [];
  if (days === undefined || hour === undefined || minute === undefined) return { kind: "wrong", wrong: `\`${text}\` is no weekly time`, right };
  const fields = { day_of_week: days === "daily" ? "*" : days.replaceAll(/\s/g, ""), hour, minute };
  const parsed = cronSchedule(fields, zone, text.trim(), false);
  if (parsed.kind === "wrong") return { kind: "wrong", wrong: parsed.wrong, right: parsed.right };
  if (parsed.schedule.kind !== "cron") throw new Error("a cron's fields gave an interval");
  return { kind: "parsed", schedule: parsed.schedule };
}

/** Whether the window is meant for this check, open or not. */
function covers(window: MaintenanceWindow, subject: Subject): boolean {
  if (window.checks === "all" || window.checks.includes(subject.check)) return true;
  return window.tags.some((tag) => subject.tags.includes(tag)) || subject.groups.some((group) => window.checks.includes(group));
}

/** Whether the window is open: from its beginning on, up to but without its end. */
export function isOpen({ name, when }: MaintenanceWindow, at: Instant): boolean {
  if (when.kind === "once") return at >= when.from && at < when.to;
  const begun = nextSlot(when.schedule, instant(at - when.forMs), name);
  return begun !== null && begun <= at;
}

/** Names of the windows that are open for this check, in the order of the configuration. */
export function openWindows(windows: readonly MaintenanceWindow[], subject: Subject, at: Instant): readonly string[] {
  return windows.filter((window) => covers(window, subject) && isOpen(window, at)).map((window) => window.name);
}

/** The next instant strictly after `after` at which a window may open or close; null when none does. Overlapping slots may give an edge that changes nothing. */
export function nextEdge(windows: readonly MaintenanceWindow[], after: Instant): Instant | null {
  let next: Instant | null = null;
  const offer = (edge: number | null): void => {
    if (edge !== null && edge > after && (next === null || edge < next)) next = instant(edge);
  };
  for (const { name, when } of windows) {
    if (when.kind === "once") {
      offer(when.from);
      offer(when.to);
      continue;
    }
    const ending = nextSlot(when.schedule, instant(after - when.forMs), name);
    offer(ending === null ? null : ending + when.forMs);
    offer(nextSlot(when.schedule, after, name));
  }
  return next;
}
