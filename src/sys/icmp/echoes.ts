import { decodeEcho, ECHO_HEADER_OCTETS, encodeEcho, hasToken, ip4Payload } from "../../wire/icmp.ts";
import type { Family } from "../ports.ts";
import { addressText, sameOctets } from "./address.ts";
import { type Flight, Flights, type EchoSender, type OutgoingEcho } from "./flights.ts";
import { ERRNO, type Libc } from "../libc.ts";
import { type Arrival, type Messages, type Report, SHORT } from "./messages.ts";
import type { Poller } from "./poller.ts";
import type { EchoSocket, Sockets } from "./sockets.ts";

/** What all sockets of the process share. */
export interface Kit {
  readonly libc: Libc;
  readonly messages: Messages;
  readonly sockets: Sockets;
  readonly poller: Poller;
}

/** Echoes sent before others of this process have their turn. */
const TURN = 128;
/** Messages read in one go: more than the longest receive buffer holds. */
const READ_MOST = 16_384;
/** Until the next try when the system could take no more. */
const BUSY_MS = 2;
/** An error that waits on a socket ends the next send in its stead, again and again when many come. */
const PENDING_MAX = 8;
/** Tries for a packet that this machine does not take. */
const REFUSALS_MAX = 25;
/** A socket whose packets wait for neighbours that do not answer is full; others go on with another one. */
const SOCKETS_MAX = 8;

const ICMP_ORIGINS = new Set([2, 3]);
const isBusy = (errno: number): boolean => errno === ERRNO.EAGAIN || errno === ERRNO.ENOBUFS || errno === ERRNO.ENOMEM;

/** Sends the echoes of all targets of one family over one socket, as fast as it takes them, and gives each answer to whom it belongs. */
export class Echoes {
  readonly #kit: Kit;
  readonly #family: Family;
  readonly #id: number;
  readonly #flights: Flights;
  readonly #sockets: EchoSocket[] = [];
  #waiting: OutgoingEcho[] = [];
  #first = 0;
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  #retry: NodeJS.Timeout | null = null;
  #refusals = 0;
  /** No room, or no sequence number, for the next one. */
  #blocked = false;
  /** Answers that the kernel dropped because nobody fetched them in time. */
  dropped = 0;

  /** `chance`: 32 random bits, of which the first sequence number and a raw socket's identifier are made. */
  constructor(kit: Kit, family: Family, chance: number) {
    this.#kit = kit;
    this.#family = family;
    this.#id = chance & 0xffff;
    this.#flights = new Flights(chance >>> 16);
  }

  /** Opens the socket if there is none; the error's number, 0 for none. */
  open(): number {
    return this.#sockets.length > 0 ? 0 : this.#open();
  }

