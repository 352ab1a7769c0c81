import { randomBytes } from "node:crypto";
import { describeError, ECHO_HEADER_OCTETS, TOKEN_OCTETS } from "../../wire/icmp.ts";
import type { Family, TraceRequest } from "../ports.ts";
import type { SocketAddress } from "./address.ts";
import type { Echoes } from "./echoes.ts";
import type { EchoReport, EchoSender } from "./flights.ts";
import { ERRNO } from "../libc.ts";

const IP_OCTETS = { 4: 20, 6: 40 } as const;
/** No path takes less (RFC 791, RFC 8200). */
const LEAST = { 4: 68, 6: 1280 } as const;
/** The longest packet of IPv4, and more than any path takes in IPv6. */
const MOST = 65_535;
/** Routers with a shorter MTU on one path, at most. */
const ROUNDS = 8;
const TRIES = 2;
/** Where a router does not say how much it takes: the next of the usual MTUs (RFC 1191, section 7). */
const PLATEAUS = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68];

/**
 * The longest packet that reaches a target whole: echoes that no router may take apart, from the longest that leaves this machine down to what
 * routers say they take. Null when the target answers none of them.
 */
export class MtuSearch implements EchoSender {
  readonly to: SocketAddress;
  readonly source: Uint8Array | null;
  readonly token = randomBytes(TOKEN_OCTETS);
  readonly sequences: number[] = [];
  over = false;
  readonly #family: Family;
  readonly #echoes: Echoes;
  readonly #request: TraceRequest;
  readonly #resolve: (mtu: number | null) => void;
  readonly #abort = (): void => this.#finish(null);
  #mtu: number;
  #round = 0;
  #tries = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `first`: the MTU of this machine's interface. */
  static run(echoes: Echoes, request: TraceRequest, to: SocketAddress, source: Uint8Array | null, first: number): Promise<number | null> {
    return new Promise((resolve) => new MtuSearch(echoes, request, to, source, first, resolve).#begin());
  }

  private constructor(echoes: Echoes, request: TraceRequest, to: SocketAddress, source: Uint8Array | null, first: number, resolve: (mtu: number | null) => void) {
    this.#echoes = echoes;
    this.#request = request;
    this.#family = request.family;
    this.to = to;
    this.source = source;
    this.#mtu = Math.min(first, MOST);
    this.#resolve = resolve;
  }

  #begin(): void {
    this.#request.signal.addEventListener("abort", this.#abort, { once: true });
    this.#send();
  }

  /** The index of an echo is its length, so that reports of longer ones than the last do not count. */
  #send(): void {
    this.#tries += 1;
    this.#echoes.send({ sender: this, index: this.#mtu, size: this.#mtu - IP_OCTETS[this.#family] - ECHO_HEADER_OCTETS, ttl: null, whole: true });
  }

  sent(): void {
    this.#timer = setTimeout(() => this.#miss(), this.#request.waitMs);
  }

  unsent(_: number, errno: number): void {
    if (errno === ERRNO.EMSGSIZE) this.#shorten(0);
    else this.#finish(null);
  }

  answered(length: number): void {
    if (length === this.#mtu) this.#finish(length);
  }

  repeated(): void {}

  reported(length: number, { type, code, mtu }: EchoReport): void {
    if (length === this.#mtu && describeError(this.#family, type, code, mtu)?.kind === "too-big") this.#shorten(mtu);
  }

  #shorten(told: number): void {
    const shorter = told > 0 && told < this.#mtu ? told : (PLATEAUS.find((plateau) => plateau < this.#mtu) ?? 0);
    this.#round += 1;
    if (shorter < LEAST[this.#family] || this.#round > ROUNDS) return this.#finish(null);
    clearTimeout(this.#timer);
    this.#mtu = shorter;
    this.#tries = 0;
    this.#send();
  }

  #miss(): void {
    this.#echoes.drain();
    if (this.over) return;
    if (this.#tries < TRIES) this.#send();
    else this.#finish(null);
  }

  #finish(mtu: number | null): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.#timer);
    this.#request.signal.removeEventListener("abort", this.#abort);
    this.#echoes.forget(this);
    this.#resolve(mtu);
  }
}
