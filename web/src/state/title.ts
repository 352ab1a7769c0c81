import type { StatusWord } from "../../../src/api/types.ts";

export type Counts = { readonly [status in StatusWord]: number };
/** Which picture the tab wears. */
export type Face = "pending" | "up" | "degraded" | "down" | "cut";

/** The tab's title tells the state first: `▲ 2 down · Tocsin`; when cut off from the server, that. */
export function titleOf(counts: Counts | null, cutOff: boolean, place: string, site: string): string {
  const tail = place === "" ? site : `${place} · ${site}`;
  if (cutOff) return `not connected · ${tail}`;
  if (counts === null) return tail;
  if (counts.down > 0) return `▲ ${counts.down} down · ${tail}`;
  if (counts.disputed > 0) return `◇ ${counts.disputed} disputed · ${tail}`;
  if (counts.degraded > 0) return `◐ ${counts.degraded} degraded · ${tail}`;
  return tail;
}

/** The picture that goes with it. */
export function faceOf(counts: Counts | null, cutOff: boolean): Face {
  if (cutOff) return "cut";
  if (counts === null) return "pending";
  if (counts.down > 0) return "down";
  if (counts.degraded + counts.disputed > 0) return "degraded";
  return counts.up > 0 ? "up" : "pending";
}

/** How many checks are in each state. */
export function countStates(checks: Iterable<{ readonly state: StatusWord }>): Counts {
  const counts = { pending: 0, up: 0, degraded: 0, down: 0, blocked: 0, disputed: 0, paused: 0 };
  for (const check of checks) counts[check.state] += 1;
  return counts;
}
