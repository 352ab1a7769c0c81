import type { Banner, ChannelSummary, CheckSummary, Overview, StreamEvent } from "../../../src/api/types.ts";

/** What several messages of the stream come to: at most one overview, then each check's newest summary, then the bars. */
export interface Gathered {
  overview: Overview | null;
  checks: Map<string, CheckSummary>;
  banners: { readonly banners: readonly Banner[]; readonly channels: readonly ChannelSummary[] } | null;
  /** The server's clock at the newest message; null when none told it. */
  now: number | null;
}

export const nothing = (): Gathered => ({ overview: null, checks: new Map(), banners: null, now: null });

/** Adds one message. An overview replaces all that came before it. */
export function gather(into: Gathered, event: StreamEvent): void {
  switch (event.kind) {
    case "overview":
      into.overview = event.overview;
      into.checks.clear();
      into.banners = null;
      into.now = event.overview.now;
      return;
    case "checks":
      for (const check of event.checks) into.checks.set(check.name, check);
      into.now = event.now;
      return;
    case "banners":
      into.banners = event;
      return;
    default:
      event satisfies never;
  }
}

/** Whether the list must be put in order anew; a new latency or run alone moves nothing. */
export function moves(before: CheckSummary | undefined, after: CheckSummary): boolean {
  if (before === undefined) return true;
  return (
    before.state !== after.state ||
    before.since !== after.since ||
    before.incident !== after.incident ||
    before.incidentKind !== after.incidentKind ||
    (before.acknowledged === null) !== (after.acknowledged === null)
  );
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** How long to wait before the n-th try (from 0) to connect again: doubling to 15 s, spread by half so that many pages do not return at once. `random`: 0 to 1. */
export function retryMs(tries: number, random: number): number {
  const full = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries, 10));
  return full * (0.5 + random / 2);
}
