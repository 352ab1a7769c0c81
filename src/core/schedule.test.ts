import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextDay } from "./cron.ts";
import { parseCronFields } from "./cron-fields.ts";
import { type CronSchedule, type Schedule, describeSchedule, nextSlot, parseSchedule, runsTwice, scheduleGapMs } from "./schedule.ts";
import { cronSchedule, intervalSchedule, parseDate, type ScheduleFields } from "./schedule-text.ts";
import { type Instant, instant, millis } from "./types.ts";
import { toLocal } from "./zone.ts";

const at = (text: string): Instant => instant(Date.parse(text));
const iso = (when: number): string => new Date(when).toISOString().replace(":00.000Z", "Z").replace(".000Z", "Z");

function parsed(text: string, zone = "UTC", twice = false): Schedule {
  const found = parseSchedule(text, zone, twice);
  if (found.kind === "wrong") throw new Error(`${found.wrong}; ${found.right}`);
  return found.schedule;
}

function cronOf(fields: ScheduleFields, zone = "UTC"): Schedule {
  const found = cronSchedule(fields, zone, "cron", true);
  if (found.kind === "wrong") throw new Error(found.wrong);
  return found.schedule;
}

function slots(schedule: Schedule, after: string, count: number, name = "shop"): string[] {
  const found: string[] = [];
  let from: Instant | null = at(after);
  while (found.length < count) {
    from = nextSlot(schedule, from, name);
    if (from === null) break;
    found.push(iso(from));
  }
  return found;
}

