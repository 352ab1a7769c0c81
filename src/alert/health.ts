import { alertId, hash128 } from "../core/ids.ts";
import { type Alert, type AlertId, type ChannelName, type CheckName, checkName, type IncidentId, type Instant, type Status } from "../core/types.ts";
import type { ChannelHealth, OutboxChange } from "../store/store.ts";

/** Failed tries in a row, and the time in ms that they must span, before a channel counts as broken. */
const FAILURES = 3;
const FAILING_MS = 30_000;
/** So many recipients that fail, with none reached meanwhile, are enough for the channel to count as broken. */
const ENOUGH = 3;

/** A channel that is broken, or a recipient that it does not reach though it reaches others; for the page's bar, `/readyz` and standard error. */
export interface ChannelTrouble {
  readonly channel: ChannelName;
  /** Null: none of its recipients is reached. */
  readonly recipient: string | null;
  readonly since: Instant;
  readonly reason: string;
  /** Somebody was told through another channel; false: there is none left that works. */
  readonly told: boolean;
}

/** What this process believes of the channels; the store may not know yet. */
export type Trouble = Omit<ChannelTrouble, "told">;

export interface Broken {
  readonly since: Instant;
  readonly reason: string;
}

interface Streak {
  readonly count: number;
  readonly since: Instant;
  readonly sinceMonotonic: number;
}

/** What is known of one recipient of a channel. */
interface Account {
  streak: Streak | null;
  /** Its messages fail: three times in a row over 30 s, or one refusal. */
  failing: Broken | null;
  /** Last success, by the monotonic clock; null: none yet. */
  workedAt: number | null;
}

/** One channel: broken while no recipient is reached, in part while others are. */
interface Watched {
  readonly accounts: ReadonlyMap<string, Account>;
  broken: Broken | null;
  readonly unreachable: Map<string, Broken>;
}

export interface Failure {
  readonly refused: boolean;
  readonly reason: string;
  readonly now: Instant;
  readonly monotonic: number;
}

const fresh = (): Account => ({ streak: null, failing: null, workedAt: null });

/** What the outcomes of tries say about each channel and its recipients: failing by three failures in a row over 30 s or by one refusal, well by one success. */
export class ChannelWatch {
  readonly #channels = new Map<ChannelName, Watched>();

