import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { nextSlot } from "../../src/core/schedule.ts";
import { cronSchedule, intervalSchedule } from "../../src/core/schedule-text.ts";
import { instant } from "../../src/core/types.ts";
import { Chance } from "../sim/random.ts";
import { askApscheduler, type TriggerOrder } from "./apscheduler.ts";
import { describeWith } from "./ground.ts";

const DAY_MS = 86_400_000;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** What Tocsin makes of the same arguments, imported; null where it refuses them. */
function ours({ kind, fields, after, count }: TriggerOrder): readonly number[] | null {
  const parsed = kind === "cron" ? cronSchedule(fields, "UTC", "", true) : intervalSchedule(fields, "UTC", "");
  if (parsed.kind === "wrong") return null;
  const slots: number[] = [];
  for (let at = nextSlot(parsed.schedule, instant(after), "shop"); at !== null && slots.length < count; at = nextSlot(parsed.schedule, at, "shop")) slots.push(at);
  return slots;
}

const shown = (order: TriggerOrder, slots: readonly number[] | null): string => `${JSON.stringify(order.fields)}: ${slots === null ? "refused" : slots.map((at) => new Date(at).toISOString()).join(" ")}`;

function compare(orders: readonly TriggerOrder[]): void {
  const theirs = askApscheduler(orders);
  expect(orders.map((order) => shown(order, ours(order)))).toEqual(orders.map((order, at) => shown(order, theirs[at] ?? null)));
}

/** Triggers at random, from a seed: every field, every pattern. */
class Triggers {
  readonly #chance: Chance;
  constructor(seed: number) {
    this.#chance = new Chance(seed);
  }

  /** One that comes `count` times within ten years, so that APScheduler finds it soon. */
  draw(zone: string, day: string): TriggerOrder {
    for (;;) {
      const fields: { [name: string]: string } = { timezone: zone };
      const chance = this.#chance;
      if (chance.chance(0.1)) fields["year"] = this.#part(2026, 2033, []);
      if (chance.chance(0.3)) fields["month"] = this.#part(1, 12, MONTHS);
      if (chance.chance(0.4)) fields["day"] = this.#day();
      if (chance.chance(0.2)) fields["week"] = this.#part(1, 53, []);
      if (chance.chance(0.4)) fields["day_of_week"] = this.#part(0, 6, WEEKDAYS);
      if (chance.chance(0.7)) fields["hour"] = this.#part(0, 23, []);
      if (chance.chance(0.6)) fields["minute"] = this.#part(0, 59, []);
      if (chance.chance(0.2)) fields["second"] = this.#part(0, 59, []);
      const after = Date.parse(day) + Math.floor(chance.between(-1.5, 1.5) * 86_400) * 1000 + 1;
      const order: TriggerOrder = { kind: "cron", fields, after, count: 5 };
      const last = ours(order)?.[4] ?? Infinity;
      if (last < after + 3650 * DAY_MS) return order;
    }
  }

  #part(min: number, max: number, names: readonly string[]): string {
    const chance = this.#chance;
    const two = [min + chance.below(max - min + 1), min + chance.below(max - min + 1)].sort((a, b) => a - b);
    const [low = min, high = max] = two;
    const named = names.length > 0 && chance.chance(0.5);
    const text = (value: number): string => (named ? (names[value - min] ?? "") : String(value));
    const step = high > low ? `/${1 + chance.below(high - low)}` : "";
    return chance.pick(["*", `*/${1 + chance.below(Math.min(max - min, 20))}`, text(low), `${text(low)}-${text(high)}`, `${low}-${high}${step}`, `${text(low)},${text(high)}`]);
  }

  #day(): string {
    const chance = this.#chance;
    const ordinal = `${chance.pick(["1st", "2nd", "3rd", "4th", "5th", "last"])} ${WEEKDAYS[chance.below(7)]}`;
    return chance.pick(["last", ordinal, `${ordinal},${1 + chance.below(28)}`, `last,${1 + chance.below(28)}`, this.#part(1, 31, [])]);
  }
}

const cron = (fields: TriggerOrder["fields"], after: string, count = 5): TriggerOrder => ({ kind: "cron", fields: { timezone: "UTC", ...fields }, after: Date.parse(after), count });

describeWith(["python3-apscheduler"], "schedules against APScheduler 3", () => {
  it("fields that are left out, and every pattern", () => {
    const f = (fields: TriggerOrder["fields"]): TriggerOrder => cron(fields, "2026-11-20T12:00:00.001Z");
    compare([
      ...[{}, { hour: 5 }, { month: 6 }, { second: "*/25" }, { week: 1 }, { day_of_week: 0 }, { day: 1, hour: 1 }, { minute: "5/20" }].map(f),
      ...[{ day: "last" }, { day: "1st mon,15" }, { day: "last fri" }, { day: "5th sun" }, { day: 1, day_of_week: "mon" }, { week: "*/2", day_of_week: "mon" }, { year: "*/4" }, { month: "jan,jul", day: 2 }].map(f),
      cron({ year: 2027 }, "2026-11-20T12:00:00Z", 1),
      cron({ hour: 5, start_date: "2027-01-01 05:00:00", end_date: "2027-01-02 05:00:00" }, "2026-11-20T12:00:00Z"),
    ]);
  });

  it("what it refuses is refused", () => {
    const orders = [{ day_of_week: "sat-mon" }, { hour: "24" }, { minute: "*/60" }, { day: "6th mon" }, { day_of_week: "6-sun" }, { month: "0" }, { hour: "17-9" }].map((fields) => cron(fields, "2026-11-20T12:00:00Z"));
    expect(askApscheduler(orders)).toEqual(orders.map(() => null));
    expect(orders.map(ours)).toEqual(orders.map(() => null));
  });

  it("triggers at random", () => {
    const triggers = new Triggers(20_261_025);
    compare(Array.from({ length: 150 }, () => triggers.draw("UTC", "2026-12-30")));
  });

  it("intervals: sums of elapsed time from their start on", () => {
    const f = (fields: TriggerOrder["fields"]): TriggerOrder => ({ kind: "interval", fields: { timezone: "Europe/Berlin", ...fields }, after: Date.parse("2026-10-24T12:00:00.001Z"), count: 6 });
    compare([
      f({ hours: 1, start_date: "2020-01-01 00:07:00" }),
      f({ days: 1, start_date: "2026-10-24 18:00:00" }),
      f({ weeks: 1, days: 2, hours: 3, minutes: 5, seconds: 15, start_date: "2025-06-15" }),
      f({ seconds: 0, start_date: "2026-10-24 14:00:00" }),
      f({ minutes: 90, start_date: "2026-10-24 18:00:00", end_date: "2026-10-25 00:00:00" }),
    ]);
  });
});

/** What APScheduler 3.11 answered around changes of the clock, in minutes since 1970: older ones take their zones from another library and differ. */
it("recorded answers of APScheduler 3.11: twice in autumn, once and late in spring", () => {
  const recorded = JSON.parse(readFileSync(new URL("apscheduler-3.11.json", import.meta.url), "utf8")) as readonly { readonly fields: TriggerOrder["fields"]; readonly after: number; readonly answers: readonly number[] }[];
  expect(recorded.length).toBeGreaterThan(150);
  const orders = recorded.map(({ fields, after, answers }): TriggerOrder => ({ kind: "cron", fields, after: after * 60_000, count: answers.length }));
  expect(orders.map((order) => shown(order, ours(order)))).toEqual(orders.map((order, at) => shown(order, recorded[at]?.answers.map((minute) => minute * 60_000) ?? null)));
});
