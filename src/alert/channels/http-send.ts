import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import { isIP } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type { ChannelContext, Sending } from "./channel.ts";
import { type HttpReply, judgeReply } from "./http-status.ts";
import { connectTo } from "./socket.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  /** False: any certificate will do. */
  readonly verify: boolean;
  /** Certificate authorities in PEM to trust instead of the system's. */
  readonly ca: string | undefined;
}

/** Kept of a reply; the rest is not read. */
const REPLY_BYTES = 4096;

type Secured = { readonly kind: "ready"; readonly socket: Duplex } | { readonly kind: "failed"; readonly reason: string };

function secure(raw: Duplex, request: HttpRequest, host: string): Promise<Secured> {
  return new Promise((resolve) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const ca = request.ca === undefined ? {} : { ca: request.ca };
    const socket = tlsConnect({ socket: raw, host, ...name, ...ca, rejectUnauthorized: request.verify, ALPNProtocols: ["http/1.1"] });
    const fail = (reason: string): void => {
      socket.destroy();
      raw.destroy();
      resolve({ kind: "failed", reason });
    };
    socket.once("secureConnect", () => resolve({ kind: "ready", socket }));
    // Stays on for good: an error after the handshake is told by the request as well.
    socket.on("error", (error) => fail(`TLS with ${host}: ${error.message}`));
    raw.once("close", () => fail(`TLS with ${host}: connection closed during the handshake`));
  });
}

function readReply(response: IncomingMessage, done: (reply: HttpReply) => void): void {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name] = Array.isArray(value) ? (value[0] ?? "") : (value ?? "");
  const chunks: Buffer[] = [];
  let size = 0;
  // The status decides; a body that breaks off or never ends changes nothing of it.
  const finish = (): void => {
    const body = Buffer.concat(chunks).subarray(0, REPLY_BYTES).toString("utf8");
    done({ status: response.statusCode ?? 0, reason: response.statusMessage ?? "", headers, body });
  };
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= REPLY_BYTES) finish();
  });
  response.on("end", finish);
  response.on("error", finish);
  response.on("aborted", finish);
}

type Exchange = { readonly kind: "reply"; readonly reply: HttpReply } | { readonly kind: "lost"; readonly reason: string };

function exchange(socket: Duplex, request: HttpRequest, signal: AbortSignal): Promise<Exchange> {
  return new Promise((resolve) => {
    const { url, method, body } = request;
    const headers = { "content-length": String(Buffer.byteLength(body)), host: url.host, connection: "close", ...request.headers };
    const options: RequestOptions = { method, path: `${url.pathname}${url.search}`, headers, agent: false, createConnection: () => socket };
    const sent = httpRequest(options);
    const settle = (end: Exchange): void => {
      signal.removeEventListener("abort", giveUp);
      resolve(end);
      sent.destroy();
      socket.destroy();
    };
    const giveUp = (): void => settle({ kind: "lost", reason: "no answer before the deadline" });
    sent.on("response", (response) => readReply(response, (reply) => settle({ kind: "reply", reply })));
    sent.on("error", (error) => settle({ kind: "lost", reason: `no answer: ${error.message}` }));
    sent.on("close", () => settle({ kind: "lost", reason: "connection closed without an answer" }));
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    else sent.end(body);
  });
}

/**
 * Sends one request over a connection of its own and classifies what comes back. In doubt is only what failed after the request began to go
 * out: until the TLS handshake is done nothing has arrived for certain.
 */
export async function sendHttp(request: HttpRequest, ctx: ChannelContext): Promise<Sending> {
  const { url } = request;
  const host = url.hostname.replaceAll(/^\[|\]$/g, "");
  const isSecure = url.protocol === "https:";
  const connected = await connectTo(host, url.port === "" ? (isSecure ? 443 : 80) : Number(url.port), ctx);
  if (connected.kind === "failed") return { kind: "retry", reason: connected.reason, doubt: false };
  const raw = connected.socket;
  const abort = (): void => void raw.destroy();
  ctx.signal.addEventListener("abort", abort, { once: true });
  try {
    const secured: Secured = isSecure ? await secure(raw, request, host) : { kind: "ready", socket: raw };
    if (secured.kind === "failed") return { kind: "retry", reason: ctx.signal.aborted ? "no TLS handshake before the deadline" : secured.reason, doubt: false };
    const end = await exchange(secured.socket, request, ctx.signal);
    return end.kind === "reply" ? judgeReply(end.reply, ctx.clock.now()) : { kind: "retry", reason: end.reason, doubt: true };
  } finally {
    ctx.signal.removeEventListener("abort", abort);
    raw.destroy();
  }
}
