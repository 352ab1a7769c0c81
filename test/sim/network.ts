import { Duplex } from "node:stream";
import type { Clock, Connection, ConnectOptions, Network, Pinger, TraceAnswer, TraceRequest } from "../../src/sys/ports.ts";
import type { Chance } from "./random.ts";
import { hostOf } from "./site.ts";
import type { Truth } from "./truth.ts";

class Socket extends Duplex {
  override _read(): void {}
}

/** A network of hosts that answer as the truth says, each after its own delay. */
export function simulatedNetwork(clock: Clock, chance: Chance, truth: Truth, monotonic: () => number): Network {
  return {
    resolve: (ip) => Promise.resolve({ kind: "resolved", addresses: [{ ip, family: 4 }] }),
    connect: (options) => connect(options, clock, chance, truth, monotonic),
    datagram: () => Promise.resolve({ kind: "failed", failure: { code: "unreachable", sentence: "no datagrams here" } }),
  };
}

/** Traces that take their time, up to the whole of it, and never draw lots: whatever they do, what is believed and told must be the same. */
export function simulatedPinger(clock: Clock, truth: Truth, monotonic: () => number): Pinger {
  let count = 0;
  const trace = ({ ip, signal }: TraceRequest): Promise<TraceAnswer> =>
    new Promise((resolve) => {
      count += 1;
      const stopped = (): void => {
        timer?.cancel();
        resolve({ kind: "failed", failure: { code: "late", sentence: "nothing in time" } });
      };
      const ended = (): void => {
        signal.removeEventListener("abort", stopped);
        const reached = truth.hinders(hostOf(ip), monotonic()) === null;
        resolve({ kind: "traced", hops: [{ ttl: 1, answers: [reached ? { ip, rttMs: 1, report: null } : null] }], reached, mtu: null });
      };
      const timer = count % 5 === 0 ? null : clock.timer((count * 137) % 4000, ended);
      signal.addEventListener("abort", stopped, { once: true });
    });
  return { ping: () => Promise.resolve({ kind: "failed", failure: { code: "unreachable", sentence: "no pings here" } }), trace };
}

function connect({ ip, signal }: ConnectOptions, clock: Clock, chance: Chance, truth: Truth, monotonic: () => number): Promise<Connection> {
  return new Promise((resolve) => {
    const stopped = (): void => {
      timer.cancel();
      resolve({ kind: "failed", failure: { code: "timeout", sentence: "no answer" } });
    };
    const timer = clock.timer(chance.between(1, 80), () => {
      const hinder = truth.hinders(hostOf(ip), monotonic());
      if (hinder?.how === "hang") return;
      signal.removeEventListener("abort", stopped);
      resolve(hinder === null ? { kind: "connected", socket: new Socket() } : { kind: "failed", failure: { code: "refused", sentence: "connection refused" } });
    });
    signal.addEventListener("abort", stopped, { once: true });
  });
}
