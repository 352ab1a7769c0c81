import type { Phases } from "../core/types.ts";
import type { Address, Failure } from "../sys/ports.ts";
import type { Destination } from "./dial.ts";
import { type DialContext, tenth } from "./outcome.ts";

/** What a datagram is to the one who asked: the answer, nothing of ours (waiting goes on), or wrong, which is told when no answer follows. */
export type Heard<Value> = { readonly kind: "answer"; readonly value: Value } | { readonly kind: "ignored" } | { readonly kind: "wrong"; readonly reason: string };

export interface Question<Value> extends Destination {
  /** Our own port; the system's choice when absent. */
  readonly sourcePort?: number;
  /** The datagram of the n-th try, counted from 0: with a new id, so that a late answer to an earlier one is known as such. */
  packet(tries: number): Uint8Array;
  read(bytes: Uint8Array): Heard<Value>;
  /** A datagram may be lost: after so many ms the question is asked again, at the next address when there is one. */
  readonly tryMs: number;
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
    const reply = await tryOnce(address.ip, question, tries++, ctx);
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

async function tryOnce<Value>(ip: string, question: Question<Value>, tries: number, ctx: DialContext): Promise<Reply<Value>> {
  const { port, source, sourcePort, tryMs } = question;
  const opened = await ctx.network.datagram(ip, port, source, sourcePort);
  if (opened.kind === "failed") return opened;
  const patience = impatience(tryMs, ctx);
  let wrong: string | null = null;
  try {
    opened.socket.send(question.packet(tries));
    for (;;) {
      const arrival = await opened.socket.receive(patience.signal);
      if (arrival.kind === "failed") return { kind: "failed", failure: wrong === null ? arrival.failure : { code: "protocol", sentence: `${ip} port ${port} sent ${wrong}` } };
      const heard = question.read(arrival.bytes);
      if (heard.kind === "answer") return { kind: "answered", value: heard.value };
      if (heard.kind === "wrong") wrong = heard.reason;
    }
  } finally {
    patience.end();
    opened.socket.close();
  }
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
