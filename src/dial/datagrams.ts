import type { Phases } from "../core/types.ts";
import type { Address, DatagramSocket, Failure, Timer } from "../sys/ports.ts";
import type { Destination } from "./dial.ts";
import { type DialContext, tenth } from "./outcome.ts";

/**
 * What a datagram is to the one who asked: the answer, word that the answer is under way (then it is waited for here), nothing of ours (waiting
 * goes on), or wrong, which is told when no answer follows.
 */
export type Heard<Value> = { readonly kind: "answer"; readonly value: Value } | { readonly kind: "underWay" | "ignored" } | { readonly kind: "wrong"; readonly reason: string };

/** One question that goes out several times, octet by octet the same and from the same port, as in RFC 3261, section 17.1.2. */
export interface Transaction {
  /** Ms until it goes out again, when it did so often; `underWay`: the answer was announced. */
  repeatMs(sent: number, underWay: boolean): number;
  /** How long it is waited for where there is no other address, and anew once the answer is under way, ms. */
  readonly lengthMs: number;
}

export interface Question<Value> extends Destination {
  /** Our own port; the system's choice when absent. */
  readonly sourcePort?: number;
  /** The datagram of the n-th try, counted from 0: with a new id, so that a late answer to an earlier one is known as such. `local`: our own end. */
  packet(tries: number, local: DatagramSocket["local"]): Uint8Array;
  read(bytes: Uint8Array): Heard<Value>;
  /** A datagram may be lost: after so many ms the question is asked again, at the next address when there is one. */
  readonly tryMs: number;
  /** Within a try the datagram goes out once, unless this says otherwise. */
  readonly transaction?: Transaction;
}

/** `notes`: what happened on the way, for the evidence. Phases: `resolve` (names only) and `answer`. */
export type Replied<Value> =
  | { readonly kind: "answered"; readonly value: Value; readonly address: Address; readonly phases: Phases; readonly notes: readonly string[]; readonly tries: number }
  | { readonly kind: "failed"; readonly failure: Failure; readonly phases: Phases; readonly notes: readonly string[]; readonly tries: number };

/** Addresses of one name that are tried. */
const ADDRESSES_MAX = 16;
/** Words that the target said, or that the line may have lost: asking again may help. What the system says it will say again. */
const worthAnother = (failure: Failure): boolean => failure.code === "timeout" || failure.code === "protocol";

/** Asks over UDP until there is an answer or `ctx.signal` aborts; never rejects, and leaves no socket behind. */
export async function askDatagram<Value>(question: Question<Value>, ctx: DialContext): Promise<Replied<Value>> {
  const begun = ctx.clock.monotonic();
  const resolution = await ctx.network.resolve(question.host, question.family === "any" ? null : question.family, ctx.signal);
  const resolved = ctx.clock.monotonic();
  if (resolution.kind === "failed") return { kind: "failed", failure: resolution.failure, phases: { resolve: tenth(resolved - begun) }, notes: [], tries: 0 };
  const left = resolution.addresses.slice(0, ADDRESSES_MAX);
  const resolve: Phases = left[0]?.ip === question.host ? {} : { resolve: tenth(resolved - begun) };
  const notes: string[] = [];
  let failure: Failure = { code: "unresolvable", sentence: `${question.host} has no address` };
  let tries = 0;
  for (let next = 0; left.length > 0; ) {
    const index = next % left.length;
    const address = left[index] ?? { ip: question.host, family: 4 };
    const tried = ctx.clock.monotonic();
    const reply = await tryOnce({ ip: address.ip, tries: tries++, alone: left.length === 1 }, question, ctx);
    const phases = { ...resolve, answer: tenth(ctx.clock.monotonic() - tried) };
    if (reply.kind === "answered") return { kind: "answered", value: reply.value, address, phases, notes, tries };
    failure = reply.failure;
    notes.push(failure.sentence);
    if (ctx.signal.aborted) break;
    if (worthAnother(failure)) next = index + 1;
    else left.splice(index, 1);
  }
  return { kind: "failed", failure, phases: { ...resolve, answer: tenth(ctx.clock.monotonic() - resolved) }, notes, tries };
}

type Reply<Value> = { readonly kind: "answered"; readonly value: Value } | { readonly kind: "failed"; readonly failure: Failure };

/** A try at one address; `alone`: there is no other. */
interface Try {
  readonly ip: string;
  readonly tries: number;
  readonly alone: boolean;
}

async function tryOnce<Value>(at: Try, question: Question<Value>, ctx: DialContext): Promise<Reply<Value>> {
  const opened = await ctx.network.datagram(at.ip, question.port, question.source, question.sourcePort);
  if (opened.kind === "failed") return opened;
  try {
    return await converse(opened.socket, at, question, ctx);
  } finally {
    opened.socket.close();
  }
}

async function converse<Value>(socket: DatagramSocket, { ip, tries, alone }: Try, question: Question<Value>, ctx: DialContext): Promise<Reply<Value>> {
  const { port, tryMs, transaction } = question;
  const packet = question.packet(tries, socket.local);
  let patience = impatience(alone ? (transaction?.lengthMs ?? tryMs) : tryMs, ctx);
  const sending = repeated(() => socket.send(packet), transaction, ctx);
  let wrong: string | null = null;
  try {
    for (;;) {
      const arrival = await socket.receive(patience.signal);
      if (arrival.kind === "failed") return { kind: "failed", failure: wrong === null ? arrival.failure : { code: "protocol", sentence: `${ip} port ${port} sent ${wrong}` } };
      const heard = question.read(arrival.bytes);
      if (heard.kind === "answer") return { kind: "answered", value: heard.value };
      if (heard.kind === "wrong") wrong = heard.reason;
      if (heard.kind !== "underWay" || transaction === undefined || !sending.slowDown()) continue;
      patience.end();
      patience = impatience(transaction.lengthMs, ctx);
    }
  } finally {
    sending.end();
    patience.end();
  }
}

/** Sends now, and again as the transaction wants. `slowDown`: the answer is under way; true when that is news. */
function repeated(send: () => void, transaction: Transaction | undefined, { clock }: Pick<DialContext, "clock">): { slowDown(): boolean; end(): void } {
  let sent = 0;
  let underWay = false;
  let timer: Timer | null = null;
  const wait = (): void => {
    timer?.cancel();
    if (transaction !== undefined) timer = clock.timer(transaction.repeatMs(sent, underWay), once);
  };
  const once = (): void => {
    sent++;
    send();
    wait();
  };
  once();
  return {
    slowDown: () => {
      if (underWay) return false;
      underWay = true;
      wait();
      return true;
    },
    end: () => timer?.cancel(),
  };
}

/** A signal that aborts after `ms` or with the context's, whichever comes first. */
export function impatience(ms: number, ctx: Pick<DialContext, "signal" | "clock">): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const timer = ctx.clock.timer(ms, stop);
  ctx.signal.addEventListener("abort", stop);
  if (ctx.signal.aborted) stop();
  return {
    signal: controller.signal,
    end: () => {
      timer.cancel();
      ctx.signal.removeEventListener("abort", stop);
    },
  };
}
