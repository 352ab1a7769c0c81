import { describeError } from "../../wire/icmp.ts";
import type { TraceRequest } from "../ports.ts";
import { addressText, sameOctets, type SocketAddress } from "./address.ts";
import type { Kit } from "./echoes.ts";
import { ERRNO } from "../libc.ts";
import type { Arrival } from "./messages.ts";
import { placeOf, type ProbeAnswer, type ProbeListener, type Prober } from "./trace.ts";

interface Attempt {
  readonly packet: number;
  readonly sentMs: number;
}

/** Traces by connecting, for users without CAP_NET_RAW: each packet is a connection with a port of its own, since the system has no two with the same ports. */
export class ConnectProber implements Prober {
  readonly #kit: Kit;
  readonly #to: SocketAddress;
  readonly #port: number;
  readonly #source: SocketAddress | null;
  readonly #listener: ProbeListener;
  readonly #attempts = new Map<number, Attempt>();
  readonly ambiguous = false;

  constructor(kit: Kit, { port }: TraceRequest, to: SocketAddress, source: Uint8Array | null, listener: ProbeListener) {
    this.#kit = kit;
    this.#to = to;
    this.#port = port;
    this.#source = source === null ? null : { ...to, octets: source };
    this.#listener = listener;
  }

  send(packet: number, ttl: number): void {
    const { sockets, poller, libc, messages } = this.#kit;
    const fd = sockets.openStream(this.#to.family, ttl);
    if (fd < 0) return this.#listener.unsent(packet, -fd);
    const sentMs = messages.nowMs();
    const errno = sockets.connect(fd, this.#to, this.#port, this.#source);
    if (errno !== 0 && errno !== ERRNO.EINPROGRESS) {
      libc.close(fd);
      // On this machine itself the answer may come at once.
      if (errno === ERRNO.ECONNREFUSED) return this.#listener.answered(packet, this.#reached(messages.nowMs() - sentMs));
      return this.#listener.unsent(packet, errno);
    }
    this.#attempts.set(fd, { packet, sentMs });
    poller.add(fd, () => this.#read(fd), true);
  }

  drain(): void {
    this.#kit.poller.turn();
  }

  alone(): void {}

  close(): void {
    for (const fd of this.#attempts.keys()) this.#release(fd);
  }

  #release(fd: number): void {
    this.#attempts.delete(fd);
    this.#kit.poller.remove(fd);
    this.#kit.libc.close(fd);
  }

  #read(fd: number): void {
    const attempt = this.#attempts.get(fd);
    if (attempt === undefined) return;
    const { messages, sockets } = this.#kit;
    const told: ProbeAnswer[] = [];
    messages.receive(fd, "errors", 8, (arrival) => told.push(...this.#reportOf(arrival, attempt)));
    const errno = sockets.options.takeError(fd);
    // The kernel's own measure, where it has one: this process may come late.
    const rttMs = errno === 0 ? sockets.options.roundTripMs(fd) : messages.nowMs() - attempt.sentMs;
    this.#release(fd);
    const [report] = told;
    if (report !== undefined) this.#listener.answered(attempt.packet, report);
    else if (errno === 0 || errno === ERRNO.ECONNREFUSED) this.#listener.answered(attempt.packet, this.#reached(rttMs));
  }

  #reached(rttMs: number): ProbeAnswer {
    return { ip: addressText(this.#to.octets), rttMs: Math.max(0, rttMs), place: "target", report: null };
  }

  #reportOf({ report, stampMs }: Arrival, { sentMs }: Attempt): readonly ProbeAnswer[] {
    const error = report === null || report.origin === 1 ? null : describeError(this.#to.family, report.type, report.code, report.info);
    if (report === null || error === null) return [];
    const place = placeOf(error, sameOctets(report.offender, this.#to.octets));
    return [{ ip: addressText(report.offender), rttMs: Math.max(0, (stampMs ?? this.#kit.messages.nowMs()) - sentMs), place, report: error.kind === "expired" ? null : error.sentence }];
  }
}
