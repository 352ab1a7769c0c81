import type { ServerResponse } from "node:http";
import type { Clock, Log, Timer } from "../sys/ports.ts";
import type { Board } from "./board.ts";
import type { Handle } from "./handle.ts";

/** Most listeners at once. */
export const STREAMS_MAX = 100;
/** At most one message each so many ms. */
const PACE_MS = 250;
/** A comment line this often keeps proxies and browsers from giving up. */
const HEARTBEAT_MS = 15_000;
/** Bytes that may wait for a slow reader beyond one overview; then it is dropped and comes back for a fresh one. */
const BACKLOG_BYTES = 256 * 1024;
/** What the browser waits before it comes back, ms. */
const RETRY_MS = 2000;

interface Listener {
  readonly response: ServerResponse;
  readonly holds: () => Promise<boolean>;
  /** Waits for its first overview. */
  fresh: boolean;
  /** Bytes that waited for the reader at the last heartbeat. */
  waiting: number;
}

/** Tells browsers what changed, as server-sent events (HTML Standard, section 9.2): an overview first, then changes in bundles. */
export class Streams {
  readonly #handle: Handle;
  readonly #board: Board;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stop: () => void;
  readonly #listeners = new Set<Listener>();
  readonly #changed = new Set<string>();
  #site = false;
  #banners = false;
  /** Size of the last overview sent, bytes: every listener has to take that much. */
  #overviewBytes = 0;
  #flushing = false;
  #flushedAt = -PACE_MS;
  #timer: Timer | null = null;
  #heartbeat: Timer | null = null;

  constructor(handle: Handle, board: Board, clock: Clock, log: Log) {
    this.#handle = handle;
    this.#board = board;
    this.#clock = clock;
    this.#log = log;
    this.#stop = handle.subscribe((change) => {
      if (this.#listeners.size === 0) return;
      if (change.kind === "site") this.#site = true;
      else if (change.kind === "banners") this.#banners = true;
      else for (const name of change.names) this.#changed.add(name);
      this.#plan();
    });
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Takes the connection over; the response's head must not be sent yet. False when there are too many. `holds` tells at each heartbeat whether the listener may still listen. */
  add(response: ServerResponse, headers: { readonly [name: string]: string }, holds: () => Promise<boolean>): boolean {
    if (this.#listeners.size >= STREAMS_MAX) return false;
    const listener: Listener = { response, holds, fresh: true, waiting: 0 };
    response.on("close", () => this.#listeners.delete(listener));
    response.on("error", () => this.#listeners.delete(listener));
    response.writeHead(200, { ...headers, "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" });
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.#listeners.add(listener);
    this.#plan();
    if (this.#heartbeat === null) this.#beat();
    return true;
  }

  /** Ends every stream. */
  close(): void {
    this.#stop();
    this.#timer?.cancel();
    this.#heartbeat?.cancel();
    for (const { response } of this.#listeners) response.end();
    this.#listeners.clear();
  }

  #plan(): void {
    if (this.#timer !== null || this.#flushing) return;
    const delay = Math.max(0, this.#flushedAt + PACE_MS - this.#clock.monotonic());
    this.#timer = this.#clock.timer(delay, () => {
      this.#timer = null;
      void this.#flush().catch((error: unknown) => this.#log.error("the stream to the page failed", { error: String(error) }));
    });
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    try {
      const [names, site, banners] = [[...this.#changed], this.#site, this.#banners];
      this.#changed.clear();
      [this.#site, this.#banners] = [false, false];
      const fresh = [...this.#listeners].filter((listener) => listener.fresh || site);
      const others = [...this.#listeners].filter((listener) => !listener.fresh && !site);
      for (const listener of fresh) listener.fresh = false;
      if (fresh.length > 0) await this.#sendOverview(fresh);
      if (others.length > 0 && names.length > 0) await this.#sendChecks(others, names);
      if (others.length > 0 && banners) {
        const text = JSON.stringify({ kind: "banners", banners: this.#handle.banners(), channels: this.#handle.channels() });
        this.#send(others, [Buffer.from(`event: banners\ndata: ${text}\n\n`)]);
      }
    } finally {
      this.#flushing = false;
      this.#flushedAt = this.#clock.monotonic();
      if (this.#changed.size > 0 || this.#site || this.#banners || [...this.#listeners].some(({ fresh }) => fresh)) this.#plan();
    }
  }

  async #sendOverview(to: readonly Listener[]): Promise<void> {
    const overview = await this.#board.overview();
    const pieces = [Buffer.from('event: overview\ndata: {"kind":"overview","overview":'), ...overview, Buffer.from("}\n\n")];
    this.#overviewBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#send(to, pieces);
  }

  async #sendChecks(to: readonly Listener[], names: readonly string[]): Promise<void> {
    const texts = await this.#board.some(names);
    if (texts.length === 0) return;
    this.#send(to, [Buffer.from(`event: checks\ndata: {"kind":"checks","now":${this.#clock.now()},"checks":[${texts.join(",")}]}\n\n`)]);
  }

  /** The same bytes for all; whoever does not keep up is let go instead of being buffered for. */
  #send(to: readonly Listener[], pieces: readonly Buffer[]): void {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    for (const listener of to) {
      if (!this.#listeners.has(listener)) continue;
      if (listener.response.writableLength + bytes > Math.max(this.#overviewBytes, bytes) + BACKLOG_BYTES) {
        this.#drop(listener);
        continue;
      }
      listener.response.cork();
      for (const piece of pieces) listener.response.write(piece);
      listener.response.uncork();
    }
  }

  #beat(): void {
    this.#heartbeat = this.#clock.timer(HEARTBEAT_MS, () => {
      this.#heartbeat = null;
      for (const listener of this.#listeners) {
        const waiting = listener.response.writableLength;
        // Nothing was taken since the last heartbeat: nobody reads at the other end.
        if (waiting > 0 && listener.waiting > 0 && waiting >= listener.waiting) this.#drop(listener);
        else if (waiting === 0) listener.response.write(": still here\n\n");
        listener.waiting = waiting;
        void this.#recheck(listener).catch((error: unknown) => this.#log.error("a sign-in could not be looked up", { error: String(error) }));
      }
      if (this.#listeners.size > 0) this.#beat();
    });
  }

  async #recheck(listener: Listener): Promise<void> {
    if (!(await listener.holds())) this.#drop(listener);
  }

  #drop(listener: Listener): void {
    this.#listeners.delete(listener);
    listener.response.destroy();
  }
}
