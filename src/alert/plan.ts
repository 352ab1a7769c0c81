import { hash128 } from "../core/ids.ts";
import { type Alert, type AlertId, type ChannelName, type Instant, type Millis, instant, plus } from "../core/types.ts";
import type { MessageRow, OutboxChange } from "../store/store.ts";

/** Alerts in one message at most: the limit of what one mail or one request can sensibly hold. */
export const ALERTS_PER_MESSAGE = 1000;
/** Beyond its cap a channel gets one message per recipient in this time, in ms. */
export const HELD_MS = 300_000;
/** The span that a channel's cap is for, in ms. */
export const CAP_SPAN_MS = 3_600_000;
/** A next try further away than this was set before the clock stepped back: the longest wait that `backoff.ts` gives is one hour. */
const FAR_MS = 3_900_000;

export interface ChannelLimits {
  readonly groupMs: Millis;
  /** Messages an hour; null: no cap. */
  readonly cap: number | null;
  /** Alerts in one message; as many as any message may hold when missing. */
  readonly alertsPerMessage?: number;
}

export interface PlanInput {
  readonly now: Instant;
  /** In no message yet, oldest first. */
  readonly alerts: readonly Alert[];
  /** Not settled, oldest first. */
  readonly messages: readonly MessageRow[];
  /** Ids of the messages that are being claimed or sent now; these are left alone. */
  readonly busy: ReadonlySet<string>;
  /** The channels of the site by name. */
  readonly channels: ReadonlyMap<ChannelName, ChannelLimits>;
  /** Messages formed for each channel within the last hour; none when missing. */
  readonly formed: ReadonlyMap<ChannelName, number>;
}

export interface Plan {
  readonly change: OutboxChange;
  /** When the next group of alerts is complete; null when none waits. */
  readonly wakeAt: Instant | null;
  /** Messages that wait for another try and have news waiting behind them: to be tried at once, so that news is told in time. */
  readonly hasten: readonly string[];
}

/** A change that writes nothing. */
export const NOTHING: OutboxChange = { messages: [], supersede: [], withdraw: [], revive: [], alerts: [], health: [] };

/** Whether a change would write anything. */
export const isEmpty = (change: OutboxChange): boolean =>
  change.messages.length + change.supersede.length + change.withdraw.length + change.revive.length + change.alerts.length + change.health.length === 0;

/** One queue each: everything between a pair of channel and recipient keeps its order. */
export const pairOf = (of: { readonly channel: ChannelName; readonly recipient: string }): string => JSON.stringify([of.channel, of.recipient]);

function byPair<T extends { readonly channel: ChannelName; readonly recipient: string }>(list: readonly T[]): Map<string, T[]> {
  const pairs = new Map<string, T[]>();
  for (const one of list) {
    const pair = pairOf(one);
    const known = pairs.get(pair);
    if (known === undefined) pairs.set(pair, [one]);
    else known.push(one);
  }
  return pairs;
}

/** The unsettled messages of each pair in the order in which they go out; the store's order decides between equal times. */
function queues(messages: readonly MessageRow[]): Map<string, MessageRow[]> {
  const pairs = byPair(messages);
  for (const rows of pairs.values()) rows.sort((a, b) => a.formedAt - b.formedAt);
  return pairs;
}

/** The one message of each pair that may be sent: a recovery never overtakes its outage. Oldest first. */
export function heads(messages: readonly MessageRow[]): readonly MessageRow[] {
  const first: MessageRow[] = [];
  for (const rows of queues(messages).values()) if (rows[0] !== undefined) first.push(rows[0]);
  return first.sort((a, b) => a.formedAt - b.formedAt);
}

/** When a message may be tried. A message that is still `sending` though nobody sends it was left behind by a crash: at once. */
export function dueAt(row: MessageRow, now: Instant): Instant {
  if (row.status === "sending") return now;
  return row.nextTryAt - now > FAR_MS ? now : row.nextTryAt;
}

/** The end of a group's window. An alert from the future was made before the clock stepped back: its group is complete. */
function completeAt(first: Alert, groupMs: Millis, now: Instant): Instant {
  return first.at > now ? now : plus(first.at, groupMs);
}

interface Forming {
  readonly channel: ChannelName;
  readonly recipient: string;
  readonly alerts: readonly AlertId[];
  /** Later than every message that goes before it, whatever the clock does. */
  readonly formedAt: Instant;
}

function messageId(of: Forming): string {
  return hash128(JSON.stringify(["message", of.channel, of.recipient, of.formedAt, of.alerts]));
}

function newRow(of: Forming, rest: Pick<MessageRow, "status" | "tries" | "nextTryAt" | "lastReason">): MessageRow {
  return { ...of, ...rest, id: messageId(of), leaseUntil: null, doubt: false };
}

const mergeable = (row: MessageRow, more: number, most: number, busy: ReadonlySet<string>): boolean =>
  row.status === "waiting" && !row.doubt && !busy.has(row.id) && row.alerts.length + more <= most;

