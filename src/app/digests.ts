import { NOTHING } from "../alert/plan.ts";
import { reportOf, type Reported } from "../alert/report.ts";
import type { ChannelDefinition, CheckDefinition } from "../config/site.ts";
import { alertId } from "../core/ids.ts";
import { nextSlot } from "../core/schedule.ts";
import { type Alert, type ChannelName, type CheckName, checkName, type Incident, type Instant, instant } from "../core/types.ts";
import type { Store } from "../store/store.ts";
import type { Clock, Log, Timer } from "../sys/ports.ts";
import { absencesOf, absentMs } from "./absence.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The longest sleep until the times are looked at again: a step of the wall clock is noticed by then. */
const LOOK_AGAIN_MS = 60_000;
/** A digest that came due while nothing ran is made up for within this time. */
const CATCH_UP_MS = 12 * HOUR_MS;
/** The longest time between two digests is a week; looked back over so much to find the one before. */
const BACK_MS = 8 * DAY_MS;
const SLOTS_MAX = 10_000;
const INCIDENTS_MAX = 1000;
/** Incidents of which it is looked up whether anybody was told. */
const LOOKED_UP_MAX = 200;
const DEAD_LETTERS_MAX = 1000;
/** Messages with digests of any channel, looked through for the last one. */
const DIGESTS_MAX = 1000;
/** What a start wrote is in the store by then: how long nothing ran before it. */
const SETTLED_MS = 1000;

export interface DigestParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, "incidents" | "incident" | "messages" | "changeOutbox" | "journal" | "results">;
  readonly site: () => { readonly name: string; readonly timezone: string };
  readonly checks: () => ReadonlyMap<CheckName, CheckDefinition>;
  readonly groupsOf: (name: CheckName) => readonly CheckName[];
  /** Called when there is something new to send. */
  readonly made: () => void;
}

type Digest = NonNullable<ChannelDefinition["digest"]>;

/** Writes the digests of the channels that want one, when they are due. */
export class Digests {
  readonly #parts: DigestParts;
  #channels: readonly ChannelDefinition[] = [];
  /** Up to when each channel's times were looked at. */
  readonly #lookedAt = new Map<ChannelName, Instant>();
  #timer: Timer | null = null;
  #busy = false;
  #begun = false;
  #stopped = false;

  constructor(parts: DigestParts) {
    this.#parts = parts;
  }

  /** Takes the channels; at the start of a process that is not the first one (`again`) what it missed is made up for. */
  configure(channels: readonly ChannelDefinition[], again: boolean): void {
    this.#channels = channels.filter(({ digest }) => digest !== null);
    const now = this.#parts.clock.now();
    // A channel that comes with a reload has missed nothing.
    const since = instant(again && !this.#begun ? now - CATCH_UP_MS : now);
    this.#begun = true;
    for (const { name } of this.#channels) if (!this.#lookedAt.has(name)) this.#lookedAt.set(name, since);
    for (const name of this.#lookedAt.keys()) if (!this.#channels.some((channel) => channel.name === name)) this.#lookedAt.delete(name);
    this.#arm(Math.max(SETTLED_MS, this.#waitMs()));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #arm(waitMs = this.#waitMs()): void {
    this.#timer?.cancel();
    this.#timer = this.#stopped || this.#channels.length === 0 ? null : this.#parts.clock.timer(waitMs, () => void this.#look());
  }

  /** Until the next digest is due, or until the next look at the clock. */
  #waitMs(): number {
    const now = this.#parts.clock.now();
    const nexts = this.#channels.flatMap(({ name, digest }) => (digest === null ? [] : (nextSlot(digest.schedule, instant(Math.min(now, this.#lookedAt.get(name) ?? now)), name) ?? [])));
    return Math.max(1, Math.min(LOOK_AGAIN_MS, ...nexts.map((next) => next - now)));
  }

  async #look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    let waitMs: number | undefined;
    try {
      for (const channel of this.#channels) await this.#lookAt(channel);
    } catch (error) {
      this.#parts.log.warn(`a digest could not be written, it is tried again: ${error instanceof Error ? error.message : String(error)}`);
      waitMs = LOOK_AGAIN_MS;
    } finally {
      this.#busy = false;
      this.#arm(waitMs);
    }
  }

  async #lookAt(channel: ChannelDefinition): Promise<void> {
    const { digest, name } = channel;
    const now = this.#parts.clock.now();
    const looked = this.#lookedAt.get(name) ?? now;
    const due = digest === null ? null : lastSlot(digest.schedule, looked, now, name);
    if (digest !== null && due !== null) await this.#write(channel, due, await this.#before(channel, digest.schedule, due));
    // Also when the clock was put back.
    this.#lookedAt.set(name, now);
  }

  /** Up to when the digest before told; of the first one, when one would have been due while Tocsin ran. */
  async #before({ name }: ChannelDefinition, schedule: Digest["schedule"], due: Instant): Promise<Instant> {
    const { store, site, checks } = this.#parts;
    const before = (until: Instant): Instant | null => lastSlot(schedule, instant(until - BACK_MS), until, name);
    const made = await store.messages({ check: checkName(site().name), limit: DIGESTS_MAX });
    const last = made.find(({ channel, tells, formedAt }) => channel === name && formedAt < due && tells.some(({ kind }) => kind === "digest"))?.formedAt;
    if (last !== undefined) return before(last) ?? last;
    const slot = before(instant(due - 1)) ?? instant(due - DAY_MS);
    const missed = (await absencesOf(store, checks().values(), slot)).find(({ from }) => from < slot);
    return missed === undefined ? slot : (before(missed.from) ?? missed.from);
  }

