import type { Family } from "../ports.ts";
import { AF_INET, AF_INET6, type SocketAddress, writeAddress } from "./address.ts";
import { type Block, ERRNO, type Libc } from "./libc.ts";

/** A socket that sends echoes: a ping socket, which needs no rights where `net.ipv4.ping_group_range` allows it, or a raw one. */
export interface EchoSocket {
  readonly fd: number;
  readonly kind: "ping" | "raw";
  /** The identifier of its echoes; a ping socket has one of the kernel's. */
  readonly id: number;
  /** Octets of messages that the kernel keeps until they are fetched. */
  readonly room: number;
  /** Whether its packets may not be taken apart at present. */
  whole: boolean;
  /** Messages that the kernel dropped so far. */
  dropped: number;
}

const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
/** Non-blocking, and closed in programs that are started. */
const SOCK_FLAGS = 0o4000 | 0o2000000;
const IPPROTO = { 4: 1, 6: 58 } as const;
const DOMAIN = { 4: AF_INET, 6: AF_INET6 } as const;
const ECHO_REPLY_6 = 129;

const SOL_SOCKET = 1;
const SO = { sendBuffer: 7, receiveBuffer: 8, error: 4, attachFilter: 26, sendBufferForce: 32, receiveBufferForce: 33, timestampNs: 35, overflow: 40 };
const SOL = { 4: 0, 6: 41 } as const;
const OPTION = { 4: { errors: 11, hopLimit: 12, mtuDiscover: 10 }, 6: { errors: 25, hopLimit: 51, mtuDiscover: 23 } } as const;
const IPV6_DONTFRAG = 62;
/** Packets go out whole even where the kernel knows of a shorter MTU: what it learned may be out of date. */
const PMTUDISC = { want: 1, probe: 3 };
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const BUFFER_OCTETS = 4 * 1_048_576;

/** Sets a socket's options, with a little memory of its own. */
export class Options {
  readonly #libc: Libc;
  readonly #value: Block;
  readonly #more: Block;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#value = libc.block(64);
    this.#more = libc.block(64);
  }

  set(fd: number, level: number, option: number, value: number): boolean {
    this.#value.view.setInt32(0, value, true);
    return this.#libc.setsockopt(fd, level, option, this.#value.address, 4) === 0;
  }

  /** 0 when there is none. */
  get(fd: number, level: number, option: number): number {
    this.#value.view.setInt32(0, 0, true);
    this.#value.view.setUint32(4, 4, true);
    this.#libc.getsockopt(fd, level, option, this.#value.address, this.#value.address + 4n);
    return this.#value.view.getInt32(0, true);
  }

  /** Takes the error that waits on a socket, 0 for none. */
  takeError(fd: number): number {
    return this.get(fd, SOL_SOCKET, SO.error);
  }

  /** Errors, the kernel's times and hop limits are told with messages; buffers are as long as this user may have them. */
  tellAll(fd: number, family: Family): void {
    this.set(fd, SOL_SOCKET, SO.timestampNs, 1);
    this.set(fd, SOL_SOCKET, SO.overflow, 1);
    this.set(fd, SOL[family], OPTION[family].errors, 1);
    this.set(fd, SOL[family], OPTION[family].hopLimit, 1);
    if (!this.set(fd, SOL_SOCKET, SO.receiveBufferForce, BUFFER_OCTETS)) this.set(fd, SOL_SOCKET, SO.receiveBuffer, BUFFER_OCTETS);
    if (!this.set(fd, SOL_SOCKET, SO.sendBufferForce, BUFFER_OCTETS)) this.set(fd, SOL_SOCKET, SO.sendBuffer, BUFFER_OCTETS);
  }

  /** Octets that a socket keeps for its reader. */
  room(fd: number): number {
    return this.get(fd, SOL_SOCKET, SO.receiveBuffer);
  }

  /** Whether routers, and this machine, may take packets apart. */
  keepWhole(fd: number, family: Family, whole: boolean): void {
    this.set(fd, SOL[family], OPTION[family].mtuDiscover, whole ? PMTUDISC.probe : PMTUDISC.want);
    if (family === 6) this.set(fd, SOL[6], IPV6_DONTFRAG, whole ? 1 : 0);
  }

  /** A raw socket hears every answer to every program: only answers with our identifier are let through. */
  hearOnly(fd: number, family: Family, id: number): void {
    const { view, bytes, address } = this.#value;
    bytes.fill(255);
    if (family === 4) view.setUint32(0, ~1 >>> 0, true);
    else view.setUint32((ECHO_REPLY_6 >> 5) * 4, ~(1 << (ECHO_REPLY_6 & 31)) >>> 0, true);
    this.#libc.setsockopt(fd, family === 4 ? SOL_RAW : IPPROTO[6], ICMP_FILTER, address, family === 4 ? 4 : 32);
    this.filter(fd, family === 4 ? [PASS_IP4_HEADER, [LOAD_HALF_BEHIND, 0, 0, 4], ...onlyIf(id)] : [[LOAD_HALF, 0, 0, 4], ...onlyIf(id)]);
  }

  /** Whether this machine has the address: nobody else may be bound to. */
  isOwn(address: SocketAddress): boolean {
    const fd = this.#libc.socket(DOMAIN[address.family], SOCK_DGRAM | SOCK_FLAGS, 0);
    if (fd < 0) return false;
    const bound = this.#libc.bind(fd, this.#value.address, writeAddress(this.#value, 0, address, 0)) === 0;
    this.#libc.close(fd);
    return bound;
  }

  /** Attaches a packet filter: instructions of code, two jumps and a number. */
  filter(fd: number, program: readonly Instruction[]): boolean {
    const { view, address } = this.#more;
    program.forEach(([code, yes, no, number], index) => {
      view.setUint16(index * 8, code, true);
      view.setUint8(index * 8 + 2, yes);
      view.setUint8(index * 8 + 3, no);
      view.setUint32(index * 8 + 4, number, true);
    });
    this.#value.view.setBigUint64(0, BigInt(program.length), true);
    this.#value.view.setBigUint64(8, address, true);
    return this.#libc.setsockopt(fd, SOL_SOCKET, SO.attachFilter, this.#value.address, 16) === 0;
  }
}

