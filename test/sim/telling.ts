import type { Alert } from "../../src/core/types.ts";
import { wallOf, instantsOf } from "./berlin.ts";
import type { Ledger, Page } from "./ledger.ts";
import { NIGHTLY, ON_DUTY } from "./site.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 1440 * MINUTE;
const BAD_NEWS: ReadonlySet<Alert["kind"]> = new Set(["down", "degraded", "reminder", "unchecked"]);
/** A window is looked at again so long after the clock was put right. */
const LOOK_MS = 61 * SECOND;

/** Of an order that only a crash right after it may have lost. */
const UNSAFE_MS = 5 * SECOND;

/** What a journal's entry holds of somebody's order. */
interface Order {
  readonly kind: string;
  readonly until?: number | null;
}

/** Who is told, and who is not: in the order in which it was written. */
export function checkTelling(ledger: Ledger, crashes: readonly number[], clockSteps: readonly number[]): void {
  rightPeople(ledger);
  acknowledgedRests(ledger);
  silenceHolds(ledger, crashes);
  onDuty(ledger);
  windowMutes(ledger, clockSteps);
  changedMembers(ledger);
}

const alertsOf = (ledger: Ledger): readonly Alert[] => ledger.pages.flatMap((page) => page.alerts);
const person = ({ channel, recipient }: Alert): string => `${channel} ${recipient}`;

/** A recovery goes to exactly those who were told of the incident, or of the outage that it is what is left of. */
function rightPeople(ledger: Ledger): void {
  const told = new Map<string, Set<string>>();
  const recovered = new Map<string, Set<string>>();
  for (const alert of alertsOf(ledger)) {
    const into = alert.kind === "recovered" ? recovered : BAD_NEWS.has(alert.kind) ? told : null;
    if (into === null || alert.incident === null) continue;
    into.set(alert.incident, (into.get(alert.incident) ?? new Set()).add(person(alert)));
  }
  for (const [incident, people] of recovered) {
    const knew = new Set(ledger.lineOf(incident).flatMap((each) => [...(told.get(each) ?? [])]));
    if (people.size !== knew.size || [...people].some((each) => !knew.has(each))) ledger.breach("a recovery to those who were told", `${[...knew].join(", ")} were told of ${incident}, and ${[...people].join(", ")} of its end`);
  }
}

/** Nothing more is said of an incident that somebody has, unless it becomes worse. */
function acknowledgedRests(ledger: Ledger): void {
  const seen = new Set<string>();
  for (const { alerts, incidents, atMs } of ledger.pages) {
    for (const { incident, change } of incidents) if (change === "worse") seen.delete(incident.id);
    for (const { kind, check, incident } of alerts) if (BAD_NEWS.has(kind) && kind !== "degraded" && incident !== null && seen.has(incident)) ledger.breach("what is acknowledged rests", `${kind} of ${check} after somebody had it`, atMs);
    for (const { incident, change } of incidents) if (change === "acknowledged") seen.add(incident.id);
  }
}

const ordersIn = ({ journal }: Page): readonly { readonly check: string; readonly order: Order }[] => journal.flatMap(({ check, input }) => (check === null ? [] : [{ check, order: input as Order }]));

