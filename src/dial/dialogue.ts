import type { Duplex } from "node:stream";
import { errnoOf, failureOf } from "../sys/failures.ts";
import type { Clock, Failure } from "../sys/ports.ts";
import { EVIDENCE_MAX, decoded, printable } from "./outcome.ts";
import { tlsFailure } from "./tls.ts";

/** RFC 5321 asks for 512 octets and RFC 3501 for 8,000: no honest server sends longer lines. */
export const LINE_MAX = 8192;
export const TOTAL_MAX = 65_536;
/** A text is searched again at every chunk so often; then only as it grows or after a pause: a server that drips cannot make the search quadratic. */
const EAGER_SEARCHES = 256;
const GROWTH = 1024;
const PAUSE_MS = 50;

export type Read<Value> = { readonly kind: "read"; readonly value: Value } | { readonly kind: "failed"; readonly failure: Failure };

export interface DialogueOptions {
  /** For sentences: `mail.example.com port 25`. */
  readonly peer: string;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, "timer">;
  /** Octets received in all, 64 KiB by default. */
  readonly totalMax?: number;
  /** Octets of one line, 8 KiB by default. */
  readonly lineMax?: number;
}

/**
 * A conversation over one connection, byte by byte or all at once, bounded: lines of 8 KiB, 64 KiB in all. Everything sent and received is kept
 * as evidence. One reader at a time; every wait ends at the deadline or when the connection does.
 */
export class Dialogue {
  #socket: Duplex;
  readonly #options: DialogueOptions;
  #buffer: Buffer = Buffer.alloc(0);
  #total = 0;
  #ended: Failure | null = null;
  #wake: (() => void) | null = null;
  #secured = false;
  #sent = "";
  #received = "";
  #legible = true;

  constructor(socket: Duplex, options: DialogueOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#attach(socket);
  }

