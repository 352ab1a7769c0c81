const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A narrow no-break space between a figure and its unit, so that they never part at a line's end. */
const GAP = "\u202f";
/** The page speaks English, with 24-hour times and the day before the month, whatever the browser's language. */
const LOCALE = "en-GB";

const UNITS: readonly (readonly [string, number])[] = [["d", DAY], ["h", HOUR], ["min", MINUTE], ["s", SECOND]];

/** `12 s`, `4 min`, `3 h 12 min`, `2 d 4 h`: at most two neighbouring units, rounded down; under a second `0 s`. */
export function duration(ms: number): string {
  const whole = Math.max(0, ms);
  const at = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[at] ?? ["s", SECOND];
  const first = `${Math.floor(whole / size)}${GAP}${unit}`;
  const next = at < 0 || at > 1 ? undefined : UNITS[at + 1];
  const rest = next === undefined ? 0 : Math.floor((whole % size) / next[1]);
  return next === undefined || rest === 0 ? first : `${first} ${rest}${GAP}${next[0]}`;
}

/** The same in one unit, for columns: `12 s`, `4 min`, `3 h`, `2 d`. */
export function brief(ms: number): string {
  const whole = Math.max(0, ms);
  const [unit, size] = UNITS.find(([, size]) => whole >= size) ?? ["s", SECOND];
  return `${Math.floor(whole / size)}${GAP}${unit}`;
}

/** Two significant figures below ten: `0.02`, `0.40`, `4.2`; never a false `0.0`. */
const small = (ms: number): string => ms.toFixed(ms < 0.995 ? 2 : 1);

/** A latency's figure in milliseconds without its unit, for columns whose head names it: `0.40`, `23`, `1 240`; nothing for what was not measured. */
export function milliseconds(ms: number | null): string {
  if (ms === null || ms === 0) return "";
  if (ms < 9.95) return small(ms);
  return Math.round(ms).toString().replaceAll(/\B(?=(\d{3})+$)/g, GAP);
}

/** A latency with its unit, three figures at most: `0.40 ms`, `23 ms`, `1.24 s`, `12.4 s`; `–` for what was not measured. */
export function latency(ms: number | null): string {
  if (ms === null || ms === 0) return "–";
  if (ms < 9.95) return `${small(ms)}${GAP}ms`;
  if (ms < 999.5) return `${Math.round(ms)}${GAP}ms`;
  return `${(ms / SECOND).toFixed(ms < 9995 ? 2 : 1)}${GAP}s`;
}

/** Never rounds up to 100 %, which only an unbroken stretch is: `100 %`, `99.98 %`, `97.1 %`. */
export function percent(share: number): string {
  if (share >= 1) return `100${GAP}%`;
  const digits = share >= 0.99 ? 2 : 1;
  const scale = 10 ** digits;
  return `${(Math.floor(share * 100 * scale) / scale).toFixed(digits)}${GAP}%`;
}

/** `1 check`, `2 checks`, `10 000 checks`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  const figure = count.toString().replaceAll(/\B(?=(\d{3})+$)/g, GAP);
  return `${figure} ${count === 1 ? one : many}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone ?? ""}${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(LOCALE, zone === undefined ? options : { ...options, timeZone: zone });
    formats.set(key, found);
  }
  return found;
}

const DATE: Intl.DateTimeFormatOptions = { year: "numeric", month: "2-digit", day: "2-digit" };
const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** A day as `17 Nov`, with the year when it is not this one. Zone: the reader's own when not given. */
export function day(at: number, now: number, zone?: string): string {
  const year = { year: "numeric" } as const;
  const same = format(zone, year).format(at) === format(zone, year).format(now);
  return format(zone, { day: "numeric", month: "short", ...(same ? {} : year) }).format(at);
}

/** `03:12` today, `Tue 03:12` within six days, else `17 Nov 03:12`, with the year when it is not this one. */
export function clock(at: number, now: number, zone?: string): string {
  const time = format(zone, TIME).format(at);
  if (format(zone, DATE).format(at) === format(zone, DATE).format(now)) return time;
  if (at <= now && now - at < 6 * DAY) return `${format(zone, { weekday: "short" }).format(at)} ${time}`;
  return `${day(at, now, zone)} ${time}`;
}

/** The same with seconds, for lines that lie close together: `03:12:09`. */
export function clockSeconds(at: number, now: number, zone?: string): string {
  return `${clock(at, now, zone)}:${format(zone, { second: "2-digit" }).format(at).padStart(2, "0")}`;
}

/** The exact instant with its offset: `2026-11-20 03:12:09 GMT+1`. */
export function exact(at: number, zone?: string): string {
  const parts = new Map(format(zone, { ...DATE, ...TIME, second: "2-digit", timeZoneName: "shortOffset" }).formatToParts(at).map((part) => [part.type, part.value]));
  const get = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  return `${get("year")}-${get("month")}-${get("day")} ${get("hour")}:${get("minute")}:${get("second")} ${get("timeZoneName")}`;
}

/** Names in a sentence, the rest counted: `a, b and 3 more`. */
export function named(names: readonly string[], most: number): string {
  if (names.length <= most) return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}
