import type { Family } from "../ports.ts";
import { ADDRESS_OCTETS, AF_INET, AF_INET6, readAddress, readPort, type SocketAddress, writeAddress } from "./address.ts";
import { type Block, ERRNO, type Libc } from "../libc.ts";
import { Options } from "./options.ts";

/** A socket that sends echoes: a ping socket, which needs no rights where `net.ipv4.ping_group_range` allows it, or a raw one. */
export interface EchoSocket {
  readonly fd: number;
  readonly kind: "ping" | "raw";
  /** The identifier of its echoes: a ping socket has one of the kernel's. */
  readonly id: number;
  /** Octets of messages that the kernel keeps until they are fetched. */
  readonly room: number;
  /** Whether its packets may not be taken apart at present. */
  whole: boolean;
  /** Messages that the kernel dropped so far. */
  dropped: number;
}

const SOCK = { stream: 1, datagram: 2, raw: 3 };
/** Non-blocking, and closed in programs that are started. */
const FLAGS = 0o4000 | 0o2000000;
const DOMAIN = { 4: AF_INET, 6: AF_INET6 } as const;
const ICMP = { 4: 1, 6: 58 } as const;
const TCP = 6;
/** The port of the discard protocol: nothing is sent there. */
const DISCARD = 9;

const nowhere = (family: Family): SocketAddress => ({ family, octets: new Uint8Array(family === 4 ? 4 : 16), scope: 0 });

/** Above the ports that Linux gives to connections. */
const FLOW_PORTS = { first: 61_000, count: 4500 };

/** Each target has a port of its own, so that all traces to it are one flow and take one path. */
function flowPort({ octets }: SocketAddress): number {
  return FLOW_PORTS.first + (octets.reduce((hash, octet) => (hash * 31 + octet) >>> 0, 7) % FLOW_PORTS.count);
}

/** The number of an error of the system. */
export type Errno = number;

/** Opens sockets. What gives a number below zero failed with that error. */
export class Sockets {
  readonly options: Options;
  readonly #libc: Libc;
  readonly #address: Block;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.options = new Options(libc);
    this.#address = libc.block(ADDRESS_OCTETS + 8);
  }

  #open(family: Family, type: number, protocol: number): number {
    const fd = this.#libc.socket(DOMAIN[family], type | FLAGS, protocol);
    return fd < 0 ? -this.#libc.errno() : fd;
  }

  /** A ping socket, or else a raw one with the identifier `id`; or the error of the latter. */
  openEcho(family: Family, id: number): EchoSocket | Errno {
    let kind: EchoSocket["kind"] = "ping";
    let fd = this.#open(family, SOCK.datagram, ICMP[family]);
    if (fd === -ERRNO.EACCES || fd === -ERRNO.EPERM || fd === -ERRNO.EPROTONOSUPPORT) {
      kind = "raw";
      fd = this.#open(family, SOCK.raw, ICMP[family]);
    }
    if (fd < 0) return -fd;
    this.options.tellAll(fd, family);
    if (kind === "raw") this.options.hearEchoes(fd, family, id);
    return { fd, kind, id: kind === "raw" ? id : this.#anyPort(fd, family), room: this.options.room(fd), whole: false, dropped: 0 };
  }

  /** Has the kernel choose a port, or what stands for it, now; 0 when it does not. */
  #anyPort(fd: number, family: Family): number {
    return this.#bind(fd, nowhere(family), 0) && this.#ownName(fd) ? readPort(this.#address, 0) : 0;
  }

  /** A UDP socket whose errors are told, with the port that belongs to the target. */
  openDatagram(to: SocketAddress): number {
    const fd = this.#open(to.family, SOCK.datagram, 0);
    if (fd < 0) return fd;
    this.options.tellAll(fd, to.family);
    this.#bind(fd, nowhere(to.family), flowPort(to));
    return fd;
  }

  /** A TCP socket whose packets live for some hops, and whose errors are told. */
  openStream(family: Family, ttl: number): number {
    const fd = this.#open(family, SOCK.stream, 0);
    if (fd < 0) return fd;
    this.options.tellAll(fd, family);
    this.options.live(fd, family, ttl);
    return fd;
  }

  /** A raw socket for segments of TCP between two ports. */
  openRawTcp(family: Family, targetPort: number, ownPort: number): number {
    const fd = this.#open(family, SOCK.raw, TCP);
    if (fd < 0) return fd;
    this.options.tellAll(fd, family);
    this.options.hearPorts(fd, family, targetPort, ownPort);
    return fd;
  }

  /** Begins to connect; the error, as a rule `EINPROGRESS`. */
  connect(fd: number, to: SocketAddress, port: number, from: SocketAddress | null): Errno {
    if (from !== null && !this.#bind(fd, from, 0)) return this.#libc.errno();
    return this.#libc.connect(fd, this.#address.address, writeAddress(this.#address, 0, to, port)) === 0 ? 0 : this.#libc.errno();
  }

  #bind(fd: number, address: SocketAddress, port: number): boolean {
    return this.#libc.bind(fd, this.#address.address, writeAddress(this.#address, 0, address, port)) === 0;
  }

  /** Whether this machine has the address: nobody else can be bound to it. */
  isOwn(address: SocketAddress): boolean {
    const fd = this.#open(address.family, SOCK.datagram, 0);
    if (fd < 0) return false;
    const own = this.#bind(fd, address, 0);
    this.#libc.close(fd);
    return own;
  }

  /** A TCP port of this machine that stays ours as long as `fd` is open, the one that belongs to the target if it is free. */
  holdPort(own: SocketAddress, to: SocketAddress): { readonly fd: number; readonly port: number } | Errno {
    const fd = this.#open(to.family, SOCK.stream, 0);
    if (fd < 0) return -fd;
    if ((this.#bind(fd, own, flowPort(to)) || this.#bind(fd, own, 0)) && this.#ownName(fd)) return { fd, port: readPort(this.#address, 0) };
    const errno = this.#libc.errno();
    this.#libc.close(fd);
    return errno;
  }

  /** The address that this machine takes towards another one, and the longest packet that it sends there whole. Nothing is sent. */
  towards(to: SocketAddress): { readonly own: Uint8Array; readonly mtu: number } | Errno {
    const fd = this.#open(to.family, SOCK.datagram, 0);
    if (fd < 0) return -fd;
    const errno = this.connect(fd, to, DISCARD, null);
    const found = errno === 0 && this.#ownName(fd) ? { own: readAddress(this.#address, 0).slice(), mtu: this.options.mtu(fd, to.family) } : errno;
    this.#libc.close(fd);
    return found;
  }

  #ownName(fd: number): boolean {
    this.#address.view.setUint32(ADDRESS_OCTETS, ADDRESS_OCTETS, true);
    return this.#libc.getsockname(fd, this.#address.address, this.#address.address + BigInt(ADDRESS_OCTETS)) === 0;
  }
}
