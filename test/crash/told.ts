import type { Alert } from "../../src/core/types.ts";
import { iso } from "./consistent.ts";
import type { Kept } from "./kept.ts";
import type { Receipt } from "./receipts.ts";
import { PULSE, PUSH_WITHIN_S, type Subject } from "./site.ts";
import type { Outage } from "./targets.ts";

/** What happened outside of Tocsin, by which its words are judged. */
export interface Truth {
  readonly all: readonly Subject[];
  readonly outages: (name: string) => readonly Outage[];
  readonly beats: (name: string) => readonly number[];
  /** From the start to the end of each process. */
  readonly lives: readonly { readonly from: number; readonly to: number }[];
  readonly receipts: readonly Receipt[];
  /** When this test itself got no time to run, and what it watches over did not answer. */
  readonly stalls: readonly { readonly from: number; readonly to: number }[];
}

const OPENING: ReadonlySet<string> = new Set(["down", "degraded", "unchecked", "reminder"]);

/** Which alerts each pair was told, by the first message that told it. */
type Heard = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What is wrong with what the receivers took, against the database and against the truth. */
export function toldFindings(truth: Truth, kept: Kept): { readonly findings: readonly string[]; readonly sure: number } {
  const repeats = repeatFindings(truth.receipts, kept);
  const heard = heardOf(truth.receipts, kept);
  const missed = missedFindings(truth, kept, heard);
  return { findings: [...repeats, ...recoveryFindings(kept, heard), ...falseFindings(truth, kept), ...missed.findings], sure: missed.sure };
}

/** A repeat has the same id and the same words; one alert has one id; nothing was told that is not in the database as sent. */
function repeatFindings(receipts: readonly Receipt[], kept: Kept): readonly string[] {
  const found: string[] = [];
  const messages = new Map(kept.messages.map((message) => [message.id, message]));
  const alerts = new Map(kept.alerts.map(({ alert }) => [alert.id as string, alert]));
  const first = new Map<string, Receipt>();
  const keyOf = new Map<string, string>();
  for (const receipt of receipts) {
    const { key, pair } = receipt;
    const row = messages.get(key);
    if (row === undefined) found.push(`${pair} took message ${key}, which is not in the database`);
    else if (row.status !== "sent") found.push(`${pair} took message ${key}, which is ${row.status} in the database`);
    if (row !== undefined && row.pair !== pair) found.push(`message ${key} is for ${row.pair}, and ${pair} took it`);
    const before = first.get(key);
    if (before !== undefined && before.text !== receipt.text) found.push(`message ${key} was repeated to ${pair} in other words`);
    first.set(key, before ?? receipt);
    const ids = receipt.alerts?.map(({ id }) => id) ?? row?.alerts ?? [];
    if (row !== undefined && ids.join() !== row.alerts.join()) found.push(`message ${key} told ${pair} other alerts than the database has in it`);
    for (const id of ids) {
      const alert = alerts.get(id);
      const known = keyOf.get(`${pair} ${id}`);
      if (alert === undefined) found.push(`${pair} was told alert ${id}, which is not in the database`);
      else if (!receipt.text.includes(alert.check)) found.push(`message ${key} to ${pair} does not name ${alert.check}`);
      if (known !== undefined && known !== key) found.push(`alert ${id} was told to ${pair} under two ids, ${known} and ${key}`);
      keyOf.set(`${pair} ${id}`, key);
    }
  }
  for (const { id, status, pair } of kept.messages) if (status === "sent" && !first.has(id)) found.push(`message ${id} counts as sent, and ${pair} never took it`);
  return found;
}

function heardOf(receipts: readonly Receipt[], kept: Kept): Heard {
  const inMessage = new Map(kept.messages.map(({ id, alerts }) => [id, alerts]));
  const heard = new Map<string, Map<string, number>>();
  for (const { key, pair, number } of receipts) {
    const own = heard.get(pair) ?? new Map<string, number>();
    heard.set(pair, own);
    for (const id of inMessage.get(key) ?? []) if (!own.has(id)) own.set(id, number);
  }
  return heard;
}

const pairOf = ({ channel, recipient }: Alert): string => `${channel} ${recipient}`;

/** Who was told of an outage is told of its end, and not before it. */
function recoveryFindings(kept: Kept, heard: Heard): readonly string[] {
  const found: string[] = [];
  const stories = Map.groupBy(kept.alerts.map(({ alert }) => alert).filter(({ incident }) => incident !== null), (alert) => `${alert.incident} ${pairOf(alert)}`);
  const incidents = new Map(kept.incidents.map((incident) => [incident.id as string, incident]));
  for (const story of stories.values()) {
    const [any] = story;
    if (any === undefined) continue;
    const pair = pairOf(any);
    const toldAt = (of: readonly Alert[]): readonly number[] => of.map(({ id }) => heard.get(pair)?.get(id) ?? Number.POSITIVE_INFINITY);
    const openings = toldAt(story.filter(({ kind }) => OPENING.has(kind)));
    const ends = toldAt(story.filter(({ kind }) => kind === "recovered"));
    const closed = incidents.get(any.incident ?? "")?.closedBy === "recovered";
    const what = `${any.check}'s outage since ${iso(incidents.get(any.incident ?? "")?.firstSign ?? 0)}`;
    if (openings.length > 0 && closed && !ends.some(Number.isFinite)) found.push(`${pair} was told of ${what} and never of its end`);
    if (ends.length > 0 && Math.min(...ends) < Math.min(...openings)) found.push(`${pair} was told of the end of ${what} before its beginning`);
  }
  return found;
}

