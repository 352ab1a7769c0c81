import { acknowledgedOf } from "../core/draft.ts";
import type { CheckState } from "../core/state.ts";
import type { Instant } from "../core/types.ts";
import type { MessageStory } from "../store/store.ts";
import { whom } from "./story.ts";
import type { CheckSummary, WhyLine } from "./types.ts";

export interface Now {
  readonly state: CheckState;
  readonly summary: Pick<CheckSummary, "cause" | "hides" | "nextRunAt">;
  readonly failAfter: number;
  readonly now: Instant;
  readonly messages: readonly MessageStory[];
}

/** What holds a check in its state now, what keeps its outage from being told, and what comes next. Pure. */
export function nowLines({ state, summary, failAfter, now, messages }: Now): readonly WhyLine[] {
  const { belief, seen } = state;
  const { muting, streak, wait, incident } = belief;
  const lines: WhyLine[] = [];
  const say = (text: string): void => void lines.push({ at: now, until: null, kind: "now", verdict: null, text });
  const ahead = (at: number, text: string): void => void lines.push({ at, until: null, kind: "next", verdict: null, text });
  if (streak !== null && incident?.kind !== "down" && streak.downs > 0) say(`Failing, ${streak.downs} of ${failAfter} runs in a row`);
  if (summary.cause !== null) say(`Blocked by ${summary.cause}: nobody is told of this one until that is well`);
  if (summary.hides.length > 0) say(`Hides ${summary.hides.join(", ")}`);
  if (belief.flapping !== null) say("Flapping: told as down only when it stays so");
  const { silenced } = muting;
  const until = silenced?.until ?? null;
  if (silenced !== null && until === null) say(`Silenced by ${silenced.by} until it recovers`);
  else if (silenced !== null && until !== null) ahead(until, `The silence by ${silenced.by} ends`);
  if (muting.paused !== null) say(`Paused by ${muting.paused.by}`);
  if (muting.maintenance.length > 0) say(`In maintenance: ${muting.maintenance.join(", ")}`);
  const acknowledged = acknowledgedOf(belief);
  if (acknowledged !== null) say(`Acknowledged by ${acknowledged.by}: ${belief.flapping === null ? "no reminders" : "only that it has settled is told"}`);
  if (incident !== null && incident.told.length === 0) say("Nobody was told of this incident so far");
  // What is put off has no time yet; it is told when what holds it ends.
  const rests = belief.status === "blocked" || muting.paused !== null || silenced !== null || muting.maintenance.length > 0 || acknowledged !== null;
  const due = (at: number): boolean => !rests && at >= now;
  if (wait !== null && due(wait.until)) ahead(wait.until, "Told by then, if the parents it waits for give no news");
  if (seen.putOff !== undefined && seen.expectBy !== null && incident === null && due(seen.expectBy)) ahead(seen.expectBy, "Told as unchecked by then; put off to hear of its parents first");
  for (const step of incident?.steps ?? []) if (step.nextAt !== null && due(step.nextAt)) ahead(step.nextAt, "A reminder is due");
  for (const message of messages) {
    if (message.status !== "waiting") continue;
    const held = message.tries === 0 && message.nextTryAt > now;
    ahead(Math.max(now, message.nextTryAt), held ? `Held by the cap of ${message.channel}: then told to ${whom(message)} in one message` : `Next try to tell ${whom(message)}`);
  }
  if (summary.nextRunAt !== null && summary.nextRunAt >= now && muting.paused === null) ahead(summary.nextRunAt, "Next run");
  return lines.toSorted((a, b) => (a.kind === b.kind ? a.at - b.at : a.kind === "now" ? -1 : 1));
}
