import { parseDate } from "../core/schedule-text.ts";
import { parseDuration } from "../core/time.ts";
import { type Instant, instant } from "../core/types.ts";

export type When = { readonly kind: "when"; readonly at: Instant } | { readonly kind: "wrong"; readonly wrong: string };

/** How `--since` is written, for help. */
export const WHEN_HELP = "from then on: a duration (`2h`, `7d`) or a time (`2026-11-20`, `2026-11-20T02:00:00Z`; without `Z` or an offset in this machine's zone)";

/** Reads a time that is past: so long ago, or a date with or without time. */
export function readWhen(text: string, now: Instant): When {
  const wrong = (what: string): When => ({ kind: "wrong", wrong: what });
  const bare = text.trim();
  if (/^\d+(\.\d+)?$/.test(bare)) return wrong(`\`${text}\` what? Write ${bare}m, ${bare}h or ${bare}d`);
  const duration = parseDuration(text);
  const at = duration.kind === "parsed" ? now - duration.ms : parseDate(text, new Intl.DateTimeFormat().resolvedOptions().timeZone);
  if (at === null) return wrong(`\`${text}\` is no time; write a duration such as 2h or 7d, or a time such as 2026-11-20T02:00:00Z`);
  if (at > now) return wrong(`\`${text}\` lies ahead; write a time that is past`);
  return { kind: "when", at: instant(Math.max(0, at)) };
}
