import { type Found, type Question, type Transport, addressesIn, askServer } from "./nameserver.ts";
import type { Server } from "./nameservice.ts";
import type { Clock } from "./ports.ts";
import { first } from "./until-aborted.ts";

/** What all servers together say. `agreed`: two of them gave the same kind of refusal, so it is not this place's resolver alone. */
export type Looked = Exclude<Found, { kind: "broken" }> | { readonly kind: "broken"; readonly agreed: boolean; readonly reason: string };

/** Silence of a server before the next is asked: long enough for a recursion that is not cached, short enough for three tries in a usual timeout. */
const TRY_MS = 1500;
const ROUNDS = 2;
/** One look-up is never longer than that, whoever waits for it. */
const LOOKUP_MS = 10_000;

/** Asks the servers in turn until one has a verdict, at most two rounds; resolves as broken when `signal` aborts. Never throws. */
export async function lookUp(question: Question, servers: readonly Server[], transport: Transport, clock: Clock, signal: AbortSignal): Promise<Looked> {
  const refusals = new Map<string, string>();
  let reason = "no resolver is configured";
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of servers) {
      if (signal.aborted) return { kind: "broken", agreed: false, reason };
      const found = await tryServer(question, server, transport, clock, signal);
      if (found.kind !== "broken") return found;
      reason = found.reason;
      if (found.answered) refusals.set(`${server.ip} ${server.port}`, found.reason);
      if (refusals.size >= 2) return { kind: "broken", agreed: true, reason };
    }
  }
  return { kind: "broken", agreed: false, reason };
}

type Tried = Exclude<Found, { kind: "broken" }> | { readonly kind: "broken"; readonly reason: string; readonly answered: boolean };

async function tryServer(question: Question, server: Server, transport: Transport, clock: Clock, signal: AbortSignal): Promise<Tried> {
  const patience = new AbortController();
  const timer = clock.timer(TRY_MS, () => patience.abort());
  const pass = (): void => patience.abort();
  signal.addEventListener("abort", pass);
  try {
    const reply = await askServer(server, question, transport, patience.signal);
    if (reply.kind === "silent") return { kind: "broken", answered: false, reason: reply.reason };
    const found = addressesIn(reply.message, question);
    return found.kind === "broken" ? { kind: "broken", answered: true, reason: `${found.reason} (${server.ip})` } : found;
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", pass);
  }
}

interface Kept {
  readonly looked: Looked;
  readonly until: number;
}

interface Running {
  readonly answer: Promise<Looked>;
  readonly controller: AbortController;
  waiting: number;
}

const KEPT_MAX = 20_000;
/** A name is asked for anew at least so often, so that a moved host is seen. */
const KEEP_MS_MAX = 300_000;
/** A name that was missing must be found soon after it is there. */
const KEEP_NONE_MS_MAX = 30_000;

/** Look-ups by name and type: kept for their TTL, shared by all who ask at the same time, ended when nobody waits any more. */
export class Lookups {
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Map<string, Running>();
  readonly #clock: Clock;
  readonly #start: (question: Question, signal: AbortSignal) => Promise<Looked>;

  constructor(clock: Clock, start: (question: Question, signal: AbortSignal) => Promise<Looked>) {
    this.#clock = clock;
    this.#start = start;
  }

  /** The answer, or null when `signal` aborted first. */
  async ask(question: Question, signal: AbortSignal): Promise<Looked | null> {
    const key = `${question.type} ${question.name}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > this.#clock.monotonic()) return kept.looked;
    if (signal.aborted) return null;
    const running = this.#running.get(key) ?? this.#run(key, question);
    running.waiting++;
    const answer = await first(running.answer, signal);
    running.waiting--;
    if (running.waiting === 0 && answer === null) {
      if (this.#running.get(key) === running) this.#running.delete(key);
      running.controller.abort();
    }
    return answer;
  }

  #run(key: string, question: Question): Running {
    const controller = new AbortController();
    const timer = this.#clock.timer(LOOKUP_MS, () => controller.abort());
    const answer = this.#start(question, controller.signal).then((looked) => {
      timer.cancel();
      if (this.#running.get(key)?.controller === controller) this.#running.delete(key);
      this.#keep(key, looked);
      return looked;
    });
    const running: Running = { answer, controller, waiting: 0 };
    this.#running.set(key, running);
    return running;
  }

  #keep(key: string, looked: Looked): void {
    this.#kept.delete(key);
    if (looked.kind === "broken" || looked.ttlS <= 0) return;
    const longest = looked.kind === "found" ? KEEP_MS_MAX : KEEP_NONE_MS_MAX;
    this.#kept.set(key, { looked, until: this.#clock.monotonic() + Math.min(looked.ttlS * 1000, longest) });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }
}
