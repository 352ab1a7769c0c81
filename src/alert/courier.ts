import { type Alert, type AlertId, type ChannelName, type CheckName, type Instant, instant, type Millis, millis, plus } from "../core/types.ts";
import type { MessageRow, Settlement, Store } from "../store/store.ts";
import { alsoTold, untoldEnds } from "./audience.ts";
import { backoffMs, isHopeless } from "./backoff.ts";
import type { AnyChannel, Attachment, Message, Sending } from "./channels/channel.ts";
import { type Delivered, deliver, type SendingPorts } from "./deliver.ts";
import type { Fallback } from "./fallback.ts";
import { renderMessage, type SiteFacts } from "./message.ts";
import { actLinks, type SignLink } from "./act-links.ts";
import { type CheckFacts, inOwnWords, type Templates } from "./words.ts";
import { type Patience, type Pauses, storeWaitMs } from "./patience.ts";
import { type Draw, picturesOf } from "./pictures.ts";
import { pastEnds } from "./past.ts";
import { withdraw } from "./plan.ts";

/** A channel of the site: the part of its definition that sending needs. */
export interface OutboxChannel {
  readonly name: ChannelName;
  readonly type: string;
  readonly options: unknown;
  readonly recipients: readonly string[];
  readonly cap: number | null;
  readonly groupMs: Millis;
  /** Each alert has a message of its own. */
  readonly alone: boolean;
  readonly templates: Templates;
  /** Tells in its place while it does not work. */
  readonly fallback: ChannelName | null;
}

export interface OutboxSite {
  readonly facts: SiteFacts;
  /** What a check is, for templates; null for one that is gone. */
  readonly check: (name: CheckName) => CheckFacts | null;
  /** Signs a link by which the reader of a message acts; absent: messages have none. */
  readonly token?: SignLink;
  /** Draws what goes with a message, for channels that carry files; absent: nothing. */
  readonly picture?: Draw;
  readonly channels: readonly OutboxChannel[];
}

export interface CourierOptions {
  readonly store: Pick<Store, "changeOutbox" | "claimMessage" | "settleMessage" | "wasTold" | "incident">;
  readonly ports: SendingPorts;
  /** The channel of a type; undefined when there is none. */
  readonly channelOf: (type: string) => AnyChannel | undefined;
  readonly site: () => OutboxSite;
  readonly mask: (text: string) => string;
  readonly sendMs: number;
  readonly patience: Patience;
  readonly pauses: Pauses;
  readonly fallback: Fallback;
  /** These are in a message that is being tried, perhaps one of an earlier life. */
  readonly onClaimed: (alerts: readonly Alert[]) => void;
  /** These are sent, or refused: no further try is made. */
  readonly onDone: (alerts: readonly Alert[]) => void;
  /** Told of each try's outcome, before it is settled. */
  readonly onOutcome: (channel: ChannelName, recipient: string, sending: Sending) => void;
  /** Called when a message's place is free again. */
  readonly onFree: () => void;
  /** Whether news that was never tried waits behind this message. */
  readonly isInTheWay: (row: MessageRow) => boolean;
  readonly isBroken: (channel: ChannelName) => boolean;
  /** Whether messages to this recipient fail, also when the channel reaches others. */
  readonly isFailing: (channel: ChannelName, recipient: string) => boolean;
}

const LEASE_MS = 120_000;
const PER_CHANNEL = 4;
const IN_ALL = 16;
/** Broken channels, each with one place, may hold so many of all places: they must not keep the others waiting. */
const FOR_BROKEN = 8;

