import { Duplex } from "node:stream";
import type { Clock, Connection, ConnectOptions, Network } from "../../src/sys/ports.ts";
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