describe("APScheduler's fields", () => {
  const f = (fields: ScheduleFields, after: string, ...expected: string[]) => expect(slots(cronOf(fields), after, expected.length)).toEqual(expected);
  test("what is left out after the last given field is its minimum", () => {
    f({ hour: 5 }, "2026-11-20T12:00Z", "2026-11-21T05:00Z", "2026-11-22T05:00Z");
    f({ month: 6 }, "2026-11-20T12:00Z", "2027-06-01T00:00Z", "2028-06-01T00:00Z");
    f({ second: "*/25" }, "2026-11-20T12:00Z", "2026-11-20T12:00:25Z", "2026-11-20T12:00:50Z", "2026-11-20T12:01Z");
    f({}, "2026-11-20T12:00Z", "2026-11-20T12:00:01Z", "2026-11-20T12:00:02Z");
    f({ day: 1, hour: 1 }, "2026-11-20T12:00Z", "2026-12-01T01:00Z", "2027-01-01T01:00Z");
  });
  test("a year alone fires once", () => expect(slots(cronOf({ year: 2027 }), "2026-11-20T12:00Z", 3)).toEqual(["2027-01-01T00:00Z"]));
  test("years step from 1970", () => f({ year: "*/4" }, "2026-11-20T12:00Z", "2030-01-01T00:00Z", "2034-01-01T00:00Z"));
  test("a week alone is every day of that ISO week", () => {
    f({ week: 1 }, "2026-11-20T12:00Z", "2027-01-04T00:00Z", "2027-01-05T00:00Z", "2027-01-06T00:00Z", "2027-01-07T00:00Z", "2027-01-08T00:00Z", "2027-01-09T00:00Z", "2027-01-10T00:00Z", "2028-01-03T00:00Z");
    f({ week: 53, day_of_week: "sun" }, "2026-11-20T12:00Z", "2027-01-03T00:00Z", "2033-01-02T00:00Z");
    f({ week: "*/2", day_of_week: 0 }, "2027-01-01T00:00Z", "2027-01-04T00:00Z", "2027-01-18T00:00Z");
  });
  test("weekday 0 is Monday, also of a list and a range", () => {
    f({ day_of_week: 0 }, "2026-11-20T12:00Z", "2026-11-23T00:00Z", "2026-11-30T00:00Z");
    f({ day_of_week: "sat,SUN" }, "2026-11-20T12:00Z", "2026-11-21T00:00Z", "2026-11-22T00:00Z", "2026-11-28T00:00Z");
    f({ day_of_week: "mon-fri", hour: "9-17", minute: 0 }, "2026-11-20T16:30Z", "2026-11-20T17:00Z", "2026-11-23T09:00Z");
  });
  test("days: last, ordinals, mixed with dates", () => {
    f({ day: "last" }, "2027-02-01T00:00Z", "2027-02-28T00:00Z", "2027-03-31T00:00Z", "2027-04-30T00:00Z");
    f({ day: "1st mon,15" }, "2026-11-20T12:00Z", "2026-12-07T00:00Z", "2026-12-15T00:00Z", "2027-01-04T00:00Z");
    f({ day: "last fri" }, "2026-11-20T12:00Z", "2026-11-27T00:00Z", "2026-12-25T00:00Z");
    f({ day: "5th sun" }, "2026-11-20T12:00Z", "2026-11-29T00:00Z", "2027-01-31T00:00Z");
    f({ day: "1-10/3" }, "2026-11-20T12:00Z", "2026-12-01T00:00Z", "2026-12-04T00:00Z", "2026-12-07T00:00Z", "2026-12-10T00:00Z", "2027-01-01T00:00Z");
  });
  test("all fields must hold: the first that is a Monday", () => f({ day: 1, day_of_week: "mon" }, "2026-11-20T12:00Z", "2027-02-01T00:00Z", "2027-03-01T00:00Z", "2027-11-01T00:00Z"));
  test("steps count from the range's start, a value with a step runs to the end", () => {
    f({ minute: "5/20" }, "2026-11-20T12:00Z", "2026-11-20T12:05Z", "2026-11-20T12:25Z", "2026-11-20T12:45Z", "2026-11-20T13:05Z");
    f({ month: "jan,jul", day: 2 }, "2026-11-20T12:00Z", "2027-01-02T00:00Z", "2027-07-02T00:00Z");
  });
  test("start and end are inclusive", () => {
    const schedule = cronOf({ hour: 5, start_date: "2027-01-01 05:00:00", end_date: "2027-01-02 05:00:00" });
    expect(slots(schedule, "2026-11-20T12:00Z", 9)).toEqual(["2027-01-01T05:00Z", "2027-01-02T05:00Z"]);
  });
  test("the interval is a sum of elapsed time, in phase with its start, and never nothing", () => {
    const g = (fields: ScheduleFields, ...expected: string[]) => {
      const found = intervalSchedule(fields, "Europe/Berlin", "interval");
      expect(found.kind === "parsed" ? slots(found.schedule, "2026-10-24T12:00Z", expected.length) : found.wrong).toEqual(expected);
    };
    g({ hours: 1, start_date: "2020-01-01 00:07:00" }, "2026-10-24T12:07Z", "2026-10-24T13:07Z");
    g({ days: 1, start_date: "2026-10-24 18:00:00" }, "2026-10-24T16:00Z", "2026-10-25T16:00Z");
    g({ weeks: 1, days: 2, hours: 3, minutes: 5, seconds: 15, start_date: "2027-06-15T00:00:00Z" }, "2027-06-15T00:00Z", "2027-06-24T03:05:15Z");
    g({ seconds: 0, start_date: "2026-10-24 14:00:00" }, "2026-10-24T12:00:01Z", "2026-10-24T12:00:02Z");
  });
});

