import type { Block, Libc, Watch } from "../libc.ts";

const EPOLL_CLOEXEC = 0o2000000;
const ADD = 1;
const REMOVE = 2;
const EPOLLIN = 1;
const EPOLLOUT = 4;
const EPOLLERR = 8;
const EVENTS = 64;
/** `struct epoll_event` is packed on x86-64 alone. */
const [EVENT_OCTETS, DATA_AT] = process.arch === "x64" ? [12, 4] : [16, 8];

/**
 * Sockets behind one epoll descriptor of our own, which libuv watches: watched by libuv itself, a socket with an error is let go of at the
 * first one.
 */
export class Poller {
  readonly #libc: Libc;
  readonly #events: Block;
  readonly #ready = new Map<number, (failed: boolean) => void>();
  readonly #epoll: number;
  #watch: Watch | null;

  /** Null when the process has no descriptors left. */
  static open(libc: Libc, events: Block): Poller | null {
    const epoll = libc.epollCreate(EPOLL_CLOEXEC);
    return epoll < 0 ? null : new Poller(libc, events, epoll);
  }

  /** Memory for `open`, to be had once. */
  static events(libc: Libc): Block {
    return libc.block(EVENTS * EVENT_OCTETS);
  }

  private constructor(libc: Libc, events: Block, epoll: number) {
    this.#libc = libc;
    this.#events = events;
    this.#epoll = epoll;
    this.#watch = libc.watch(epoll, () => this.turn());
  }

  /** Calls `ready` when the socket has messages or errors (`failed`), or can be written to where that is asked for. */
  add(fd: number, ready: (failed: boolean) => void, writable = false): void {
    this.#ready.set(fd, ready);
    this.#events.view.setUint32(0, EPOLLIN | EPOLLERR | (writable ? EPOLLOUT : 0), true);
    this.#events.view.setUint32(DATA_AT, fd, true);
    this.#events.view.setUint32(DATA_AT + 4, 0, true);
    this.#libc.epollControl(this.#epoll, ADD, fd, this.#events.address);
  }

  remove(fd: number): void {
    if (this.#ready.delete(fd)) this.#libc.epollControl(this.#epoll, REMOVE, fd, this.#events.address);
  }

  /** Whether it keeps the process alive. */
  hold(yes: boolean): void {
    this.#watch?.hold(yes);
  }

  close(): void {
    this.#watch?.close();
    this.#watch = null;
    this.#ready.clear();
    this.#libc.close(this.#epoll);
  }

  /** Takes what is there now. */
  turn(): void {
    if (this.#watch === null) return;
    const count = this.#libc.epollWait(this.#epoll, this.#events.address, EVENTS, 0);
    const due: [number, boolean][] = [];
    for (let index = 0; index < count; index++) {
      const at = index * EVENT_OCTETS;
      due.push([this.#events.view.getUint32(at + DATA_AT, true), (this.#events.view.getUint32(at, true) & EPOLLERR) !== 0]);
    }
    for (const [fd, failed] of due) this.#ready.get(fd)?.(failed);
  }
}
