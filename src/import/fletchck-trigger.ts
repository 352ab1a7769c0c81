import { parseSchedule } from "../core/schedule.ts";
import { written } from "./json.ts";

type Mapping = { readonly [key: string]: unknown };

/** Units of the text form, in the order in which they are written. */
const INTERVAL: readonly (readonly [field: string, unit: string])[] = [["weeks", "week"], ["days", "day"], ["hours", "hr"], ["minutes", "min"], ["seconds", "sec"]];
const CRON: readonly (readonly [field: string, unit: string])[] = [["year", "year"], ["month", "month"], ["day", "day"], ["week", "week"], ["day_of_week", "weekday"], ["hour", "hr"], ["minute", "min"], ["second", "sec"]];
const SHARED: readonly (readonly [field: string, unit: string])[] = [["jitter", "jitter"], ["start_date", "start"], ["end_date", "end"], ["timezone", "z"]];

/** The fields of a cron trigger, or of an interval. */
export const fieldsOf = (cron: boolean): readonly string[] => [...(cron ? CRON : INTERVAL), ...SHARED].map(([field]) => field);

export type Trigger =
  | { readonly kind: "never" }
  | { readonly kind: "schedule"; readonly text: string; readonly cron: boolean; readonly unknown: readonly string[] }
  | { readonly kind: "wrong"; readonly wrong: string };

/** `{"interval": {...}}` or `{"cron": {...}}` with the fields of APScheduler 3, as the text form says it. */
export function readTrigger(trigger: unknown, zone: string): Trigger {
  if (trigger === undefined || trigger === null) return { kind: "never" };
  if (typeof trigger === "string") return checked(trigger, zone, [], trigger.trim().toLowerCase().startsWith("cron"));
  if (typeof trigger !== "object") return { kind: "wrong", wrong: "the trigger is neither an interval nor a cron" };
  const { interval, cron } = trigger as Mapping;
  const fields = interval ?? cron;
  if (typeof fields !== "object" || fields === null) return Object.keys(trigger).length === 0 ? { kind: "never" } : { kind: "wrong", wrong: "the trigger is neither an interval nor a cron" };
  const isCron = interval === undefined;
  const known = [...(isCron ? CRON : INTERVAL), ...SHARED];
  const given = Object.entries(fields as Mapping).filter(([, value]) => value !== null && value !== "");
  const unknown = given.map(([field]) => field).filter((field) => !known.some(([name]) => name === field));
  const words = known.flatMap(([field, unit]) => {
    const value = given.find(([name]) => name === field)?.[1];
    return value === undefined ? [] : [`${written(value)} ${unit}`];
  });
  // APScheduler's defaults: an interval of nothing is a second, a cron of nothing every second.
  const text = isCron ? `cron ${words.length === 0 ? "* sec" : words.join(" ")}` : `interval ${words.length === 0 ? "1 sec" : words.join(" ")}`;
  return checked(text, zone, unknown, isCron);
}

function checked(text: string, zone: string, unknown: readonly string[], cron: boolean): Trigger {
  const parsed = parseSchedule(text, zone);
  return parsed.kind === "wrong" ? { kind: "wrong", wrong: parsed.wrong } : { kind: "schedule", text, cron, unknown };
}
