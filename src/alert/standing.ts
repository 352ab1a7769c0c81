import type { Alert, ChannelName, Instant } from "../core/types.ts";
import { plus } from "../core/types.ts";
import type { ChannelHealth, OutboxChange, Store } from "../store/store.ts";
import type { Clock } from "../sys/ports.ts";
import { askedWaitMs } from "./backoff.ts";
import type { Sending } from "./channels/channel.ts";
import type { OutboxChannel } from "./courier.ts";
import { type Broken, channelCheck, ChannelWatch, type ChannelTrouble, healthChange, keyOf, openOf } from "./health.ts";
import { NOTHING } from "./plan.ts";

export interface StandingOptions {
  readonly store: Pick<Store, "messages">;
  readonly clock: Clock;
  readonly channels: () => readonly OutboxChannel[];
  readonly write: (change: OutboxChange) => Promise<void>;
  /** Called with all that is wrong with channels whenever it changed. */
  readonly onTrouble: (troubles: readonly ChannelTrouble[]) => void;
}

const HEALTH_ROWS = 500;
/** A receiver that asks for so long a wait does not take what is to be told now. */
const LONG_WAIT_MS = 300_000;

/** How each channel stands: which are broken, wholly or for a recipient, kept in line with the store, told and reported; and which receivers asked to be left alone for a while. */
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

  /** Recipients that are not reached by a channel that reaches others. */
  unreachable(channel: ChannelName): ReadonlyMap<string, Broken> {
    return this.#watch.unreachable(channel);
  }

  /** Whether messages to this recipient fail, whatever others get. */
  isFailing(channel: ChannelName, recipient: string): boolean {
    return this.#watch.isFailing(channel, recipient);
  }

  /** Knows the site's channels and recipients, and forgets others. */
  keep(): void {
    const channels = this.#options.channels();
    const names = new Set(channels.map(({ name }) => name));
    this.#watch.keep(channels);
    for (const name of this.#asked.keys()) if (!names.has(name)) this.#asked.delete(name);
  }

  /** Takes the outcome of a try; true when trouble began or ended by it. */
  outcome(channel: ChannelName, recipient: string, sending: Sending): boolean {
    const { clock } = this.#options;
    const before = JSON.stringify(this.#watch.troubles);
    const waitMs = sending.kind === "retry" ? askedWaitMs(sending.afterMs) : null;
    if (sending.kind === "sent") this.#asked.delete(channel);
    if (waitMs !== null) this.#asked.set(channel, Math.max(this.#asked.get(channel) ?? 0, clock.monotonic() + waitMs));
    if (sending.kind === "sent") this.#watch.succeeded(channel, recipient, clock.monotonic());
    else this.#watch.failed(channel, recipient, { refused: sending.kind === "refused" || (waitMs ?? 0) >= LONG_WAIT_MS, reason: sending.reason, now: clock.now(), monotonic: clock.monotonic() });
    return before !== JSON.stringify(this.#watch.troubles);
  }

  /** Channels whose receiver asked to be left alone until then. One with a fallback that does not reach somebody is tried with each news all the same: only then the other hears of it. */
  notBefore(): ReadonlyMap<ChannelName, Instant> {
    const { clock, channels } = this.#options;
    const asked = new Map<ChannelName, Instant>();
    for (const { name, fallback, recipients } of channels()) {
      const until = this.#asked.get(name) ?? 0;
      const mustTry = fallback !== null && recipients.some((one) => this.isFailing(name, one));
      if (until > clock.monotonic() && !mustTry) asked.set(name, plus(clock.now(), Math.ceil(until - clock.monotonic())));
    }
    return asked;
  }

  /** Brings the store's knowledge of the channels in line; true when it wrote something. */
  async settle(durable: readonly ChannelHealth[], waiting: readonly Alert[]): Promise<boolean> {
    const { store, clock, write, channels } = this.#options;
    if (this.#durable === null) {
      this.keep();
      this.#watch.restore(durable);
    }
    this.#durable = durable;
    const toldIds = new Set(waiting.map((alert) => alert.id));
    // Tries end while the store is read; what they change is for the next look, which reads who was told of it.
    const { troubles } = this.#watch;
    const wrong = new Set(troubles.map(keyOf));
    for (const health of durable) {
      if (openOf(health).every((one) => wrong.has(keyOf(one)))) continue;
      const rows = await store.messages({ check: channelCheck(health.channel), limit: HEALTH_ROWS });
      for (const row of rows) if (row.status !== "failed") for (const id of row.alerts) toldIds.add(id);
    }
    const change = healthChange({ now: clock.now(), durable, troubles, channels: channels(), toldIds });
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
    const told = new Set((this.#durable ?? []).flatMap(openOf).filter((one) => one.told).map(keyOf));
    const troubles = this.#watch.troubles.map((trouble) => ({ ...trouble, told: told.has(keyOf(trouble)) }));
    const text = JSON.stringify(troubles);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#options.onTrouble(troubles);
  }
}
