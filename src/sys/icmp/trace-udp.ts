import { randomBytes } from "node:crypto";
import { describeError } from "../../wire/icmp.ts";
import type { TraceRequest } from "../ports.ts";
import { addressText, sameOctets, type SocketAddress } from "./address.ts";
import type { Kit } from "./echoes.ts";
import type { Arrival } from "./messages.ts";
import { placeOf, type ProbeListener, type Prober } from "./trace.ts";

/** Behind the number of the packet: what tells our packets from others'. */
const SECRET_OCTETS = 6;
const NUMBER_OCTETS = 2;
const READ_MOST = 256;

/**
 * Traces by UDP. Ports are the same for all packets, so that they take one path; the payload says which one it was, as far as routers quote it. Some quote the
 * UDP header alone, and then nobody knows.
 */
export class DatagramProber implements Prober {
  readonly #kit: Kit;
  readonly #fd: number;
  readonly #to: SocketAddress;
  readonly #port: number;
  readonly #source: Uint8Array | null;
  readonly #octets: number;
  readonly #secret = randomBytes(SECRET_OCTETS);
  readonly #listener: ProbeListener;
  readonly #sentMs = new Map<number, number>();
  #last: number | null = null;
  #isAlone = false;
  ambiguous = false;

  /** Or the number of the error. */
  static open(kit: Kit, request: TraceRequest, to: SocketAddress, source: Uint8Array | null, listener: ProbeListener): DatagramProber | number {
    const fd = kit.sockets.openDatagram(to);
    return fd < 0 ? -fd : new DatagramProber(kit, fd, request, to, source, listener);
  }

  private constructor(kit: Kit, fd: number, { port, size }: TraceRequest, to: SocketAddress, source: Uint8Array | null, listener: ProbeListener) {
    this.#kit = kit;
    this.#fd = fd;
    this.#to = to;
    this.#port = port;
    this.#source = source;
    this.#octets = Math.max(size, NUMBER_OCTETS + SECRET_OCTETS);
    this.#listener = listener;
    kit.poller.add(fd, () => this.drain());
  }

  send(packet: number, ttl: number): void {
    const { messages } = this.#kit;
    const payload = messages.outgoing(0).subarray(0, this.#octets);
    payload.fill(0);
    payload[0] = packet >> 8;
    payload[1] = packet & 255;
    payload.set(this.#secret, NUMBER_OCTETS);
    messages.address(0, { to: this.#to, port: this.#port, octets: this.#octets, ttl, source: this.#source });
    let sent = messages.send(this.#fd, 1);
    // An error of an earlier packet is told instead of sending, once.
    for (let tries = 0; tries < 3 && sent < 0; tries++) {
      this.drain();
      sent = messages.send(this.#fd, 1);
    }
    if (sent < 0) return this.#listener.unsent(packet, -sent);
    this.#sentMs.set(packet, messages.sentMs(0));
    this.#last = packet;
  }

  drain(): void {
    const { messages, sockets } = this.#kit;
    messages.receive(this.#fd, "errors", READ_MOST, (arrival) => this.#takeReport(arrival));
    messages.receive(this.#fd, "messages", READ_MOST, (arrival) => this.#take(arrival));
    sockets.options.takeError(this.#fd);
  }

  alone(): void {
    this.#isAlone = true;
  }

  close(): void {
    this.#kit.poller.remove(this.#fd);
    this.#kit.libc.close(this.#fd);
  }

  /** Null for what is none of ours, or of nobody knows which one. */
  #packetOf(payload: Uint8Array): number | null {
    if (payload.length < NUMBER_OCTETS) {
      this.ambiguous = true;
      return this.#isAlone ? this.#last : null;
    }
    const secret = payload.subarray(NUMBER_OCTETS, NUMBER_OCTETS + SECRET_OCTETS);
    return sameOctets(secret, this.#secret.subarray(0, secret.length)) ? (payload[0] ?? 0) * 256 + (payload[1] ?? 0) : null;
  }

  #takeReport({ from, port, octets, stampMs, report }: Arrival): void {
    if (report === null || (report.origin !== 2 && report.origin !== 3) || port !== this.#port || !sameOctets(from, this.#to.octets)) return;
    const error = describeError(this.#to.family, report.type, report.code, report.info);
    const packet = this.#packetOf(octets);
    if (error === null || packet === null) return;
    const place = placeOf(error, sameOctets(report.offender, this.#to.octets));
    const arrived = error.kind === "expired" || (error.kind === "port" && place === "target");
    this.#tell(packet, addressText(report.offender), place, arrived ? null : error.sentence, stampMs);
  }

  /** Somebody answers at that port: the packet arrived, and if the answer does not repeat it, it was the last one as likely as any. */
  #take({ from, port, octets, stampMs }: Arrival): void {
    if (port !== this.#port || !sameOctets(from, this.#to.octets)) return;
    const packet = octets.length === this.#octets ? (this.#packetOf(octets) ?? this.#last) : this.#last;
    if (packet !== null) this.#tell(packet, addressText(from), "target", null, stampMs);
  }

  #tell(packet: number, ip: string, place: "passing" | "target" | "barred", report: string | null, stampMs: number | null): void {
    const sentMs = this.#sentMs.get(packet);
    if (sentMs === undefined) return;
    this.#listener.answered(packet, { ip, rttMs: Math.max(0, (stampMs ?? this.#kit.messages.nowMs()) - sentMs), place, report });
  }
}