  /** The channels that are broken as a whole. */
  get broken(): ReadonlyMap<ChannelName, Broken> {
    return new Map([...this.#channels].flatMap(([channel, { broken }]) => (broken === null ? [] : [[channel, broken] as const])));
  }

  /** Recipients that are not reached by a channel that reaches others. */
  unreachable(channel: ChannelName): ReadonlyMap<string, Broken> {
    return this.#channels.get(channel)?.unreachable ?? new Map();
  }

  get troubles(): readonly Trouble[] {
    return [...this.#channels].flatMap(([channel, { broken, unreachable }]) => [
      ...(broken === null ? [] : [{ channel, recipient: null, ...broken }]),
      ...[...unreachable].map(([recipient, how]) => ({ channel, recipient, ...how })),
    ]);
  }

  /** Whether messages to this recipient fail, whatever others get. */
  isFailing(channel: ChannelName, recipient: string): boolean {
    const watched = this.#channels.get(channel);
    return watched !== undefined && (watched.broken !== null || (watched.accounts.get(recipient)?.failing ?? null) !== null);
  }

  /** The channels and recipients of the site; others are forgotten. */
  keep(targets: readonly Target[]): void {
    const names = new Set(targets.map(({ name }) => name));
    for (const channel of this.#channels.keys()) if (!names.has(channel)) this.#channels.delete(channel);
    for (const { name, recipients } of targets) {
      const known = this.#channels.get(name);
      const accounts = new Map(recipients.map((recipient) => [recipient, known?.accounts.get(recipient) ?? fresh()]));
      const unreachable = new Map([...(known?.unreachable ?? [])].filter(([recipient]) => accounts.has(recipient)));
      this.#channels.set(name, { accounts, broken: known?.broken ?? null, unreachable });
    }
  }

  /** Takes over what the store knows from before; call it after `keep`. */
  restore(health: readonly ChannelHealth[]): void {
    for (const { channel, brokenSince, reason, unreachable = [] } of health) {
      const watched = this.#channels.get(channel);
      if (watched === undefined) continue;
      for (const [recipient, account] of watched.accounts) {
        const known = unreachable.find((one) => one.recipient === recipient);
        if (known !== undefined) watched.unreachable.set(recipient, (account.failing = { since: known.since, reason: known.reason }));
        else if (brokenSince !== null) account.failing = { since: brokenSince, reason };
      }
      if (brokenSince !== null) watched.broken = { since: brokenSince, reason };
    }
  }

  succeeded(channel: ChannelName, recipient: string, monotonic: number): void {
    const watched = this.#channels.get(channel);
    const account = watched?.accounts.get(recipient);
    if (watched === undefined || account === undefined) return;
    Object.assign(account, { streak: null, failing: null, workedAt: monotonic });
    watched.unreachable.delete(recipient);
    if (watched.broken !== null) {
      watched.broken = null;
      // What failed with the whole channel says nothing of the recipient.
      for (const [other, its] of watched.accounts) if (!watched.unreachable.has(other)) Object.assign(its, { streak: null, failing: null });
    }
    decide(watched);
  }

  failed(channel: ChannelName, recipient: string, how: Failure): void {
    const watched = this.#channels.get(channel);
    const account = watched?.accounts.get(recipient);
    if (watched === undefined || account === undefined) return;
    const { streak } = account;
    const now = streak === null ? { count: 1, since: how.now, sinceMonotonic: how.monotonic } : { ...streak, count: streak.count + 1 };
    account.streak = now;
    const lasting = now.count >= FAILURES && how.monotonic - now.sinceMonotonic >= FAILING_MS;
    if (how.refused || lasting) account.failing ??= { since: now.since, reason: how.reason };
    decide(watched);
  }
}

/** None of them was reached at that time or later, by the monotonic clock. */
const nobodyReached = (accounts: readonly Account[], from: number): boolean => accounts.every(({ workedAt }) => workedAt === null || workedAt < from);

/** Since when the channel reaches nobody; null while it may reach somebody. Of many recipients not each must have been tried. */
function brokenAs({ accounts, unreachable }: Watched): Broken | null {
  const all = [...accounts.values()];
  const failing = all.flatMap((account) => account.failing ?? []);
  const last = failing.reduce<Broken | null>((latest, one) => (latest === null || one.since > latest.since ? one : latest), null);
  if (failing.length === all.length) return last;
  const news = [...accounts].flatMap(([recipient, { failing: how, streak }]) => (how !== null && streak !== null && streak.count >= FAILURES && !unreachable.has(recipient) ? [streak.sinceMonotonic] : []));
  return news.length >= ENOUGH && nobodyReached(all, Math.min(...news) - FAILING_MS) ? last : null;
}

/** A recipient that fails is to blame itself when another one was reached at that time; when all fail it is the channel; else the next try of another one tells. */
function decide(watched: Watched): void {
  watched.broken ??= brokenAs(watched);
  if (watched.broken !== null) return;
  const well = [...watched.accounts.values()].filter(({ failing, streak }) => failing === null && streak === null);
  for (const [recipient, { failing: how, streak }] of watched.accounts) {
    if (how === null || watched.unreachable.has(recipient)) continue;
    if (!nobodyReached(well, (streak?.sinceMonotonic ?? 0) - FAILING_MS)) watched.unreachable.set(recipient, how);
  }
}

/** The name under which a channel's own incident is told. */
export const channelCheck = (channel: ChannelName): CheckName => checkName(`channel:${channel}`);

interface Target {
  readonly name: ChannelName;
  readonly recipients: readonly string[];
}

interface Telling {
  readonly trouble: Trouble;
  readonly kind: "channel-broken" | "channel-mended";
  readonly now: Instant;
  /** The channel, or that recipient of it, is not in the configuration any more. */
  readonly gone?: boolean;
}

function sentenceOf({ trouble: { recipient, reason }, kind, gone }: Telling): string {
  if (gone === true) return `${recipient ?? "it"} is no longer configured`;
  if (kind === "channel-mended") return recipient === null ? "it works again" : `it reaches ${recipient} again`;
  return recipient === null ? reason : `cannot reach ${recipient}: ${reason}`;
}

function statusOf({ trouble: { recipient }, kind, gone }: Telling): Status {
  if (gone === true) return "pending";
  if (kind === "channel-mended") return "up";
  return recipient === null ? "down" : "degraded";
}

function alertTo(telling: Telling, target: ChannelName, to: string): Alert {
  const { kind, now } = telling;
  const { channel, recipient, since } = telling.trouble;
  const check = channelCheck(channel);
  const incident = hash128(JSON.stringify(["channel", channel, since, ...(recipient === null ? [] : [recipient])])) as IncidentId;
  const ended = kind === "channel-mended";
  return {
    id: alertId({ check, of: incident, kind, step: 0, ordinal: 1, channel: target, recipient: to }),
    kind,
    check,
    incident,
    channel: target,
    recipient: to,
    at: now,
    status: statusOf(telling),
    since: ended ? now : since,
    sentence: sentenceOf(telling),
    code: ended ? "ok" : "unreachable",
    evidence: [],
    hides: [],
    outageFrom: ended ? since : null,
    step: 0,
    ordinal: 1,
  };
}

const tell = (telling: Telling, targets: readonly Target[]): readonly Alert[] => targets.flatMap(({ name, recipients }) => recipients.map((recipient) => alertTo(telling, name, recipient)));

export interface HealthInput {
  readonly now: Instant;
  /** As the store has it. */
  readonly durable: readonly ChannelHealth[];
  readonly troubles: readonly Trouble[];
  readonly channels: readonly Target[];
  /** Ids of the alerts of the ended incidents that are in the outbox and did not fail. */
  readonly toldIds: ReadonlySet<AlertId>;
}

/** One incident at a time for each channel, and for each recipient of it. */
export const keyOf = ({ channel, recipient }: Pick<Trouble, "channel" | "recipient">): string => JSON.stringify([channel, recipient]);

/** The incidents of a channel that the store has open. */
export function openOf({ channel, brokenSince, reason, told, unreachable = [] }: ChannelHealth): readonly ChannelTrouble[] {
  return [...(brokenSince === null ? [] : [{ channel, recipient: null, since: brokenSince, reason, told }]), ...unreachable.map((one) => ({ channel, ...one }))];
}

function healthOf(channel: ChannelName, open: readonly ChannelTrouble[]): ChannelHealth {
  const whole = open.find((one) => one.recipient === null);
  const unreachable = open.flatMap(({ recipient, since, reason, told }) => (recipient === null ? [] : [{ recipient, since, reason, told }]));
  return { channel, brokenSince: whole?.since ?? null, reason: whole?.reason ?? "", told: whole?.told ?? false, ...(unreachable.length === 0 ? {} : { unreachable }) };
}

/** Whom a trouble is told: the recipients that other channels reach; of a recipient, with no other channel, those that its own reaches. */
function hearers({ channel, recipient }: Trouble, { channels, troubles }: HealthInput): readonly Target[] {
  const failing = new Set(troubles.map(keyOf));
  const reached = channels.flatMap(({ name, recipients }) => {
    const rest = failing.has(keyOf({ channel: name, recipient: null })) ? [] : recipients.filter((one) => !failing.has(keyOf({ channel: name, recipient: one })));
    return rest.length === 0 ? [] : [{ name, recipients: rest }];
  });
  const others = reached.filter(({ name }) => name !== channel);
  return others.length > 0 || recipient === null ? others : reached;
}

/**
 * What to write and whom to tell, from the difference between what the store knows of the channels and what is so. Each incident of a channel, or
 * of a recipient that it does not reach, is told once, through every channel that works; its end to those who were told.
 */
export function healthChange(input: HealthInput): Pick<OutboxChange, "alerts" | "health"> {
  const { now, troubles, channels, toldIds } = input;
  const alerts: Alert[] = [];
  const open = new Map(input.durable.flatMap((health) => openOf(health)).map((one) => [keyOf(one), one]));
  const changed = new Set<ChannelName>();
  for (const trouble of troubles) {
    const known = open.get(keyOf(trouble));
    if (known?.told === true) continue;
    const to = hearers(trouble, input);
    if (known !== undefined && to.length === 0) continue;
    // An incident that the store has open goes on under its own start.
    const told = { ...trouble, since: known?.since ?? trouble.since };
    alerts.push(...tell({ trouble: told, kind: "channel-broken", now }, to));
    open.set(keyOf(trouble), { ...told, told: to.length > 0 });
    changed.add(trouble.channel);
  }
  const wrong = new Set(troubles.map(keyOf));
  for (const [key, trouble] of open) {
    if (wrong.has(key)) continue;
    open.delete(key);
    changed.add(trouble.channel);
    if (!trouble.told) continue;
    const own = channels.find((target) => target.name === trouble.channel);
    const gone = own === undefined || (trouble.recipient !== null && !own.recipients.includes(trouble.recipient));
    const heard = new Set(tell({ trouble, kind: "channel-broken", now }, channels).filter((alert) => toldIds.has(alert.id)).map(keyOf));
    alerts.push(...tell({ trouble, kind: "channel-mended", now, gone }, channels).filter((alert) => heard.has(keyOf(alert))));
  }
  return { alerts, health: [...changed].map((channel) => healthOf(channel, [...open.values()].filter((one) => one.channel === channel))) };
}
