import { alertId, hash128 } from "../core/ids.ts";
import { type Alert, type AlertId, type AlertKind, type ChannelName, type CheckName, checkName, type IncidentId, type Instant } from "../core/types.ts";
import type { ChannelHealth, OutboxChange } from "../store/store.ts";

/** Failed tries in a row, and the time in ms that they must span, before a channel counts as broken. */
const FAILURES = 3;
const FAILING_MS = 30_000;

/** A channel that is broken, for the page's bar, `/readyz` and standard error. */
export interface ChannelTrouble {
  readonly channel: ChannelName;
  readonly since: Instant;
  readonly reason: string;
  /** Somebody was told through another channel; false: there is none left that works. */
  readonly told: boolean;
}

/** A channel being broken, as this process believes it; the store may not know yet. */
export interface Broken {
  readonly since: Instant;
  readonly reason: string;
}

interface Streak {
  readonly count: number;
  readonly since: Instant;
  readonly sinceMonotonic: number;
}

/** What the outcomes of tries say about each channel: broken by three failures in a row over 30 s or by one refusal, mended by one success. */
export class ChannelWatch {
  readonly #streaks = new Map<ChannelName, Streak>();
  readonly #broken = new Map<ChannelName, Broken>();

  get broken(): ReadonlyMap<ChannelName, Broken> {
    return this.#broken;
  }

  /** Takes over what the store knows from before. */
  restore(health: readonly ChannelHealth[]): void {
    for (const { channel, brokenSince, reason } of health) if (brokenSince !== null) this.#broken.set(channel, { since: brokenSince, reason });
  }

  succeeded(channel: ChannelName): void {
    this.#streaks.delete(channel);
    this.#broken.delete(channel);
  }

  failed(channel: ChannelName, how: { readonly refused: boolean; readonly reason: string; readonly now: Instant; readonly monotonic: number }): void {
    const before = this.#streaks.get(channel);
    const streak = before === undefined ? { count: 1, since: how.now, sinceMonotonic: how.monotonic } : { ...before, count: before.count + 1 };
    this.#streaks.set(channel, streak);
    if (this.#broken.has(channel)) return;
    const lasting = streak.count >= FAILURES && how.monotonic - streak.sinceMonotonic >= FAILING_MS;
    if (how.refused || lasting) this.#broken.set(channel, { since: streak.since, reason: how.reason });
  }

  /** Forgets channels that the site no longer has. */
  keep(names: ReadonlySet<ChannelName>): void {
    for (const list of [this.#streaks, this.#broken]) for (const channel of list.keys()) if (!names.has(channel)) list.delete(channel);
  }
}

/** The name under which a channel's own incident is told. */
export const channelCheck = (channel: ChannelName): CheckName => checkName(`channel:${channel}`);

interface Target {
  readonly name: ChannelName;
  readonly recipients: readonly string[];
}

interface Telling {
  readonly channel: ChannelName;
  readonly kind: AlertKind;
  readonly since: Instant;
  readonly reason: string;
  readonly now: Instant;
}

function alertTo(telling: Telling, target: ChannelName, recipient: string): Alert {
  const { channel, kind, since, reason, now } = telling;
  const check = channelCheck(channel);
  const incident = hash128(JSON.stringify(["channel", channel, since])) as IncidentId;
  const ended = kind === "channel-mended";
  return {
    id: alertId({ check, of: incident, kind, step: 0, ordinal: 1, channel: target, recipient }),
    kind,
    check,
    incident,
    channel: target,
    recipient,
    at: now,
    status: ended ? "up" : "down",
    since: ended ? now : since,
    sentence: reason,
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
  readonly broken: ReadonlyMap<ChannelName, Broken>;
  readonly channels: readonly Target[];
  /** Ids of the alerts of the mended channels' incidents that are in the outbox and did not fail. */
  readonly toldIds: ReadonlySet<AlertId>;
}

/**
 * What to write and whom to tell, from the difference between what the store knows of the channels and what is so. Each incident of a channel is
 * told once, through every channel that works; its end to those who were told.
 */
export function healthChange(input: HealthInput): Pick<OutboxChange, "alerts" | "health"> {
  const { now, broken, channels, toldIds } = input;
  const alerts: Alert[] = [];
  const health: ChannelHealth[] = [];
  const durable = new Map(input.durable.map((one) => [one.channel, one]));
  const working = channels.filter((target) => !broken.has(target.name) && target.recipients.length > 0);
  for (const [channel, { since, reason }] of broken) {
    const known = durable.get(channel);
    const isKnown = known !== undefined && known.brokenSince !== null;
    if (isKnown && known.told) continue;
    // An incident that the store has open goes on under its own start.
    const telling: Telling = { channel, kind: "channel-broken", since: isKnown ? (known.brokenSince ?? since) : since, reason, now };
    if (isKnown && working.length === 0) continue;
    alerts.push(...tell(telling, working));
    health.push({ channel, brokenSince: telling.since, reason, told: working.length > 0 });
  }
  for (const { channel, brokenSince, told } of durable.values()) {
    if (brokenSince === null || broken.has(channel)) continue;
    health.push({ channel, brokenSince: null, reason: "", told: false });
    if (!told || !channels.some((target) => target.name === channel)) continue;
    const telling: Telling = { channel, kind: "channel-broken", since: brokenSince, reason: "", now };
    const heard = new Set(tell(telling, channels).filter((alert) => toldIds.has(alert.id)).map((alert) => JSON.stringify([alert.channel, alert.recipient])));
    const ends = tell({ ...telling, kind: "channel-mended", reason: "it works again" }, channels);
    alerts.push(...ends.filter((alert) => heard.has(JSON.stringify([alert.channel, alert.recipient]))));
  }
  return { alerts, health };
}
