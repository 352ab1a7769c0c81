import { believe, type Draft } from "./draft.ts";
import { muted } from "./escalate.ts";
import type { Belief, Muting } from "./state.ts";
import type { Instant } from "./types.ts";

/** The least and the most that a silence may be asked for, ms: a year. */
export const SILENCE_MS = { least: 1000, most: 365 * 86_400_000 } as const;

/**
 * Changes why telling rests. Where it no longer does, what is open is told once a run begun by now has seen it, and one is asked for: what was seen
 * last may be long over. What never runs by itself is believed as it is.
 */
export function mute(draft: Draft, change: Partial<Muting>): void {
  const rested = muted(draft);
  believe(draft, { muting: { ...draft.belief.muting, ...change } });
  if (!rested || muted(draft) || draft.belief.incident === null || draft.policy.everyMs === 0) return;
  believe(draft, { countFrom: draft.now });
  draft.effects.push({ kind: "again" });
}

/** When a silence with an end is over; null without one, or while nothing is silenced. */
export const silenceEndsAt = (draft: Draft): Instant | null => draft.belief.muting.silenced?.until ?? null;

/** Ends a silence whose time has come. */
export function endSilence(draft: Draft): void {
  const at = silenceEndsAt(draft);
  if (at !== null && draft.now >= at) mute(draft, { silenced: null });
}

/** Nothing is wrong whose end a silence until recovery could wait for. */
export const isWell = ({ incident, flapping, status }: Belief): boolean => incident === null && flapping === null && (status === "up" || status === "pending");

/** What recovery or a change of the check leaves of it: a silence until recovery is over, once it no longer flaps; one with an end goes on. */
export function endUntilRecovery(draft: Draft): void {
  if (draft.belief.flapping === null && draft.belief.muting.silenced !== null && silenceEndsAt(draft) === null) believe(draft, { muting: { ...draft.belief.muting, silenced: null } });
}
