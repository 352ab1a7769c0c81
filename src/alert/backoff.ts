import type { Instant } from "../core/types.ts";

const FIRST_MS = 5000;
const LONGEST_MS = 600_000;
/** What keeps news that was never tried from going out waits no longer than this. */
const IN_THE_WAY_MS = 60_000;
const JITTER = 0.2;
/** Bounds of what a receiver may ask for with `Retry-After`. */
const ASKED_LEAST_MS = 1000;
const ASKED_MOST_MS = 3_600_000;
/** A message that could not be delivered for so long, and in so many tries (an idle or stepped clock alone gives nothing up), is given up. */
const GIVE_UP_MS = 48 * 3_600_000;
const GIVE_UP_TRIES = 48;

/** What a receiver asked for, within 1 s to 1 h; null when it did not. */
export const askedWaitMs = (askedMs: number | undefined): number | null =>
  askedMs !== undefined && Number.isFinite(askedMs) ? Math.round(Math.min(Math.max(askedMs, ASKED_LEAST_MS), ASKED_MOST_MS)) : null;

/** Milliseconds until the next try after `tries` failed ones (1 or more): 5 s doubling to 10 min (to 1 min while news waits behind it), 20 % up or down; or what the receiver asked for, from 1 s to 1 h. */
export function backoffMs(tries: number, fraction: number, askedMs: number | undefined, inTheWay = false): number {
  const asked = askedWaitMs(askedMs);
  if (asked !== null) return asked;
  const plain = Math.min(FIRST_MS * 2 ** Math.min(tries - 1, 30), inTheWay ? IN_THE_WAY_MS : LONGEST_MS);
  return Math.round(plain * (1 - JITTER + 2 * JITTER * fraction));
}

/** Whether a message formed then, with so many failed tries, is a dead letter now. */
export const isHopeless = (formedAt: Instant, tries: number, now: Instant): boolean => tries >= GIVE_UP_TRIES && now - formedAt >= GIVE_UP_MS;