  /** What was sent and received, as printable text: evidence, which the engine masks and cuts. */
  get transcript(): { readonly sent: string; readonly received: string } {
    return { sent: this.#sent, received: this.#received };
  }

  /** The connection, to ask it of its addresses; nobody else may read from it. */
  get socket(): Duplex {
    return this.#socket;
  }

  /** Octets received so far. */
  get total(): number {
    return this.#total;
  }

  /** `shown` stands for it in the evidence where it differs from what is sent (`AUTH PLAIN …`). */
  write(bytes: Uint8Array | string, shown?: string): void {
    this.#sent += printable(shown ?? bytes);
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(bytes);
  }

  /** What comes from now on is enciphered: it is no evidence. */
  closeTranscript(): void {
    this.#legible = false;
  }

  /** The next line without its CR LF (or bare LF). */
  async line(): Promise<Read<string>> {
    const { peer, lineMax = LINE_MAX } = this.#options;
    for (;;) {
      const end = this.#buffer.indexOf(10);
      if (end > lineMax || (end === -1 && this.#buffer.length > lineMax)) return this.#fail("too-large", `${peer} sent a line of more than ${lineMax} bytes`);
      if (end !== -1) {
        const line = decoded(this.#buffer.subarray(0, end)).replace(/\r$/, "");
        this.#buffer = this.#buffer.subarray(end + 1);
        return { kind: "read", value: line };
      }
      const over = this.#over("no whole line");
      if (over !== null) return { kind: "failed", failure: over };
      await this.#wait(null);
    }
  }

  /** Exactly so many octets, at most 64 Ki. */
  async take(count: number): Promise<Read<Uint8Array>> {
    while (this.#buffer.length < count) {
      const over = this.#over(`only ${this.#buffer.length} of ${count} bytes`);
      if (over !== null) return { kind: "failed", failure: over };
      await this.#wait(null);
    }
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return { kind: "read", value: taken };
  }

  /**
   * Reads until `find` sees what it looks for in all that has come since the last read; what was read is consumed. `find` returns null for
   * "not yet", or what it found. When the connection or the time ends first, the failure says so; what had come is in the transcript.
   */
  async until<Value>(find: (text: string) => Value | null): Promise<Read<Value>> {
    let searches = 0;
    let searched = 0;
    let paused = false;
    for (;;) {
      const length = this.#buffer.length;
      const over = this.#over("not what was expected");
      const due = over !== null || paused || searches < EAGER_SEARCHES || length - searched >= GROWTH;
      if (due && length > searched) {
        searches++;
        searched = length;
        const value = find(decoded(this.#buffer));
        if (value !== null) {
          this.#buffer = Buffer.alloc(0);
          return { kind: "read", value };
        }
      }
      if (over !== null) return { kind: "failed", failure: over };
      paused = await this.#wait(length > searched ? PAUSE_MS : null);
    }
  }

  /** What has come and was not read yet, as soon as `enough` says so of it, or after `ms`, or when no more will come; it stays unread. */
  async peek(enough: (bytes: Uint8Array) => boolean, ms: number): Promise<Uint8Array> {
    const late = new AbortController();
    const timer = this.#options.clock.timer(ms, () => {
      late.abort();
      this.#wake?.();
    });
    while (!late.signal.aborted && !enough(this.#buffer) && this.#over("") === null) await this.#wait(null);
    timer.cancel();
    return this.#buffer;
  }

  /** Octets that came and were not read yet; before TLS begins there must be none (CVE-2011-0411). */
  get surplus(): number {
    return this.#buffer.length;
  }

  /** Lets go of the connection, so that TLS can take it over, and gives it out. */
  detach(): Duplex {
    this.#socket.off("data", this.#take).off("end", this.#end).off("close", this.#end).off("error", this.#error);
    this.#socket.on("error", () => {});
    this.#socket.pause();
    return this.#socket;
  }

  /** Goes on over the secured connection. */
  attach(secured: Duplex): void {
    this.#secured = true;
    this.#socket = secured;
    this.#attach(secured);
  }

  /** Ends our side politely and lets go: FIN, no waiting. */
  close(): void {
    this.#socket.destroy();
  }

  #attach(socket: Duplex): void {
    socket.on("data", this.#take).on("end", this.#end).on("close", this.#end).on("error", this.#error);
  }

  readonly #take = (chunk: Buffer): void => {
    this.#total += chunk.length;
    if (this.#legible && this.#received.length < EVIDENCE_MAX) this.#received += printable(chunk);
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const totalMax = this.#options.totalMax ?? TOTAL_MAX;
    if (this.#total > totalMax) {
      this.#ended ??= { code: "too-large", sentence: `${this.#options.peer} sent more than ${totalMax / 1024} KiB` };
      this.#socket.destroy();
    }
    this.#wake?.();
  };

  readonly #end = (): void => {
    this.#ended ??= { code: "closed", sentence: `${this.#options.peer} closed the connection` };
    this.#wake?.();
  };

  readonly #error = (error: unknown): void => {
    this.#ended ??= this.#secured && errnoOf(error).startsWith("ERR_") ? tlsFailure(error) : failureOf(error, this.#options.peer);
    this.#wake?.();
  };

  #fail(code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } {
    return { kind: "failed", failure: { code, sentence } };
  }

  /** Why nothing more will come: the time is over, or the connection; null when something may. */
  #over(got: string): Failure | null {
    const { signal, peer } = this.#options;
    if (this.#ended !== null) return this.#ended;
    if (!signal.aborted) return null;
    return { code: "timeout", sentence: this.#total === 0 ? `${peer} sent nothing in time` : `${peer} sent ${got} in time` };
  }

  /** Waits for news, the deadline, or the pause; true when it was the pause. */
  #wait(pauseMs: number | null): Promise<boolean> {
    const { signal, clock } = this.#options;
    return new Promise((resolve) => {
      const settle = (paused: boolean): void => {
        signal.removeEventListener("abort", wake);
        timer?.cancel();
        this.#wake = null;
        resolve(paused);
      };
      const wake = (): void => settle(false);
      const timer = pauseMs === null ? null : clock.timer(pauseMs, () => settle(true));
      signal.addEventListener("abort", wake);
      this.#wake = wake;
    });
  }
}