/** Until recovery, or until its end, nothing at all is said of a check that is silenced, nor of one that is paused. */
function silenceHolds(ledger: Ledger, crashes: readonly number[]): void {
  const quiet = new Map<string, { readonly until: number | null; readonly paused: boolean }>();
  // Where nothing is wrong there is no recovery to wait for.
  const troubled = new Set<string>();
  for (const page of ledger.pages) {
    const orders = ordersIn(page);
    const ended = (check: string): boolean => orders.some((each) => each.check === check && ["unsilence", "resume", "reload"].includes(each.order.kind));
    for (const { kind, check } of page.alerts) {
      const held = quiet.get(check);
      if (held === undefined || ended(check) || (held.until !== null && page.atMs >= held.until - SECOND) || !(BAD_NEWS.has(kind) || kind === "recovered")) continue;
      ledger.breach("silence holds", `${kind} of ${check} though it was ${held.paused ? "paused" : held.until === null ? "silenced" : `silenced until ${held.until / SECOND} s`}`, page.atMs);
    }
    for (const { incident, change } of page.incidents) {
      if (change === "closed") troubled.delete(incident.check);
      else troubled.add(incident.check);
    }
    for (const [check, { until, paused }] of quiet) if (ended(check) || (until !== null && page.atMs >= until) || (!paused && until === null && page.transitions.some((each) => each.check === check && each.to === "up"))) quiet.delete(check);
    const lost = crashes.some((at) => at >= page.atMs && at < page.atMs + UNSAFE_MS);
    for (const { check, order } of orders) {
      if (lost || (order.kind !== "silence" && order.kind !== "pause")) continue;
      if (order.kind === "silence" && (order.until ?? null) === null && !troubled.has(check) && quiet.get(check)?.paused !== true) continue;
      const entry = page.journal.find((each) => each.check === check && (each.input as Order).kind === order.kind);
      const forMs = order.until === undefined || order.until === null || entry === undefined ? null : order.until - entry.at;
      quiet.set(check, { until: forMs === null ? null : page.atMs + forMs, paused: order.kind === "pause" });
    }
  }
}

/** Who is on duty by the wall in Berlin, worked out without the program. */
function dutyAt(at: number): string {
  const wall = wallOf(at);
  const weekday = (Math.floor(wall / DAY) + 3) % 7;
  const [hourOne, hourFour] = [1, 4].map((hour) => instantsOf(Math.floor(wall / DAY) * DAY + hour * 60 * MINUTE)[0] ?? 0);
  if (weekday >= 5 && at >= (hourOne ?? 0) && at < (hourFour ?? 0)) return "flaky";
  let day = Math.floor(wall / DAY) + 1;
  while ((instantsOf(day * DAY + 150 * MINUTE)[0] ?? 0) > at) day -= 1;
  return (day - 20_000) % 2 === 0 ? "ops" : "boss";
}

function onDuty(ledger: Ledger): void {
  for (const { check, kind, channel, at } of alertsOf(ledger)) {
    if (check === ON_DUTY && BAD_NEWS.has(kind) && channel !== dutyAt(at)) ledger.breach("who is on duty is told", `${kind} of ${check} at ${new Date(at).toISOString()} to ${channel}, and ${dutyAt(at)} was on duty`);
  }
}

/** In the nightly window nobody is told of an outage; those who were told of one before hear that it became less. */
function windowMutes(ledger: Ledger, clockSteps: readonly number[]): void {
  for (const { alerts, atMs } of ledger.pages) {
    for (const { check, kind, at, ends } of alerts) {
      if (check !== NIGHTLY.check || !BAD_NEWS.has(kind) || ends !== undefined || clockSteps.some((step) => step <= atMs && atMs < step + LOOK_MS)) continue;
      const today = Math.floor(wallOf(at) / DAY) * DAY;
      const begins = [today - DAY, today].map((day) => instantsOf(day + NIGHTLY.minute * MINUTE)[0] ?? 0);
      if (begins.some((begin) => at > begin + SECOND && at < begin + NIGHTLY.forMs)) ledger.breach("a window mutes", `${kind} of ${check} at ${new Date(at).toISOString()}`, atMs);
    }
  }
}

/** A group that tells of changes tells of others than it did before. */
function changedMembers(ledger: Ledger): void {
  const known = new Map<string, string>();
  for (const { check, incident, recipient, channel, sentence } of alertsOf(ledger)) {
    const [, now, before] = /^now failing: (.*?) \(before: (.*?)\)/.exec(sentence) ?? [];
    if (now === undefined || before === undefined) continue;
    const key = `${incident} ${channel} ${recipient}`;
    if (now === before || (known.get(key) ?? before) !== before) ledger.breach("other members are news", `${check}: ${sentence}, and ${known.get(key) ?? "nothing"} was told before`);
    known.set(key, now);
  }
}
