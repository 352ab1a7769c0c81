import { type Millis, millis } from "./types.ts";

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 };
/** Longest duration accepted: ten years. Longer ones are slips of the pen, and timers cannot hold them. */
const LONGEST_MS = 3_652.5 * 86_400_000;

export type ParsedDuration = { readonly kind: "parsed"; readonly ms: Millis } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string };

/** Reads `500ms`, `30s`, `5m`, `1h30m`, `2d`, `1w`, `3y` (a year is 365 days); a fraction is allowed (`1.5h`). */
export function parseDuration(text: string): ParsedDuration {
  const right = "write a number with a unit: 500ms, 30s, 5m, 1h30m, 2d or 1w";
  const compact = text.trim().toLowerCase().replaceAll(/\s+/g, "");
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w|y))+$/.test(compact)) return { kind: "wrong", wrong: `\`${text}\` is not a duration`, right };
  let total = 0;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)/g)) total += Number(amount) * (UNITS[unit ?? ""] ?? 0);
  if (total > LONGEST_MS) return { kind: "wrong", wrong: `\`${text}\` is longer than ten years`, right };
  return { kind: "parsed", ms: millis(Math.round(total)) };
}

/** The shortest exact form with at most two units: `90000` is `1m 30s`, `250` is `250ms`. Fractions of a millisecond are dropped. */
export function formatDuration(ms: number): string {
  const whole = Math.round(Math.abs(ms));
  if (whole < 1000) return `${whole}ms`;
  const parts: string[] = [];
  let rest = whole;
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = UNITS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.slice(0, 2).join(" ");
}
