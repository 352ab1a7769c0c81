import { believe, type Draft, dueBy, freshState, move, publicIncident, reasonOf } from "./draft.ts";
import { endBecause } from "./moves.ts";
import { endUntilRecovery, isWell, mute } from "./silence.ts";
import type { Action } from "./state.ts";
import type { Instant } from "./types.ts";

/** What people, the configuration and the process itself do to a check. */
export function act(draft: Draft, action: Action): void {
  const { belief, now } = draft;
  const { muting } = belief;
  switch (action.kind) {
    case "added":
      watchFrom(draft, action.watchFrom);
      return expect(draft, action.expectBy);
    case "restart":
      if (belief.wait !== null) believe(draft, { wait: null });
      // What was so before the process stopped is not told further until a run has seen it again.
      if (belief.incident !== null) believe(draft, { countFrom: now });
      // Runs with so much time between them do not follow each other: it would be down since then by one new run.
      if (action.anew === true && belief.incident?.kind !== "down") believe(draft, { streak: null });
      watchFrom(draft, action.watchFrom);
      return expect(draft, action.expectBy);
    case "acknowledge":
      return acknowledge(draft, action.by, action.note);
    case "pause":
      if (belief.status === "paused") return;
      believe(draft, { muting: { ...muting, paused: { at: now, by: action.by } }, wait: null });
      return move(draft, "paused", reasonOf("paused", `paused by ${action.by}`));
    case "resume":
      return resume(draft, action);
    case "silence":
      return silence(draft, action);
    case "unsilence":
      if (muting.silenced === null) return;
      return mute(draft, { silenced: null });
    case "maintenance":
      if (muting.maintenance.join("\n") === action.open.join("\n")) return;
      return mute(draft, { maintenance: action.open });
    case "reload":
      return reload(draft, action);
    case "remove":
      return endBecause(draft, "removed");
    case "skipped":
      draft.seen = { ...draft.seen, unjudged: draft.seen.unjudged + 1 };
      return;
    default:
      return action satisfies never;
  }
}

/** Silence is counted over several starts: what was worked out at this one is what the next one goes on from. */
function watchFrom(draft: Draft, from: Instant | undefined): void {
  if (from !== undefined) believe(draft, { watch: { from, at: draft.now } });
}

function expect(draft: Draft, expectBy: Instant | null): void {
  if (draft.seen.expectBy !== expectBy) draft.seen = dueBy(draft.seen, expectBy);
}

function acknowledge(draft: Draft, by: string, note: string): void {
  const { incident, flapping } = draft.belief;
  const acknowledged = { at: draft.now, by, note };
  if (flapping !== null && flapping.acknowledged === undefined) believe(draft, { flapping: { ...flapping, acknowledged } });
  if (incident === null || incident.acknowledged !== null) return;
  const seen = { ...incident, acknowledged };
  believe(draft, { incident: seen });
  draft.effects.push({ kind: "incident", incident: publicIncident(seen), change: "acknowledged", evidence: [] });
}

function silence(draft: Draft, { by, until = null }: Action & { kind: "silence" }): void {
  const { belief, now } = draft;
  const { muting } = belief;
  if (until !== null && until <= now) return;
  // Until recovery: where nothing is wrong there is none to come, and the next outage must ring.
  if (until === null && (isWell(belief) || (muting.silenced !== null && (muting.silenced.until ?? null) === null))) return;
  believe(draft, { muting: { ...muting, silenced: { at: now, by, until } } });
}

/** Nobody knows what happened meanwhile: what was open stays so until the next run tells. */
function resume(draft: Draft, action: Action & { kind: "resume" }): void {
  const { belief, policy, now } = draft;
  if (belief.status !== "paused") return;
  believe(draft, { muting: { ...belief.muting, paused: null }, streak: null, passes: 0, reprieves: 0, countFrom: now });
  expect(draft, action.expectBy);
  const open = belief.incident?.kind;
  const unknown = policy.initial === "down" && !belief.known ? "down" : "pending";
  const to = open === "down" || open === "degraded" ? open : unknown;
  move(draft, to, reasonOf("resumed", `resumed by ${action.by}; waiting for its next run`));
}

function reload(draft: Draft, action: Action & { kind: "reload" }): void {
  expect(draft, action.expectBy);
  if (action.changed !== "target") return;
  endBecause(draft, "changed");
  const { belief, policy, now } = draft;
  const paused = belief.status === "paused";
  // `initial: down` is for new checks: what this one asked before was known.
  const anew = freshState({ ...policy, initial: "pending" }, now);
  draft.seen = { ...anew.seen, expectBy: action.expectBy };
  believe(draft, { ...anew.belief, known: true, incidents: belief.incidents, status: belief.status, since: paused ? belief.since : now, muting: belief.muting, countFrom: now });
  endUntilRecovery(draft);
  if (belief.watch !== undefined) watchFrom(draft, now);
  if (!paused) move(draft, anew.belief.status, reasonOf("changed", "what it asks was changed; waiting for its first result"));
}
