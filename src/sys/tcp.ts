import { connect } from "node:net";
import { failureOf, peerName } from "./failures.ts";
import type { ConnectOptions, Connection } from "./ports.ts";

/**
 * One TCP connection to one address. Kept to the fewest listeners: this is the hot path of plain checks. The error listener stays for the
 * socket's life, so that a reset that comes while nobody reads never ends the process.
 */
export function connectTcp({ ip, port, source, signal }: ConnectOptions): Promise<Connection> {
  return new Promise((resolve) => {
    const late = (): Connection => ({ kind: "failed", failure: { code: "timeout", sentence: `${peerName(ip, port)} did not accept the connection in time` } });
    if (signal.aborted) {
      resolve(late());
      return;
    }
    // One address, tried once: happy eyeballs inside the socket would hide a dead address family.
    const socket = connect(source === null ? { host: ip, port, autoSelectFamily: false } : { host: ip, port, autoSelectFamily: false, localAddress: source });
    const abort = (): void => {
      socket.destroy();
      resolve(late());
    };
    signal.addEventListener("abort", abort);
    socket.on("connect", () => {
      signal.removeEventListener("abort", abort);
      resolve({ kind: "connected", socket });
    });
    socket.on("error", (error) => {
      signal.removeEventListener("abort", abort);
      resolve({ kind: "failed", failure: failureOf(error, peerName(ip, port)) });
    });
  });
}
