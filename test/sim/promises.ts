import type { CheckDefinition } from "../../src/config/site.ts";
import type { Alert } from "../../src/core/types.ts";
import type { Ledger } from "./ledger.ts";
import type { Receipt } from "./receivers.ts";
import { ancestorsOf, hostsOf } from "./site.ts";
import type { Outage, Truth } from "./truth.ts";

/** Stretches of monotonic time. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What happened to the world meanwhile that the bounds take into account. */
export interface History {
  readonly lives: readonly Span[];
  readonly storeTrouble: readonly Span[];
  readonly clockSteps: readonly number[];
  /** Times in which telling of a check rested, by somebody's order or a window. */
  readonly hushed: readonly (Span & { readonly check: string })[];
  /** Times in which a channel did not work. */
  readonly dead: readonly (Span & { readonly channel: string })[];
  readonly endMs: number;
}

const GROUPING_MS = 2000;
/** A shorter absence misses one run at most, whatever the check's pace. */
const MISSED_MS = 45_000;
/** The end of a window is written within this time, also where the store fails. */
const WRITTEN_MS = 60_000;
const OUTAGE_KINDS: ReadonlySet<Alert["kind"]> = new Set(["down", "reminder", "flapping"]);

const overlap = (span: Span, from: number, to: number): number => Math.max(0, Math.min(span.to, to) - Math.max(span.from, from));

/** The instant at which `budgetMs` of running time have passed since `from`, or since the last absence that makes failing runs count anew; null when that is not reached. */
function afterRunning(lives: readonly Span[], from: number, budgetMs: number): number | null {
  let left = budgetMs;
  let last: Span | null = null;
  for (const life of lives) {
    const begin = Math.max(life.from, from);
    if (begin >= life.to) continue;
    if (last !== null && life.from - last.to > MISSED_MS) left = budgetMs;
    last = life;
    if (life.to - begin >= left) return begin + left;
    left -= life.to - begin;
  }
  return null;
}

/** Recoveries come after their outage, and no alert comes in two messages. */
export function checkReceipts(ledger: Ledger, receipts: readonly Receipt[]): void {
  const arrived = receipts.filter((receipt) => receipt.arrivedAt !== null).toSorted((a, b) => (a.arrivedAt ?? 0) - (b.arrivedAt ?? 0));
  const told = new Set<string>();
  const keys = new Map<string, string>();
  for (const receipt of arrived) {
    const unrecorded = receipt.text.includes("not recorded");
    if (!unrecorded && !ledger.claimed.has(receipt.key)) ledger.breach("nothing uncommitted is told", `message ${receipt.key} was never in the store`);
    for (const alert of receipt.alerts) if (alert.kind !== "recovered" && alert.kind !== "settled" && alert.incident !== null) told.add(`${receipt.channel} ${receipt.recipient} ${alert.incident}`);
    for (const alert of receipt.alerts) {
      if (alert.kind === "recovered" && alert.incident !== null && !ledger.lineOf(alert.incident).some((incident) => told.has(`${receipt.channel} ${receipt.recipient} ${incident}`))) {
        ledger.breach("a recovery after its outage", `${receipt.recipient} was told that ${alert.check} recovered, and not before of its outage`);
      }
      const known = keys.get(alert.id);
      if (known !== undefined && known !== receipt.key && !unrecorded && !known.startsWith("unrecorded")) ledger.breach("told once", `alert ${alert.id} of ${alert.check} came in messages ${known} and ${receipt.key}`);
      keys.set(alert.id, unrecorded ? `unrecorded ${receipt.key}` : receipt.key);
    }
  }
  const got = new Set(arrived.flatMap((receipt) => receipt.alerts.map((alert) => alert.id)));
  for (const [id, alert] of ledger.committed) {
    if (!got.has(id) && !ledger.withdrawn.has(id)) ledger.breach("nothing committed is lost", `${alert.kind} of ${alert.check} to ${alert.channel} ${alert.recipient} was committed and never arrived`);
  }
}

