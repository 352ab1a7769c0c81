import type { Family } from "../ports.ts";
import type { Block, Libc } from "../libc.ts";

const SOL_SOCKET = 1;
const SO = { error: 4, sendBuffer: 7, receiveBuffer: 8, attachFilter: 26, sendBufferForce: 32, receiveBufferForce: 33, timestampNs: 35, overflow: 40 };
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const SOL_ICMP6 = 58;
const SOL_TCP = 6;
const TCP_INFO = 11;
/** Where `struct tcp_info` has the round trip, in µs. */
const TCP_ROUND_TRIP_AT = 68;
const TCP_INFO_OCTETS = 104;
const ECHO_REPLY = { 4: 0, 6: 129 } as const;

const SOL = { 4: 0, 6: 41 } as const;
const OPTION = { 4: { ttl: 2, mtuDiscover: 10, errors: 11, hopLimit: 12, mtu: 14 }, 6: { ttl: 16, mtuDiscover: 23, mtu: 24, errors: 25, hopLimit: 51 } } as const;
const IPV6_CHECKSUM = 7;
const IPV6_DONTFRAG = 62;
/** `probe`: packets go out whole even where the kernel knows of a shorter MTU, since what it learnt may be out of date. */
const PMTUDISC = { want: 1, probe: 3 };
const BUFFER_OCTETS = 4 * 1_048_576;

/** Code, jump when true, jump when false, number: classic BPF. */
type Instruction = readonly [code: number, yes: number, no: number, number: number];
const LOAD_HALF = { 4: 0x48, 6: 0x28 } as const;
/** X becomes the length of the header, behind which the halves of IPv4 are loaded: its raw sockets show it, those of IPv6 do not. */
const PASS_HEADER = { 4: [[0xb1, 0, 0, 0]], 6: [] } as const satisfies { readonly [family: number]: readonly Instruction[] };
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;
const ALL = 0x40000;

/** Reads and sets options of sockets, over a little memory of its own. */
export class Options {
  readonly #libc: Libc;
  readonly #value: Block;
  readonly #program: Block;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#value = libc.block(128);
    this.#program = libc.block(128);
  }

  #set(fd: number, level: number, option: number, value: number): boolean {
    this.#value.view.setInt32(0, value, true);
    return this.#libc.setsockopt(fd, level, option, this.#value.address, 4) === 0;
  }

  /** The number that lies `at` there in what the option gives; 0 when there is none. */
  #get(fd: number, level: number, option: number, octets = 4, at = 0): number {
    const { bytes, view, address } = this.#value;
    bytes.fill(0);
    view.setUint32(octets, octets, true);
    this.#libc.getsockopt(fd, level, option, address, address + BigInt(octets));
    return view.getInt32(at, true);
  }

  /** Takes the error that waits on a socket, 0 for none. */
  takeError(fd: number): number {
    return this.#get(fd, SOL_SOCKET, SO.error);
  }

  /** Errors, the kernel's times and hop limits are told with messages; buffers are as long as this user may have them. */
  tellAll(fd: number, family: Family): void {
    this.#set(fd, SOL_SOCKET, SO.timestampNs, 1);
    this.#set(fd, SOL_SOCKET, SO.overflow, 1);
    this.#set(fd, SOL[family], OPTION[family].errors, 1);
    this.#set(fd, SOL[family], OPTION[family].hopLimit, 1);
    if (!this.#set(fd, SOL_SOCKET, SO.receiveBufferForce, BUFFER_OCTETS)) this.#set(fd, SOL_SOCKET, SO.receiveBuffer, BUFFER_OCTETS);
    if (!this.#set(fd, SOL_SOCKET, SO.sendBufferForce, BUFFER_OCTETS)) this.#set(fd, SOL_SOCKET, SO.sendBuffer, BUFFER_OCTETS);
  }

  /** Octets that a socket keeps for its reader. */
  room(fd: number): number {
    return this.#get(fd, SOL_SOCKET, SO.receiveBuffer);
  }

  /** Hops that its packets may take. */
  live(fd: number, family: Family, ttl: number): void {
    this.#set(fd, SOL[family], OPTION[family].ttl, ttl);
  }

  /** Whether routers, and this machine, may take packets apart. */
  keepWhole(fd: number, family: Family, whole: boolean): void {
    this.#set(fd, SOL[family], OPTION[family].mtuDiscover, whole ? PMTUDISC.probe : PMTUDISC.want);
    if (family === 6) this.#set(fd, SOL[6], IPV6_DONTFRAG, whole ? 1 : 0);
  }

  /** Of a connected socket: the longest packet that its path takes, as far as this machine knows. */
  mtu(fd: number, family: Family): number {
    return this.#get(fd, SOL[family], OPTION[family].mtu);
  }

  /** Of a TCP connection: its round trip, ms. */
  roundTripMs(fd: number): number {
    return this.#get(fd, SOL_TCP, TCP_INFO, TCP_INFO_OCTETS, TCP_ROUND_TRIP_AT) / 1000;
  }

  /** A raw socket hears every answer to every program: only answers with our identifier are let through. */
  hearEchoes(fd: number, family: Family, id: number): void {
    const { view, bytes, address } = this.#value;
    const type = ECHO_REPLY[family];
    bytes.fill(255);
    view.setUint32((type >> 5) * 4, ~(1 << (type & 31)) >>> 0, true);
    this.#libc.setsockopt(fd, family === 4 ? SOL_RAW : SOL_ICMP6, ICMP_FILTER, address, family === 4 ? 4 : 32);
    this.#filter(fd, family, [[4, id]]);
  }

  /** Of TCP only segments between these ports; the kernel fills in the checksum of IPv6. */
  hearPorts(fd: number, family: Family, from: number, to: number): void {
    if (family === 6) this.#set(fd, SOL[6], IPV6_CHECKSUM, 16);
    this.#filter(fd, family, [[0, from], [2, to]]);
  }

  /** Lets packets pass that have these numbers of 16 bits at these places behind the IP header. */
  #filter(fd: number, family: Family, wanted: readonly (readonly [at: number, number: number])[]): void {
    const tests = wanted.flatMap(([at, number], index): Instruction[] => [[LOAD_HALF[family], 0, 0, at], [JUMP_EQUAL, 0, 2 * (wanted.length - index) - 1, number]]);
    const program: readonly Instruction[] = [...PASS_HEADER[family], ...tests, [RETURN, 0, 0, ALL], [RETURN, 0, 0, 0]];
    const { view, address } = this.#program;
    program.forEach(([code, yes, no, number], index) => {
      view.setUint16(index * 8, code, true);
      view.setUint8(index * 8 + 2, yes);
      view.setUint8(index * 8 + 3, no);
      view.setUint32(index * 8 + 4, number, true);
    });
    this.#value.view.setBigUint64(0, BigInt(program.length), true);
    this.#value.view.setBigUint64(8, address, true);
    this.#libc.setsockopt(fd, SOL_SOCKET, SO.attachFilter, this.#value.address, 16);
  }
}
