import type { Belief, CheckState, Seen } from "./state.ts";
import { type Instant, plus } from "./types.ts";

const shifted = <At extends Instant | null>(at: At, byMs: number): At => (at === null ? at : (plus(at, byMs) as At));

/**
 * The state after the wall clock stepped by so much: what was noted by the wrong clock moves along, so that durations stay what they were.
 * All checks are shifted before any is judged again: their instants are compared with each other.
 */
export function shiftState(state: CheckState, byMs: number): CheckState {
  return { check: state.check, belief: shiftBelief(state.belief, byMs), seen: shiftSeen(state.seen, byMs), wakeAt: shifted(state.wakeAt, byMs) };
}

/**
 * A stored state as a start may take it: where its newest instant lies after `now`, the wall clock was put back while nobody ran, and all of it
 * moves along. What lies in the future would hold back all that is seen until then.
 */
export function notAhead({ check, belief, seen, wakeAt }: CheckState, now: Instant): CheckState {
  const { since, countFrom, streak, incident, flapping, watch, outages } = belief;
  const aheadMs = Math.max(since, countFrom, streak?.lastStarted ?? 0, incident?.opened ?? 0, flapping?.since ?? 0, watch?.at ?? 0, ...outages) - now;
  const seenAheadMs = (seen.verdictStarted ?? 0) - now;
  return { check, belief: aheadMs > 0 ? shiftBelief(belief, -aheadMs) : belief, seen: seenAheadMs > 0 ? shiftSeen(seen, -seenAheadMs) : seen, wakeAt };
}

function shiftBelief(belief: Belief, byMs: number): Belief {
  const { streak, incident, wait, flapping, watch, muting } = belief;
  const until = muting.silenced?.until ?? null;
  const steps = incident?.steps.map((progress) => ({ ...progress, at: plus(progress.at, byMs), nextAt: shifted(progress.nextAt, byMs) })) ?? [];
  return {
    ...belief,
    since: shifted(belief.since, byMs),
    countFrom: belief.countFrom === 0 ? belief.countFrom : shifted(belief.countFrom, byMs),
    streak: streak && { ...streak, firstStarted: shifted(streak.firstStarted, byMs), firstDownStarted: shifted(streak.firstDownStarted, byMs), lastStarted: shifted(streak.lastStarted, byMs) },
    incident: incident && { ...incident, firstSign: shifted(incident.firstSign, byMs), opened: shifted(incident.opened, byMs), steps, ...(incident.ended === undefined ? {} : { ended: { ...incident.ended, from: shifted(incident.ended.from, byMs) } }) },
    wait: wait && { since: shifted(wait.since, byMs), failedAt: shifted(wait.failedAt, byMs), until: shifted(wait.until, byMs), askedAt: shifted(wait.askedAt, byMs) },
    muting: muting.silenced === null || until === null ? muting : { ...muting, silenced: { ...muting.silenced, until: shifted(until, byMs) } },
    outages: belief.outages.map((at) => shifted(at, byMs)),
    flapping: flapping && { ...flapping, since: shifted(flapping.since, byMs) },
    ...(watch ? { watch: { from: shifted(watch.from, byMs), at: shifted(watch.at, byMs) } } : {}),
  };
}

function shiftSeen(seen: Seen, byMs: number): Seen {
  return { ...seen, verdictStarted: shifted(seen.verdictStarted, byMs), wellSince: shifted(seen.wellSince, byMs), expectBy: shifted(seen.expectBy, byMs) };
}