describe("daylight saving", () => {
  const f = (text: string, zone: string, twice: boolean, after: string, ...expected: string[]) => expect(slots(parsed(text, zone, twice), after, expected.length)).toEqual(expected);
  test("autumn: a time that occurs twice runs once, first; APScheduler's twice", () => {
    f("30 2 * * *", "Europe/Berlin", false, "2026-10-24T12:00Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z");
    f("30 2 * * *", "Europe/Berlin", true, "2026-10-24T12:00Z", "2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-26T01:30Z");
    f("30 2 * * *", "Europe/Berlin", false, "2026-10-25T00:45Z", "2026-10-26T01:30Z");
    f("30 1 * * *", "America/New_York", false, "2026-10-31T12:00Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z");
    f("30 1 * * *", "America/New_York", true, "2026-10-31T12:00Z", "2026-11-01T05:30Z", "2026-11-01T06:30Z");
    f("30 2 * * *", "Australia/Adelaide", false, "2026-04-04T00:00Z", "2026-04-04T16:00Z", "2026-04-05T17:00Z");
    f("30 2 * * *", "Australia/Adelaide", true, "2026-04-04T00:00Z", "2026-04-04T16:00Z", "2026-04-04T17:00Z");
    f("0 2 1 * *", "Europe/Berlin", true, "2026-10-25T00:10Z", "2026-11-01T01:00Z");
  });
  test("spring: a time that does not exist runs at the shifted instant, once", () => {
    for (const twice of [false, true]) {
      f("30 2 * * *", "Europe/Berlin", twice, "2026-03-28T12:00Z", "2026-03-29T01:30Z", "2026-03-30T00:30Z");
      f("30 2 * * *", "America/New_York", twice, "2026-03-07T12:00Z", "2026-03-08T07:30Z", "2026-03-09T06:30Z");
      f("30 2 * * *", "Australia/Adelaide", twice, "2026-10-03T00:00Z", "2026-10-03T17:00Z", "2026-10-04T16:00Z");
      f("cron 30 min", "Europe/Berlin", twice, "2026-03-29T00:00Z", "2026-03-29T00:30Z", "2026-03-29T01:30Z", "2026-03-29T02:30Z");
      f("0,30 2-3 * * *", "Europe/Berlin", twice, "2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T01:30Z", "2026-03-30T00:00Z");
    }
  });
  test("an hour of `*` follows real time: no run is left out and none is crowded", () => {
    f("0 * * * *", "Europe/Berlin", false, "2026-10-24T23:30Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z");
    f("0 * * * *", "Europe/Berlin", false, "2026-03-29T00:30Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z");
  });
  test("whether a schedule meets a change of the clock", () => {
    const g = (text: string, zone: string, twice: boolean, expected: boolean) => expect(runsTwice(parsed(text, zone, twice), at("2026-01-01T00:00Z"))).toBe(expected);
    g("30 2 * * *", "Europe/Berlin", true, true);
    g("30 2 * * *", "Europe/Berlin", false, false);
    g("30 3 * * *", "Europe/Berlin", true, false);
    g("*/5 * * * *", "Europe/Berlin", true, false);
    g("30 2 * * mon", "Europe/Berlin", true, false);
    g("30 2 * * *", "UTC", true, false);
    g("10 min", "Europe/Berlin", true, false);
  });
  test("a day that a zone left out is made up for", () => f("0 12 30 12 *", "Pacific/Apia", false, "2011-12-20T00:00Z", "2011-12-30T22:00Z", "2012-12-29T22:00Z"));
  test("a half-hour change", () => f("15 2 * * *", "Australia/Lord_Howe", false, "2026-10-03T00:00Z", "2026-10-03T15:45Z", "2026-10-04T15:15Z"));
});

describe("crontab lines", () => {
  const f = (text: string, ...expected: string[]) => expect(slots(parsed(text), "2026-11-20T12:00Z", expected.length)).toEqual(expected);
  test("fields, lists, steps, names and seconds", () => {
    f("*/5 * * * *", "2026-11-20T12:05Z", "2026-11-20T12:10Z");
    f("*/20 * * * * *", "2026-11-20T12:00:20Z", "2026-11-20T12:00:40Z", "2026-11-20T12:01Z");
    f("0 9-17/4 * * MON-FRI", "2026-11-20T13:00Z", "2026-11-20T17:00Z", "2026-11-23T09:00Z");
    f("@weekly", "2026-11-22T00:00Z", "2026-11-29T00:00Z");
    f("0 0 1 jan-jun/2 *", "2027-01-01T00:00Z", "2027-03-01T00:00Z", "2027-05-01T00:00Z", "2028-01-01T00:00Z");
  });
  test("Sunday is 0 and 7", () => {
    for (const sunday of ["0", "7", "sun"]) f(`0 3 * * ${sunday}`, "2026-11-22T03:00Z", "2026-11-29T03:00Z");
    for (const weekend of ["sat,sun", "6-7", "sat-sun", "6,0"]) f(`0 3 * * ${weekend}`, "2026-11-21T03:00Z", "2026-11-22T03:00Z", "2026-11-28T03:00Z");
    f("0 3 * * 1-5", "2026-11-23T03:00Z", "2026-11-24T03:00Z");
  });
  test("day of month or weekday when both are given, and both when one starts with `*`", () => {
    f("0 0 1 * mon", "2026-11-23T00:00Z", "2026-11-30T00:00Z", "2026-12-01T00:00Z", "2026-12-07T00:00Z");
    f("0 0 */10 * sat", "2026-11-21T00:00Z", "2027-05-01T00:00Z");
  });
  test("of two that are given one may be every day", () => {
    for (const days of ["1 * 0-6", "1-31 * mon", "1-31 * 0-6"]) f(`0 0 ${days}`, "2026-11-21T00:00Z", "2026-11-22T00:00Z", "2026-11-23T00:00Z");
    f("0 0 * * mon", "2026-11-23T00:00Z", "2026-11-30T00:00Z");
  });
});

