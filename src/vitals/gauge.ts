import { type DialContext, verdictOf } from "../dial/outcome.ts";
import { type WellKnown, scanWellKnown } from "../dial/scan.ts";
import { within } from "../dial/within.ts";
import type { Address, Failure, Pinger } from "../sys/ports.ts";
import { Gate } from "../dial/gate.ts";
import { type PingStatistics, type Step, pingStatistics, stepsOf } from "./report.ts";
import { Complaints, type Voice } from "./voice.ts";

/** Where measuring takes place. When `signal` aborts, what is under way ends with what it has. */
export interface World extends DialContext {
  readonly pinger: Pinger;
}

export interface Target {
  /** As the user wrote it. */
  readonly name: string;
  readonly address: Address;
}

const RESOLVE_MS = 5000;
/** Slower answers than those over two satellites are none. */
const WAIT_MS = 2000;
/** A burst: close enough to end soon, far enough apart not to be dropped for coming at once. */
const INTERVAL_MS = 10;
const SCAN_MS = 3000;
/** Echoes run over one socket; traces and scans cost packets or sockets by the dozen. */
const PINGS_AT_ONCE = 1024;
const COSTLY_AT_ONCE = 64;

/** Measures pings, routes and ports of hosts, many at once, and says what went wrong. */
export class Gauge {
  readonly #world: World;
  readonly #voice: Voice;
  readonly #complaints = new Complaints();
  readonly #pings = new Gate(PINGS_AT_ONCE);
  readonly #costly = new Gate(COSTLY_AT_ONCE);

  constructor(world: World, voice: Voice) {
    this.#world = world;
    this.#voice = voice;
  }

  /** The address of a host, IPv4 where it has one; null, and told, when it has none. */
  async locate(name: string): Promise<Target | null> {
    const subject = `${name} address`;
    const located = await locate(name, this.#world);
    if (located.kind === "located") {
      this.#complaints.over(subject);
      return { name, address: located.address };
    }
    this.#complaints.about(subject, `${name} cannot be tested: ${located.why}`, (text) => this.#voice.error("gaierror", text));
    return null;
  }

  /** Null, and told, when this place could not ping. */
  async ping({ name, address }: Target, count: number, size: number): Promise<PingStatistics | null> {
    const answer = await this.#pings.pass(() => this.#world.pinger.ping({ ...address, count, intervalMs: INTERVAL_MS, waitMs: WAIT_MS, size, ttl: null, dontFragment: false, source: null, signal: this.#world.signal }));
    const subject = `${name} ping`;
    if (answer.kind === "failed") return this.#lost(subject, `${name} cannot be pinged: `, answer.failure) ? pingStatistics([null]) : null;
    this.#complaints.over(subject);
    return answer.echoes.length === 0 ? null : pingStatistics(answer.echoes);
  }

  /** Null, and told, when this place could not trace. */
  async trace({ name, address }: Target, hops: number, size: number): Promise<readonly Step[] | null> {
    const answer = await this.#costly.pass(() => this.#world.pinger.trace({ ...address, method: "icmp", port: 0, hops, tries: 1, waitMs: WAIT_MS, size, source: null, signal: this.#world.signal }));
    const subject = `${name} trace`;
    if (answer.kind === "failed") return this.#lost(subject, `the route to ${name} cannot be traced: `, answer.failure) ? Array.from({ length: hops }, () => null) : null;
    this.#complaints.over(subject);
    return stepsOf(answer, hops);
  }

  scan({ name, address }: Target): Promise<WellKnown> {
    return this.#costly.pass(() => scanWellKnown({ name, address, source: null }, SCAN_MS, this.#world));
  }

  /** Tells why; true when it says something of the network, so that packets count as lost. */
  #lost(subject: string, what: string, { code, sentence }: Failure): boolean {
    const network = code === "unreachable" || code === "timeout";
    this.#complaints.about(subject, `${what}${sentence}`, (text) => (network ? this.#voice.warning(text) : this.#voice.error(code === "permission" ? "PermissionError" : "OSError", text)));
    return network;
  }
}

/** The address of a host, IPv4 where it has one, as connmonitor wants it; or why there is none. */
export async function locate(name: string, world: DialContext): Promise<{ readonly kind: "located"; readonly address: Address } | { readonly kind: "nowhere"; readonly why: string }> {
  let why = "it has no address";
  for (const family of [4, 6] as const) {
    const resolution = await within(world, RESOLVE_MS, ({ network, signal }) => network.resolve(name, family, signal));
    const [address] = resolution.kind === "resolved" ? resolution.addresses : [];
    if (address !== undefined) return { kind: "located", address };
    if (resolution.kind === "failed") why = resolution.failure.sentence;
    // Whoever did not answer for one family does not for the other.
    if (resolution.kind === "failed" && verdictOf(resolution.failure.code) === "unknown") break;
  }
  return { kind: "nowhere", why };
}

/** Why nothing can be pinged from here at all, as a loopback address shows; null when it can. */
export async function cannotPing({ pinger, signal }: World): Promise<Failure | null> {
  const answer = await pinger.ping({ ip: "127.0.0.1", family: 4, count: 1, intervalMs: 0, waitMs: 200, size: 16, ttl: null, dontFragment: false, source: null, signal });
  return answer.kind === "failed" && (answer.failure.code === "permission" || answer.failure.code === "resources") ? answer.failure : null;
}
