import { hash128 } from "../core/ids.ts";
import { type Alert, type AlertId, type ChannelName, type IncidentId, type Instant, type Millis, instant, plus } from "../core/types.ts";
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
  /** Each outage has a message of its own, up to the cap. */
  readonly alone?: boolean;
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
  /** Alerts that are in messages, as far as they are known. */
  readonly told?: ReadonlyMap<AlertId, Alert>;
  /** Channels whose receiver asked to be left alone until then. */
  readonly notBefore?: ReadonlyMap<ChannelName, Instant>;
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

/** Groups in the order of their first member. */
function grouped<T, K>(list: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [one]);
    else known.push(one);
  }
  return groups;
}

/** The unsettled messages of each pair in the order in which they go out; the store's order decides between equal times. */
function queues(messages: readonly MessageRow[]): Map<string, MessageRow[]> {
  const pairs = grouped(messages, pairOf);
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

/** The last message of the queue that tells of each incident and still takes more. */
function storiesIn(queue: readonly MessageRow[], { busy, told }: PlanInput): Map<IncidentId, MessageRow> {
  const stories = new Map<IncidentId, MessageRow>();
  for (const row of queue) {
    if (!mergeable(row, 0, row.alerts.length, busy)) continue;
    for (const id of row.alerts) {
      const incident = told?.get(id)?.incident ?? null;
      if (incident !== null) stories.set(incident, row);
    }
  }
  return stories;
}

/** The messages of one pair, as this plan changes them. */
class Line {
  readonly most: number;
  readonly #limits: ChannelLimits;
  readonly #input: PlanInput;
  /** Messages that the channel had formed before. */
  readonly #count: number;
  readonly #queue: MessageRow[];
  readonly #made = new Set<string>();
  readonly #supersede: string[] = [];

  constructor(queue: readonly MessageRow[], limits: ChannelLimits, count: number, input: PlanInput) {
    this.#queue = [...queue];
    this.#limits = limits;
    this.#count = count;
    this.#input = input;
    this.most = limits.alertsPerMessage ?? ALERTS_PER_MESSAGE;
  }

  get change(): Pick<OutboxChange, "messages" | "supersede"> {
    return { messages: this.#queue.filter((row) => this.#made.has(row.id)), supersede: this.#supersede };
  }

  /** The channel's cap is reached. */
  get isOver(): boolean {
    return this.#limits.cap !== null && this.#count + this.#made.size - this.#supersede.length >= this.#limits.cap;
  }

  /** What comes now could not go out before the last message, which waits for its time. */
  get isHeld(): boolean {
    const last = this.#queue.at(-1);
    return last !== undefined && last.tries === 0 && last.nextTryAt > this.#input.now && mergeable(last, 1, this.most, this.#input.busy);
  }

  /** Into the last message when it takes as many, else into one of their own. What is told apart keeps its own message but where it is held. */
  append(alerts: readonly Alert[]): void {
    const last = this.#limits.alone === true && !this.isHeld ? undefined : this.#queue.at(-1);
    this.put(alerts, last !== undefined && mergeable(last, alerts.length, this.most, this.#input.busy) ? last : undefined);
  }

  /** Into a message of their own at the end of the queue, or one that takes the place of `old`. */
  put(alerts: readonly Alert[], old?: MessageRow): void {
    const [first] = alerts;
    if (first === undefined) return;
    const { channel, recipient } = first;
    const { now, notBefore } = this.#input;
    const formedAt = instant(Math.max(now, (this.#queue.at(-1)?.formedAt ?? 0) + 1));
    const { tries, lastReason } = old ?? { tries: 0, lastReason: "" };
    const at = old !== undefined ? nextTryOfMerged(old, now) : this.isOver ? plus(now, HELD_MS) : now;
    const nextTryAt = instant(Math.max(at, notBefore?.get(channel) ?? 0));
    const row = newRow({ channel, recipient, alerts: [...(old?.alerts ?? []), ...alerts.map((alert) => alert.id)], formedAt }, { status: "waiting", tries, nextTryAt, lastReason });
    if (old !== undefined) {
      this.#queue.splice(this.#queue.indexOf(old), 1);
      if (!this.#made.delete(old.id)) this.#supersede.push(old.id);
    }
    this.#queue.push(row);
    this.#made.add(row.id);
  }
}

/** What joins a message that waits and tells of the same incident, and each other incident in a message of its own while the cap allows it; returns the rest. */
function apart(group: readonly Alert[], queue: readonly MessageRow[], line: Line, input: PlanInput): readonly Alert[] {
  const stories = storiesIn(queue, input);
  const rest: Alert[] = [];
  for (const [row, alerts] of grouped(group, ({ incident }) => (incident === null ? undefined : stories.get(incident)))) {
    if (row !== undefined && row.alerts.length + alerts.length <= line.most) line.put(alerts, row);
    else rest.push(...alerts);
  }
  const own = [...grouped(rest, (alert) => alert.incident ?? alert.id).values()].flatMap((alerts) => inParts(alerts, line.most));
  let next = 0;
  for (; next < own.length && !line.isOver && !line.isHeld; next++) line.put(own[next] ?? []);
  return own.slice(next).flat();
}

function inParts(alerts: readonly Alert[], most: number): readonly (readonly Alert[])[] {
  return Array.from({ length: Math.ceil(alerts.length / most) }, (_, part) => alerts.slice(part * most, (part + 1) * most));
}

/** Puts the complete group of one pair into messages behind (or into those of) its queue. */
function formPair(group: readonly Alert[], queue: readonly MessageRow[], limits: ChannelLimits, count: number, input: PlanInput): Pick<OutboxChange, "messages" | "supersede"> {
  const line = new Line(queue, limits, count, input);
  const rest = limits.alone === true ? apart(group, queue, line, input) : group;
  for (const part of inParts(rest, line.most)) line.append(part);
  return line.change;
}

/** Dead letters: what waits for a channel that the site no longer has. */
function buryRemoved(input: PlanInput): Pick<OutboxChange, "messages" | "supersede"> {
  const dead = { status: "failed", nextTryAt: input.now, lastReason: "channel removed" } as const;
  const lost = input.messages.filter((row) => !input.channels.has(row.channel) && !input.busy.has(row.id));
  const messages = lost.map((row) => newRow({ channel: row.channel, recipient: row.recipient, alerts: row.alerts, formedAt: plus(row.formedAt, 1) }, { ...dead, tries: row.tries }));
  for (const group of grouped(input.alerts.filter((alert) => !input.channels.has(alert.channel)), pairOf).values()) {
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
  for (const [pair, group] of grouped(input.alerts, pairOf)) {
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
    const change = formPair(group, queue, limits, count, input);
    formed.set(first.channel, count + change.messages.length - change.supersede.length);
    messages.push(...change.messages);
    supersede.push(...change.supersede);
    const [head] = queue;
    const asked = (input.notBefore?.get(first.channel) ?? 0) > input.now;
    if (head !== undefined && head.tries > 0 && !asked && !input.busy.has(head.id) && !change.supersede.includes(head.id)) hasten.push(head.id);
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