describe("the text form", () => {
  const f = (text: string, expected: object) => expect(parseSchedule(text, "UTC")).toMatchObject({ kind: "parsed", schedule: expected });
  test("words", () => {
    f("interval 1 week 2 day 3 hr 5 min 15 sec 20 jitter 2025-06-15 start", { kind: "interval", ms: 788_715_000, jitterMs: 20_000, start: at("2025-06-15T00:00Z") });
    f("10 min", { kind: "interval", ms: 600_000, text: "interval 10 min" });
    f("1 hour 5", { kind: "interval", ms: 3_900_000 });
    f("7", { kind: "interval", ms: 420_000, text: "interval 7 min" });
    f("hr 5 min", { kind: "interval", ms: 300_000 });
    f("2 hours 2026-01-01 08:30:00 start 2027-01-01 end", { ms: 7_200_000, start: at("2026-01-01T08:30Z"), end: at("2027-01-01T00:00Z") });
    f("cron 9-17 hr 20,40 min mon-fri weekday Australia/Adelaide z", { kind: "cron", zone: "Australia/Adelaide", fields: { hours: [9, 10, 11, 12, 13, 14, 15, 16, 17], minutes: [20, 40], seconds: [0], weekdays: [0, 1, 2, 3, 4] } });
    f("CRON 1st mon day", { fields: { days: { ordinals: [{ nth: 1, weekday: 0 }] }, hours: [0] } });
    f("cron 15", { fields: { hours: null, minutes: [15], seconds: [0] } });
  });
  test("what is wrong is said with what would be right", () => {
    const g = (text: string, wrong: string) => {
      const found = parseSchedule(text, "UTC");
      expect(found.kind === "wrong" ? found.wrong : "parsed").toBe(wrong);
      expect(found.kind === "wrong" && found.right.length).toBeGreaterThan(10);
    };
    g("", "the schedule is empty");
    g("often", "`often` is no schedule");
    g("* * *", "`* * *` is no schedule");
    g("x min", "`x` is no number of minutes");
    g("60 * * * *", "`60` is outside of minute (0 to 59)");
    g("* * 0 * *", "`0` is outside of day (1 to 31)");
    g("*/90 * * * *", "the step of `*/90` does not fit minute (0 to 59)");
    g("*/0 * * * *", "the step of `*/0` does not fit minute (0 to 59)");
    g("0 0 * * sat-mon", "`sat-mon` in weekday runs backwards");
    g("cron sat-mon weekday", "`sat-mon` in day_of_week runs backwards");
    g("cron 17-9 hr", "`17-9` in hour runs backwards");
    g("cron mon-fri/2 weekday", "`mon-fri/2` has a step after names in day_of_week");
    g("cron tue-3 weekday", "`tue-3` in day_of_week mixes a name and a number");
    g("cron 6th mon day", "`6th mon` is no day");
    g("cron 1st monday day", "`1st monday` is no day");
    g("cron 7 weekday", "`7` is outside of day_of_week (0 to 6)");
    g("0 0 31 2 *", "this schedule never comes: no day has that date");
    g("5 min Mars/Base z", "`mars/base` is no time zone");
    g("5 min tomorrow start", "`tomorrow` is no date");
    g("5 min 2026-02-30 start", "`2026-02-30` is no date");
    g("5 min 2026-02-03 start 2026-02-01 end", "the schedule ends before it starts");
    g("5 min -3 jitter", "`-3` is no jitter");
    g("99999999 week", "`interval 99999999 week` is longer than a hundred years");
  });
  test("fields by other names are refused", () => {
    expect(cronSchedule({ hours: 5 }, "UTC", "", true)).toMatchObject({ wrong: "`hours` is no field of a cron" });
    expect(intervalSchedule({ hour: 5 }, "UTC", "")).toMatchObject({ wrong: "`hour` is no field of an interval" });
  });
  test("dates: in the zone, or with an offset of their own", () => {
    const g = (text: string, expected: string) => expect(iso(parseDate(text, "Europe/Berlin") ?? 0)).toBe(expected);
    g("2026-07-01", "2026-06-30T22:00Z");
    g("2026-07-01 08:30", "2026-07-01T06:30Z");
    g("2026-07-01t08:30:05z", "2026-07-01T08:30:05Z");
    g("2026-07-01 8:5:0", "2026-07-01T06:05Z");
    g("2026-07-01T08:30:00+05:30", "2026-07-01T03:00Z");
    g("2026-03-29 02:30", "2026-03-29T01:30Z");
    g("2026-10-25 02:30", "2026-10-25T00:30Z");
  });
});

