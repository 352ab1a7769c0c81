import { parseDate, parseSchedule } from "../core/schedule-text.ts";
import { canonicalZone } from "../core/zone.ts";
import { Fields } from "./kuma-fields.ts";
import type { Placed } from "./kuma-source.ts";
import type { Mapping } from "./values.ts";

/** The times of a window of Uptime Kuma's; `why`: why it has none here. */
export type Times = { readonly kind: "times"; readonly keys: Mapping; readonly differs: readonly string[] } | { readonly kind: "none"; readonly why: string; readonly advice: string };

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LEAST_S = 60;

const none = (why: string, advice: string): Times => ({ kind: "none", why, advice });
const numbers = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** `02:30`, `2:30:00`: hours and minutes. */
function timeOf(text: string): { readonly hour: number; readonly minute: number } | null {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})/.exec(text) ?? [];
  return hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59 ? null : { hour: Number(hour), minute: Number(minute) };
}

/** A local date and time in the form of ours: `2026-01-31 02:00:00`. */
function dateOf(text: string): string | null {
  const date = text.replace("T", " ").replace(/\.\d+/, "").trim();
  return date !== "" && parseDate(date, "UTC") !== null ? date : null;
}

function once(fields: Fields): Times {
  const [from, to] = [dateOf(fields.text("start_date")), dateOf(fields.text("end_date"))];
  if (from === null || to === null) return none("it has no beginning or no end that is a date", "write `from` and `to`");
  const [begins, ends] = [parseDate(from, "UTC"), parseDate(to, "UTC")];
  return begins !== null && ends !== null && begins < ends ? { kind: "times", keys: { from, to }, differs: [] } : none("it ends before it begins", "correct its dates");
}

/** From the time it begins on a day to the time it ends, perhaps the next day. */
function daily(fields: Fields, dates: string, when: string, differs: readonly string[] = []): Times {
  const [start, end] = [timeOf(fields.text("start_time")), timeOf(fields.text("end_time"))];
  if (start === null || end === null) return none("it has no beginning or no end that is a time", "write such as 02:00");
  const minutes = (end.hour - start.hour) * 60 + end.minute - start.minute;
  const duration = fields.number("duration") ?? (minutes < 0 ? minutes + 1440 : minutes) * 60;
  if (duration < LEAST_S) return none("it lasts less than a minute", "make it longer");
  const schedule = when.replace("TIME", `${start.hour} hr ${start.minute} min`);
  return { kind: "times", keys: { schedule: `${schedule}${dates}`, for: `${Math.round(duration)}s` }, differs };
}

function everyDays(fields: Fields, dates: string): Times {
  const days = Math.max(1, Math.round(fields.number("interval_day") ?? 1));
  if (days === 1) return daily(fields, dates, "cron TIME");
  const [start, from] = [timeOf(fields.text("start_time")), dateOf(fields.text("start_date"))?.slice(0, 10)];
  if (start === null || from === undefined) return none("it has no day on which it begins first", "write a `schedule`");
  const time = `${String(start.hour).padStart(2, "0")}:${String(start.minute).padStart(2, "0")}:00`;
  return daily(fields, dates.replace(/ \S+ \S+ start/, ""), `interval ${days} day ${from} ${time} start`, [`it begins every ${days * 24} hours, so another hour of the day when clocks change`]);
}

function monthly(fields: Fields, dates: string): Times {
  const written = numbers(fields.json("days_of_month")).map(String);
  const days = written.flatMap((day) => (day === "lastDay1" ? ["last"] : /^\d{1,2}$/.test(day) && Number(day) >= 1 && Number(day) <= 31 ? [day] : []));
  const others = written.filter((day) => /^lastDay[2-9]$/.test(day));
  if (days.length === 0) return none("it names no day of the month that Uptime Kuma keeps to", "name one");
  return daily(fields, dates, `cron ${days.join(",")} day TIME`, others.length === 0 ? [] : ["days counted from the end of the month, but the last one, are passed over by Uptime Kuma too"]);
}

function weekly(fields: Fields, dates: string): Times {
  const days = [...new Set(numbers(fields.json("weekdays")).flatMap((day) => DAYS[Number(day)] ?? []))];
  return days.length === 0 ? none("it names no weekday", "name one") : daily(fields, dates, `cron TIME ${days.join(",")} weekday`);
}

function byCron(fields: Fields): Times {
  const [schedule, duration] = [fields.text("cron"), fields.number("duration") ?? 0];
  if (duration < LEAST_S) return none("it lasts less than a minute", "make it longer");
  const parsed = parseSchedule(schedule, "UTC");
  return parsed.kind === "wrong" ? none(`its cron line means nothing here: ${parsed.wrong}`, parsed.right) : { kind: "times", keys: { schedule, for: `${Math.round(duration)}s` }, differs: [] };
}

/** When a window is open. `zone`: the server's, where it is known. */
export function timesOf({ row, at }: Placed, zone: string | null): Times {
  const fields = new Fields(row, at);
  const strategy = fields.text("strategy");
  if (strategy === "manual") return none("it is begun and ended by hand", "silence checks on the page, or with `tocsin silence`");
  if (row["active"] === 0 || row["active"] === false) return none("it is switched off", "");
  const named = fields.text("timezone");
  const own = named === "SAME_AS_SERVER" ? zone : named === "" ? "UTC" : canonicalZone(named);
  if (own === null && named !== "SAME_AS_SERVER") return none(`\`${named.slice(0, 60)}\` is no time zone`, "use a name of the IANA database, such as Europe/Berlin");
  const range = ["start_date", "end_date"].map((column, index) => {
    const date = strategy.startsWith("recurring-") ? dateOf(fields.text(column)) : null;
    return date === null ? "" : ` ${date.includes(" ") ? date : `${date} ${index === 0 ? "00:00:00" : "23:59:59"}`} ${index === 0 ? "start" : "end"}`;
  });
  const times = ((): Times => {
    switch (strategy) {
      case "single":
        return once(fields);
      case "recurring-interval":
        return everyDays(fields, range.join(""));
      case "recurring-weekday":
        return weekly(fields, range.join(""));
      case "recurring-day-of-month":
        return monthly(fields, range.join(""));
      case "cron":
        return byCron(fields);
      default:
        return none(`the strategy \`${strategy.slice(0, 40)}\` is unknown`, "write a window of your own");
    }
  })();
  return times.kind === "none" || own === null ? times : { ...times, keys: { ...times.keys, timezone: own } };
}
