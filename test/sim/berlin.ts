import { type Instant, instant } from "../../src/core/types.ts";

/** Berlin's clock by the law alone (Directive 2000/84/EC), so that what the program makes of it can be held against it. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** 01:00 UTC of the month's last Sunday; both months have 31 days. */
function lastSunday(year: number, month: number): number {
  const last = Date.UTC(year, month, 31, 1);
  return last - new Date(last).getUTCDay() * DAY;
}

/** The instant at which Berlin's clocks change in a year. */
export const changeOf = (year: number, way: "forward" | "back"): number => lastSunday(year, way === "forward" ? 2 : 9);

const isSummer = (at: number): boolean => {
  const year = new Date(at).getUTCFullYear();
  return at >= lastSunday(year, 2) && at < lastSunday(year, 9);
};

/** What the clock on the wall shows, in milliseconds as if it were UTC. */
export const wallOf = (at: number): number => at + (isSummer(at) ? 2 : 1) * HOUR;

/** The instants at which the wall shows this: two in autumn, and in spring the one at which it would have. */
export function instantsOf(wall: number): readonly Instant[] {
  const found = [wall - 2 * HOUR, wall - HOUR].filter((at) => wallOf(at) === wall);
  return (found.length === 0 ? [wall - HOUR] : found).map(instant);
}

/** Every instant of from..to at which a schedule of these minutes of the day is due: once for each, or as often as the wall shows it. */
export function dueBetween(minutes: readonly number[], from: number, to: number, twice: boolean): ReadonlySet<number> {
  const due = new Set<number>();
  for (let day = Math.floor(from / DAY) - 1; day <= Math.floor(to / DAY) + 1; day += 1) {
    for (const minute of minutes) {
      const instants = instantsOf(day * DAY + minute * 60_000);
      for (const at of twice ? instants : instants.slice(0, 1)) if (at >= from && at <= to) due.add(at);
    }
  }
  return due;
}