  #open(): number {
    const { sockets, poller } = this.#kit;
    const socket = sockets.openEcho(this.#family, this.#id);
    if (typeof socket === "number") return socket;
    this.#sockets.unshift(socket);
    poller.add(socket.fd, (failed) => this.#read(socket, failed));
    return 0;
  }

  get kind(): EchoSocket["kind"] {
    return this.#sockets[0]?.kind ?? "ping";
  }

  close(): void {
    clearTimeout(this.#retry ?? undefined);
    for (const { fd } of this.#sockets.splice(0)) {
      this.#kit.poller.remove(fd);
      this.#kit.libc.close(fd);
    }
  }

  send(echo: OutgoingEcho): void {
    this.#waiting.push(echo);
    this.#soon();
  }

  /** Nothing is awaited for this sender any more, which is over. */
  forget(sender: EchoSender): void {
    this.#flights.forget(sender);
  }

  /** Takes what has come already: whoever stops waiting asks for it first, since this process may have been busy. */
  drain(): void {
    for (const socket of this.#sockets) this.#read(socket, true);
  }

  #soon(): void {
    if (this.#timer !== null || this.#retry !== null) return;
    this.#timer = setImmediate(() => {
      this.#timer = null;
      this.#turn();
    });
  }

  #later(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#turn();
    }, BUSY_MS);
  }

  #turn(): void {
    for (let sent = 0; sent < TURN; ) {
      const [socket] = this.#sockets;
      const batch = socket === undefined ? [] : this.#nextBatch(socket);
      if (socket === undefined || batch.length === 0) break;
      const count = this.#send(socket, batch);
      if (count < 0 && isBusy(-count) && !this.#givesUp(-count)) return this.#later();
      this.#first += Math.max(count, 1);
      sent += Math.max(count, 1);
      this.#refusals = 0;
      batch.forEach(({ echo: { sender, index } }, at) => {
        if (sender.over) return;
        if (at < count) sender.sent(index);
        else if (count < 0 && at === 0) sender.unsent(index, -count);
      });
    }
    if (this.#first < this.#waiting.length) return this.#blocked ? this.#later() : this.#soon();
    this.#waiting = [];
    this.#first = 0;
  }

  /** The echoes that may go out together: alike, short, and with room for their answers. */
  #nextBatch(socket: EchoSocket): readonly Flight[] {
    const now = performance.now();
    const batch: Flight[] = [];
    this.#blocked = false;
    while (this.#waiting[this.#first]?.sender.over === true) this.#first += 1;
    const most = this.#kit.messages.batch;
    while (batch.length < most) {
      const echo = this.#waiting[this.#first + batch.length];
      const [head] = batch;
      if (echo === undefined || echo.sender.over || (head !== undefined && (echo.whole !== head.echo.whole || echo.size > SHORT - ECHO_HEADER_OCTETS))) break;
      const flight = this.#flights.begin(echo, socket.room, now);
      this.#blocked = flight === null;
      if (flight === null) break;
      batch.push(flight);
    }
    return batch;
  }

  /** What waits for a socket's room gets it in time; a packet that this machine's own queue does not take, as for a limit on the way out, must not hold up others. */
  #givesUp(errno: number): boolean {
    if (errno === ERRNO.EAGAIN) return false;
    this.#refusals += 1;
    return this.#refusals >= REFUSALS_MAX;
  }

  /** How many of a batch were sent, or the number of the error that the first one met, negative. */
  #send(socket: EchoSocket, batch: readonly Flight[]): number {
    const { messages } = this.#kit;
    const [head] = batch;
    if (head === undefined) return 0;
    const whole = head.echo.whole;
    const sealed = socket.kind === "raw" && this.#family === 4;
    const { id } = socket;
    batch.forEach(({ echo: { sender, size, ttl }, sequence }, index) => {
      const octets = encodeEcho(messages.outgoing(index), { family: this.#family, id, sequence, token: sender.token, size, sealed });
      messages.address(index, { to: sender.to, port: 0, octets, ttl, source: sender.source });
    });
    let count = this.#transmit(socket, batch.length, whole);
    if (count === -ERRNO.EAGAIN && socket.kind === "ping") count = this.#elsewhere(batch.length, whole);
    batch.forEach((flight, index) => {
      if (index >= count) return this.#flights.cancel(flight);
      flight.sentMs = messages.sentMs(index);
      flight.notBeforeMs = messages.sentFromMs;
    });
    return count;
  }

  /** The first socket is full: another one takes its place, a new one as long as there are few. */
  #elsewhere(count: number, whole: boolean): number {
    if (this.#sockets.length >= SOCKETS_MAX || this.#open() !== 0) this.#sockets.push(...this.#sockets.splice(0, 1));
    const [socket] = this.#sockets;
    return socket === undefined ? -ERRNO.EAGAIN : this.#transmit(socket, count, whole);
  }

  #transmit(socket: EchoSocket, count: number, whole: boolean): number {
    const { messages, sockets } = this.#kit;
    if (socket.whole !== whole) {
      sockets.options.keepWhole(socket.fd, this.#family, whole);
      socket.whole = whole;
    }
    for (let tries = 0; tries < PENDING_MAX; tries++) {
      const sent = messages.send(socket.fd, count);
      if (sent >= 0 || isBusy(-sent)) return sent;
      if (this.#readErrors(socket) === 0 && tries > 0) return sent;
    }
    return -ERRNO.EAGAIN;
  }

  #read(socket: EchoSocket, failed: boolean): void {
    this.#kit.messages.receive(socket.fd, "messages", READ_MOST, (arrival) => this.#take(socket, arrival));
    if (!failed) return;
    this.#readErrors(socket);
    // One for which the queue had no room still waits, and would wake us for ever.
    this.#kit.sockets.options.takeError(socket.fd);
  }

  /** Errors that came from the network. */
  #readErrors(socket: EchoSocket): number {
    let count = 0;
    this.#kit.messages.receive(socket.fd, "errors", READ_MOST, (arrival) => {
      if (arrival.report === null || !ICMP_ORIGINS.has(arrival.report.origin)) return;
      count += 1;
      this.#takeReport(socket, arrival, arrival.report);
    });
    return count;
  }

  /** The echo that a message, or the part of it that an error quotes, is about. */
  #flightOf(socket: EchoSocket, kind: "reply" | "request", octets: Uint8Array | null, { from }: Arrival): Flight | null {
    const echo = octets === null ? null : decodeEcho(this.#family, octets);
    if (octets === null || echo === null || echo.kind !== kind || echo.id !== socket.id) return null;
    const flight = this.#flights.at(echo.sequence);
    if (flight === null) return null;
    const { sender, size } = flight.echo;
    return sameOctets(from, sender.to.octets) && hasToken(octets, sender.token, size) ? flight : null;
  }

  #take(socket: EchoSocket, arrival: Arrival): void {
    if (arrival.dropped !== null && arrival.dropped > socket.dropped) {
      this.dropped += arrival.dropped - socket.dropped;
      socket.dropped = arrival.dropped;
    }
    const octets = socket.kind === "raw" && this.#family === 4 ? ip4Payload(arrival.octets) : arrival.octets;
    const flight = this.#flightOf(socket, "reply", octets, arrival);
    if (flight === null) return;
    const { sender, index } = flight.echo;
    this.#flights.settle(flight);
    if (flight.answered) return sender.repeated(index);
    flight.answered = true;
    sender.answered(index, { rttMs: roundTrip(flight, arrival.stampMs), hopLimit: arrival.hopLimit });
  }

  #takeReport(socket: EchoSocket, arrival: Arrival, { type, code, info, offender }: Report): void {
    const flight = this.#flightOf(socket, "request", arrival.octets, arrival);
    if (flight === null || flight.settled) return;
    this.#flights.settle(flight);
    flight.echo.sender.reported(flight.echo.index, { from: addressText(offender), rttMs: roundTrip(flight, arrival.stampMs), type, code, mtu: info });
  }
}

/**
 * By the kernel's stamp; what left a batch later than it is thought to have left it counts from the batch's beginning. A wall clock that was put right meanwhile shows by
 * the monotonic one, which also counts the time that this process was busy.
 */
function roundTrip({ sentMs, notBeforeMs, sentAt }: Flight, stampMs: number | null): number {
  const elapsed = performance.now() - sentAt;
  if (stampMs === null) return elapsed;
  const measured = stampMs > sentMs ? stampMs - sentMs : stampMs - notBeforeMs;
  return measured >= 0 && measured <= elapsed * 1.001 + 0.05 ? measured : elapsed;
}
