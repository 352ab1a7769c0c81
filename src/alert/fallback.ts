import { hash128 } from "../core/ids.ts";
import type { Alert, AlertId, IncidentId } from "../core/types.ts";
import type { Store } from "../store/store.ts";
import type { OutboxChannel } from "./courier.ts";
import { tellsEnd, tellsTrouble } from "./items.ts";
import { NOTHING, pairOf } from "./plan.ts";

export interface FallbackOptions {
  readonly store: Pick<Store, "changeOutbox" | "incident" | "unsettled">;
  readonly channels: () => readonly OutboxChannel[];
  /** Whether what began stays open at channels of this type until its end is told. */
  readonly keepsOpen: (type: string) => boolean;
}

type Whom = Pick<Alert, "channel" | "recipient">;

/** Of a recipient's queue so many alerts are told elsewhere, the newest. */
const QUEUE_MAX = 5000;

/** The same news to somebody else. The id follows from what it tells and to whom, so that each hears it once, whoever it was for. */
function standIn(alert: Alert, { channel, recipient }: Whom): Alert {
  const { id, check, incident, kind, step, ordinal } = alert;
  const news = incident === null ? [id] : [check, incident, kind, step, ordinal];
  return { ...alert, id: hash128(JSON.stringify(["fallback", ...news, channel, recipient])) as AlertId, channel, recipient, insteadOf: alert.insteadOf ?? alert.channel };
}

/** The incidents of which an alert tells the end. */
const endedBy = ({ kind, incident, ends }: Alert): readonly IncidentId[] => [...(tellsEnd(kind) && incident !== null ? [incident] : []), ...(ends === undefined ? [] : [ends])];

/** What every channel that works is told of channels needs nobody to stand in. */
const isOfChannels = ({ kind }: Alert): boolean => kind === "channel-broken" || kind === "channel-mended";

/** Lets other channels tell what one cannot. All that is written may be written again: ids stay the same. */
export class Fallback {
  readonly #options: FallbackOptions;
  /** Alerts of each recipient's queue that were told elsewhere; with another configuration it begins anew. */
  readonly #told = new WeakMap<OutboxChannel, Map<string, ReadonlySet<AlertId>>>();

  constructor(options: FallbackOptions) {
    this.#options = options;
  }

  /**
   * Tells the ends among these alerts to those who were told in place of their recipient, whatever the configuration says now. Called before they
   * leave the outbox in whichever way: all before them in their queue has left it by then, and who stood in for that is in the store.
   */
  tellEnds(alerts: readonly Alert[]): Promise<void> {
    const ends = alerts.filter((alert) => endedBy(alert).length > 0);
    return ends.length === 0 ? Promise.resolve() : this.#tell(ends, []);
  }

  /** Nobody will be sent what waits for this recipient: its channel was removed. */
  async tellEndsFor({ channel, recipient }: Whom): Promise<void> {
    await this.tellEnds(await this.#options.store.unsettled(channel, recipient, QUEUE_MAX));
  }

  /** Tells over the channel's fallback all that waits for a recipient whom it does not reach: what was tried in vain and what is behind it. */
  async tellQueue(channel: OutboxChannel, recipient: string): Promise<void> {
    const { store, channels } = this.#options;
    const to = channels().find(({ name }) => name === channel.fallback);
    const queue = await store.unsettled(channel.name, recipient, QUEUE_MAX);
    const told = this.#told.get(channel) ?? new Map<string, ReadonlySet<AlertId>>();
    const before = told.get(recipient);
    const news = queue.filter(({ id }) => before?.has(id) !== true);
    if (to === undefined) await this.tellEnds(news);
    else await this.#tell(news, to.recipients.map((one) => ({ channel: to.name, recipient: one })));
    this.#told.set(channel, told.set(recipient, new Set(queue.map(({ id }) => id))));
  }

  async #tell(alerts: readonly Alert[], fallback: readonly Whom[]): Promise<void> {
    const { store, channels, keepsOpen } = this.#options;
    const types = new Map(channels().map(({ name, type }) => [name, type]));
    const mayHear = ({ quiet }: Alert, type: string | undefined): boolean => type !== undefined && (quiet !== true || keepsOpen(type));
    const stories = new Map<IncidentId, Promise<readonly Alert[]>>();
    const storyOf = (incident: IncidentId): Promise<readonly Alert[]> => {
      const story = stories.get(incident) ?? store.incident(incident).then((found) => (found?.alerts ?? []).map((row) => row.alert));
      stories.set(incident, story);
      return story;
    };
    const copies: Alert[] = [];
    for (const alert of alerts) {
      if (isOfChannels(alert)) continue;
      const ended = (await Promise.all(endedBy(alert).map(storyOf))).flat();
      const stoodIn = ended.filter((one) => one.insteadOf === (alert.insteadOf ?? alert.channel) && tellsTrouble(one.kind));
      const story = alert.incident === null ? [] : await storyOf(alert.incident);
      const known = new Set(story.map(({ id }) => id));
      // Whom the check tells anyway hears it by that.
      const anyway = new Set(story.filter((one) => one.insteadOf === undefined).map(pairOf));
      const whom = [...fallback, ...stoodIn].filter((one) => !anyway.has(pairOf(one)) && mayHear(alert, types.get(one.channel)));
      for (const one of new Map(whom.map((each) => [pairOf(each), each])).values()) {
        const copy = standIn(alert, one);
        if (!known.has(copy.id)) copies.push(copy);
      }
    }
    if (copies.length > 0) await store.changeOutbox({ ...NOTHING, alerts: copies });
  }
}
