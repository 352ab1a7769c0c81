import type { Evidence, Facts, Phases, Verdict } from "../core/types.ts";
import type { Failure } from "../sys/ports.ts";
import type { Destination } from "./dial.ts";
import { Dialogue, type Read } from "./dialogue.ts";
import type { TlsSettings } from "./options.ts";
import { type DialContext, evidenceOf, tenth, verdictOf } from "./outcome.ts";
import { openStream } from "./stream.ts";
import { secure } from "./tls.ts";

/** How long a farewell is waited for; a server that does not say goodbye is none the worse. */
const FAREWELL_MS = 1000;

export interface SessionRequest extends Destination {
  /** TLS from the first byte; null: plain, at least at first. */
  readonly tls: TlsSettings | null;
  /** With TLS from the first byte: protocols to offer, best first. */
  readonly alpn?: readonly string[];
  /** Whom the certificate must name, at once or after STARTTLS; the host by default. */
  readonly identity?: string;
  /** Octets received in all; 64 KiB by default. */
  readonly totalMax?: number;
  /** Octets of one line; 8 KiB by default. */
  readonly lineMax?: number;
}

/** What a run amounts to when it failed, in the shape of a probe's outcome. */
export interface FailedRun {
  readonly verdict: Verdict;
  readonly code: Failure["code"];
  readonly sentence: string;
  readonly phases: Phases;
  readonly facts: Facts;
  readonly evidence: Evidence;
}

export type OpenedSession = { readonly kind: "open"; readonly session: Session } | { readonly kind: "failed"; readonly failed: FailedRun };

/** A conversation in lines over one connection that may turn to TLS in its middle, with all that is to be told of it: phases, facts, evidence. */
export class Session {
  readonly dialogue: Dialogue;
  /** For sentences: `mail.example.com port 25`. */
  readonly peer: string;
  readonly ctx: DialContext;
  facts: Facts;
  phases: Phases;
  readonly #identity: string;
  readonly #attempts: readonly string[];
  #secured: boolean;
  /** TLS failed half-way: nothing can be said any more. */
  #broken = false;

  constructor(dialogue: Dialogue, request: SessionRequest, opened: { readonly facts: Facts; readonly phases: Phases; readonly attempts: readonly string[] }, ctx: DialContext) {
    this.dialogue = dialogue;
    this.peer = peerOf(request);
    this.ctx = ctx;
    this.#identity = request.identity ?? request.host;
    this.facts = opened.facts;
    this.phases = opened.phases;
    this.#attempts = opened.attempts;
    this.#secured = request.tls !== null;
  }

  /** Whether what is said now goes over TLS. */
  get secured(): boolean {
    return this.#secured;
  }

  /** Adds the time that `act` takes to a phase. */
  async timed<Value>(phase: string, act: () => Promise<Value>): Promise<Value> {
    const begun = this.ctx.clock.monotonic();
    const value = await act();
    this.phases = { ...this.phases, [phase]: tenth((this.phases[phase] ?? 0) + this.ctx.clock.monotonic() - begun) };
    return value;
  }

  /**
   * Goes on under TLS, after the server's go-ahead was read. What came beyond the go-ahead would be taken for something said under TLS
   * (CVE-2011-0411): then it fails.
   */
  async startTls(settings: TlsSettings): Promise<Failure | null> {
    const { surplus } = this.dialogue;
    if (surplus > 0) return { code: "protocol", sentence: `the server sent ${surplus} bytes more before TLS began (command injection, CVE-2011-0411)` };
    const secured = await secure(this.dialogue.detach(), { host: this.#identity, settings }, this.ctx);
    this.facts = { ...this.facts, ...secured.facts };
    this.phases = { ...this.phases, ...secured.phases };
    if (secured.kind === "failed") {
      this.#broken = true;
      return secured.failure;
    }
    this.dialogue.attach(secured.socket);
    this.#secured = true;
    return null;
  }

  /** Says goodbye, waits a second at most until `answered` has read the answer, and lets go. */
  async leave(words: string, answered: () => Promise<Read<unknown>>): Promise<void> {
    if (this.#broken) return this.dialogue.close();
    this.dialogue.write(words);
    const timer = this.ctx.clock.timer(FAREWELL_MS, () => this.dialogue.close());
    await answered();
    timer.cancel();
    this.dialogue.close();
  }

  get evidence(): Evidence {
    const { sent, received } = this.dialogue.transcript;
    return evidenceOf({ attempts: this.#attempts.join("\n"), sent, received });
  }

  failed(failure: Failure, facts: Facts = {}): FailedRun {
    return { verdict: verdictOf(failure.code), code: failure.code, sentence: failure.sentence, phases: this.phases, facts: { ...this.facts, ...facts }, evidence: this.evidence };
  }
}

const peerOf = ({ host, port }: Destination): string => `${host} port ${port}`;

/** Resolves, connects and, when asked to, secures; the session is the caller's to leave or to close. `opening`: ends that part earlier than the context. */
export async function openSession(request: SessionRequest, ctx: DialContext, opening: AbortSignal = ctx.signal): Promise<OpenedSession> {
  const stream = await openStream(request, { ...ctx, signal: opening });
  if (stream.kind === "failed") {
    const { failure, facts, phases, attempts } = stream;
    return { kind: "failed", failed: { verdict: verdictOf(failure.code), ...failure, phases, facts, evidence: evidenceOf({ attempts: attempts.join("\n") }) } };
  }
  const { totalMax, lineMax } = request;
  const options = { peer: peerOf(request), signal: ctx.signal, clock: ctx.clock, ...(totalMax === undefined ? {} : { totalMax }), ...(lineMax === undefined ? {} : { lineMax }) };
  return { kind: "open", session: new Session(new Dialogue(stream.socket, options), request, stream, ctx) };
}
