import type { Path } from "../core/path.ts";
import { type Instant, instant } from "../core/types.ts";
import type { Address, Hop, Ports } from "../sys/ports.ts";

/** What a trace saw of the way to a host. */
export interface Seen {
  readonly at: Instant;
  readonly ip: string;
  readonly reached: boolean;
  readonly path: Path;
  /** A line for each hop. */
  readonly lines: readonly string[];
}

/** Traces at once: routers answer only so many of them in a second. */
const AT_ONCE = 2;
/** Of an outage of everything the first ones are traced. */
const WAITING_MAX = 64;
/** All of it: name, hops, waiting. */
const WITHIN_MS = 10_000;
const WAIT_MS = 1000;
const HOPS = 30;
const TRIES = 2;
const SIZE = 32;
const UDP_PORT = 33_434;

type TracePorts = Pick<Ports, "clock" | "network" | "pinger">;

/** Traces ways, a few at once; a host that is being traced is not traced twice. */
export class Traces {
  readonly #ports: TracePorts;
  readonly #under = new Map<string, Promise<Seen | null>>();
  readonly #waiting: (() => void)[] = [];
  readonly #stop = new AbortController();
  #running = 0;
  /** Where this user may not send echoes, datagrams do. */
  #method: "icmp" | "udp" = "icmp";

  constructor(ports: TracePorts) {
    this.#ports = ports;
  }

  /** Nothing is under way, and nothing waits. */
  get idle(): boolean {
    return this.#running === 0;
  }

  /** The way to a host as it is now; null when it cannot be traced, or when too many wait for that already. */
  trace(host: string): Promise<Seen | null> {
    const under = this.#under.get(host);
    if (under !== undefined) return under;
    if (this.#waiting.length >= WAITING_MAX || this.#stop.signal.aborted) return Promise.resolve(null);
    const tracing = this.#turn(host).finally(() => this.#under.delete(host));
    this.#under.set(host, tracing);
    return tracing;
  }

  stop(): void {
    this.#stop.abort();
    for (const go of this.#waiting.splice(0)) go();
  }

  async #turn(host: string): Promise<Seen | null> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    if (this.#stop.signal.aborted) return null;
    this.#running += 1;
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const timer = this.#ports.clock.timer(WITHIN_MS, abort);
    this.#stop.signal.addEventListener("abort", abort, { once: true });
    try {
      return await this.#look(host, controller.signal);
    } finally {
      timer.cancel();
      this.#stop.signal.removeEventListener("abort", abort);
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #look(host: string, signal: AbortSignal): Promise<Seen | null> {
    const resolution = await this.#ports.network.resolve(host, null, signal);
    if (resolution.kind === "failed") return null;
    // one address of each family at most: this place may have no way to the first one
    for (const address of resolution.addresses.filter((one, index, all) => all.findIndex(({ family }) => family === one.family) === index)) {
      const seen = isThisMachine(address.ip) ? null : await this.#seen(address, signal);
      if (seen !== null || signal.aborted) return seen;
    }
    return null;
  }

  async #seen(address: Address, signal: AbortSignal): Promise<Seen | null> {
    const at = instant(this.#ports.clock.now());
    const answer = await this.#ports.pinger.trace({ ...address, method: this.#method, port: UDP_PORT, hops: HOPS, tries: TRIES, waitMs: WAIT_MS, size: SIZE, source: null, signal });
    if (answer.kind === "traced") return { at, ip: address.ip, reached: answer.reached, path: answer.hops.map(addressesOf), lines: answer.hops.map(lineOf) };
    if (answer.failure.code !== "permission" || this.#method === "udp" || signal.aborted) return null;
    this.#method = "udp";
    return this.#seen(address, signal);
  }
}

const isThisMachine = (ip: string): boolean => ip.startsWith("127.") || ip === "::1";

const addressesOf = ({ answers }: Hop): readonly string[] => [...new Set(answers.flatMap((answer) => answer?.ip ?? []))];

/** `3: 192.0.2.1 12.3 ms`, with what the hop said and what was lost. */
function lineOf(hop: Hop): string {
  const answers = hop.answers.filter((answer) => answer !== null);
  if (answers.length === 0) return `${hop.ttl}: *`;
  const mean = answers.reduce((sum, { rttMs }) => sum + rttMs, 0) / answers.length;
  const report = answers.find((answer) => answer.report !== null)?.report;
  const lost = hop.answers.length - answers.length;
  return `${hop.ttl}: ${addressesOf(hop).join("/")} ${Math.round(mean * 100) / 100} ms${lost === 0 ? "" : `, ${lost} of ${hop.answers.length} lost`}${report === undefined || report === null ? "" : ` (${report})`}`;
}