/** Nobody is told of an outage that was none. */
function falseFindings({ all, outages, beats, stalls }: Truth, kept: Kept): readonly string[] {
  const found: string[] = [];
  const subjects = new Map(all.map((subject) => [subject.name, subject]));
  const incidentsOf = Map.groupBy(kept.incidents, ({ check }) => check as string);
  const wasDown = (name: string, at: number, runMs: number): boolean => outages(name).some(({ closing, opened }) => at >= closing - runMs && at <= opened);
  // A listener closes by itself; whoever speaks needs time to run.
  const stalled = ({ kind, runMs }: Subject, at: number): boolean => (kind === "banner" || kind === "silent" || kind === "push") && stalls.some(({ from, to }) => from < at + runMs && to > at - PUSH_WITHIN_S * 1000);
  const isTrue = (subject: Subject, firstSign: number): boolean => {
    const { name, kind, runMs, members } = subject;
    if (kind === "push") return !beats(name).some((at) => at > firstSign - (PUSH_WITHIN_S - 1) * 1000 && at < firstSign - 100);
    if (kind === "turn") return members.some((member) => wasDown(member, firstSign, runMs));
    if (kind === "own") return members.some((member) => incidentsOf.get(member)?.some(({ opened, closed }) => firstSign >= opened && firstSign <= (closed ?? Number.POSITIVE_INFINITY)));
    return wasDown(name, firstSign, runMs);
  };
  for (const { check, kind, firstSign, sentence } of kept.incidents) {
    const subject = subjects.get(check);
    if (subject === undefined) found.push(`there is an incident of ${check}, which is not configured`);
    else if (kind !== "down") found.push(`${check} was ${kind} since ${iso(firstSign)}: ${sentence}`);
    else if (!isTrue(subject, firstSign) && !stalled(subject, firstSign)) found.push(`${check} is said to have been down since ${iso(firstSign)} (${sentence}), and it was not`);
  }
  return found;
}

/** Who must hear of a check hears of every outage that lasted long enough, counted in runs of the check that never fails. */
function missedFindings(truth: Truth, kept: Kept, heard: Heard): { readonly findings: readonly string[]; readonly sure: number } {
  const findings: string[] = [];
  let sure = 0;
  const isSure = certainty(truth, kept);
  const incidentsOf = Map.groupBy(kept.incidents, ({ check }) => check as string);
  const alertsOf = Map.groupBy(kept.alerts.map(({ alert }) => alert), ({ incident }) => incident ?? "");
  for (const subject of truth.all) {
    for (const outage of outagesOf(truth, subject)) {
      if (!isSure(subject, outage)) continue;
      sure += 1;
      const incident = incidentsOf.get(subject.name)?.find(({ firstSign, closed }) => firstSign <= outage.opening && (closed ?? Number.POSITIVE_INFINITY) >= outage.opening);
      for (const pair of subject.pairs) {
        const told = alertsOf.get(incident?.id ?? "")?.some((alert) => pairOf(alert) === pair && OPENING.has(alert.kind) && heard.get(pair)?.has(alert.id));
        if (told !== true) findings.push(`${subject.name} was down from ${iso(outage.closed)} to ${iso(outage.opening)}, and ${pair} was not told${incident === undefined ? " (no incident)" : ""}`);
      }
    }
  }
  return { findings, sure };
}

/** A group of all is down while any member is. */
const outagesOf = ({ outages }: Truth, { name, kind, members }: Subject): readonly Outage[] => (kind === "own" || kind === "turn" ? members.flatMap((member) => outages(member)) : outages(name));

/** Rounds beyond the threshold that are allowed for; one more where a parent is asked first or a group follows its members. */
const SPARE_ROUNDS = 1;

/**
 * Whether the check must have been believed down. Two runs of the pulse a second apart have every slot of that second between them, so their
 * number bounds the runs of other checks from below, however slow the machine is. The last run of a life may have died uncommitted; and a run
 * that was skipped, or for which the process was too late itself, says nothing.
 */
function certainty(truth: Truth, kept: Kept): (subject: Subject, outage: Outage) => boolean {
  const pulses = kept.results.filter(({ check }) => check === PULSE).map(({ started }) => started);
  const unknown = kept.results.filter(({ verdict }) => verdict === "unknown").map(({ check, started }) => ({ check, at: started }));
  const blind = Map.groupBy([...unknown, ...kept.skipped], ({ check }) => check);
  return (subject, { closed, opening }) => {
    const { name, everyS, failAfter, parent, kind, members } = subject;
    if (opening - closed < 1000) return false;
    if (parent !== null && truth.outages(parent).some((of) => of.closing < opening && of.opened > closed - 15_000)) return false;
    if ([name, ...members].some((one) => blind.get(one)?.some(({ at }) => at > closed - subject.runMs && at < opening))) return false;
    const counts = truth.lives.map(({ from, to }) => pulses.filter((at) => at >= Math.max(from, closed) && at <= Math.min(to, opening)).length);
    if (kind === "push") return counts.some((count) => count >= PUSH_WITHIN_S + 1 + SPARE_ROUNDS);
    // A silent server holds each run to its deadline.
    const paceS = kind === "silent" ? everyS + subject.runMs / 1000 : everyS;
    const runs = counts.reduce((sum, count) => sum + Math.max(0, Math.floor((count - 1) / paceS) - 1), 0);
    return runs >= failAfter + SPARE_ROUNDS + (parent !== null || kind === "own" ? 1 : 0);
  };
}
