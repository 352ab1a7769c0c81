import type { Alert, ChannelName, Instant } from "../core/types.ts";
import { plus } from "../core/types.ts";
import type { ChannelHealth, OutboxChange, Store } from "../store/store.ts";
import type { Clock } from "../sys/ports.ts";
import { askedWaitMs } from "./backoff.ts";
import type { Sending } from "./channels/channel.ts";
import type { OutboxChannel } from "./courier.ts";
import { type Broken, channelCheck, ChannelWatch, type ChannelTrouble, healthChange } from "./health.ts";
import { NOTHING } from "./plan.ts";

export interface StandingOptions {
  readonly store: Pick<Store, "messages">;
  readonly clock: Clock;
  readonly channels: () => readonly OutboxChannel[];
  readonly write: (change: OutboxChange) => Promise<void>;
  /** Called with all broken channels whenever they changed. */
  readonly onTrouble: (troubles: readonly ChannelTrouble[]) => void;
}

const HEALTH_ROWS = 500;
/** A receiver that asks for so long a wait does not take what is to be told now. */
const LONG_WAIT_MS = 300_000;

/** How each channel stands: which are broken, kept in line with the store, told and reported; and which receivers asked to be left alone for a while. */
export class Standing {
  readonly #options: StandingOptions;
  readonly #watch = new ChannelWatch();
  /** Until when, by the monotonic clock. */
  readonly #asked = new Map<ChannelName, number>();
  #durable: readonly ChannelHealth[] | null = null;
  #reported = "[]";

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  get broken(): ReadonlyMap<ChannelName, Broken> {
    return this.#watch.broken;
  }

  /** Forgets channels that the site no longer has. */
  keep(): void {
    const names = new Set(this.#options.channels().map(({ name }) => name));
    this.#watch.keep(names);
    for (const name of this.#asked.keys()) if (!names.has(name)) this.#asked.delete(name);
  }

  /** Takes the outcome of a try; true when the channel broke or was mended by it. */
  outcome(channel: ChannelName, sending: Sending): boolean {
    const { clock } = this.#options;
    const before = this.#watch.broken.has(channel);
    const waitMs = sending.kind === "retry" ? askedWaitMs(sending.afterMs) : null;
    if (sending.kind === "sent") this.#asked.delete(channel);
    if (waitMs !== null) this.#asked.set(channel, Math.max(this.#asked.get(channel) ?? 0, clock.monotonic() + waitMs));
    if (sending.kind === "sent") this.#watch.succeeded(channel);
    else this.#watch.failed(channel, { refused: sending.kind === "refused" || (waitMs ?? 0) >= LONG_WAIT_MS, reason: sending.reason, now: clock.now(), monotonic: clock.monotonic() });
    return before !== this.#watch.broken.has(channel);
  }

  /** Channels whose receiver asked to be left alone until then. A broken one with a fallback is tried with each news all the same: only then the other hears of it. */
  notBefore(): ReadonlyMap<ChannelName, Instant> {
    const { clock, channels } = this.#options;
    const asked = new Map<ChannelName, Instant>();
    for (const { name, fallback } of channels()) {
      const until = this.#asked.get(name) ?? 0;
      if (until > clock.monotonic() && !(fallback !== null && this.#watch.broken.has(name))) asked.set(name, plus(clock.now(), Math.ceil(until - clock.monotonic())));
    }
    return asked;
  }

  /** Brings the store's knowledge of the channels in line; true when it wrote something. */
  async settle(durable: readonly ChannelHealth[], waiting: readonly Alert[]): Promise<boolean> {
    const { store, clock, write, channels } = this.#options;
    if (this.#durable === null) {
      this.#watch.restore(durable);
      this.keep();
    }
    this.#durable = durable;
    const toldIds = new Set(waiting.map((alert) => alert.id));
    for (const { channel, brokenSince } of durable) {
      if (brokenSince === null || this.#watch.broken.has(channel)) continue;
      const rows = await store.messages({ check: channelCheck(channel), limit: HEALTH_ROWS });
      for (const row of rows) if (row.status !== "failed") for (const id of row.alerts) toldIds.add(id);
    }
    const change = healthChange({ now: clock.now(), durable, broken: this.#watch.broken, channels: channels(), toldIds });
    const wrote = change.health.length > 0;
    if (wrote) {
      await write({ ...NOTHING, ...change });
      this.#durable = [...durable.filter((one) => !change.health.some((written) => written.channel === one.channel)), ...change.health];
    }
    this.report();
    return wrote;
  }

  /** Hands out what is broken, when that changed. */
  report(): void {
    const told = new Set((this.#durable ?? []).filter((one) => one.told).map((one) => one.channel));
    const troubles = [...this.#watch.broken].map(([channel, { since, reason }]) => ({ channel, since, reason, told: told.has(channel) }));
    const text = JSON.stringify(troubles);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#options.onTrouble(troubles);
  }
}
