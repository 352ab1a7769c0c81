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
  /** What is to be sent, by channel and recipient: a further try takes along what came meanwhile, so that no recovery overtakes its outage. */
  readonly #waiting = new Map<string, Alert[]>();
  readonly #carriers = new Map<string, Promise<void>>();

  constructor(ports: UnrecordedPorts) {
    this.#ports = ports;
  }

  /** Takes alerts over; a message with one alert bears that alert's id as its key. */
  send(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (this.#handed.has(alert.id)) continue;
      this.#remember(alert.id);
      const pair = pairOf(alert);
      const waiting = this.#waiting.get(pair);
      if (waiting !== undefined) waiting.push(alert);
      else {
        this.#waiting.set(pair, [alert]);
        this.#carriers.set(pair, this.#carry(pair));
      }
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#carriers.values());
  }

  #remember(id: AlertId): void {
    this.#handed.add(id);
    const [oldest] = this.#handed;
    if (this.#handed.size > REMEMBERED && oldest !== undefined) this.#handed.delete(oldest);
  }

  async #carry(pair: string): Promise<void> {
    // What is handed over together is sent together.
    await Promise.resolve();
    for (let tries = 1; tries <= TRIES_MAX && !this.#ports.stopped(); tries++) {
      const [first, ...rest] = this.#waiting.get(pair) ?? [];
      if (first === undefined) break;
      const alerts: readonly [Alert, ...Alert[]] = [first, ...rest];
      const sending = await this.#ports.send(keyOf(alerts), alerts);
      if (sending === null || sending.kind !== "retry") {
        this.#waiting.get(pair)?.splice(0, alerts.length);
        tries = 0;
      } else if (tries < TRIES_MAX) await this.#ports.pause(tries);
    }
    // What never got out goes along when more is sent from memory later.
    for (const { id } of this.#waiting.get(pair) ?? []) this.#handed.delete(id);
    this.#waiting.delete(pair);
    this.#carriers.delete(pair);
  }
}

const keyOf = (alerts: readonly [Alert, ...Alert[]]): string => (alerts.length === 1 ? alerts[0].id : hash128(JSON.stringify(["unrecorded", ...alerts.map((alert) => alert.id)])));
