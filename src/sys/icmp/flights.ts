import type { SocketAddress } from "./address.ts";

/** Who sends echoes, and hears what came of each. */
export interface EchoSender {
  readonly to: SocketAddress;
  readonly source: Uint8Array | null;
  /** 8 octets. */
  readonly token: Uint8Array;
  /** Of its echoes on their way; `Flights` keeps them here. */
  readonly sequences: number[];
  /** It waits for nothing any more: what is not sent yet need not be. */
  readonly over: boolean;
  /** It is on its way. */
  sent(index: number): void;
  /** It could not be sent; the system's error number. */
  unsent(index: number, errno: number): void;
  answered(index: number, answer: EchoAnswer): void;
  /** One more answer to the same echo. */
  repeated(index: number): void;
  reported(index: number, report: EchoReport): void;
}

export interface EchoAnswer {
  readonly rttMs: number;
  readonly hopLimit: number | null;
}

/** What an ICMP error says of an echo. */
export interface EchoReport {
  readonly from: string;
  readonly rttMs: number;
  readonly type: number;
  readonly code: number;
  readonly mtu: number;
}

export interface OutgoingEcho {
  readonly sender: EchoSender;
  /** The sender's own number for it. */
  readonly index: number;
  /** Octets of payload. */
  readonly size: number;
  readonly ttl: number | null;
  /** No router may take it apart. */
  readonly whole: boolean;
}

/** An echo on its way. */
export interface Flight {
  readonly echo: OutgoingEcho;
  readonly sequence: number;
  /** By the wall clock, as the kernel's stamps. */
  sentMs: number;
  /** It did not leave before. */
  notBeforeMs: number;
  /** By the monotonic one. */
  readonly sentAt: number;
  answered: boolean;
  /** Answered or reported: its number may be given away. */
  settled: boolean;
  /** Its answer has a place in the receive buffer set aside, of so many octets. */
  reserved: number;
}

const SEQUENCES = 65_536;
/** So long a place in the receive buffer is kept for an answer: this process may be busy with other things for that time. */
const RESERVED_MS = 100;
/** What the kernel counts for a short packet, and for each octet of a long one, at most. */
const PACKET_OCTETS = 1280;
const PER_OCTET = 1.5;

/**
 * The sequence numbers of one family, shared by all targets, and the echoes that hold them. It keeps what is on its way within what the receive buffer
 * takes: answers that come while this process is busy must not be dropped.
 */
export class Flights {
  readonly #bySequence = Array.from<Flight | null>({ length: SEQUENCES }).fill(null);
  #next = 0;
  #awaited = 0;
  #recent: Flight[] = [];
  #oldest = 0;
  #reserved = 0;

  /** `first`: the sequence number to begin with. */
  constructor(first: number) {
    this.#next = first % SEQUENCES;
  }

  /** Gives an echo a sequence number that nothing is awaited for, the longest unused first, and its answer a place among `room` octets; null when there is none. */
  begin(echo: OutgoingEcho, room: number, now: number): Flight | null {
    const sequence = this.#hasRoom(echo.size, room, now) ? this.#sequence() : null;
    if (sequence === null) return null;
    const flight: Flight = { echo, sequence, sentMs: 0, notBeforeMs: 0, sentAt: now, answered: false, settled: false, reserved: reserveOf(echo.size) };
    this.#bySequence[sequence] = flight;
    this.#awaited += 1;
    this.#reserved += flight.reserved;
    this.#recent.push(flight);
    echo.sender.sequences.push(sequence);
    return flight;
  }

  /** It was not sent after all. */
  cancel(flight: Flight): void {
    this.settle(flight);
    const { sequences } = flight.echo.sender;
    const at = sequences.lastIndexOf(flight.sequence);
    if (at === -1) return;
    sequences.splice(at, 1);
    this.#bySequence[flight.sequence] = null;
  }

  /** One may always be on its way. */
  #hasRoom(size: number, room: number, now: number): boolean {
    for (let flight = this.#recent[this.#oldest]; flight !== undefined && (flight.reserved === 0 || now - flight.sentAt > RESERVED_MS); flight = this.#recent[this.#oldest]) {
      this.#release(flight);
      this.#oldest += 1;
    }
    if (this.#oldest > 1024) {
      this.#recent = this.#recent.slice(this.#oldest);
      this.#oldest = 0;
    }
    return this.#reserved === 0 || this.#reserved + reserveOf(size) <= room;
  }

  #sequence(): number | null {
    if (this.#awaited >= SEQUENCES) return null;
    for (let tries = 0; tries < SEQUENCES; tries++) {
      const sequence = this.#next;
      this.#next = (sequence + 1) % SEQUENCES;
      if (this.#bySequence[sequence]?.settled !== false) return sequence;
    }
    return null;
  }

  at(sequence: number): Flight | null {
    return this.#bySequence[sequence] ?? null;
  }

  settle(flight: Flight): void {
    this.#release(flight);
    if (flight.settled) return;
    flight.settled = true;
    this.#awaited -= 1;
  }

  /** Nothing is awaited for this sender any more: what still comes for it is nobody's. */
  forget(sender: EchoSender): void {
    for (const sequence of sender.sequences.splice(0)) {
      const flight = this.at(sequence);
      if (flight?.echo.sender !== sender) continue;
      this.settle(flight);
      this.#bySequence[sequence] = null;
    }
  }

  #release(flight: Flight): void {
    this.#reserved -= flight.reserved;
    flight.reserved = 0;
  }
}

const reserveOf = (size: number): number => PACKET_OCTETS + size * PER_OCTET;
