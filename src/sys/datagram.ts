import { type Socket, createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { failureOf, peerName } from "./failures.ts";
import type { DatagramSocket, Failure, Network } from "./ports.ts";

/** Datagrams kept until they are asked for; more are dropped, oldest first, as the network itself would. */
const WAITING_MAX = 64;

type Arrival = { readonly kind: "received"; readonly bytes: Uint8Array } | { readonly kind: "failed"; readonly failure: Failure };

/** A UDP socket connected to its peer: refusals (ICMP) arrive as failures, and what others send never arrives. Rejects for nothing. */
export function openDatagram(...[ip, port, source]: Parameters<Network["datagram"]>): ReturnType<Network["datagram"]> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(ip) ? "udp6" : "udp4");
    const fail = (error: unknown): void => {
      socket.close();
      resolve({ kind: "failed", failure: failureOf(error, peerName(ip, port)) });
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
    if (source === null) join();
    else socket.bind({ address: source, port: 0, exclusive: true }, join);
  });
}

class Connected implements DatagramSocket {
  readonly #socket: Socket;
  readonly #peer: string;
  readonly #arrived: Arrival[] = [];
  #waiting: ((arrival: Arrival) => void) | null = null;
  #open = true;

  constructor(socket: Socket, peer: string) {
    this.#socket = socket;
    this.#peer = peer;
    socket.on("message", (bytes) => this.#arrive({ kind: "received", bytes }));
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
