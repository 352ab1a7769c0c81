import { endianness } from "node:os";

/** The few calls of libc that ICMP and Unix datagrams need and Node does not offer: Linux, 64 bits, little-endian. All are made on this thread and none waits. */

/** Memory that the kernel may read and write: it does not move, and it is never given back. */
export interface Block {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Calls back while a file descriptor has something to read. */
export interface Watch {
  /** Whether it keeps the process alive. */
  hold(yes: boolean): void;
  close(): void;
}

type FileDescriptor = number;

/** As in their manual pages; -1 for an error, which `errno` names then. */
export interface Libc {
  block(octets: number): Block;
  errno(): number;
  socket(domain: number, type: number, protocol: number): FileDescriptor;
  close(fd: FileDescriptor): number;
  bind(fd: FileDescriptor, address: bigint, octets: number): number;
  connect(fd: FileDescriptor, address: bigint, octets: number): number;
  getsockname(fd: FileDescriptor, address: bigint, octets: bigint): number;
  setsockopt(fd: FileDescriptor, level: number, option: number, value: bigint, octets: number): number;
  getsockopt(fd: FileDescriptor, level: number, option: number, value: bigint, octets: bigint): number;
  sendto(fd: FileDescriptor, bytes: Uint8Array, octets: number, flags: number, address: Uint8Array, addressOctets: number): number;
  sendmmsg(fd: FileDescriptor, messages: bigint, count: number, flags: number): number;
  recvmmsg(fd: FileDescriptor, messages: bigint, count: number, flags: number, timeout: null): number;
  epollCreate(flags: number): FileDescriptor;
  epollControl(epoll: FileDescriptor, operation: number, fd: FileDescriptor, event: bigint): number;
  epollWait(epoll: FileDescriptor, events: bigint, count: number, timeoutMs: number): number;
  clockGettime(clock: number, time: bigint): number;
  watch(fd: FileDescriptor, ready: () => void): Watch;
}

/** The error numbers of Linux that mean something here. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  EMSGSIZE: 90,
  EPROTOTYPE: 91,
  EPROTONOSUPPORT: 93,
  EAFNOSUPPORT: 97,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EINPROGRESS: 115,
} as const;

let loading: Promise<Libc | null> | null = null;

/** Loaded when first asked for, so that a site that needs none of it does not pay for it. Null where it cannot be had. */
export function loadLibc(): Promise<Libc | null> {
  loading ??= process.platform === "linux" && endianness() === "LE" && /^(x64|arm64|riscv64|loong64)$/.test(process.arch) ? load().catch(() => null) : Promise.resolve(null);
  return loading;
}

async function load(): Promise<Libc> {
  const { default: koffi } = await import("koffi");
  const library = koffi.load(null);
  return {
    block(octets) {
      const address = koffi.address(koffi.alloc("uint8_t", octets));
      const memory = koffi.view(address, octets);
      const bytes = new Uint8Array(memory);
      bytes.fill(0);
      return { address, bytes, view: new DataView(memory) };
    },
    errno: () => koffi.errno(),
    socket: library.func("int socket(int, int, int)"),
    close: library.func("int close(int)"),
    bind: library.func("int bind(int, void *, uint32_t)"),
    connect: library.func("int connect(int, void *, uint32_t)"),
    getsockname: library.func("int getsockname(int, void *, void *)"),
    setsockopt: library.func("int setsockopt(int, int, int, void *, uint32_t)"),
    getsockopt: library.func("int getsockopt(int, int, int, void *, void *)"),
    sendto: library.func("long sendto(int, const void *, size_t, int, const void *, uint32_t)"),
    sendmmsg: library.func("int sendmmsg(int, void *, uint32_t, int)"),
    recvmmsg: library.func("int recvmmsg(int, void *, uint32_t, int, void *)"),
    epollCreate: library.func("int epoll_create1(int)"),
    epollControl: library.func("int epoll_ctl(int, int, int, void *)"),
    epollWait: library.func("int epoll_wait(int, void *, int, int)"),
    clockGettime: library.func("int clock_gettime(int, void *)"),
    watch(fd, ready) {
      const handle = koffi.node.poll(fd, { readable: true }, () => ready());
      return { hold: (yes) => (yes ? handle.ref() : handle.unref()), close: () => handle.close() };
    },
  };
}
