import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import type { Instant } from "../../core/types.ts";
import { dial } from "../../dial/dial.ts";
import type { TlsSettings } from "../../dial/options.ts";
import { secure } from "../../dial/tls.ts";
import type { ChannelContext, Sending } from "./channel.ts";
import { type HttpReply, judgeReply } from "./http-status.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly tls: TlsSettings;
}

/** Kept of a reply; the rest is not read. Services that say in the body whether they took a message repeat the message beside it. */
const REPLY_BYTES = 65_536;

/** Reads the beginning of the body; the returned function ends that with what has come so far. */
function readReply(response: IncomingMessage, done: (reply: HttpReply) => void): () => void {
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
  return finish;
}

type Exchange = { readonly kind: "reply"; readonly reply: HttpReply } | { readonly kind: "lost"; readonly reason: string };

function exchange(socket: Duplex, request: HttpRequest, signal: AbortSignal): Promise<Exchange> {
  return new Promise((resolve) => {
    const { url, method, body } = request;
    const length = method === "GET" ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const headers = { ...length, host: url.host, connection: "close", ...request.headers };
    const options: RequestOptions = { method, path: `${url.pathname}${url.search}`, headers, createConnection: () => socket };
    const sent = httpRequest(options);
    const settle = (end: Exchange): void => {
      signal.removeEventListener("abort", atDeadline);
      resolve(end);
      sent.destroy();
      socket.destroy();
    };
    let giveUp = (): void => settle({ kind: "lost", reason: "no answer before the deadline" });
    const atDeadline = (): void => giveUp();
    sent.on("response", (response) => {
      giveUp = readReply(response, (reply) => settle({ kind: "reply", reply }));
    });
    sent.on("error", (error) => settle({ kind: "lost", reason: `no answer: ${error.message}` }));
    sent.on("close", () => settle({ kind: "lost", reason: "connection closed without an answer" }));
    signal.addEventListener("abort", atDeadline, { once: true });
    if (signal.aborted) atDeadline();
    else sent.end(body);
  });
}

/**
 * Sends one request over a connection of its own and classifies what comes back, by its status unless `judge` knows better. In doubt is only what failed after the request began to go
 * out: until the TLS handshake is done nothing has arrived for certain.
 */
export async function sendHttp(request: HttpRequest, ctx: ChannelContext, judge: (reply: HttpReply, now: Instant) => Sending = judgeReply): Promise<Sending> {
  const { url, tls } = request;
  const host = url.hostname.replaceAll(/^\[|\]$/g, "");
  const isSecure = url.protocol === "https:";
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  const dialed = await dial({ host, port, family: "any", source: null }, ctx);
  if (dialed.kind === "failed") return { kind: "retry", reason: dialed.failure.sentence, doubt: false };
  try {
    const secured = isSecure ? await secure(dialed.socket, { host, settings: tls, alpn: ["http/1.1"] }, ctx) : null;
    if (secured?.kind === "failed") return { kind: "retry", reason: secured.failure.sentence, doubt: false };
    const end = await exchange(secured?.socket ?? dialed.socket, request, ctx.signal);
    return end.kind === "reply" ? judge(end.reply, ctx.clock.now()) : { kind: "retry", reason: end.reason, doubt: true };
  } finally {
    dialed.socket.destroy();
  }
}
