import { readdirSync } from "node:fs";
import { type Socket as DatagramSocket, createSocket } from "node:dgram";
import { type Server, type Socket, createServer } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { probes } from "../../src/probes/index.ts";
import type { AnyProbe } from "../../src/probes/probe.ts";
import { probeContext } from "../servers/context.ts";
import { freePort } from "../servers/ground.ts";
import type { Subject } from "./subjects.ts";

/** What this process holds. */
export interface Held {
  /** Open file descriptors. */
  readonly descriptors: number;
  /** What keeps the event loop alive, by kind: `TCPSocketWrap`, `Timeout`. */
  readonly handles: ReadonlyMap<string, number>;
  /** After a collection of garbage, KiB: objects, and memory of buffers outside of the heap. */
  readonly heapKib: number;
  readonly buffersKib: number;
}

export interface Watched {
  readonly before: Held;
  readonly after: Held;
  /** What the runs came to: codes, with how often. */
  readonly codes: ReadonlyMap<string, number>;
  /** What is wrong: what is left over; empty when nothing is. */
  readonly left: readonly string[];
}

export interface WatchRequest {
  readonly runs: number;
  readonly atOnce: number;
  /** Whether the server begins an answer before it hangs. */
  readonly halfway: boolean;
}

/** Runs before the first look: what is made once (compiled code, caches, pools) is there then. */
const WARM_SHARE = 0.2;
const WARM_MAX = 1000;
/** A run whose connection the server never sees ends so, or the run after another's call-off would wait for ever. */
const UNSEEN_MS = 300;
/** What feedback and compiled code may still add; each further run may leave 100 octets, less than the smallest object with a timer or socket. */
const HEAP_FLOOR_KIB = 1024;
const HEAP_PER_RUN_KIB = 0.1;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function held(): Promise<Held> {
  // What is closed goes in later turns of the loop.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  collect();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const handles = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) if (kind !== "Immediate") handles.set(kind, (handles.get(kind) ?? 0) + 1);
  const { heapUsed, external } = process.memoryUsage();
  return { descriptors: readdirSync("/proc/self/fd").length, handles, heapKib: heapUsed / 1024, buffersKib: external / 1024 };
}

/** A server over TCP and UDP on one port that begins an answer, or does not, and hangs then; `seen` is called for each connection and datagram. */
class Hanging {
  readonly #tcp: Server;
  readonly #udp: DatagramSocket = createSocket("udp4");
  readonly #sockets = new Set<Socket>();
  readonly #idle: (() => void)[] = [];

  constructor(half: Uint8Array | null, seen: () => void) {
    // The beginning of the answer has its turn before the run is called off.
    const later = (): void => void setImmediate(() => setImmediate(seen));
    this.#tcp = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("end", () => socket.end());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
      if (half !== null) socket.write(half);
      socket.resume();
      later();
    });
    this.#udp.on("message", (_, peer) => {
      if (half !== null) this.#udp.send(half, peer.port, peer.address);
      later();
    });
  }

  async listen(): Promise<number> {
    const port = await freePort();
    await new Promise<void>((resolve) => this.#tcp.listen(port, "127.0.0.1", resolve));
    await new Promise<void>((resolve) => this.#udp.bind(port, "127.0.0.1", resolve));
    return port;
  }

  /** Resolves when every connection is closed, which only the probes do. */
  idle(): Promise<void> {
    return this.#sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#tcp.close(resolve));
    await new Promise<void>((resolve) => this.#udp.close(resolve));
  }
}

export function probeOf(type: string): AnyProbe {
  const found = probes.find((probe) => probe.type === type);
  if (found === undefined) throw new Error(`there is no probe ${type}`);
  return found;
}

/** Runs a probe again and again against a server that hangs, each run called off once the server has seen it, and compares what is held before and after. */
export async function watch(subject: Subject, { runs, atOnce, halfway }: WatchRequest): Promise<Watched> {
  const waiting = new Set<() => void>();
  const server = new Hanging(halfway ? subject.half : null, () => {
    const [first] = waiting;
    first?.();
  });
  const port = await server.listen();
  const probe = probeOf(subject.type);
  const options = probe.options.parse(subject.options(port));
  const codes = new Map<string, number>();
  const one = async (): Promise<void> => {
    const controller = new AbortController();
    const off = (): void => {
      waiting.delete(off);
      controller.abort();
    };
    waiting.add(off);
    const unseen = setTimeout(off, UNSEEN_MS);
    const { code } = await probe.run(options, probeContext({ signal: controller.signal }));
    clearTimeout(unseen);
    waiting.delete(off);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  };
  const many = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += atOnce) await Promise.all(Array.from({ length: Math.min(atOnce, count - done) }, one));
    await server.idle();
  };
  await many(Math.ceil(Math.min(WARM_MAX, runs * WARM_SHARE)));
  const before = await held();
  codes.clear();
  await many(runs);
  const after = await held();
  await server.close();
  return { before, after, codes, left: leftOver(before, after, runs) };
}

function leftOver(before: Held, after: Held, runs: number): readonly string[] {
  const left = [...after.handles].flatMap(([kind, count]) => (count > (before.handles.get(kind) ?? 0) ? [`${count - (before.handles.get(kind) ?? 0)} ${kind}`] : []));
  if (after.descriptors > before.descriptors) left.push(`${after.descriptors - before.descriptors} file descriptors`);
  const grown = after.heapKib + after.buffersKib - before.heapKib - before.buffersKib;
  if (grown > HEAP_FLOOR_KIB + HEAP_PER_RUN_KIB * runs) left.push(`${grown.toFixed(0)} KiB of memory`);
  return left;
}
