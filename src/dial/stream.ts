import type { Duplex } from "node:stream";
import type { Facts, Phases } from "../core/types.ts";
import type { Address, Failure } from "../sys/ports.ts";
import { type Destination, dial } from "./dial.ts";
import type { TlsSettings } from "./options.ts";
import type { DialContext } from "./outcome.ts";
import { secure } from "./tls.ts";

export interface StreamRequest extends Destination {
  /** Null: plain. */
  readonly tls: TlsSettings | null;
  readonly alpn?: readonly string[];
  /** Whom the certificate must name (and SNI asks for), unless the settings say; the host by default. */
  readonly identity?: string;
}

export type Stream =
  | { readonly kind: "open"; readonly socket: Duplex; readonly address: Address; readonly facts: Facts; readonly phases: Phases; readonly attempts: readonly string[]; readonly alpn: string }
  | { readonly kind: "failed"; readonly failure: Failure; readonly facts: Facts; readonly phases: Phases; readonly attempts: readonly string[] };

/** Resolves, connects and, when asked to, secures. The socket is the caller's to destroy. Facts: `address` and those of `secure`. */
export async function openStream(request: StreamRequest, ctx: DialContext): Promise<Stream> {
  const dialed = await dial(request, ctx);
  if (dialed.kind === "failed") return { ...dialed, facts: {} };
  const { socket, address, attempts } = dialed;
  const facts: Facts = { address: address.ip };
  if (request.tls === null) return { kind: "open", socket, address, facts, phases: dialed.phases, attempts, alpn: "" };
  const secured = await secure(socket, { host: request.identity ?? request.host, settings: request.tls, ...(request.alpn === undefined ? {} : { alpn: request.alpn }) }, ctx);
  const both = { facts: { ...facts, ...secured.facts }, phases: { ...dialed.phases, ...secured.phases }, attempts };
  if (secured.kind === "failed") return { kind: "failed", failure: secured.failure, ...both };
  return { kind: "open", socket: secured.socket, address, ...both, alpn: secured.alpn };
}

/** This end of a connection; null where it has no address. The network port types its sockets as streams; over a real network they know it. */
export function localEnd(socket: Duplex): { readonly ip: string; readonly port: number } | null {
  const { localAddress, localPort } = socket as Duplex & { readonly localAddress?: string; readonly localPort?: number };
  return localAddress === undefined || localPort === undefined ? null : { ip: localAddress, port: localPort };
}
