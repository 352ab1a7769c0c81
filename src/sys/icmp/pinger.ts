import { randomBytes } from "node:crypto";
import type { Family, Failure, PingAnswer, Pinger, PingRequest, Processes, TraceAnswer, TraceRequest } from "../ports.ts";
import { type SocketAddress, socketAddress } from "./address.ts";
import { pingByCommand } from "./command.ts";
import { Echoes, type Kit } from "./echoes.ts";
import { ERRNO, type Libc, loadLibc } from "../libc.ts";
import { Messages } from "./messages.ts";
import { MtuSearch } from "./mtu.ts";
import { PingSession } from "./ping.ts";
import { Poller } from "./poller.ts";
import { Sockets } from "./sockets.ts";
import { Tracer } from "./trace.ts";
import { proberOf } from "./probers.ts";
import { openFailure } from "./troubles.ts";

/** Sockets are closed when nothing was sent for so long. */
const IDLE_MS = 3000;

/** Echoes and traces of this machine: over sockets of our own where this process may open them, by the system's ping where it may not. */
export function realPinger(processes: Processes): Pinger {
  const engine = new Engine(processes);
  return { ping: (request) => engine.ping(request), trace: (request) => engine.trace(request) };
}

const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** What is had once and kept. */
type Memory = Omit<Kit, "poller"> & { readonly events: ReturnType<typeof Poller.events> };

interface Ends {
  readonly to: SocketAddress;
  readonly source: Uint8Array | null;
}

/** Opens what is needed when it is needed, and closes it when nobody needs it any more. */
class Engine {
  readonly #processes: Processes;
  #memory: Memory | null = null;
  #kit: Kit | null = null;
  readonly #echoes = new Map<Family, Echoes>();
  #busy = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  async ping(request: PingRequest): Promise<PingAnswer> {
    const libc = await loadLibc();
    if (libc === null) return pingByCommand(this.#processes, request);
    const ends = this.#ends(libc, request);
    if ("kind" in ends) return ends;
    const echoes = this.#open(libc, request.family);
    if (!(echoes instanceof Echoes)) return echoes.code === "permission" ? this.#withoutSocket(request, echoes) : { kind: "failed", failure: echoes };
    return this.#hold(() => PingSession.run(echoes, request, ends.to, ends.source));
  }

  async trace(request: TraceRequest): Promise<TraceAnswer> {
    const libc = await loadLibc();
    if (libc === null) return failed("resources", "routes cannot be traced on this machine");
    const ends = this.#ends(libc, request);
    if ("kind" in ends) return ends;
    const kit = this.#prepare(libc);
    if (kit === null) return { kind: "failed", failure: openFailure(ERRNO.EMFILE) };
    const echoes = this.#open(libc, request.family);
    if (request.method === "icmp" && !(echoes instanceof Echoes)) return { kind: "failed", failure: echoes };
    return this.#hold(async () => {
      // A target that is not reached says nothing of its MTU; one that answers no echoes is not waited for long.
      const stop = new AbortController();
      const mtu = echoes instanceof Echoes ? this.#mtu(kit, echoes, { ...request, signal: AbortSignal.any([request.signal, stop.signal]) }, ends) : null;
      const answer = await Tracer.run(request, (listener) => proberOf({ kit, echoes: echoes instanceof Echoes ? echoes : null, request, ...ends, listener }));
      const patience = setTimeout(() => stop.abort(), answer.kind === "traced" && answer.reached ? request.waitMs : 0);
      const found = await mtu;
      clearTimeout(patience);
      return answer.kind === "failed" ? answer : { ...answer, mtu: found };
    });
  }

  async #mtu(kit: Kit, echoes: Echoes, request: TraceRequest, { to, source }: Ends): Promise<number | null> {
    const towards = kit.sockets.towards(to);
    return typeof towards === "number" ? null : MtuSearch.run(echoes, request, to, source, towards.mtu);
  }

  /** Where packets go to, and where they come from. */
  #ends(libc: Libc, { ip, family, source, signal }: PingRequest | TraceRequest): Ends | ReturnType<typeof failed> {
    const to = socketAddress(reached(ip), family);
    const from = source === null ? null : socketAddress(source, family);
    if (to === null) return failed("unreachable", `${ip} is no address that can be reached`);
    if (source !== null && (from === null || !this.#remember(libc).sockets.isOwn(from))) return failed("resources", `${source} is no IPv${family} address of this machine`);
    return signal.aborted ? failed("late", "nothing could be sent in time") : { to, source: from?.octets ?? null };
  }

  /** The system's ping may have the rights that this process lacks. */
  async #withoutSocket(request: PingRequest, failure: Failure): Promise<PingAnswer> {
    const answer = await pingByCommand(this.#processes, request);
    if (answer.kind === "pinged" || (answer.failure.code !== "permission" && answer.failure.code !== "resources")) return answer;
    return answer.failure.code === "permission" ? { kind: "failed", failure } : failed("permission", `${failure.sentence} (the system's ping is no way out: ${answer.failure.sentence})`);
  }

  #open(libc: Libc, family: Family): Echoes | Failure {
    const kit = this.#prepare(libc);
    if (kit === null) return openFailure(ERRNO.EMFILE);
    const known = this.#echoes.get(family);
    const echoes = known ?? new Echoes(kit, family, randomBytes(4).readUInt32LE());
    const errno = echoes.open();
    if (errno !== 0) return openFailure(errno);
    this.#echoes.set(family, echoes);
    return echoes;
  }

  #prepare(libc: Libc): Kit | null {
    if (this.#kit !== null) return this.#kit;
    const memory = this.#remember(libc);
    const poller = Poller.open(libc, memory.events);
    if (poller !== null) this.#kit = { ...memory, poller };
    this.#rest();
    return this.#kit;
  }

  #remember(libc: Libc): Memory {
    this.#memory ??= { libc, messages: new Messages(libc), sockets: new Sockets(libc), events: Poller.events(libc) };
    return this.#memory;
  }

  /** Keeps sockets open, and the process alive, while `work` goes on. */
  async #hold<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#busy += 1;
    if (this.#busy === 1) this.#kit?.poller.hold(true);
    clearTimeout(this.#idle ?? undefined);
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.#rest();
    }
  }

  #rest(): void {
    if (this.#busy > 0) return;
    this.#kit?.poller.hold(false);
    clearTimeout(this.#idle ?? undefined);
    this.#idle = setTimeout(() => this.#close(), IDLE_MS).unref();
  }

  #close(): void {
    for (const echoes of this.#echoes.values()) echoes.close();
    this.#echoes.clear();
    this.#kit?.poller.close();
    this.#kit = null;
  }
}

/** Nobody answers from the address that stands for all: it means this machine. */
const reached = (ip: string): string => (ip === "0.0.0.0" ? "127.0.0.1" : ip === "::" ? "::1" : ip);