/** A message whose last try failed is tried at once when it brings news; one that is held by the cap stays held. */
const nextTryOfMerged = (old: MessageRow, now: Instant): Instant => (old.tries > 0 ? now : instant(Math.min(old.nextTryAt, now + HELD_MS)));

/** Puts the complete group of one pair into messages behind (or into the last one of) its queue. */
function formPair(group: readonly Alert[], queue: readonly MessageRow[], { over, most }: { readonly over: boolean; readonly most: number }, input: PlanInput): Pick<OutboxChange, "messages" | "supersede"> {
  const { now, busy } = input;
  const [first] = group;
  if (first === undefined) return NOTHING;
  const { channel, recipient } = first;
  const last = queue.at(-1);
  let formedAt = instant(Math.max(now, (last?.formedAt ?? 0) + 1));
  const fresh = group.map((alert) => alert.id);
  if (last !== undefined && mergeable(last, fresh.length, most, busy)) {
    const merged = newRow({ channel, recipient, alerts: [...last.alerts, ...fresh], formedAt }, { status: "waiting", tries: last.tries, nextTryAt: nextTryOfMerged(last, now), lastReason: last.lastReason });
    return { messages: [merged], supersede: [last.id] };
  }
  const messages: MessageRow[] = [];
  for (let at = 0; at < fresh.length; at += most) {
    const alerts = fresh.slice(at, at + most);
    messages.push(newRow({ channel, recipient, alerts, formedAt }, { status: "waiting", tries: 0, nextTryAt: over ? plus(now, HELD_MS) : now, lastReason: "" }));
    formedAt = plus(formedAt, 1);
  }
  return { messages, supersede: [] };
}

/** Dead letters: what waits for a channel that the site no longer has. */
function buryRemoved(input: PlanInput): Pick<OutboxChange, "messages" | "supersede"> {
  const dead = { status: "failed", nextTryAt: input.now, lastReason: "channel removed" } as const;
  const lost = input.messages.filter((row) => !input.channels.has(row.channel) && !input.busy.has(row.id));
  const messages = lost.map((row) => newRow({ channel: row.channel, recipient: row.recipient, alerts: row.alerts, formedAt: plus(row.formedAt, 1) }, { ...dead, tries: row.tries }));
  for (const group of byPair(input.alerts.filter((alert) => !input.channels.has(alert.channel))).values()) {
    const [first] = group;
    if (first === undefined) continue;
    messages.push(newRow({ channel: first.channel, recipient: first.recipient, alerts: group.map((alert) => alert.id), formedAt: input.now }, { ...dead, tries: 0 }));
  }
  return { messages, supersede: lost.map((row) => row.id) };
}

/** Which waiting alerts go into which message now. Pure: the same outbox at the same instant gives the same plan. */
export function plan(input: PlanInput): Plan {
  const buried = buryRemoved(input);
  const messages = [...buried.messages];
  const supersede = [...buried.supersede];
  const waiting = queues(input.messages);
  const formed = new Map(input.formed);
  const hasten: string[] = [];
  let wakeAt: Instant | null = null;
  for (const [pair, group] of byPair(input.alerts)) {
    const [first] = group;
    const limits = first === undefined ? undefined : input.channels.get(first.channel);
    if (first === undefined || limits === undefined) continue;
    const complete = completeAt(first, limits.groupMs, input.now);
    if (complete > input.now) {
      wakeAt = wakeAt === null || complete < wakeAt ? complete : wakeAt;
      continue;
    }
    const count = formed.get(first.channel) ?? 0;
    const queue = waiting.get(pair) ?? [];
    const change = formPair(group, queue, { over: limits.cap !== null && count >= limits.cap, most: limits.alertsPerMessage ?? ALERTS_PER_MESSAGE }, input);
    formed.set(first.channel, count + change.messages.length - change.supersede.length);
    messages.push(...change.messages);
    supersede.push(...change.supersede);
    const [head] = queue;
    if (head !== undefined && head.tries > 0 && !input.busy.has(head.id) && !change.supersede.includes(head.id)) hasten.push(head.id);
  }
  return { change: { ...NOTHING, messages, supersede }, wakeAt, hasten };
}

/** A message without the alerts that must not be told after all; no message at all when none is left. The row must not be in doubt. */
export function withdraw(row: MessageRow, untold: ReadonlySet<AlertId>, now: Instant): OutboxChange {
  const { channel, recipient, tries, lastReason } = row;
  const alerts = row.alerts.filter((id) => !untold.has(id));
  // Its place in the queue stays: it only moves to the next free instant before its followers.
  const left = alerts.length === 0 ? [] : [newRow({ channel, recipient, alerts, formedAt: row.formedAt }, { status: "waiting", tries, nextTryAt: now, lastReason })];
  return { ...NOTHING, messages: left, supersede: [row.id], withdraw: row.alerts.filter((id) => untold.has(id)) };
}
