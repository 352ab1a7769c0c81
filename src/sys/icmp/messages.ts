import { ADDRESS_OCTETS, addressLength, readAddress, readPort, type SocketAddress, writeAddress } from "./address.ts";
import { type Block, ERRNO, type Libc } from "../libc.ts";

/** What `recvmsg` gives of an error of ours: `struct sock_extended_err` and who said it. */
export interface Report {
  readonly errno: number;
  /** The kernel itself (1), ICMP (2) or ICMPv6 (3). */
  readonly origin: number;
  readonly type: number;
  readonly code: number;
  /** Of a packet that is too long: the MTU. */
  readonly info: number;
  readonly offender: Uint8Array;
}

/** A message that came, or an error about one that went. It is overwritten by later ones. */
export interface Arrival {
  /** Who sent it; of an error: to whom the packet went that it is about. */
  readonly from: Uint8Array;
  readonly port: number;
  readonly octets: Uint8Array;
  /** When the kernel received it: ms on the wall clock since `Messages` was made, in fractions down to ns; null where it did not say. */
  readonly stampMs: number | null;
  readonly hopLimit: number | null;
  /** Messages that the kernel dropped so far because nobody fetched them in time, where it told. */
  readonly dropped: number | null;
  readonly report: Report | null;
}

export interface Sending {
  readonly to: SocketAddress;
  readonly port: number;
  readonly octets: number;
  readonly ttl: number | null;
  readonly source: Uint8Array | null;
}

type Slot = { -readonly [Key in keyof Arrival]: Arrival[Key] };

const NOBODY = new Uint8Array(0);

const HEADER = 64;
const CONTROL = 256;
/** Octets that are read of each message, and messages that are read at once. */
const FRONT = 192;
const COUNT = 32;
/** Messages that are sent at once. A batch costs less, but when each of its packets left is known the less well the longer it is. */
const BATCH = 16;
/** After an interrupted batch, so many are sent one by one, each with a stamp of its own: the machine is busy. */
const ONE_BY_ONE = 1024;
/** Octets of each message of a batch; the first one may be an echo of the longest payload, with its header. */
export const SHORT = 2048;
const LONGEST = 65_536;
/** A batch that took so many times as long as usual was interrupted, nobody knows where. */
const INTERRUPTED = 1.5;
/** How fast what is usual follows what is: downward, and upward, where it was no interruption but the machine's way. */
const LEARNED = { down: 1 / 16, up: 1 / 4 };
/** `struct msghdr` with 64 bits; `struct mmsghdr` adds `msg_len`. */
const AT = { name: 0, nameLength: 8, vector: 16, vectors: 24, control: 32, controlLength: 40, flags: 48, length: 56 };

const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;
const MSG_NOSIGNAL = 0x4000;
const CLOCK_REALTIME = 0;

const SOL_IP = 0;
const SOL_SOCKET = 1;
const SOL_IPV6 = 41;
const CONTROLS = { timestampNs: 35, overflow: 40, ttl: 2, packetInfo: 8, error: 11, error6: 25, packetInfo6: 50, hopLimit6: 52 };

/** `struct mmsghdr` and all that it points to, for a number of messages. */
interface Train {
  readonly headers: Block;
  readonly names: Block;
  readonly controls: Block;
  readonly octets: Block;
  readonly vectors: Block;
}

/** `octetsAt`: where the octets of each message lie. */
function trainOf(libc: Libc, count: number, octetsAt: (index: number) => number, vectorOctets: number): Train {
  const block = (octets: number): Block => libc.block(octets);
  const train: Train = { headers: block(count * HEADER), names: block(count * ADDRESS_OCTETS), controls: block(count * CONTROL), octets: block(octetsAt(count)), vectors: block(count * 16) };
  for (let index = 0; index < count; index++) {
    const { view } = train.headers;
    const at = index * HEADER;
    view.setBigUint64(at + AT.name, train.names.address + BigInt(index * ADDRESS_OCTETS), true);
    view.setBigUint64(at + AT.vector, train.vectors.address + BigInt(index * 16), true);
    view.setBigUint64(at + AT.vectors, 1n, true);
    view.setBigUint64(at + AT.control, train.controls.address + BigInt(index * CONTROL), true);
    train.vectors.view.setBigUint64(index * 16, train.octets.address + BigInt(octetsAt(index)), true);
    train.vectors.view.setBigUint64(index * 16 + 8, BigInt(vectorOctets), true);
  }
  return train;
}

