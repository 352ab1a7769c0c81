import { hash128 } from "../core/ids.ts";
import type { Alert, AlertId } from "../core/types.ts";
import type { Sending } from "./channels/channel.ts";
import { pairOf } from "./plan.ts";

export interface UnrecordedPorts {
  /** Sends to the channel of the alerts; `null` when the site has no such channel. */
  readonly send: (key: string, alerts: readonly [Alert, ...Alert[]]) => Promise<Sending | null>;
  /** Resolves after the wait before try `tries` + 1, or at once when Tocsin stops. */
  readonly pause: (tries: number) => Promise<void>;
  readonly stopped: () => boolean;
}

/** Tries of a message from memory: with the growing waits between them some 40 minutes. */
const TRIES_MAX = 10;
/** Ids remembered, so that an alert handed over twice is sent once. */
const REMEMBERED = 20_000;

/** The one way past the store: alerts that could not be committed go out from memory, in order for each recipient, and may come again later. */
export class Unrecorded {
  readonly #ports: UnrecordedPorts;
  readonly #handed = new Set<AlertId>();
  readonly #queues = new Map<string, Promise<void>>();

  constructor(ports: UnrecordedPorts) {
    this.#ports = ports;
  }

  /** Takes alerts over; a message with one alert bears that alert's id as its key. */
  send(alerts: readonly Alert[]): void {
    const groups = new Map<string, [Alert, ...Alert[]]>();
    for (const alert of alerts) {
      if (this.#handed.has(alert.id)) continue;
      this.#remember(alert.id);
      const pair = pairOf(alert);
      const group = groups.get(pair);
      if (group === undefined) groups.set(pair, [alert]);
      else group.push(alert);
    }
    for (const [pair, group] of groups) {
      const queue = (this.#queues.get(pair) ?? Promise.resolve()).then(() => this.#carry(group));
      this.#queues.set(pair, queue);
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#queues.values());
  }

  #remember(id: AlertId): void {
    this.#handed.add(id);
    const [oldest] = this.#handed;
    if (this.#handed.size > REMEMBERED && oldest !== undefined) this.#handed.delete(oldest);
  }

  async #carry(alerts: readonly [Alert, ...Alert[]]): Promise<void> {
    const key = alerts.length === 1 ? alerts[0].id : hash128(JSON.stringify(["unrecorded", ...alerts.map((alert) => alert.id)]));
    for (let tries = 1; tries <= TRIES_MAX && !this.#ports.stopped(); tries++) {
      const sending = await this.#ports.send(key, alerts);
      if (sending === null || sending.kind !== "retry") return;
      await this.#ports.pause(tries);
    }
  }
}

