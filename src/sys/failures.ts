import type { FailureCode } from "../core/types.ts";
import type { Failure } from "./ports.ts";

/** What the system's error names mean for a check. `$` stands for the peer. */
const MEANINGS: { readonly [errno: string]: readonly [FailureCode, string] } = {
  ECONNREFUSED: ["refused", "$ refused the connection"],
  ECONNRESET: ["reset", "$ reset the connection"],
  EPIPE: ["reset", "$ closed the connection while it was written to"],
  ECONNABORTED: ["reset", "the connection to $ was aborted"],
  ETIMEDOUT: ["timeout", "$ did not answer in time"],
  EHOSTUNREACH: ["unreachable", "no route to $"],
  EHOSTDOWN: ["unreachable", "the host of $ is down, says the network"],
  ENETUNREACH: ["unreachable", "the network of $ is unreachable from here"],
  ENETDOWN: ["unreachable", "the network interface towards $ is down"],
  EACCES: ["permission", "the system forbids connecting to $ (a firewall rule, or a broadcast address)"],
  EPERM: ["permission", "the system forbids connecting to $ (a firewall rule here)"],
  EADDRNOTAVAIL: ["resources", "this machine has no such source address, or no free port, for $"],
  EADDRINUSE: ["resources", "no free source port for $"],
  EAFNOSUPPORT: ["resources", "this machine does not support the address family of $"],
  EINVAL: ["resources", "the source address does not fit $"],
  EMFILE: ["resources", "this process has too many open files (raise LimitNOFILE)"],
  ENFILE: ["resources", "this machine has too many open files"],
  ENOBUFS: ["resources", "this machine has no network buffers left"],
  ENOMEM: ["resources", "this machine has no memory left"],
  EMSGSIZE: ["protocol", "the datagram to $ is too long"],
  ENOTFOUND: ["unresolvable", "the name of $ does not exist"],
  EAI_AGAIN: ["resolver", "the resolver gave no answer for $"],
};

/** Turns an error of a socket into a failure. `peer` names the other side: `192.0.2.1 port 443`. An AggregateError counts as its first part. */
export function failureOf(error: unknown, peer: string): Failure {
  const inner = error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
  const errno = errnoOf(inner);
  const meaning = MEANINGS[errno];
  if (meaning !== undefined) return { code: meaning[0], sentence: meaning[1].replace("$", peer) };
  const text = inner instanceof Error && inner.message !== "" ? inner.message : errno;
  return { code: "protocol", sentence: `${peer}: ${text === "" ? "unknown error" : text}` };
}

/** The system's name of an error (`ECONNREFUSED`), empty when it has none. */
export function errnoOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** `192.0.2.1 port 443`. */
export const peerName = (ip: string, port: number): string => `${ip} port ${port}`;
