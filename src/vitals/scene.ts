import type { WellKnown } from "../dial/scan.ts";
import type { Echo, TraceAnswer } from "../sys/ports.ts";
import { Tally } from "./tally.ts";

/** Routers take turns at a hop; so many are remembered. */
const ADDRESSES_MAX = 8;

/** One hop of a watched route. */
export interface WatchedHop {
  /** All that answered there, the last one first; empty for none so far. */
  readonly addresses: string[];
  tally: Tally;
}

/** What is known of a watched host. */
export class WatchedHost {
  readonly name: string;
  address: string | null = null;
  /** Why it cannot be measured now; null when it can. */
  trouble: string | null = null;
  ping = new Tally();
  hops: WatchedHop[] = [];
  /** Hops to the target, when the last trace reached it; null else. */
  reachedAfter: number | null = null;
  /** What a router said of packets that went no further: `10.0.0.1: host unreachable`; null for nothing. */
  report: string | null = null;
  /** Null until ports were looked at. */
  ports: WellKnown | null = null;

  constructor(name: string) {
    this.name = name;
  }

  takePing(echo: Echo | null): void {
    this.ping.add(echo?.rttMs ?? null);
  }

  takeTrace(answer: Extract<TraceAnswer, { kind: "traced" }>): void {
    // Behind a target that answers there is nothing; one that is silent may be as far as ever.
    const length = answer.reached ? answer.hops.length : Math.max(answer.hops.length, this.hops.length);
    this.reachedAfter = answer.reached ? length : null;
    const said = answer.reached ? undefined : answer.hops.at(-1)?.answers.find((one) => one !== null && one.report !== null);
    this.report = said === undefined || said === null ? null : `${said.ip}: ${said.report}`;
    this.hops = Array.from({ length }, (_, index) => this.hops[index] ?? { addresses: [], tally: new Tally() });
    for (const [index, hop] of this.hops.entries()) {
      for (const one of answer.hops[index]?.answers ?? [null]) {
        hop.tally.add(one?.rttMs ?? null);
        if (one === null) continue;
        const others = hop.addresses.filter((address) => address !== one.ip).slice(0, ADDRESSES_MAX - 1);
        hop.addresses.splice(0, hop.addresses.length, one.ip, ...others);
      }
    }
  }

  /** Forgets what was counted, and keeps the route. */
  reset(): void {
    this.ping = new Tally();
    for (const hop of this.hops) hop.tally = new Tally();
  }
}

/** `hops`: statistics of each hop; `history`: what became of each packet; `hosts`: a line a host. */
export type Display = "hops" | "history" | "hosts";
const DISPLAYS: readonly Display[] = ["hops", "history", "hosts"];

/** All that the live view shows. */
export class Scene {
  readonly hosts: readonly WatchedHost[];
  display: Display = "hops";
  paused = false;
  /** Addresses instead of names. */
  numeric = false;
  /** Lines that are scrolled past. */
  scrolled = 0;
  /** Names of addresses as far as they were found; null: it has none, or none is known yet. */
  readonly names = new Map<string, string | null>();

  constructor(hosts: readonly string[]) {
    this.hosts = hosts.map((name) => new WatchedHost(name));
    if (hosts.length > 1) this.display = "hosts";
  }

  /** The next display in the row. */
  turn(): void {
    this.display = DISPLAYS[(DISPLAYS.indexOf(this.display) + 1) % DISPLAYS.length] ?? "hops";
    this.scrolled = 0;
  }

  reset(): void {
    for (const host of this.hosts) host.reset();
  }
}
