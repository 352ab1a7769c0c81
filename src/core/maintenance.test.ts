import fc from "fast-check";
import { expect, test } from "vitest";
import { type MaintenanceWindow, type WindowTimes, isOpen, nextEdge, openWindows, parseWeekly } from "./maintenance.ts";
import { parseSchedule } from "./schedule.ts";
import { type Instant, checkName, instant, millis } from "./types.ts";

const at = (text: string): Instant => instant(Date.parse(text));
const HOUR_MS = 3_600_000;

function weekly(text: string, zone: string, hours: number): WindowTimes {
  const parsed = parseWeekly(text, zone);
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  return { kind: "recurring", schedule: parsed.schedule, forMs: millis(hours * HOUR_MS) };
}

function cron(text: string, minutes: number): WindowTimes {
  const parsed = parseSchedule(text, "UTC");
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  return { kind: "recurring", schedule: parsed.schedule, forMs: millis(minutes * 60_000) };
}

const named = (name: string, when: WindowTimes, checks: MaintenanceWindow["checks"] = "all", tags: readonly string[] = []): MaintenanceWindow => ({ name, checks, tags, when });

test("a weekly window is open from its beginning up to its end", () => {
  const window = named("patch night", weekly("sun 02:00", "Europe/Berlin", 2));
  const f = (when: string, open: boolean) => expect(isOpen(window, at(when))).toBe(open);
  f("2026-11-22T00:59:59.999Z", false);
  f("2026-11-22T01:00:00Z", true);
  f("2026-11-22T02:59:59.999Z", true);
  f("2026-11-22T03:00:00Z", false);
  f("2026-11-23T01:30:00Z", false);
});

test("a window lasts its elapsed time, also when clocks change within", () => {
  const window = named("night", weekly("sun 02:00", "Europe/Berlin", 2));
  const f = (when: string, open: boolean) => expect(isOpen(window, at(when))).toBe(open);
  // Spring: no 02:00, so from 03:00 CEST; autumn: from the first 02:00 on.
  f("2026-03-29T00:59Z", false);
  f("2026-03-29T01:00Z", true);
  f("2026-03-29T02:59Z", true);
  f("2026-03-29T03:00Z", false);
  f("2026-10-25T00:00Z", true);
  f("2026-10-25T01:59Z", true);
  f("2026-10-25T02:00Z", false);
});

test("weekly times: ranges, lists, daily; what is wrong is said", () => {
  const f = (text: string, fields: object) => expect(parseWeekly(text, "UTC")).toMatchObject({ kind: "parsed", schedule: { fields, twice: false, text } });
  f("mon-fri 22:30", { weekdays: [0, 1, 2, 3, 4], hours: [22], minutes: [30], seconds: [0] });
  f("sat, Sun 4:00", { weekdays: [5, 6], hours: [4] });
  f("daily 03:00", { weekdays: null, hours: [3] });
  const g = (text: string, wrong: string) => expect(parseWeekly(text, "UTC")).toMatchObject({ kind: "wrong", wrong });
  g("sunday 02:00", "`sunday 02:00` is no weekly time");
  g("sun", "`sun` is no weekly time");
  g("sun 25:00", "`25` is outside of hour (0 to 23)");
  g("fri-mon 02:00", "`fri-mon` in day_of_week runs backwards");
});

test("a window covers checks by name, by group, by tag, or all", () => {
  const always: WindowTimes = { kind: "once", from: at("2026-01-01T00:00Z"), to: at("2027-01-01T00:00Z") };
  const windows = [named("all", always), named("name", always, [checkName("shop")]), named("group", always, [checkName("mail")]), named("tag", always, [], ["public"]), named("none", always, [])];
  const f = (check: string, tags: readonly string[], groups: readonly string[], expected: readonly string[]) =>
    expect(openWindows(windows, { check: checkName(check), tags, groups: groups.map(checkName) }, at("2026-06-01T00:00Z"))).toEqual(expected);
  f("shop", [], [], ["all", "name"]);
  f("imap", [], ["mail"], ["all", "group"]);
  f("mail", [], [], ["all", "group"]);
  f("other", ["a", "public"], [], ["all", "tag"]);
  expect(openWindows(windows, { check: checkName("shop"), tags: [], groups: [] }, at("2027-01-01T00:00Z"))).toEqual([]);
});

test("edges: openings and closings, the nearest first, null when there is none", () => {
  const once = named("once", { kind: "once", from: at("2026-11-22T01:30Z"), to: at("2026-11-22T01:40Z") });
  const night = named("night", weekly("sun 02:00", "Europe/Berlin", 2));
  const f = (after: string, edge: string | null, windows = [once, night]) => expect(nextEdge(windows, at(after))).toBe(edge === null ? null : at(edge));
  f("2026-11-20T12:00Z", "2026-11-22T01:00Z");
  f("2026-11-22T01:00Z", "2026-11-22T01:30Z");
  f("2026-11-22T01:30Z", "2026-11-22T01:40Z");
  f("2026-11-22T01:40Z", "2026-11-22T03:00Z");
  f("2026-11-22T03:00Z", "2026-11-29T01:00Z");
  f("2026-11-22T01:40Z", null, [once]);
  f("2026-11-22T01:40Z", null, []);
});

test("nothing opens or closes between an instant and its next edge", () => {
  const times = fc.constantFrom(cron("*/20 * * * *", 5), cron("*/20 * * * *", 30), cron("0 22 * * fri", 600), cron("interval 7 min", 3), cron("0 0 1 1 *", 60));
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 3 }), fc.integer({ min: 0, max: 10_080 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (all, minute, part) => {
      const windows = all.map((when, index) => named(`w${index}`, when));
      const now = instant(Date.parse("2026-11-20T00:00Z") + minute * 60_000 + 1);
      const edge = nextEdge(windows, now) ?? NaN;
      expect(edge).toBeGreaterThan(now);
      const between = instant(Math.min(edge - 1, Math.floor(now + (edge - now) * part)));
      for (const window of windows) expect(isOpen(window, between)).toBe(isOpen(window, now));
    }),
    { numRuns: 300 },
  );
});
