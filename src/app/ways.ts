import type { AnyChannel } from "../alert/channels/channel.ts";
import { channels } from "../alert/channels/index.ts";
import type { Site } from "../config/site.ts";

/** The channels that this process knows. The catalogue of providers is large: it is loaded when a site names one of them, and not when an outage is to be told. */
export class Ways {
  readonly #known = new Map<string, AnyChannel>(channels.map((channel) => [channel.type, channel]));

  /** Makes sure that every type of the site is known. */
  async prepare({ channels: named }: Pick<Site, "channels">): Promise<void> {
    if (named.every(({ type }) => this.#known.has(type))) return;
    const { providers } = await import("../alert/providers/index.ts");
    for (const channel of providers) this.#known.set(channel.type, channel);
  }

  /** The channel of a type; undefined when there is none. */
  readonly channelOf = (type: string): AnyChannel | undefined => this.#known.get(type);
}
