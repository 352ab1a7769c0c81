import { randomBytes } from "node:crypto";
import { describeError, TOKEN_OCTETS } from "../../wire/icmp.ts";
import type { TraceRequest } from "../ports.ts";
import { addressText, type SocketAddress } from "./address.ts";
import type { Echoes } from "./echoes.ts";
import type { EchoAnswer, EchoReport, EchoSender } from "./flights.ts";
import { placeOf, type ProbeListener, type Prober } from "./trace.ts";

/** Traces by echoes: identifier and checksum of all are the same, so they take one path. */
export class EchoProber implements Prober, EchoSender {
  readonly to: SocketAddress;
  readonly source: Uint8Array | null;
  readonly token = randomBytes(TOKEN_OCTETS);
  readonly sequences: number[] = [];
  readonly ambiguous = false;
  over = false;
  readonly #echoes: Echoes;
  readonly #size: number;
  readonly #listener: ProbeListener;

  constructor(echoes: Echoes, { size }: TraceRequest, to: SocketAddress, source: Uint8Array | null, listener: ProbeListener) {
    this.#echoes = echoes;
    this.#size = size;
    this.to = to;
    this.source = source;
    this.#listener = listener;
  }

  send(packet: number, ttl: number): void {
    this.#echoes.send({ sender: this, index: packet, size: this.#size, ttl, whole: false });
  }

  drain(): void {
    this.#echoes.drain();
  }

  alone(): void {}

  close(): void {
    this.over = true;
    this.#echoes.forget(this);
  }

  sent(): void {}

  unsent(packet: number, errno: number): void {
    this.#listener.unsent(packet, errno);
  }

  answered(packet: number, { rttMs }: EchoAnswer): void {
    this.#listener.answered(packet, { ip: addressText(this.to.octets), rttMs, place: "target", report: null });
  }

  repeated(): void {}

  reported(packet: number, { from, rttMs, type, code, mtu }: EchoReport): void {
    const error = describeError(this.to.family, type, code, mtu);
    if (error === null) return;
    const place = placeOf(error, from === addressText(this.to.octets));
    this.#listener.answered(packet, { ip: from, rttMs, place, report: error.kind === "expired" ? null : error.sentence });
  }
}
