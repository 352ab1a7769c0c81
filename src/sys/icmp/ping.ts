import { randomBytes } from "node:crypto";
import { describeError, TOKEN_OCTETS } from "../../wire/icmp.ts";
import type { Echo, PingAnswer, PingRequest } from "../ports.ts";
import type { SocketAddress } from "./address.ts";
import type { Echoes } from "./echoes.ts";
import type { EchoAnswer, EchoReport, EchoSender } from "./flights.ts";
import { sendFailure } from "./troubles.ts";

type Report = Extract<PingAnswer, { kind: "pinged" }>["reports"][number];
/** Different reports that are kept. */
const REPORTS_MAX = 16;

/** One ping: sends its echoes one after the other and collects what comes of them. */
export class PingSession implements EchoSender {
  readonly to: SocketAddress;
  readonly source: Uint8Array | null;
  readonly token = randomBytes(TOKEN_OCTETS);
  readonly sequences: number[] = [];
  over = false;
  readonly #request: PingRequest;
  readonly #echoes: Echoes;
  readonly #answers: (Echo | null)[] = [];
  readonly #settled: boolean[] = [];
  readonly #reports = new Map<string, Report>();
  readonly #droppedBefore: number;
  readonly #resolve: (answer: PingAnswer) => void;
  readonly #end = (): void => this.#conclude();
  #timer: NodeJS.Timeout | undefined;
  #open = 0;
  #late = 0;
  #duplicates = 0;
  /** The error number of the last one that could not be sent. */
  #refusal: number | null = null;
  #refused = 0;

  static run(echoes: Echoes, request: PingRequest, to: SocketAddress, source: Uint8Array | null): Promise<PingAnswer> {
    return new Promise((resolve) => new PingSession(echoes, request, to, source, resolve).#begin());
  }

  private constructor(echoes: Echoes, request: PingRequest, to: SocketAddress, source: Uint8Array | null, resolve: (answer: PingAnswer) => void) {
    this.#echoes = echoes;
    this.#request = request;
    this.to = to;
    this.source = source;
    this.#droppedBefore = echoes.dropped;
    this.#resolve = resolve;
  }

  #begin(): void {
    this.#request.signal.addEventListener("abort", this.#end, { once: true });
    this.#send(0);
  }

  #send(index: number): void {
    const { size, ttl, dontFragment } = this.#request;
    this.#echoes.send({ sender: this, index, size, ttl, whole: dontFragment });
  }

  sent(index: number): void {
    this.#answers[index] = null;
    this.#open += 1;
    this.#goOn(index);
  }

  unsent(index: number, errno: number): void {
    this.#answers[index] = null;
    this.#refusal = errno;
    this.#refused += 1;
    this.#goOn(index);
  }

  /** The next echo in time, or the end of waiting after the last one. */
  #goOn(index: number): void {
    const { count, intervalMs, waitMs } = this.#request;
    const next = index + 1;
    if (next < count) this.#timer = setTimeout(() => this.#send(next), intervalMs);
    else if (this.#open === 0) this.#conclude();
    else this.#timer = setTimeout(this.#end, waitMs);
  }

  answered(index: number, { rttMs, hopLimit }: EchoAnswer): void {
    if (rttMs > this.#request.waitMs) this.#late += 1;
    else this.#answers[index] = { rttMs, ttl: hopLimit };
    this.#settle(index);
  }

  repeated(): void {
    this.#duplicates += 1;
  }

  reported(index: number, { from, type, code, mtu }: EchoReport): void {
    const error = describeError(this.to.family, type, code, mtu);
    if (error === null) return;
    if (this.#reports.size < REPORTS_MAX) this.#reports.set(`${from} ${error.sentence}`, { from, sentence: error.sentence });
    this.#settle(index);
  }

  #settle(index: number): void {
    if (this.#settled[index] === true) return;
    this.#settled[index] = true;
    this.#open -= 1;
    if (this.#open === 0 && this.#answers.length === this.#request.count) this.#finish();
  }

  /** The time is over: what came meanwhile, and was not read because this process was busy, still counts. */
  #conclude(): void {
    if (!this.over) this.#echoes.drain();
    this.#finish();
  }

  #finish(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.#timer);
    this.#request.signal.removeEventListener("abort", this.#end);
    this.#echoes.forget(this);
    this.#resolve(this.#answer());
  }

  #answer(): PingAnswer {
    const sent = this.#answers.length;
    if (sent === 0) return { kind: "failed", failure: { code: "late", sentence: "no echo could be sent in time" } };
    if (this.#refusal !== null && this.#refused === sent) return { kind: "failed", failure: sendFailure(this.#refusal, this.#request) };
    if (this.#echoes.dropped > this.#droppedBefore && this.#answers.includes(null)) return { kind: "failed", failure: { code: "resources", sentence: "answers were lost in this machine, which got more than it could take" } };
    const refusals = this.#refusal === null ? [] : [{ from: "this machine", sentence: sendFailure(this.#refusal, this.#request).sentence }];
    const by = this.#echoes.kind === "ping" ? "ping socket" : "raw socket";
    return { kind: "pinged", echoes: this.#answers, late: this.#late, duplicates: this.#duplicates, reports: [...this.#reports.values(), ...refusals], by };
  }
}
