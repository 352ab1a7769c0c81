import { z } from "zod";
import { type MaintenanceWindow, parseWeekly, type WindowTimes } from "../core/maintenance.ts";
import { parseDate, parseSchedule } from "../core/schedule-text.ts";
import { type CheckName, checkName, millis } from "../core/types.ts";
import { unknownName } from "./issues.ts";
import { type Layer, overlay, validate } from "./layers.ts";
import type { Report } from "./report.ts";
import { isMapping, type Document } from "./sources.ts";
import { durationWithin, names, timezone } from "./words.ts";

const YEAR_MS = 365 * 86_400_000;
const DATE_RIGHT = "write a date and time, such as 2026-11-20 22:00";

/** Keys of one maintenance window. */
export const WINDOW_KEYS = {
  name: z.string().trim().min(1).max(200).describe("Shown while it is open."),
  checks: names().describe("Checks and groups (a group stands for its members), or `all`.").optional(),
  tags: names().describe("Checks with any of these tags, besides.").optional(),
  weekly: z.string().min(1).describe("When it begins each week: `sun 02:00`, `mon-fri 22:30`, `daily 03:00`.").optional(),
  schedule: z.string().min(1).describe("When it begins, as a cron line or in words.").optional(),
  for: durationWithin(60_000, YEAR_MS).describe("How long it lasts, with `weekly` or `schedule`.").optional(),
  from: z.string().min(1).describe("When a single one begins.").meta({ unit: "date and time" }).optional(),
  to: z.string().min(1).describe("When a single one ends.").meta({ unit: "date and time" }).optional(),
  timezone: timezone().describe("Its zone.").meta({ default: "the site's" }).optional(),
} as const;
const windowSchema = z.strictObject(WINDOW_KEYS);
type WindowKeys = z.output<typeof windowSchema>;

/** Reads the windows of every document. `known`: names of checks. */
export function readWindows(documents: readonly Document[], known: ReadonlySet<string>, zone: string, report: Report): readonly MaintenanceWindow[] {
  const windows: MaintenanceWindow[] = [];
  const seen = new Map<string, Layer>();
  for (const [index, document] of documents.entries()) {
    const section = document.written["maintenance"];
    if (section === undefined || section === null) continue;
    if (!Array.isArray(section)) {
      report.add({ severity: "error", document: index, path: ["maintenance"], at: "value", wrong: "`maintenance` is no list", right: "write `- {name: NAME, checks: [CHECK], weekly: sun 02:00, for: 2h}`" });
      continue;
    }
    const filled: readonly unknown[] = Array.isArray(document.filled["maintenance"]) ? document.filled["maintenance"] : section;
    for (const [at, written] of section.entries()) {
      const own = filled[at];
      if (!isMapping(written) || !isMapping(own)) {
        report.add({ severity: "error", document: index, path: ["maintenance", at], at: "value", wrong: "a window is no mapping", right: "write `{name: NAME, checks: [CHECK], weekly: sun 02:00, for: 2h}`" });
        continue;
      }
      const layer = { document: index, path: ["maintenance", at], written, filled: own };
      const window = readWindow(layer, known, zone, report);
      if (window === null) continue;
      const before = seen.get(window.name);
      if (before !== undefined) report.add({ severity: "error", ...layer, path: [...layer.path, "name"], at: "value", wrong: `the window \`${window.name}\` is defined twice`, right: "rename or remove one of them", also: before });
      seen.set(window.name, layer);
      windows.push(window);
    }
  }
  return windows;
}

function readWindow(layer: Layer, known: ReadonlySet<string>, zone: string, report: Report): MaintenanceWindow | null {
  const read = validate(windowSchema, overlay([layer.filled]), () => overlay([layer.written]), []);
  if (read.kind === "wrong") {
    for (const finding of read.findings) report.local([layer], finding);
    return null;
  }
  const keys = read.value;
  const when = timesOf(keys, keys.timezone ?? zone, layer, report);
  const checks = checksOf(keys, layer, known, report);
  return when === null || checks === null ? null : { name: keys.name, checks, tags: keys.tags ?? [], when };
}

function checksOf(keys: WindowKeys, layer: Layer, known: ReadonlySet<string>, report: Report): readonly CheckName[] | "all" | null {
  if (keys.checks === undefined && keys.tags === undefined) {
    report.error([layer], [], "this window is for no check", "add `checks: [NAME]`, `tags: [TAG]` or `checks: all`", "key");
    return null;
  }
  if (keys.checks?.length === 1 && keys.checks[0] === "all" && !known.has("all")) return "all";
  const strangers = (keys.checks ?? []).map((name, at) => ({ name, at })).filter(({ name }) => !known.has(name));
  for (const { name, at } of strangers) {
    report.error([layer], Array.isArray(layer.written["checks"]) ? ["checks", at] : ["checks"], `there is no check \`${name}\``, unknownName(name, [...known], [], "value").right);
  }
  return strangers.length > 0 ? null : (keys.checks ?? []).map(checkName);
}

function timesOf(keys: WindowKeys, zone: string, layer: Layer, report: Report): WindowTimes | null {
  const { weekly, schedule, from, to } = keys;
  const ways = [weekly, schedule, from ?? to].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    report.error([layer], [], ways.length === 0 ? "this window has no time" : "this window has several kinds of time", "write `weekly: sun 02:00` or `schedule: TEXT` with `for: 2h`, or `from` and `to`", "key");
    return null;
  }
  if (weekly === undefined && schedule === undefined) return onceOf(keys, zone, layer, report);
  if (keys.for === undefined) {
    report.error([layer], [], "`for` is missing", "add how long it lasts: `for: 2h`", "key");
    return null;
  }
  const parsed = weekly === undefined ? parseSchedule(schedule ?? "", zone) : parseWeekly(weekly, zone);
  if (parsed.kind === "parsed") return { kind: "recurring", schedule: parsed.schedule, forMs: millis(keys.for) };
  report.error([layer], [weekly === undefined ? "schedule" : "weekly"], parsed.wrong, parsed.right);
  return null;
}

function onceOf(keys: WindowKeys, zone: string, layer: Layer, report: Report): WindowTimes | null {
  const read = (key: "from" | "to"): ReturnType<typeof parseDate> => {
    const text = keys[key];
    const at = text === undefined ? null : parseDate(text, zone);
    if (text === undefined) report.error([layer], [], `\`${key}\` is missing`, DATE_RIGHT, "key");
    else if (at === null) report.error([layer], [key], `\`${text}\` is no date`, DATE_RIGHT);
    return at;
  };
  const from = read("from");
  const to = read("to");
  if (from === null || to === null) return null;
  if (from < to) return { kind: "once", from, to };
  report.error([layer], ["to"], "this window ends before it begins", "correct `from` or `to`");
  return null;
}
