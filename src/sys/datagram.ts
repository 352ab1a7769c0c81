import { type Socket, createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { errnoOf, failureOf, peerName } from "./failures.ts";
import type { DatagramSocket, Failure, ListenRequest, Network, OpenedDatagram } from "./ports.ts";

/** Datagrams kept until they are asked for; more are dropped, oldest first, as the network itself would. */
const WAITING_MAX = 64;

type Arrival = { readonly kind: "received"; readonly bytes: Uint8Array } | { readonly kind: "failed"; readonly failure: Failure };

/** A UDP socket connected to its peer: refusals (ICMP) arrive as failures, and what others send never arrives. Rejects for nothing. */
export function openDatagram(...[ip, port, source, sourcePort]: Parameters<Network["datagram"]>): ReturnType<Network["datagram"]> {
  return new Promise((resolve) => {
    // A port of one's own choosing is often a routing daemon's, too; connected sockets do not take each other's datagrams.
    const socket = createSocket({ type: isIPv6(ip) ? "udp6" : "udp4", reuseAddr: sourcePort !== undefined });
    const fail = (error: unknown): void => {
      socket.close();
      resolve({ kind: "failed", failure: bindFailure(error, sourcePort) ?? failureOf(error, peerName(ip, port)) });
    };
    socket.once("error", fail);
    const join = (): void => {
      // The callback is called with an error when connecting fails, in spite of its type.
      socket.connect(port, ip, (error?: Error) => {
        socket.off("error", fail);
        if (error === undefined || error === null) resolve({ kind: "opened", socket: new Connected(socket, peerName(ip, port)) });
        else fail(error);
      });
    };
    if (source === null && sourcePort === undefined) join();
    else socket.bind({ ...(source === null ? {} : { address: source }), port: sourcePort ?? 0, exclusive: true }, join);
  });
}

/** What keeps us from our own port: rights, as a rule. Null for anything else. */
function bindFailure(error: unknown, ownPort: number | undefined): Failure | null {
  if (ownPort === undefined || !(error instanceof Error) || !("syscall" in error) || error.syscall !== "bind") return null;
  if (errnoOf(error) === "EACCES") return { code: "permission", sentence: `no right to use port ${ownPort} of this machine (give the process CAP_NET_BIND_SERVICE)` };
  if (errnoOf(error) === "EADDRINUSE") return { code: "resources", sentence: `port ${ownPort} of this machine is in use by a program that does not share it` };
  return null;
}

/**
 * A UDP socket that hears a multicast group (IPv4), of one sender only. It is bound to the group's address, so that it takes no datagram away
 * from a daemon of this machine on the same port. Rejects for nothing.
 */
export async function listenDatagram({ from, group, port, source }: ListenRequest): Promise<OpenedDatagram> {
  const local = source ?? (await localAddress(from));
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const fail = (error: unknown): void => {
      socket.close();
      resolve({ kind: "failed", failure: bindFailure(error, port) ?? failureOf(error, `${group} port ${port}`) });
    };
    socket.once("error", fail);
    socket.bind({ address: group, port, exclusive: true }, () => {
      try {
        if (local === null) socket.addMembership(group);
        else socket.addMembership(group, local);
      } catch (error) {
        fail(error);
        return;
      }
      socket.off("error", fail);
      resolve({ kind: "opened", socket: new Connected(socket, peerName(from, port), from) });
    });
  });
}

/** The address from which this machine reaches another one; null when it does not. Nothing is sent. */
function localAddress(ip: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const settle = (address: string | null): void => {
      socket.close();
      resolve(address);
    };
    socket.once("error", () => settle(null));
    socket.connect(9, ip, (error?: Error) => {
      settle(error === undefined || error === null ? socket.address().address : null);
    });
  });
}

class Connected implements DatagramSocket {
  readonly #socket: Socket;
  readonly #peer: string;
  readonly local: DatagramSocket["local"];
  readonly #arrived: Arrival[] = [];
  #waiting: ((arrival: Arrival) => void) | null = null;
  #open = true;

  /** `only`: the sender that counts, for a socket that is not connected. */
  constructor(socket: Socket, peer: string, only?: string) {
    this.#socket = socket;
    this.#peer = peer;
    const { address, port } = socket.address();
    this.local = { ip: address, port };
    socket.on("message", (bytes, sender) => {
      if (only === undefined || sender.address === only) this.#arrive({ kind: "received", bytes });
    });
    socket.on("error", (error) => this.#fail(error));
  }

  send(bytes: Uint8Array): void {
    if (!this.#open) return;
    this.#socket.send(bytes, (error) => {
      if (error !== null) this.#fail(error);
    });
  }

  receive(signal: AbortSignal): Promise<Arrival> {
    const next = this.#arrived.shift();
    if (next !== undefined) return Promise.resolve(next);
    const late: Arrival = { kind: "failed", failure: { code: "timeout", sentence: `${this.#peer} did not answer in time` } };
    if (signal.aborted) return Promise.resolve(late);
    if (!this.#open) return Promise.resolve({ kind: "failed", failure: { code: "closed", sentence: `the socket to ${this.#peer} is closed` } });
    return new Promise((resolve) => {
      const settle = (arrival: Arrival): void => {
        signal.removeEventListener("abort", abort);
        this.#waiting = null;
        resolve(arrival);
      };
      const abort = (): void => settle(late);
      signal.addEventListener("abort", abort);
      this.#waiting = settle;
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close();
    this.#waiting?.({ kind: "failed", failure: { code: "closed", sentence: `the socket to ${this.#peer} was closed` } });
  }

  #fail(error: unknown): void {
    this.#arrive({ kind: "failed", failure: failureOf(error, this.#peer) });
  }

  #arrive(arrival: Arrival): void {
    if (this.#waiting !== null) {
      this.#waiting(arrival);
      return;
    }
    if (this.#arrived.length >= WAITING_MAX) this.#arrived.shift();
    this.#arrived.push(arrival);
  }
}