describe("gaps and words", () => {
  test("the longest gap of the days that follow", () => {
    const f = (text: string, gapMs: number) => expect(scheduleGapMs(parsed(text), at("2026-11-18T12:00Z"))).toBe(gapMs);
    f("*/5 * * * *", 300_000);
    f("* * * * * *", 1000);
    f("0 9-17 * * *", 16 * 3_600_000);
    f("0 9-17 * * mon-fri", 64 * 3_600_000);
    f("0 3 * * sun", 7 * 86_400_000);
    f("10 min", 600_000);
    f("cron 2027 year", 0);
    f("cron 2020 year", 0);
  });
  test("words", () => {
    const f = (schedule: Schedule, words: string) => expect(describeSchedule(schedule)).toBe(words);
    f({ kind: "every", ms: millis(30_000) }, "every 30s");
    f({ kind: "after", ms: millis(300_000) }, "5m after the last run");
    f({ kind: "never" }, "only in groups or on demand");
    f(parsed("9-17 * * * *", "europe/berlin"), "9-17 * * * * (Europe/Berlin)");
    f(parsed("30 2 * * *", "Europe/Berlin", true), "30 2 * * * (Europe/Berlin, daylight saving as APScheduler)");
  });
});

describe("kinds without a calendar", () => {
  test("never, and a delay after the end", () => {
    expect(nextSlot({ kind: "never" }, at("2026-11-20T12:00Z"), "a")).toBeNull();
    expect(nextSlot({ kind: "after", ms: millis(5) }, instant(100), "a")).toBe(105);
  });
  test("every: one slot a period, strictly after, in a phase that belongs to the name", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 38 }), fc.integer({ min: -1, max: 2 ** 42 }), fc.string(), (ms, after, name) => {
        const schedule: Schedule = { kind: "every", ms: millis(ms) };
        const slot = nextSlot(schedule, instant(after), name) ?? NaN;
        expect(slot).toBeGreaterThan(after);
        expect(slot).toBeLessThanOrEqual(after + ms);
        expect(nextSlot(schedule, instant(slot - 1), name)).toBe(slot);
        expect(nextSlot(schedule, instant(slot), name)).toBe(slot + ms);
      }),
    );
  });
  test("names are spread over the period", () => {
    const quarters = [0, 0, 0, 0];
    for (let n = 0; n < 4000; n++) {
      const quarter = Math.floor((nextSlot({ kind: "every", ms: millis(60_000) }, instant(-1), `check ${n}`) ?? 0) / 15_000);
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }
    expect(Math.min(...quarters)).toBeGreaterThan(900);
  });
});

const ZONES = ["Europe/Berlin", "Australia/Adelaide", "America/New_York", "UTC", "Australia/Lord_Howe"] as const;

/** A field as text: everything, steps, or a short list. */
const field = (min: number, max: number) =>
  fc.oneof(
    fc.constant("*"),
    fc.integer({ min: 1, max: Math.min(max - min, 20) }).map((step) => `*/${step}`),
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((values) => values.join(",")),
  );

const line = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7)).map((parts) => parts.join(" "));
/** Around the days on which clocks change in 2026. */
const moment = fc.tuple(fc.constantFrom("2026-03-08", "2026-03-29", "2026-04-04", "2026-10-03", "2026-10-25", "2026-11-01", "2026-06-15"), fc.integer({ min: -172_800, max: 172_800 })).map(([day, seconds]) => instant(Date.parse(day) + seconds * 1000));

/** Slow and plain: does this local time satisfy the fields? */
function satisfies({ fields }: CronSchedule, local: number): boolean {
  const when = new Date(local);
  const is = (values: readonly number[] | null, value: number): boolean => values === null || values.includes(value);
  return nextDay(fields, Math.floor(local / 86_400_000)) === Math.floor(local / 86_400_000) && is(fields.hours, when.getUTCHours()) && is(fields.minutes, when.getUTCMinutes()) && is(fields.seconds, when.getUTCSeconds());
}