/** With the news of an outage's end in the same message, the outage is not told as if it were now. */
export function checkStories(ledger: Ledger, receipts: readonly Receipt[]): void {
  const closing = new Map<string, string>();
  for (const { alerts, incidents } of ledger.pages) {
    const closed = new Map(incidents.flatMap(({ incident, change }) => (change === "closed" ? [[incident.check, incident.id] as const] : [])));
    // A store that was not written for a while has beginning and end in one page.
    for (const { id, check, kind } of alerts) if (closed.has(check) && !OUTAGE_KINDS.has(kind)) closing.set(id, closed.get(check) ?? "");
  }
  for (const { alerts, text } of receipts) {
    const ended = new Set(alerts.flatMap(({ id }) => closing.get(id) ?? []));
    const downs = alerts.filter(({ kind, status }) => kind === "down" || (kind === "reminder" && status === "down"));
    for (const check of new Set(downs.map((alert) => alert.check))) {
      const isOver = downs.every((alert) => alert.check !== check || (alert.incident !== null && ended.has(alert.incident)));
      if (isOver && new RegExp(`(?<!WAS )\\bDOWN ${check} `).test(text)) ledger.breach("what is over is told as over", `${check}: ${text.slice(0, text.indexOf("\n"))}`);
    }
  }
}

/** What a window held back is told when it ends only where it still is so then. */
export function checkWindowEnds(ledger: Ledger, truth: Truth, windows: readonly (Span & { readonly check: string })[]): void {
  for (const { alerts, atMs } of ledger.pages) {
    for (const { check, kind } of alerts) {
      const ended = windows.findLast((span) => span.check === check && span.to <= atMs);
      if (kind !== "down" || ended === undefined || truth.downWithin(check, ended.to - WRITTEN_MS, atMs)) continue;
      ledger.breach("a window's end tells what is so", `${check} was told as down, and was not since its window ended`, atMs);
    }
  }
}

/** Every outage that lasted was told in time: the first try to send it has begun within the bound. */
export function checkBounds(ledger: Ledger, truth: Truth, checks: readonly CheckDefinition[], receipts: readonly Receipt[], history: History): number {
  let judged = 0;
  const byName = new Map<string, CheckDefinition>(checks.map((check) => [check.name, check]));
  const tellings = new Map<string, number[]>();
  for (const receipt of receipts) {
    for (const alert of receipt.alerts) if (OUTAGE_KINDS.has(alert.kind)) tellings.set(alert.check, [...(tellings.get(alert.check) ?? []), receipt.at]);
  }
  for (const check of checks) {
    if (check.policy.steps.length === 0) continue;
    for (const outage of outagesOf(truth, check)) {
      const boundMs = boundOf(check, byName, history, outage);
      const deadline = afterRunning(history.lives, outage.from, boundMs);
      if (deadline === null || deadline > outage.to || !alone(truth, check, byName, outage, deadline, history)) continue;
      judged += 1;
      const inTime = (tellings.get(check.name) ?? []).some((at) => at >= outage.from && at <= deadline);
      if (!inTime && !heldUp(ledger, check, outage, deadline, receipts, history)) ledger.breach("real means told", `${check.name} was down from ${outage.from / 1000} s to ${outage.to / 1000} s and by ${deadline / 1000} s nobody was told (bound ${boundMs / 1000} s)`);
    }
  }
  return judged;
}

/** It was written down in time, and its first try waits for messages before it: every channel that it was to go to was dead, or fails too often. */
function heldUp(ledger: Ledger, check: CheckDefinition, outage: Outage, deadline: number, receipts: readonly Receipt[], { dead }: History): boolean {
  const due = ledger.pages.filter(({ atMs }) => atMs >= outage.from && atMs <= deadline).flatMap(({ alerts, atMs }) => alerts.filter((alert) => alert.check === check.name && OUTAGE_KINDS.has(alert.kind)).map(({ channel, recipient }) => ({ channel, recipient, atMs })));
  return due.length > 0 && due.every(({ channel, recipient, atMs }) => dead.some((span) => span.channel === channel && overlap(span, atMs, deadline) > 0) || isTriedOn(receipts, channel, recipient, atMs, deadline));
}

