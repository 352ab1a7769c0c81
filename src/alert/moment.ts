import type { Instant } from "../core/types.ts";
import { occursTwice, toLocal } from "../core/zone.ts";

/** Times and spans as people read them in a message. A time that comes twice, as the clocks are put back, has its offset from UTC: `02:40 +02:00`. */
export interface Moments {
  /** `03:12`, with the date before it when it is not the day of `now`: `2026-11-19 03:12`. */
  short(at: Instant): string;
  /** `2026-11-20 03:12:41`. */
  exact(at: Instant): string;
  readonly zone: string;
}

interface Local {
  readonly day: string;
  readonly time: string;
  /** ` +02:00`, where the clocks are put back and the same time comes twice; nothing else. */
  readonly offset: string;
}

function localOf(zone: string, at: Instant): Local {
  const local = toLocal(zone, at);
  const [day = "", time = ""] = new Date(local).toISOString().slice(0, 19).split("T");
  if (!occursTwice(zone, at)) return { day, time, offset: "" };
  const aheadMs = local - at;
  return { day, time, offset: ` ${aheadMs < 0 ? "-" : "+"}${new Date(Math.abs(aheadMs)).toISOString().slice(11, 16)}` };
}

/** Times in one IANA zone, as seen at `now`. */
export function momentsIn(zone: string, now: Instant): Moments {
  const today = localOf(zone, now).day;
  return {
    zone,
    short: (at) => {
      const { day, time, offset } = localOf(zone, at);
      return `${day === today ? "" : `${day} `}${time.slice(0, 5)}${offset}`;
    },
    exact: (at) => {
      const { day, time, offset } = localOf(zone, at);
      return `${day} ${time}${offset}`;
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
