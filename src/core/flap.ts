import { believe, type Draft, noteTelling } from "./draft.ts";
import { muted, sayingOf } from "./escalate.ts";
import { firstTargets, hearersOfEnd, openedAsOf, type Saying, say, without } from "./route.ts";
import { endUntilRecovery } from "./silence.ts";
import type { Flapping } from "./state.ts";
import { type Instant, plus } from "./types.ts";

/** Notes an outage that just opened; with too many of them the check is flapping from the one on that is told as that. */
export function noteOutage(draft: Draft): void {
  const { policy, now, belief } = draft;
  if (policy.flapping === null) return;
  const from = now - policy.flapping.withinMs;
  const outages = [...belief.outages.filter((at) => at > from), now];
  believe(draft, { outages });
  if (belief.flapping !== null || outages.length <= policy.flapping.changes || belief.incident === null) return;
  // What nobody hears of holds nothing back: it begins with the next outage that may be told.
  if (!policy.onFail || muted(draft)) return;
  const to = firstTargets(draft);
  if (to.length === 0) return;
  believe(draft, { flapping: { since: now, told: to, incident: belief.incident.id, ...openedAsOf(belief.incident) } });
  const sentence = `went down ${outages.length} times; told as down only when it stays so, until it settles`;
  say(draft, to, { ...sayingOf(draft, belief.incident), kind: "flapping", sentence, step: 0, ordinal: 1 });
  noteTelling(draft, "told");
}

/** The outage with which flapping began. */
export const flapsOf = ({ incident, openedAs }: Flapping): Saying["incident"] => (incident === undefined ? null : { id: incident, ...openedAsOf({ openedAs }) });

/** It is down, which is not told yet: it settles as down when that is, and else as what it is then. */
const isUndecided = ({ belief: { flapping, incident } }: Draft): boolean => incident?.kind === "down" && without(flapping?.told ?? [], incident.told).length > 0;

/** When a flapping check has settled, if nothing happens until then. */
export function settlesAt(draft: Draft): Instant | null {
  const { belief, policy } = draft;
  if (belief.flapping === null || isUndecided(draft)) return null;
  const last = belief.outages.at(-1);
  return last === undefined || policy.flapping === null ? draft.now : plus(last, policy.flapping.withinMs);
}

/** Ends the flapping of a check that had no new outage for the whole time, and tells those who were told of it. */
export function settle(draft: Draft): void {
  const { belief, now } = draft;
  const at = settlesAt(draft);
  if (belief.flapping === null || at === null || now < at) return;
  const { since } = belief.flapping;
  const incident = flapsOf(belief.flapping);
  const { to, ...how } = hearersOfEnd(draft, belief.flapping.told);
  believe(draft, { flapping: null, outages: [] });
  if (belief.incident === null) endUntilRecovery(draft);
  const sentence = `settled as ${belief.status}`;
  // What goes on is no end that may be told in a silence.
  if (how.quiet === true && belief.status !== "up") return;
  say(draft, to, { ...how, kind: "settled", incident, slot: since, status: belief.status, since: belief.since, sentence, code: "ok", evidence: [], outageFrom: since, step: 0, ordinal: 1 });
}