/** Sends and receives on any socket, without waiting. One set of buffers serves all sockets of a process. */
export class Messages {
  readonly #libc: Libc;
  readonly #out: Train;
  readonly #outgoing: readonly Uint8Array[];
  readonly #in: Train;
  readonly #slots: readonly Slot[];
  readonly #time: Block;
  readonly #baseSeconds: number;
  #sentFromMs = 0;
  #sentStepMs = 0;
  /** What one packet takes as a rule, ms. */
  #usualMs = 0.02;
  #oneByOne = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#out = trainOf(libc, BATCH, (index) => (index === 0 ? 0 : LONGEST + (index - 1) * SHORT), 0);
    this.#outgoing = Array.from({ length: BATCH }, (_, index) => (index === 0 ? this.#out.octets.bytes.subarray(0, LONGEST) : this.#out.octets.bytes.subarray(LONGEST + (index - 1) * SHORT, LONGEST + index * SHORT)));
    this.#in = trainOf(libc, COUNT, (index) => index * FRONT, FRONT);
    this.#slots = Array.from({ length: COUNT }, (_, index) => this.#prepare(index));
    this.#time = libc.block(16);
    libc.clockGettime(CLOCK_REALTIME, this.#time.address);
    this.#baseSeconds = this.#time.view.getUint32(0, true);
  }