/** A message to somebody was tried before, and is still tried later. */
function isTriedOn(receipts: readonly Receipt[], channel: string, recipient: string, before: number, later: number): boolean {
  const tries = receipts.filter((receipt) => receipt.channel === channel && receipt.recipient === recipient);
  const begun = new Set(tries.flatMap(({ at, key }) => (at < before ? [key] : [])));
  return tries.some(({ at, key }) => at > later && begun.has(key));
}

/** When a check ought to be down: its host's outages, any member's for a group of all, their common time for a group of any. */
function outagesOf(truth: Truth, check: CheckDefinition): readonly Outage[] {
  const hosts = hostsOf(check);
  if (check.policy.group?.require !== "any") return hosts.flatMap((host) => truth.outages(host));
  const [first = "", ...others] = hosts;
  return truth.outages(first).flatMap((outage) => others.flatMap((other) => truth.outages(other).map((also) => ({ how: outage.how, from: Math.max(outage.from, also.from), to: Math.min(outage.to, also.to) })))).filter((outage) => outage.to > outage.from);
}

function boundOf(check: CheckDefinition, byName: ReadonlyMap<string, CheckDefinition>, history: History, outage: Outage): number {
  const { policy } = check;
  const own = policy.group?.run === "own" ? policy.group.members.map((member) => countMs(byName.get(member) ?? check)) : [];
  const parents = policy.parents.map((parent) => byName.get(parent)?.policy.runMs ?? 0);
  const paceMs = Math.max(policy.everyMs, ...(policy.group?.members.map((member) => byName.get(member)?.policy.everyMs ?? 0) ?? []));
  const flapMs = policy.flapping === null ? 0 : policy.failAfter * policy.everyMs;
  const plainMs = (own.length === 0 ? countMs(check) : Math.max(...own)) + Math.max(0, ...parents) + flapMs + GROUPING_MS + 1000;
  // What the promise leaves out: a stepped clock moves the slots, and a store that cannot be written delays for at most 10 s and a retry.
  const near = (at: number): boolean => at >= outage.from - paceMs && at <= outage.from + 3 * plainMs;
  const stepsMs = history.clockSteps.filter(near).length * paceMs;
  const storeMs = history.storeTrouble.some((span) => overlap(span, outage.from, outage.from + 3 * plainMs) > 0) ? 30_000 : 0;
  return plainMs + stepsMs + storeMs;
}

/** (failAfter + 1) x every; with a faster pace: every + failAfter x that, each run followed at once when it takes longer. */
function countMs({ policy, schedule }: CheckDefinition): number {
  const { failAfter, everyMs, failingEveryMs, runMs } = policy;
  if (failingEveryMs < everyMs) return everyMs + failAfter * Math.max(failingEveryMs, runMs) + runMs;
  return (failAfter + 1) * (everyMs + (schedule.kind === "after" ? runMs : 0)) + runMs;
}

/** Nothing else blurs it: the check was well before and seen so, and the gateway was not in the way. */
function alone(truth: Truth, check: CheckDefinition, byName: ReadonlyMap<string, CheckDefinition>, outage: Outage, deadline: number, { lives, hushed }: History): boolean {
  const { policy } = check;
  const calmMs = (policy.recoverAfter + 2) * policy.everyMs * 2 + 10 * 60_000;
  const before = hostsOf(check).some((host) => truth.hinderedWithin(host, outage.from - calmMs, outage.from - 1));
  const blocked = ancestorsOf(check, byName).some((parent) => hostsOf(parent).some((host) => truth.downWithin(host, outage.from - calmMs, deadline)));
  // An outage whose end fell into a time without a process, and this one's beginning too, are one to Tocsin.
  const lived = lives.reduce((sum, life) => sum + overlap(life, outage.from - calmMs, outage.from), 0);
  const seenWell = lived >= (policy.recoverAfter + 2) * policy.everyMs + policy.runMs;
  // What somebody held back, or a window.
  const quiet = hushed.some((span) => span.check === check.name && overlap(span, outage.from - calmMs, deadline) > 0);
  return !before && !blocked && seenWell && !quiet;
}