/** Carries messages: claims, renders, sends and settles each, a bounded number at a time. */
export class Courier {
  readonly #options: CourierOptions;
  /** Messages being claimed, sent or settled, with their channel. */
  readonly #busy = new Map<string, ChannelName>();
  readonly #carrying = new Set<Promise<void>>();
  #sent = 0;
  #failed = 0;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  get busy(): ReadonlyMap<string, ChannelName> {
    return this.#busy;
  }

  get counts(): { readonly sent: number; readonly failed: number } {
    return { sent: this.#sent, failed: this.#failed };
  }

  /** Whether another message of the channel may be begun now. */
  hasRoom(channel: ChannelName): boolean {
    const { isBroken } = this.#options;
    let ofChannel = 0;
    let ofBroken = 0;
    for (const busy of this.#busy.values()) {
      if (busy === channel) ofChannel += 1;
      if (isBroken(busy)) ofBroken += 1;
    }
    if (this.#busy.size >= IN_ALL) return false;
    return isBroken(channel) ? ofChannel === 0 && ofBroken < FOR_BROKEN : ofChannel < PER_CHANNEL;
  }

  /** Begins to carry a message that is due; the row may be as old as the last look at the outbox. */
  begin(row: MessageRow): void {
    const { patience, onFree } = this.#options;
    this.#busy.set(row.id, row.channel);
    const carried = this.#carry(row)
      .catch((error: unknown) => patience.failed("sending a message", error))
      .finally(() => {
        this.#busy.delete(row.id);
        this.#carrying.delete(carried);
        onFree();
      });
    this.#carrying.add(carried);
  }

  /** Resolves when nothing that is being carried now is any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#carrying);
  }

  async #carry(found: MessageRow): Promise<void> {
    const { store, ports, patience, pauses, fallback, site } = this.#options;
    // Nobody else sends from this store: a lease that is not ours now is one of an earlier life, a time in the future one of another clock.
    const asOf = instant(Math.max(ports.clock.now(), found.nextTryAt, found.leaseUntil ?? 0));
    const claimed = await store.claimMessage(found.id, asOf, plus(asOf, LEASE_MS));
    // It was settled or superseded since the last look; the pause keeps a disagreement with the store from spinning.
    if (claimed === null) return pauses.pause(storeWaitMs(1));
    patience.worked();
    const { row, alerts } = claimed;
    this.#options.onClaimed(alerts);
    await fallback.tellEnds(alerts);
    const untold = row.doubt ? new Set<AlertId>() : await untoldEnds(store, row, alerts);
    if (untold.size > 0) return store.changeOutbox(withdraw(row, untold, ports.clock.now()));
    const channel = site().channels.find((one) => one.name === row.channel);
    if (channel === undefined) return this.#settle(row, { kind: "failed", at: ports.clock.now(), tookMs: millis(0), reason: "channel removed" });
    const { picture } = site();
    const pictures = picture === undefined || this.#options.channelOf(channel.type)?.attaches !== true ? new Map() : await picturesOf(alerts, row.formedAt, picture, ports);
    const told = [...alerts, ...(await pastEnds(store, row, alerts, channel.groupMs))];
    const message = this.render(channel, row.id, told, { asOf: row.formedAt, alsoTold: await alsoTold(store, row, alerts), unrecorded: false, pictures });
    const at = ports.clock.now();
    const { sending, tookMs } = await this.send(channel, message);
    if (sending.kind !== "retry") this.#options.onDone(alerts);
    // Before the try is settled: a crash between the two repeats it.
    if (sending.kind !== "sent" && this.#options.isFailing(channel.name, row.recipient)) await fallback.tellQueue(channel, row.recipient);
    await this.#settle(row, this.#settlement(row, sending, at, tookMs));
  }

  #settlement(row: MessageRow, sending: Sending, at: Instant, tookMs: Millis): Settlement {
    const { isInTheWay, ports } = this.#options;
    const { clock, random } = ports;
    if (sending.kind === "sent") return { kind: "sent", at, tookMs, detail: sending.detail };
    if (sending.kind === "refused") return { kind: "failed", at, tookMs, reason: sending.reason };
    const now = clock.now();
    if (isHopeless(row.formedAt, row.tries, now)) return { kind: "failed", at, tookMs, reason: `given up after ${row.tries} tries: ${sending.reason}` };
    return { kind: "retry", at, tookMs, reason: sending.reason, doubt: sending.doubt, nextTryAt: plus(now, backoffMs(row.tries, random.fraction(), sending.afterMs, isInTheWay(row))) };
  }

  /** Writes what became of a try, again and again until the store takes it: until then the message counts as being sent. */
  async #settle(row: MessageRow, settlement: Settlement): Promise<void> {
    const { store, patience, pauses } = this.#options;
    this.#note(row, settlement);
    for (let failures = 1; ; failures++) {
      try {
        await store.settleMessage(row.id, settlement);
        return patience.worked();
      } catch (error) {
        patience.failed("settling a message", error);
        if (pauses.signal.aborted) return;
        await pauses.pause(storeWaitMs(failures));
      }
    }
  }

  #note(row: MessageRow, settlement: Settlement): void {
    const { log } = this.#options.ports;
    const about = { message: row.id, recipient: row.recipient, tries: row.tries };
    if (settlement.kind === "sent") {
      this.#sent += 1;
      log.info(`message to ${row.channel} sent: ${settlement.detail}`, about);
    } else if (settlement.kind === "retry") log.warn(`message to ${row.channel} not sent, will be tried again: ${settlement.reason}`, about);
    else this.noteFailed(row, settlement.reason);
  }

  /** Counts and logs a dead letter. */
  noteFailed(row: MessageRow, reason: string): void {
    this.#failed += 1;
    this.#options.ports.log.error(`message to ${row.channel} given up: ${reason}`, { message: row.id, recipient: row.recipient, alerts: row.alerts.length });
  }

  render(channel: OutboxChannel, key: string, alerts: readonly Alert[], how: { readonly asOf: Instant; readonly alsoTold: readonly string[]; readonly unrecorded: boolean; readonly pictures?: ReadonlyMap<CheckName, Attachment> }): Message {
    const { site, ports } = this.#options;
    const { facts, check, token } = site();
    const act = actLinks(facts, token);
    const message = renderMessage({ key, recipient: alerts[0]?.recipient ?? "", alerts, site: facts, act, typeOf: (name) => check(name)?.type, ...how });
    const own = inOwnWords(channel.templates, message, { site: facts, asOf: how.asOf, check, act });
    if (own.problem !== null) ports.log.error(`a template of channel ${channel.name} failed, the default text is sent: ${own.problem}`);
    return own.message;
  }

  /** One try, recorded nowhere. */
  async send(channel: OutboxChannel, message: Message): Promise<Delivered> {
    const { ports, mask, sendMs, channelOf, pauses, onOutcome } = this.#options;
    const type = channelOf(channel.type);
    if (type === undefined) return { sending: { kind: "refused", reason: `there is no channel type ${channel.type}` }, tookMs: millis(0) };
    const delivered = await deliver({ channel: type, options: channel.options, message, limitMs: sendMs, stop: pauses.signal, mask }, ports);
    onOutcome(channel.name, message.recipient, delivered.sending);
    return delivered;
  }
}
