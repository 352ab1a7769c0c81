import { randomBytes } from "node:crypto";
import { describeError, ip4Payload } from "../../wire/icmp.ts";
import { decodeSegment, encodeSyn, SYN_OCTETS } from "../../wire/tcp.ts";
import type { TraceRequest } from "../ports.ts";
import { addressText, sameOctets, type SocketAddress } from "./address.ts";
import type { Kit } from "./echoes.ts";
import type { Arrival } from "./messages.ts";
import { placeOf, type ProbeListener, type Prober } from "./trace.ts";

const READ_MOST = 256;

/** Traces by SYN segments of one flow, told apart by their sequence numbers; needs CAP_NET_RAW. The kernel itself resets what is granted. */
export class SynProber implements Prober {
  readonly #kit: Kit;
  readonly #fd: number;
  /** Holds our port, so that nobody else's connection gets our segments. */
  readonly #holder: number;
  readonly #ownPort: number;
  readonly #own: Uint8Array;
  readonly #source: Uint8Array | null;
  readonly #to: SocketAddress;
  readonly #port: number;
  readonly #listener: ProbeListener;
  readonly #first = randomBytes(4).readUInt32BE();
  readonly #sentMs = new Map<number, number>();
  readonly ambiguous = false;

  /** Or the number of the error. */
  static open(kit: Kit, { port }: TraceRequest, to: SocketAddress, source: Uint8Array | null, listener: ProbeListener): SynProber | number {
    const { sockets, libc } = kit;
    const towards = sockets.towards(to);
    if (typeof towards === "number") return towards;
    const own = source ?? towards.own;
    const holder = sockets.holdPort({ ...to, octets: own }, to);
    if (typeof holder === "number") return holder;
    const fd = sockets.openRawTcp(to.family, port, holder.port);
    if (fd >= 0) return new SynProber(kit, fd, holder, own, to, port, source, listener);
    libc.close(holder.fd);
    return -fd;
  }

  private constructor(kit: Kit, fd: number, holder: { readonly fd: number; readonly port: number }, own: Uint8Array, to: SocketAddress, port: number, source: Uint8Array | null, listener: ProbeListener) {
    this.#kit = kit;
    this.#fd = fd;
    this.#holder = holder.fd;
    this.#ownPort = holder.port;
    this.#own = own;
    this.#to = to;
    this.#port = port;
    this.#source = source;
    this.#listener = listener;
    kit.poller.add(fd, () => this.drain());
  }

  send(packet: number, ttl: number): void {
    const { messages } = this.#kit;
    encodeSyn(messages.outgoing(0), { source: this.#own, destination: this.#to.octets, sourcePort: this.#ownPort, destinationPort: this.#port, sequence: (this.#first + packet) >>> 0 });
    messages.address(0, { to: this.#to, port: 0, octets: SYN_OCTETS, ttl, source: this.#source });
    let sent = messages.send(this.#fd, 1);
    for (let tries = 0; tries < 3 && sent < 0; tries++) {
      this.drain();
      sent = messages.send(this.#fd, 1);
    }
    if (sent < 0) this.#listener.unsent(packet, -sent);
    else this.#sentMs.set(packet, messages.sentMs(0));
  }

  drain(): void {
    const { messages, sockets } = this.#kit;
    messages.receive(this.#fd, "errors", READ_MOST, (arrival) => this.#takeReport(arrival));
    messages.receive(this.#fd, "messages", READ_MOST, (arrival) => this.#take(arrival));
    sockets.options.takeError(this.#fd);
  }

  alone(): void {}

  close(): void {
    this.#kit.poller.remove(this.#fd);
    this.#kit.libc.close(this.#fd);
    this.#kit.libc.close(this.#holder);
  }

  /** A raw socket hears of errors of every connection of this machine. */
  #takeReport({ octets, stampMs, from, report }: Arrival): void {
    const quoted = decodeSegment(octets);
    if (report === null || report.origin === 1 || quoted === null || quoted.sourcePort !== this.#ownPort || quoted.destinationPort !== this.#port || !sameOctets(from, this.#to.octets)) return;
    const error = describeError(this.#to.family, report.type, report.code, report.info);
    if (error === null) return;
    const place = placeOf(error, sameOctets(report.offender, this.#to.octets));
    this.#tell(quoted.sequence, addressText(report.offender), place, error.kind === "expired" ? null : error.sentence, stampMs);
  }

  #take({ octets, stampMs, from }: Arrival): void {
    const packet = this.#to.family === 4 ? ip4Payload(octets) : octets;
    const segment = packet === null ? null : decodeSegment(packet);
    if (segment === null || segment.answer === null || segment.answer.kind === "other" || segment.sourcePort !== this.#port || segment.destinationPort !== this.#ownPort || !sameOctets(from, this.#to.octets)) return;
    this.#tell(segment.answer.acknowledged - 1, addressText(from), "target", null, stampMs);
  }

  #tell(sequence: number, ip: string, place: "passing" | "target" | "barred", report: string | null, stampMs: number | null): void {
    const packet = (sequence - this.#first) >>> 0;
    const sentMs = this.#sentMs.get(packet);
    if (sentMs === undefined) return;
    this.#listener.answered(packet, { ip, rttMs: Math.max(0, (stampMs ?? this.#kit.messages.nowMs()) - sentMs), place, report });
  }
}