/** Code, jump when true, jump when false, number: classic BPF. */
export type Instruction = readonly [code: number, yes: number, no: number, number: number];
const LOAD_HALF = 0x28;
const LOAD_HALF_BEHIND = 0x48;
/** X becomes the length of the IPv4 header. */
const PASS_IP4_HEADER: Instruction = [0xb1, 0, 0, 0];
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;

/** The packet passes if what was loaded is the number. */
const onlyIf = (number: number): readonly Instruction[] => [[JUMP_EQUAL, 0, 1, number], [RETURN, 0, 0, 0x40000], [RETURN, 0, 0, 0]];

export type OpenedEchoSocket = { readonly kind: "opened"; readonly socket: EchoSocket } | { readonly kind: "failed"; readonly errno: number };

/** Opens a ping socket, or else a raw one with the identifier `id`. */
export function openEchoSocket(libc: Libc, options: Options, family: Family, id: number): OpenedEchoSocket {
  let kind: EchoSocket["kind"] = "ping";
  let fd = libc.socket(DOMAIN[family], SOCK_DGRAM | SOCK_FLAGS, IPPROTO[family]);
  let errno = fd < 0 ? libc.errno() : 0;
  if (errno === ERRNO.EACCES || errno === ERRNO.EPERM || errno === ERRNO.EPROTONOSUPPORT) {
    kind = "raw";
    fd = libc.socket(DOMAIN[family], SOCK_RAW | SOCK_FLAGS, IPPROTO[family]);
    // The refusal of a ping socket says nothing that the one of a raw socket does not.
    errno = fd < 0 ? libc.errno() : 0;
  }
  if (fd < 0) return { kind: "failed", errno };
  options.tellAll(fd, family);
  if (kind === "raw") options.hearOnly(fd, family, id);
  return { kind: "opened", socket: { fd, kind, id, room: options.room(fd), whole: false, dropped: 0 } };
}

/** A UDP socket whose errors are told; its number, or the negative number of the error. */
export function openDatagramSocket(libc: Libc, options: Options, family: Family): number {
  const fd = libc.socket(DOMAIN[family], SOCK_DGRAM | SOCK_FLAGS, 0);
  if (fd < 0) return -libc.errno();
  options.tellAll(fd, family);
  return fd;
}
