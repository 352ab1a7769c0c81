import type { IcmpError } from "../../wire/icmp.ts";
import type { Hop, HopAnswer, TraceAnswer, TraceRequest } from "../ports.ts";
import { sendFailure } from "./troubles.ts";

/** What came back for a packet. */
export interface ProbeAnswer {
  readonly ip: string;
  readonly rttMs: number;
  /** `passing`: its hops were used up there. `target`: it arrived. `barred`: it went no further, nor would one with more hops. */
  readonly place: "passing" | "target" | "barred";
  readonly report: string | null;
}

/** Whom a prober tells what becomes of its packets. */
export interface ProbeListener {
  unsent(packet: number, errno: number): void;
  answered(packet: number, answer: ProbeAnswer): void;
}

/** Sends packets of one flow that live for some hops. */
export interface Prober {
  send(packet: number, ttl: number): void;
  /** Takes what has come already. */
  drain(): void;
  /** Answers came of which nobody can say to which packet. */
  readonly ambiguous: boolean;
  /** From now on each packet is sent alone, so that such an answer is to the last one. */
  alone(): void;
  close(): void;
}

/** Between two packets: near hops have told by then that the target is nearer still, so that few go further in vain. */
const PACE_MS = 4;
/** A packet that is sent alone is waited for no longer, and after so many in a row without an answer nothing more is looked for. */
const ALONE_MS = 500;
const SILENT_MAX = 3;

/**
 * Sends a packet for each hop, all on their way at once, as many times as asked for, and puts the answers in order. It ends when all is answered, or when the last packet was waited for long enough.
 * Packet number n is the one for hop n modulo the number of hops.
 */
export class Tracer implements ProbeListener {
  readonly #request: TraceRequest;
  readonly #resolve: (answer: TraceAnswer) => void;
  readonly #abort = (): void => this.#finish();
  readonly #answers = new Map<number, ProbeAnswer>();
  readonly #sent = new Set<number>();
  readonly #awaited = new Set<number>();
  #plan: number[];
  #prober: Prober | null = null;
  #alone = false;
  #silent = 0;
  /** The hop behind which nothing is: where the target is, or where the way is barred. */
  #end: number;
  #timer: NodeJS.Timeout | undefined;
  #deadline = 0;
  #refusal = 0;
  #refused = 0;
  #over = false;

  /** `open`: makes the prober, or gives the number of the error that kept it from being made. */
  static run(request: TraceRequest, open: (listener: ProbeListener) => Prober | number): Promise<TraceAnswer> {
    return new Promise((resolve) => new Tracer(request, resolve).#begin(open));
  }

  private constructor(request: TraceRequest, resolve: (answer: TraceAnswer) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#end = request.hops;
    this.#plan = Array.from({ length: request.hops * request.tries }, (_, packet) => packet);
  }

  #begin(open: (listener: ProbeListener) => Prober | number): void {
    const prober = open(this);
    if (typeof prober === "number") return this.#resolve({ kind: "failed", failure: sendFailure(prober, this.#request) });
    this.#prober = prober;
    this.#request.signal.addEventListener("abort", this.#abort, { once: true });
    this.#advance();
  }

  #ttl(packet: number): number {
    return (packet % this.#request.hops) + 1;
  }

  /** Sends the next packet that is of use; when there is none, waits for what is on its way. */
  #advance(): void {
    if (this.#over) return;
    this.#plan = this.#plan.filter((packet) => this.#ttl(packet) <= this.#end);
    const packet = this.#silent < SILENT_MAX ? this.#plan.shift() : undefined;
    if (packet !== undefined) return this.#send(packet);
    const leftMs = this.#deadline - performance.now();
    if (leftMs > 0 && this.#isAwaiting()) return this.#after(leftMs);
    this.#prober?.drain();
    if (this.#alone || this.#prober?.ambiguous !== true) return this.#finish();
    this.#goAlone(this.#prober);
  }

  #after(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#advance(), ms);
  }

  #send(packet: number): void {
    this.#sent.add(packet);
    this.#awaited.add(packet);
    this.#deadline = performance.now() + this.#request.waitMs;
    this.#after(this.#alone ? Math.min(this.#request.waitMs, ALONE_MS) : PACE_MS);
    if (this.#alone) this.#silent += 1;
    this.#prober?.send(packet, this.#ttl(packet));
  }

  /** One packet at a time for each hop of which nothing is known; what was sent there so far tells nothing, not even that it was lost. */
  #goAlone(prober: Prober): void {
    const known = new Set([...this.#answers.keys()].map((packet) => this.#ttl(packet)));
    this.#plan = Array.from({ length: this.#request.hops }, (_, packet) => packet).filter((packet) => !known.has(this.#ttl(packet)));
    for (const packet of this.#sent) if (!known.has(this.#ttl(packet))) this.#sent.delete(packet);
    this.#alone = true;
    prober.alone();
    this.#advance();
  }

  #isAwaiting(): boolean {
    for (const packet of this.#awaited) if (this.#ttl(packet) <= this.#end) return true;
    return false;
  }

  unsent(packet: number, errno: number): void {
    this.#refusal = errno;
    this.#refused += 1;
    this.#settle(packet);
  }

  answered(packet: number, answer: ProbeAnswer): void {
    if (this.#over || this.#answers.has(packet) || answer.rttMs > this.#request.waitMs) return;
    this.#answers.set(packet, answer);
    if (answer.place !== "passing") this.#end = Math.min(this.#end, this.#ttl(packet));
    this.#silent = 0;
    // The further packets to a hop are sent alone only when it answers at all.
    if (this.#alone && packet < this.#request.hops) this.#plan.unshift(...Array.from({ length: this.#request.tries - 1 }, (_, again) => packet + (again + 1) * this.#request.hops));
    this.#settle(packet);
  }

  /** It is the prober that calls: what follows must not happen in the middle of its work. */
  #settle(packet: number): void {
    this.#awaited.delete(packet);
    if (this.#over || (!this.#alone && (this.#isAwaiting() || this.#plan.some((next) => this.#ttl(next) <= this.#end)))) return;
    this.#after(0);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#request.signal.removeEventListener("abort", this.#abort);
    this.#prober?.close();
    this.#resolve(this.#result());
  }

  #result(): TraceAnswer {
    if (this.#sent.size > 0 && this.#refused >= this.#sent.size) return { kind: "failed", failure: sendFailure(this.#refusal, this.#request) };
    const places = [...this.#answers.values()].map(({ place }) => place);
    const last = places.some((place) => place !== "passing") ? this.#end : Math.max(0, ...[...this.#answers.keys()].map((packet) => this.#ttl(packet)));
    return { kind: "traced", hops: Array.from({ length: last }, (_, index) => this.#hop(index + 1)), reached: places.includes("target"), mtu: null };
  }

  /** What was not sent any more, because the target was found nearer, is not lost. */
  #hop(ttl: number): Hop {
    const answers: (HopAnswer | null)[] = [];
    for (let packet = ttl - 1; packet < this.#request.hops * this.#request.tries; packet += this.#request.hops) {
      const answer = this.#answers.get(packet);
      if (answer !== undefined) answers.push({ ip: answer.ip, rttMs: answer.rttMs, report: answer.report });
      else if (this.#sent.has(packet)) answers.push(null);
    }
    return { ttl, answers };
  }
}

/** Where the sender of an error stands, by what it says. */
export function placeOf(error: IcmpError, fromTarget: boolean): ProbeAnswer["place"] {
  if (error.kind === "expired") return "passing";
  if (error.kind === "port" || fromTarget) return "target";
  return error.kind === "unreachable" ? "barred" : "passing";
}
