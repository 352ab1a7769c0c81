import type { Millis } from "../core/types.ts";
import { millis } from "../core/types.ts";
import type { Ports, Timer } from "../sys/ports.ts";
import type { AnyChannel, Message, Sending } from "./channels/channel.ts";

export type SendingPorts = Pick<Ports, "clock" | "random" | "network" | "processes" | "log">;

export interface Delivery {
  readonly channel: AnyChannel;
  readonly options: unknown;
  readonly message: Message;
  /** Time for the whole try. */
  readonly limitMs: number;
  /** Aborts when Tocsin stops. */
  readonly stop: AbortSignal;
  readonly mask: (text: string) => string;
}

export interface Delivered {
  /** Its texts are masked. */
  readonly sending: Sending;
  readonly tookMs: Millis;
}

/** After its deadline a channel has so long to say what became of the message; then it is in doubt, and its place is free. */
const GRACE_MS = 2000;

async function attempt({ channel, options, message }: Delivery, ports: SendingPorts, signal: AbortSignal): Promise<Sending> {
  const { clock, random, network, processes, log } = ports;
  try {
    return await channel.send(options, message, { key: message.key, signal, clock, random, network, processes, log });
  } catch (error) {
    // A channel answers with values; what it throws is a bug in it, and nothing is known of the message.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error(`channel type ${channel.type} failed with a bug`, { error: text });
    return { kind: "retry", reason: `a bug in channel type ${channel.type}: ${error instanceof Error ? error.message : String(error)}`, doubt: true };
  }
}

function masked(sending: Sending, mask: (text: string) => string): Sending {
  return sending.kind === "sent" ? { ...sending, detail: mask(sending.detail) } : { ...sending, reason: mask(sending.reason) };
}

/** One try to send one message, within its time whatever the channel does. */
export async function deliver(delivery: Delivery, ports: SendingPorts): Promise<Delivered> {
  const { clock } = ports;
  const began = clock.monotonic();
  const abort = new AbortController();
  const { promise: overdue, resolve: giveUp } = Promise.withResolvers<Sending>();
  let grace: Timer | null = null;
  abort.signal.addEventListener("abort", () => {
    grace = clock.timer(GRACE_MS, () => giveUp({ kind: "retry", reason: "no answer before the deadline", doubt: true }));
  });
  const end = (): void => abort.abort();
  const deadline = clock.timer(delivery.limitMs, end);
  delivery.stop.addEventListener("abort", end, { once: true });
  if (delivery.stop.aborted) end();
  const sending = await Promise.race([attempt(delivery, ports, abort.signal), overdue]);
  deadline.cancel();
  (grace as Timer | null)?.cancel();
  delivery.stop.removeEventListener("abort", end);
  return { sending: masked(sending, delivery.mask), tookMs: millis(Math.round(clock.monotonic() - began)) };
}