test("cron: slots strictly increase, lie on their fields, and none is left out", () => {
  fc.assert(
    fc.property(line, fc.constantFrom(...ZONES), fc.boolean(), moment, (text, zone, twice, start) => {
      const schedule = parsed(text, zone, twice);
      if (schedule.kind !== "cron") throw new Error("not a cron");
      let after = start;
      for (let round = 0; round < 6; round++) {
        const slot = nextSlot(schedule, after, "shop");
        if (slot === null) return;
        expect(slot).toBeGreaterThan(after);
        // What any instant between sees is the same slot.
        expect(nextSlot(schedule, instant(Math.floor((after + slot - 1) / 2)), "shop")).toBe(slot);
        expect(nextSlot(schedule, instant(slot - 1), "shop")).toBe(slot);
        // On its fields, or on them before the clock was put forward within the last hour.
        const hourAgo = instant(slot - 3_600_000);
        const shifted = slot + toLocal(zone, hourAgo) - hourAgo;
        expect(satisfies(schedule, toLocal(zone, slot)) || (shifted !== toLocal(zone, slot) && satisfies(schedule, shifted))).toBe(true);
        after = slot;
      }
    }),
    { numRuns: 400 },
  );
});

test("cron agrees with a scan of every minute where clocks stand still", () => {
  fc.assert(
    fc.property(field(0, 59), field(0, 23), fc.integer({ min: 0, max: 86_399 }), (minute, hour, second) => {
      const schedule = parsed(`${minute} ${hour} * * *`);
      const after = at("2026-06-15T00:00Z") + second * 1000;
      let scanned = (Math.floor(after / 60_000) + 1) * 60_000;
      while (schedule.kind === "cron" && !satisfies(schedule, scanned)) scanned += 60_000;
      expect(nextSlot(schedule, instant(after), "shop")).toBe(scanned);
    }),
    { numRuns: 100 },
  );
});

test("jitter: strictly increasing, within its bound of a slot, the same from wherever one asks", () => {
  fc.assert(
    fc.property(fc.constantFrom("interval 1 min", "interval 3 sec", "cron 0 sec", "cron 0 sec 5-50/9 min", "cron"), fc.integer({ min: 1, max: 300 }), moment, fc.string(), (text, jitter, start, name) => {
      const plain = parsed(text);
      const schedule = parsed(`${text} ${jitter} jitter`);
      let after = nextSlot(schedule, start, name) ?? start;
      for (let round = 0; round < 6; round++) {
        const slot = nextSlot(schedule, after, name) ?? NaN;
        expect(slot).toBeGreaterThan(after);
        expect(nextSlot(schedule, instant(slot - 1), name)).toBe(slot);
        expect(nextSlot(schedule, instant(Math.floor((after + slot) / 2)), name)).toBe(slot);
        expect(nextSlot(plain, instant(slot - jitter * 1000 - 1), name) ?? Infinity).toBeLessThanOrEqual(slot);
        after = instant(slot);
      }
    }),
  );
});

test("no text crashes the reader, and what it reads has slots in order", () => {
  const word = fc.constantFrom("cron", "interval", "*", "*/5", "1-5", "mon", "1st", "last", "day", "hr", "min", "sec", "weekday", "year", "z", "utc", "jitter", "2026-11-20", "start", "end", "7", "0", "@daily", "x");
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(word, { maxLength: 9 }).map((words) => words.join(" "))), (text) => {
      const found = parseSchedule(text, "Europe/Berlin");
      if (found.kind === "wrong") {
        expect(found.wrong).not.toBe("");
        return;
      }
      const first = nextSlot(found.schedule, at("2026-11-20T12:00Z"), "a");
      const second = first === null ? null : nextSlot(found.schedule, first, "a");
      if (first !== null && second !== null) expect(second).toBeGreaterThan(first);
    }),
    { numRuns: 1000 },
  );
});

test("plain data: a schedule survives a structured clone", () => expect(structuredClone(parsed("0 9-17 * * mon-fri"))).toEqual(parsed("0 9-17 * * mon-fri")));

test("fields without end are found out at once", () => expect(parseCronFields({ day: "30", month: "feb" })).toMatchObject({ kind: "wrong" }));
