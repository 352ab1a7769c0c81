import type { Duplex } from "node:stream";
import type { Facts, Phases } from "../core/types.ts";
import type { Failure, Family } from "../sys/ports.ts";
import { type Collected, exchange1 } from "./http1.ts";
import { exchange2 } from "./http2.ts";
import { type Proxy, openTunnel, proxyAuthorization } from "./http-proxy.ts";
import type { TlsSettings } from "./options.ts";
import { type DialContext, printable, tenth } from "./outcome.ts";
import { type Stream, openStream } from "./stream.ts";

/** HTTP as client, one request over a connection of its own (RFC 9110, 9112, 9113): no pool, so that every phase is measured every time. */
export interface HttpRequest {
  /** `http:` or `https:`. */
  readonly url: URL;
  readonly method: string;
  /** Names in any case; `host`, `user-agent` and `accept` are filled in when missing. */
  readonly headers: { readonly [name: string]: string };
  readonly body: string | Uint8Array | null;
  readonly family: Family | "any";
  readonly source: string | null;
  readonly tls: TlsSettings;
  /** `auto`: HTTP/2 where TLS agrees on it. `true` without TLS: with prior knowledge. */
  readonly http2: boolean | "auto";
  readonly proxy: Proxy | null;
  /** Bytes of the body, as they come over the wire, after which reading stops. */
  readonly bodyLimit: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  readonly version: "1.0" | "1.1" | "2";
  /** Names in lower case; repeated ones joined with `, ` (`set-cookie` with line feeds). */
  readonly headers: { readonly [name: string]: string };
  /** As sent, compressed if the server did so. */
  readonly body: Uint8Array;
  /** There was more than `bodyLimit`. */
  readonly cut: boolean;
}

/** `sent` and `received` are evidence, credentials are hidden in it; `attempts`: failures of other addresses. Facts: `address`, `certificate`, `tls`. */
export type Exchanged = { readonly facts: Facts; readonly phases: Phases; readonly attempts: readonly string[]; readonly sent: string; readonly received: string } & (
  | { readonly kind: "answered"; readonly response: HttpResponse }
  | { readonly kind: "failed"; readonly failure: Failure }
);

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  /** A path, or a whole URL for a proxy. */
  readonly path: string;
  readonly authority: string;
  readonly scheme: "http" | "https";
  readonly headers: { readonly [name: string]: string };
  readonly body: string | Uint8Array | null;
  readonly bodyLimit: number;
}

const HIDDEN = /^(authorization|proxy-authorization|cookie)$/i;

/** Sends one request and reads its answer, within the context's deadline. Redirects are not followed; see `http-follow.ts`. */
export async function exchange(request: HttpRequest, ctx: DialContext): Promise<Exchanged> {
  const stream = await open(request, ctx);
  const wire = wireRequest(request);
  if (stream.kind === "failed") return { kind: "failed", failure: stream.failure, facts: stream.facts, phases: stream.phases, attempts: stream.attempts, sent: "", received: "" };
  const sent = shownRequest(wire, stream.alpn === "h2" || plain2(request));
  const begun = ctx.clock.monotonic();
  const collected = await speak(request, wire, stream.socket, stream.alpn, ctx);
  const ended = ctx.clock.monotonic();
  stream.socket.destroy();
  const headAt = collected.headAt ?? ended;
  const phases = { ...stream.phases, firstByte: tenth(headAt - begun), ...(collected.headAt === null ? {} : { transfer: tenth(ended - headAt) }) };
  const common = { facts: stream.facts, phases, attempts: stream.attempts, sent, received: shownResponse(collected) };
  if (collected.failure !== null) return { kind: "failed", failure: collected.failure, ...common };
  if (collected.head === null) return { kind: "failed", failure: { code: "closed", sentence: "the server closed the connection without an answer" }, ...common };
  return { kind: "answered", response: { ...collected.head, body: Buffer.concat(collected.chunks), cut: collected.cut }, ...common };
}

const plain2 = ({ url, http2, proxy }: HttpRequest): boolean => url.protocol === "http:" && http2 === true && proxy === null;

async function speak(request: HttpRequest, wire: WireRequest, socket: Duplex, alpn: string, ctx: DialContext): Promise<Collected> {
  if (alpn === "h2" || plain2(request)) return exchange2(socket, wire, ctx);
  if (request.http2 !== true) return exchange1(socket, wire, ctx);
  return { head: null, headAt: null, chunks: [], cut: false, raw: null, failure: { code: "protocol", sentence: "the server does not agree to HTTP/2" } };
}

/** Host of a URL without brackets, and its port. */
export function endpointOf(url: URL): { readonly host: string; readonly port: number } {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port) };
}

function open(request: HttpRequest, ctx: DialContext): Promise<Stream> {
  const { url, family, source, tls, http2, proxy } = request;
  const secured = url.protocol === "https:";
  const alpn = http2 === "auto" ? ["h2", "http/1.1"] : http2 ? ["h2"] : ["http/1.1"];
  const to = { ...endpointOf(url), family, source, tls: secured ? tls : null, ...(secured ? { alpn } : {}) };
  return proxy === null ? openStream(to, ctx) : openTunnel(proxy, to, ctx);
}

function wireRequest({ url, method, headers, body, bodyLimit, proxy }: HttpRequest): WireRequest {
  const scheme = url.protocol === "https:" ? "https" : "http";
  const path = `${url.pathname}${url.search}`;
  const through = proxy !== null && scheme === "http";
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const missing: [string, string][] = [["Host", url.host], ["User-Agent", "Tocsin"], ["Accept", "*/*"]];
  if (body !== null) missing.push(["Content-Length", String(Buffer.byteLength(body))]);
  if (through && proxy.user !== null) missing.push(["Proxy-Authorization", proxyAuthorization(proxy)]);
  const all = { ...Object.fromEntries(missing.filter(([name]) => !given.has(name.toLowerCase()))), ...headers };
  return { method, path: through ? `http://${url.host}${path}` : path, authority: url.host, scheme, headers: all, body, bodyLimit };
}

function shownRequest({ method, path, headers, body }: WireRequest, second: boolean): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${HIDDEN.test(name) ? "(hidden)" : value}`);
  const head = printable(`${method} ${path} HTTP/${second ? "2" : "1.1"}\r\n${lines.join("\r\n")}\r\n\r\n`);
  return `${head}${body === null ? "" : printable(body)}`;
}

function shownResponse({ head, chunks, raw }: Collected): string {
  if (head === null) return raw === null ? "" : printable(raw);
  const lines = Object.entries(head.headers).flatMap(([name, value]) => value.split("\n").map((part) => `${name}: ${name === "set-cookie" ? "(hidden)" : part}`));
  const encoded = head.headers["content-encoding"] !== undefined && head.headers["content-encoding"] !== "identity";
  return `${printable(`HTTP/${head.version} ${head.status} ${head.statusText}\r\n${lines.join("\r\n")}\r\n\r\n`)}${encoded ? "" : printable(Buffer.concat(chunks))}`;
}