  #prepare(index: number): Slot {
    this.#reset(index);
    return { from: NOBODY, port: 0, octets: NOBODY, stampMs: null, hopLimit: null, dropped: null, report: null };
  }

  /** The kernel writes over these at each message. */
  #reset(index: number): void {
    const { view } = this.#in.headers;
    view.setUint32(index * HEADER + AT.nameLength, ADDRESS_OCTETS, true);
    view.setUint32(index * HEADER + AT.controlLength, CONTROL, true);
    view.setUint32(index * HEADER + AT.flags, 0, true);
  }

  /** Where the octets of a batch's message are written: room for the longest packet in the first one, for `SHORT` octets in the others. */
  outgoing(index: number): Uint8Array {
    return this.#outgoing[index] ?? NOBODY;
  }

  /** The wall clock, as `stampMs`. */
  nowMs(): number {
    this.#libc.clockGettime(CLOCK_REALTIME, this.#time.address);
    return this.#stamp(this.#time, 0);
  }

  #stamp({ view }: Block, at: number): number {
    return (view.getUint32(at, true) - this.#baseSeconds) * 1000 + view.getUint32(at + 8, true) / 1e6;
  }

  /** Addresses a batch's message. */
  address(index: number, { to, port, octets, ttl, source }: Sending): void {
    const { headers, names, vectors } = this.#out;
    const at = index * HEADER;
    headers.view.setUint32(at + AT.nameLength, writeAddress(names, index * ADDRESS_OCTETS, to, port), true);
    headers.view.setUint32(at + AT.controlLength, ttl === null && source === null ? 0 : this.#writeControl(index * CONTROL, to, ttl, source), true);
    vectors.view.setUint32(index * 16 + 8, octets, true);
  }

  /** Sends the first `count` messages of the batch; how many went, or the number of the error, negative, that the first one met. */
  send(fd: number, count: number): number {
    this.#sentFromMs = this.nowMs();
    const sent = this.#libc.sendmmsg(fd, this.#out.headers.address, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return -this.#libc.errno();
    this.#oneByOne -= 1;
    this.#sentStepMs = sent < 2 ? 0 : this.#stepOf((this.nowMs() - this.#sentFromMs) / sent);
    return sent;
  }

  /** What each packet of a batch took: as measured, or as usual where the batch was interrupted. */
  #stepOf(measuredMs: number): number {
    const interrupted = !(measuredMs <= this.#usualMs * INTERRUPTED);
    if (interrupted) this.#oneByOne = ONE_BY_ONE;
    const step = interrupted ? this.#usualMs : Math.max(measuredMs, 0);
    this.#usualMs += interrupted ? (Math.min(measuredMs, this.#usualMs * 2) - this.#usualMs) * LEARNED.up : (step - this.#usualMs) * LEARNED.down;
    return step;
  }

  /** How many may be sent at once. */
  get batch(): number {
    return this.#oneByOne > 0 ? 1 : BATCH;
  }

  /** When the last batch began to leave, as `stampMs`. */
  get sentFromMs(): number {
    return this.#sentFromMs;
  }

  /** When a message of it left, in its turn. */
  sentMs(index: number): number {
    return this.#sentFromMs + index * this.#sentStepMs;
  }

  /** The headers `IP_TTL` and `IP_PKTINFO`, or those of IPv6: they hold for one message alone. */
  #writeControl(start: number, { family, scope }: SocketAddress, ttl: number | null, source: Uint8Array | null): number {
    const { view, bytes } = this.#out.controls;
    let at = start;
    const head = (length: number, type: number): number => {
      view.setBigUint64(at, BigInt(16 + length), true);
      view.setInt32(at + 8, family === 4 ? SOL_IP : SOL_IPV6, true);
      view.setInt32(at + 12, type, true);
      bytes.fill(0, at + 16, at + 16 + length);
      const body = at + 16;
      at += 16 + Math.ceil(length / 8) * 8;
      return body;
    };
    if (ttl !== null) view.setInt32(head(4, family === 4 ? CONTROLS.ttl : CONTROLS.hopLimit6), ttl, true);
    if (source !== null && family === 4) bytes.set(source, head(12, CONTROLS.packetInfo) + 4);
    if (source !== null && family === 6) {
      const body = head(20, CONTROLS.packetInfo6);
      bytes.set(source, body);
      view.setUint32(body + 16, scope, true);
    }
    return at - start;
  }

  /** Hands on what came, or the errors that came, at most about `most`; how many there were. */
  receive(fd: number, what: "messages" | "errors", most: number, take: (arrival: Arrival) => void): number {
    const { headers } = this.#in;
    const flags = what === "errors" ? MSG_DONTWAIT | MSG_ERRQUEUE : MSG_DONTWAIT;
    let taken = 0;
    while (taken < most) {
      const count = this.#libc.recvmmsg(fd, headers.address, COUNT, flags, null);
      for (let index = 0; index < count; index++) {
        take(this.#arrival(index));
        this.#reset(index);
      }
      // An error that waited is told instead of a message, once.
      if (count < 0 && (this.#libc.errno() === ERRNO.EAGAIN || what === "errors")) break;
      taken += Math.max(count, 1);
      if (count >= 0 && count < COUNT) break;
    }
    return taken;
  }

  #arrival(index: number): Arrival {
    const { headers, names, octets, controls } = this.#in;
    const slot = this.#slots[index];
    if (slot === undefined) throw new Error("more messages than slots");
    const length = Math.min(headers.view.getUint32(index * HEADER + AT.length, true), FRONT);
    // A view costs more than all the rest here: most messages are as long as the one before.
    if (slot.octets.length !== length) slot.octets = octets.bytes.subarray(index * FRONT, index * FRONT + length);
    const named = headers.view.getUint32(index * HEADER + AT.nameLength, true) > 0;
    const name = index * ADDRESS_OCTETS;
    const address = named ? addressLength(names, name) : 0;
    if (slot.from.length !== address) slot.from = readAddress(names, name);
    slot.port = named ? readPort(names, name) : 0;
    slot.stampMs = slot.hopLimit = slot.dropped = slot.report = null;
    const { view } = controls;
    const start = index * CONTROL;
    const end = start + Math.min(headers.view.getUint32(index * HEADER + AT.controlLength, true), CONTROL);
    for (let at = start; at + 16 <= end; ) {
      const length = view.getUint32(at, true);
      if (length < 16 || at + length > end) break;
      this.#readControl(slot, view.getInt32(at + 8, true), view.getInt32(at + 12, true), at + 16);
      at += (length + 7) & ~7;
    }
    return slot;
  }

  #readControl(slot: Slot, level: number, type: number, body: number): void {
    const { controls } = this.#in;
    if (level === SOL_SOCKET) {
      if (type === CONTROLS.timestampNs) slot.stampMs = this.#stamp(controls, body);
      else if (type === CONTROLS.overflow) slot.dropped = controls.view.getUint32(body, true);
    } else if ((level === SOL_IP && type === CONTROLS.ttl) || (level === SOL_IPV6 && type === CONTROLS.hopLimit6)) {
      slot.hopLimit = controls.view.getInt32(body, true);
    } else if ((level === SOL_IP && type === CONTROLS.error) || (level === SOL_IPV6 && type === CONTROLS.error6)) {
      slot.report = this.#report(controls, body);
    }
  }

  #report(block: Block, at: number): Report {
    const { view } = block;
    return { errno: view.getUint32(at, true), origin: view.getUint8(at + 4), type: view.getUint8(at + 5), code: view.getUint8(at + 6), info: view.getUint32(at + 8, true), offender: readAddress(block, at + 16) };
  }
}
