import type { Kept, KeptResult } from "./kept.ts";
import type { Subject } from "./site.ts";

/** What is wrong with the database in itself: nothing half written, doubled or missing between what belongs together. */
export function storeFindings(kept: Kept, all: readonly Subject[]): readonly string[] {
  const found: string[] = [];
  if (kept.integrity !== "ok") found.push(`the database is damaged: ${kept.integrity}`);
  found.push(...chainFindings(kept), ...incidentFindings(kept), ...outboxFindings(kept), ...doubledResults(kept.results, all));
  for (const subject of all) if (isPlain(subject)) found.push(...replayFindings(subject, kept));
  return found;
}

/** Each transition begins where the one before ended, and the last one ends in the state as it stands. */
function chainFindings({ transitions, states }: Kept): readonly string[] {
  const found: string[] = [];
  const at = new Map<string, string>();
  for (const { check, from, to, at: when } of transitions) {
    const before = at.get(check) ?? "pending";
    if (from !== before) found.push(`${check} was ${before} and is said to have gone from ${from} to ${to} at ${iso(when)}: a transition is missing`);
    at.set(check, to);
  }
  for (const [check, { status }] of states) if (status !== (at.get(check) ?? "pending")) found.push(`${check} is ${status}, and its last transition ended in ${at.get(check)}`);
  return found;
}

/** At most one open incident a check, no two at the same time, each opened and closed with a transition; the belief knows the open one. */
function incidentFindings({ incidents, states, transitions }: Kept): readonly string[] {
  const found: string[] = [];
  const named = new Set(transitions.map(({ incident }) => incident));
  for (const [check, own] of Map.groupBy(incidents, (incident) => incident.check)) {
    let closedAt = 0;
    for (const { id, opened, closed } of own.toSorted((a, b) => a.opened - b.opened)) {
      if (opened < closedAt) found.push(`${check} has two incidents at ${iso(opened)}`);
      closedAt = closed ?? Number.POSITIVE_INFINITY;
      if (!named.has(id)) found.push(`incident ${id} of ${check} has no transition`);
    }
    const open = own.find(({ closed }) => closed === null)?.id ?? null;
    const believed = states.get(check)?.incident?.id ?? null;
    if (open !== believed) found.push(`${check} has ${open === null ? "no open incident" : `the open incident ${open}`}, and its state says ${believed ?? "none"}`);
  }
  return found;
}

/** Every alert that was promised is there, and everything is sent. */
function outboxFindings({ alerts, messages, transitions }: Kept): readonly string[] {
  const found: string[] = [];
  const byId = new Map(messages.map((message) => [message.id, message]));
  for (const { alert, status, message } of alerts) {
    const what = `alert ${alert.id} (${alert.kind} of ${alert.check} to ${alert.channel} ${alert.recipient})`;
    if (status !== "sent") found.push(`${what} is ${status}`);
    const row = message === null ? undefined : byId.get(message);
    if (row?.status !== "sent" || !row.alerts.includes(alert.id)) found.push(`${what} is in no message that was sent`);
  }
  for (const { id, status, pair, tries, lastReason } of messages) if (status !== "sent" && status !== "superseded") found.push(`message ${id} to ${pair} is ${status} after ${tries} tries: ${lastReason}`);
  const told = new Set(alerts.map(({ alert }) => JSON.stringify([alert.check, alert.at])));
  for (const { check, to, at, telling } of transitions) if (telling === "told" && !told.has(JSON.stringify([check, at]))) found.push(`${check} went to ${to} at ${iso(at)}, is said to have been told, and there is no alert`);
  return found;
}

/** A slot is run once, and a run is stored once. Groups that follow their members are judged at each of their changes. */
function doubledResults(results: readonly KeptResult[], all: readonly Subject[]): readonly string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const follow = new Set(all.filter(({ kind }) => kind === "own").map(({ name }) => name));
  for (const { check, slot, started, origin } of results) {
    if (follow.has(check)) continue;
    const key = JSON.stringify([check, slot, origin]);
    if (seen.has(key)) found.push(`${check} has two ${origin} runs of ${iso(slot)}, the second one at ${iso(started)}`);
    seen.add(key);
  }
  return found;
}

/** Checks whose state follows from their own results alone. */
const isPlain = ({ kind, parent }: Subject): boolean => parent === null && (kind === "pulse" || kind === "door" || kind === "banner" || kind === "silent" || kind === "script");

/** Results and transitions are committed together: counting the stored results again must give the stored transitions. */
function replayFindings({ name, failAfter }: Subject, { results, transitions, anew }: Kept): readonly string[] {
  const starts = anew.filter(({ check }) => check === name);
  const expected: string[] = [];
  let status = "pending";
  let [downs, started] = [0, 0];
  for (const { check, verdict, origin, ...result } of results) {
    if (check !== name || (origin !== "scheduled" && origin !== "start") || (verdict !== "up" && verdict !== "down")) continue;
    if (status !== "down" && starts.some(({ at }) => at > started && at <= result.started)) downs = 0;
    started = result.started;
    downs = verdict === "down" ? downs + 1 : 0;
    const next = verdict === "up" ? "up" : downs >= failAfter ? "down" : status;
    if (next !== status) expected.push(next);
    status = next;
  }
  const stored = transitions.filter(({ check, to }) => check === name && to !== "pending").map(({ to }) => to);
  const at = expected.findIndex((to, index) => to !== stored[index]);
  if (at === -1 && expected.length === stored.length) return [];
  return [`the results of ${name} mean ${expected.length} transitions, stored are ${stored.length}; the first difference is number ${(at === -1 ? expected.length : at) + 1}`];
}

/** A wall clock's time as text, with milliseconds. */
export const iso = (at: number): string => (Number.isFinite(at) ? new Date(at).toISOString().slice(11, 23) : "never");
