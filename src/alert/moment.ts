import type { Instant } from "../core/types.ts";

/** Times and spans as people read them in a message. */
export interface Moments {
  /** `03:12`, with the date before it when it is not the day of `now`: `2026-11-19 03:12`. */
  short(at: Instant): string;
  /** `2026-11-20 03:12:41`. */
  exact(at: Instant): string;
  readonly zone: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format costs a hundred times what using it does, so one is kept for each zone. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  formats.set(zone, made);
  return made;
}

function split(zone: string, at: Instant): { readonly day: string; readonly time: string } {
  const parts: { [type: string]: string } = {};
  for (const part of formatOf(zone).formatToParts(at)) parts[part.type] = part.value;
  return { day: `${parts["year"]}-${parts["month"]}-${parts["day"]}`, time: `${parts["hour"]}:${parts["minute"]}:${parts["second"]}` };
}

/** Times in one IANA zone, as seen at `now`. */
export function momentsIn(zone: string, now: Instant): Moments {
  const today = split(zone, now).day;
  return {
    zone,
    short: (at) => {
      const { day, time } = split(zone, at);
      return day === today ? time.slice(0, 5) : `${day} ${time.slice(0, 5)}`;
    },
    exact: (at) => {
      const { day, time } = split(zone, at);
      return `${day} ${time}`;
    },
  };
}

/** A span in words: `45 s`, `4 min`, `3 h 20 min`, `2 d 4 h`; whole units, rounded down; never negative. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
