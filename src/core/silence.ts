import { believe, type Draft } from "./draft.ts";
import type { Instant } from "./types.ts";

/** The least and the most that a silence may be asked for, ms: a year. */
export const SILENCE_MS = { least: 1000, most: 365 * 86_400_000 } as const;

/** When a silence with an end is over; null without one, or while nothing is silenced. */
export const silenceEndsAt = (draft: Draft): Instant | null => draft.belief.muting.silenced?.until ?? null;

/** Ends a silence whose time has come: what is still wrong is told then. */
export function endSilence(draft: Draft): void {
  const at = silenceEndsAt(draft);
  if (at !== null && draft.now >= at) believe(draft, { muting: { ...draft.belief.muting, silenced: null } });
}

/** What recovery or a change of the check leaves of it: a silence until recovery is over, one with an end goes on. */
export function endUntilRecovery(draft: Draft): void {
  if (draft.belief.muting.silenced !== null && silenceEndsAt(draft) === null) believe(draft, { muting: { ...draft.belief.muting, silenced: null } });
}
