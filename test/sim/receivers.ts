import { z } from "zod";
import type { AnyChannel, Channel, Sending } from "../../src/alert/channels/channel.ts";
import type { Alert } from "../../src/core/types.ts";
import type { Chance } from "./random.ts";

/** One try to send, begun at `at` on the monotonic clock; `arrivedAt` when the receiver got it, whether or not the sender knows. */
export interface Receipt {
  readonly at: number;
  readonly life: number;
  readonly channel: string;
  readonly recipient: string;
  readonly key: string;
  readonly text: string;
  readonly alerts: readonly Alert[];
  arrivedAt: number | null;
}

const options = z.strictObject({ name: z.string(), to: z.array(z.string()) });
type Options = z.output<typeof options>;

/** The people who are told: some of the channels answer late, with errors, or not at all. */
export class Receivers {
  readonly receipts: Receipt[] = [];
  readonly #chance: Chance;
  readonly #monotonic: () => number;
  /** Shares of tries that go wrong by channel. */
  trouble: { readonly [channel: string]: number } = { flaky: 0.5, boss: 0.1, ops: 0.03 };
  /** Channels that are dead now. */
  readonly dead = new Set<string>();

  constructor(chance: Chance, monotonic: () => number) {
    this.#chance = chance;
    this.#monotonic = monotonic;
  }

  /** The channel type as one life of the process has it. */
  type(life: () => number): AnyChannel {
    const channel: Channel<Options> = {
      type: "sim",
      about: "Tells simulated people",
      source: "the simulation",
      options,
      recipients: ({ to }) => to,
      send: async ({ name }, message, ctx): Promise<Sending> => {
        const receipt: Receipt = { at: this.#monotonic(), life: life(), channel: name, recipient: message.recipient, key: message.key, text: message.text, alerts: message.alerts, arrivedAt: null };
        this.receipts.push(receipt);
        const hang = new Promise<void>((resolve) => ctx.signal.addEventListener("abort", () => resolve(), { once: true }));
        const takes = new Promise<void>((resolve) => void ctx.clock.timer(this.#chance.between(5, 1500), resolve));
        if (this.dead.has(name)) {
          await (this.#chance.chance(0.5) ? hang : takes);
          return { kind: "retry", reason: "cannot connect", doubt: false };
        }
        const wrong = this.#chance.chance(this.trouble[name] ?? 0);
        const how = wrong ? this.#chance.pick(["clean", "doubt", "hang"]) : "sent";
        if (how === "hang") {
          await hang;
          return { kind: "retry", reason: "no answer", doubt: true };
        }
        await takes;
        if (how === "clean") return { kind: "retry", reason: "try later", doubt: false };
        receipt.arrivedAt = this.#monotonic();
        return how === "sent" ? { kind: "sent", detail: "250 ok" } : { kind: "retry", reason: "connection lost", doubt: true };
      },
    };
    return channel;
  }
}
