import { expect, test } from "vitest";
import { parseSchedule } from "../core/schedule.ts";
import { instant } from "../core/types.ts";
import { missed } from "./entry.ts";
import { after, definitionOf, every, HOUR, MINUTE, T0, type Wish } from "./ground.ts";

const cron = (text: string): Wish => {
  const parsed = parseSchedule(text, "UTC");
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  return { schedule: parsed.schedule };
};

test("a run was missed: by age for an interval, by its slots for a cron", () => {
  // T0 is noon.
  const f = (wish: Wish, agoMs: number, expected: boolean): void => expect(missed(definitionOf("shop", wish), instant(T0 - agoMs), T0)).toBe(expected);
  f({ schedule: every(MINUTE) }, 59_000, false);
  f({ schedule: every(MINUTE) }, 60_000, true);
  f({ schedule: after(MINUTE) }, 60_000, true);
  f(cron("0 9 * * *"), 4 * HOUR, true);
  f(cron("0 9 * * *"), 3 * HOUR, false);
  f(cron("0 9-17 * * mon-fri"), 61 * MINUTE, true);
  f(cron("0 9-17 * * mon-fri"), 59 * MINUTE, true);
  f(cron("30 9-17 * * mon-fri"), 29 * MINUTE, false);
  f(cron("cron 2020 year"), HOUR, false);
  const twice = (wish: Wish, agoMs: number, expected: boolean): void => expect(missed(definitionOf("shop", wish), instant(T0 - agoMs), T0, 2)).toBe(expected);
  twice({ schedule: every(MINUTE) }, 119_000, false);
  twice({ schedule: every(MINUTE) }, 120_000, true);
  twice(cron("0 9,10 * * *"), 2.5 * HOUR, false);
  twice(cron("0 9,10 * * *"), 4 * HOUR, true);
  twice(cron("cron 2020 year"), HOUR, false);
});
