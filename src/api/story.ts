import type { AlertRow, Store, Try } from "../store/store.ts";
import type { Alert, Incident, Result, Transition } from "../core/types.ts";
import { formatDuration } from "../core/time.ts";
import { between } from "../core/types.ts";
import type { IncidentStory, IncidentView, ResultView, StoryLine } from "./types.ts";

/** Rows of the store as the page sees them. */

type Told = NonNullable<Awaited<ReturnType<Store["incident"]>>>;

export function resultView(result: Result): ResultView {
  const { slot, started, origin, vantage, verdict, code, sentence, latencyMs, phases, facts, evidence, tries } = result;
  return { slot, startedAt: started, origin, vantage, verdict, code, sentence, latencyMs, phases, facts, evidence, tries };
}

export function incidentView(incident: Incident): IncidentView {
  const { id, check, kind, firstSign, opened, closed, closedBy, code, sentence, acknowledged } = incident;
  return { id, check, kind, firstSign, opened, closed, closedBy, code, sentence, acknowledged };
}

/** An incident from its first sign to its end: what was seen, believed, told to whom and how that went. */
export function incidentStory(told: Told, mask: (text: string) => string): IncidentStory {
  const { incident } = told;
  const lines: StoryLine[] = [
    { at: incident.firstSign, kind: "first-sign", text: incident.kind === "unchecked" ? "No verdict since here" : "First failing run", delivery: null },
    ...told.transitions.flatMap((transition) => transitionLines(transition)),
    ...told.alerts.map((row) => toldLine(row, told.attempts, mask)),
  ];
  const { acknowledged, closed } = incident;
  if (acknowledged !== null) {
    const note = acknowledged.note === "" ? "" : `: ${acknowledged.note}`;
    lines.push({ at: acknowledged.at, kind: "acknowledged", text: `Acknowledged by ${acknowledged.by}${note}`, delivery: null });
  }
  if (closed !== null) lines.push({ at: closed, kind: "closed", text: closing(incident, closed), delivery: null });
  const order: { readonly [kind in StoryLine["kind"]]: number } = { "first-sign": 0, transition: 1, "not-told": 2, told: 3, acknowledged: 4, closed: 5 };
  lines.sort((a, b) => a.at - b.at || order[a.kind] - order[b.kind]);
  return { ...incidentView(incident), evidence: told.evidence, story: lines };
}

/** Why nobody was told, by the word that a transition carries. */
export const UNTOLD: { readonly [telling: string]: string } = {
  muted: "Nobody was told: it was paused or in maintenance",
  silenced: "Nobody was told: it was silenced",
  acknowledged: "Nobody was told: somebody had acknowledged it",
  flapping: "Nobody was told: it flaps, and that was told once",
  blocked: "Nobody was told: another check is to blame",
  later: "Nobody was told yet: the first step of `notify` comes later",
  nobody: "Nobody was told: no channel is set for this check",
  unheard: "Nobody was told: nobody had been told of the outage",
  off: "Nobody was told: `onFail` or `onPass` of this check is off",
  initial: "Nobody was told: it is the first verdict, and `initial: down` keeps that one quiet",
};

function transitionLines(transition: Transition): readonly StoryLine[] {
  const { at, from, to, reason, telling } = transition;
  const cause = reason.cause === null ? "" : ` (${reason.cause})`;
  const line: StoryLine = { at, kind: "transition", text: `From ${from} to ${to}: ${reason.sentence}${cause}`, delivery: null };
  const untold = UNTOLD[telling];
  return untold === undefined ? [line] : [line, { at, kind: "not-told", text: untold, delivery: null }];
}

/** What an alert says, by its kind. */
export const SAID: { readonly [kind in Alert["kind"]]: string } = {
  down: "it is down",
  degraded: "it is degraded",
  recovered: "it is well again",
  reminder: "it is still not well",
  flapping: "it is flapping",
  settled: "it no longer flaps",
  unchecked: "it cannot be checked",
  changed: "its definition changed",
  run: "a run failed",
  "channel-broken": "a channel is broken",
  "channel-mended": "a channel works again",
  digest: "a digest",
  test: "this is a test",
};

/** The same of an alert, and why somebody is told in a silence. */
export const saidBy = ({ kind, quiet }: Alert): string => (quiet === true ? `${SAID[kind]}, told in the silence so that it is closed there` : SAID[kind]);

/** `a@example.com on ops`, `chat`. */
export const whom = ({ channel, recipient }: { readonly channel: string; readonly recipient: string }): string => (recipient === "" ? channel : `${recipient} on ${channel}`);

function toldLine(row: AlertRow, attempts: readonly Try[], mask: (text: string) => string): StoryLine {
  const { alert } = row;
  const own = attempts.filter(({ message }) => message === row.message);
  const last = own.at(-1);
  const trying = own.length > 0 ? "sending" : "waiting";
  const status = row.status === "in-message" ? trying : row.status;
  return {
    at: alert.at,
    kind: "told",
    text: `To ${whom(alert)}: ${saidBy(alert)}`,
    delivery: { channel: alert.channel, recipient: alert.recipient, status, tries: own.length, reason: mask(last?.reason ?? "") },
  };
}

/** How an incident ended, and how long it lasted. */
export function closing(incident: Incident, closed: Incident["opened"]): string {
  const lasted = formatDuration(between(incident.firstSign, closed));
  if (incident.closedBy === "changed") return `Closed after ${lasted}: what the check asks was changed`;
  if (incident.closedBy === "removed") return `Closed after ${lasted}: the check was removed`;
  if (incident.closedBy === "better") return `No longer down after ${lasted}, only degraded`;
  if (incident.closedBy === "renewed") return `Closed after ${lasted}: another incident took its place`;
  return `Recovered after ${lasted}`;
}