  /** The same slot gives the same ids: a digest is sent once, whatever crashes. */
  async #write(channel: ChannelDefinition, to: Instant, from: Instant): Promise<void> {
    const { store, site, checks, made } = this.#parts;
    const { timezone, name: siteName } = site();
    const incidents = await this.#incidents(channel, from, to);
    const failed = await store.messages({ status: "failed", limit: DEAD_LETTERS_MAX });
    const undelivered = failed.filter((row) => row.channel === channel.name && row.formedAt > from && row.formedAt <= to).length;
    const awayMs = absentMs(await absencesOf(store, checks().values(), from), from, to);
    const { sentence, evidence } = reportOf({ from, to, incidents, undelivered, awayMs, timezone });
    const check = checkName(siteName);
    const rest = { kind: "digest", check, incident: null, channel: channel.name, at: this.#parts.clock.now(), status: "up", since: from, sentence, code: "ok", evidence, hides: [], outageFrom: null, step: 0, ordinal: 1 } as const;
    const alerts = channel.recipients.map((recipient): Alert => ({ ...rest, recipient, id: alertId({ check, of: to, kind: "digest", step: 0, ordinal: 1, channel: channel.name, recipient }) }));
    await store.changeOutbox({ ...NOTHING, alerts });
    made();
  }

  async #incidents(channel: ChannelDefinition, from: Instant, to: Instant): Promise<readonly Reported[]> {
    const { store, groupsOf } = this.#parts;
    const [recent, open] = await Promise.all([store.incidents({ before: to, limit: INCIDENTS_MAX }), store.incidents({ open: true, limit: INCIDENTS_MAX })]);
    const all = new Map([...open, ...recent].map((incident) => [incident.id, incident]));
    const within = [...all.values()].filter((incident) => incident.opened <= to && (incident.closed === null || incident.closed > from) && this.#concerns(channel, incident));
    const reported: Reported[] = [];
    for (const [at, incident] of within.entries()) {
      const alerts = at < LOOKED_UP_MAX ? ((await store.incident(incident.id))?.alerts ?? []) : null;
      reported.push({ incident, group: groupsOf(incident.check)[0] ?? null, told: alerts === null || alerts.some(({ status }) => status !== "withdrawn" && status !== "failed") });
    }
    return reported;
  }

  /** A channel is told of what it is told of anyway, unless it is to hear of everything. */
  #concerns({ name, digest }: ChannelDefinition, { check }: Incident): boolean {
    if (digest?.of === "all") return true;
    const policy = this.#parts.checks().get(check)?.policy;
    if (policy === undefined) return false;
    const named = policy.steps.flatMap(({ to }) => to);
    return named.some((one) => one === name || rotationNames(policy.rotations[one]).includes(name));
  }
}

/** Everybody who is ever on call. */
const rotationNames = (rotation: CheckDefinition["policy"]["rotations"][string] | undefined): readonly ChannelName[] => (rotation === undefined ? [] : [...rotation.turns.flat(), ...rotation.hours.flatMap(({ to }) => to), ...rotation.overrides.flatMap(({ to }) => to)]);

/** The last slot after `after` and up to `until`; null when there is none. */
function lastSlot(schedule: Digest["schedule"], after: Instant, until: Instant, name: string): Instant | null {
  let found: Instant | null = null;
  for (let slot = nextSlot(schedule, after, name), count = 0; slot !== null && slot <= until && count < SLOTS_MAX; slot = nextSlot(schedule, slot, name), count += 1) found = slot;
  return found;
}
