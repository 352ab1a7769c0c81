import { STATUS_CODES } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Duplex } from "node:stream";
import { errnoOf, failureOf } from "../sys/failures.ts";
import type { Failure } from "../sys/ports.ts";
import type { WireRequest } from "./http.ts";
import { type Collected, HEADERS_MAX, joined } from "./http1.ts";
import type { DialContext } from "./outcome.ts";

/** RFC 9113, section 8.2.2: fields of the connection do not exist in HTTP/2. */
const OF_THE_CONNECTION = new Set(["host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings", "te"]);

/** One HTTP/2 exchange (RFC 9113) over an open connection. Resolves soon after the signal aborts; the socket is the caller's to destroy. */
export function exchange2(socket: Duplex, wire: WireRequest, ctx: DialContext): Promise<Collected> {
  return new Promise((resolve) => new Exchange(socket, wire, ctx, resolve));
}

class Exchange {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #wire: WireRequest;
  readonly #ctx: DialContext;
  readonly #resolve: (collected: Collected) => void;
  readonly #chunks: Buffer[] = [];
  #head: Collected["head"] = null;
  #headAt: number | null = null;
  #bytes = 0;
  #done = false;
  #goaway: number | null = null;

  constructor(socket: Duplex, wire: WireRequest, ctx: DialContext, resolve: (collected: Collected) => void) {
    this.#wire = wire;
    this.#ctx = ctx;
    this.#resolve = resolve;
    this.#session = connect(`${wire.scheme}://${wire.authority}`, { createConnection: () => socket, settings: { enablePush: false, maxHeaderListSize: HEADERS_MAX } });
    this.#session.on("error", (error: Error) => this.#end(this.#meaning(error)));
    this.#session.on("goaway", (code: number) => (this.#goaway = code));
    this.#session.on("close", () => this.#end(this.#closed()));
    const fields = Object.entries(wire.headers).filter(([name]) => !OF_THE_CONNECTION.has(name.toLowerCase()));
    const host = Object.entries(wire.headers).find(([name]) => name.toLowerCase() === "host")?.[1] ?? wire.authority;
    const own = { ":method": wire.method, ":path": wire.path, ":scheme": wire.scheme, ":authority": host };
    this.#stream = this.#session.request({ ...own, ...Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value])) }, { endStream: wire.body === null });
    this.#listen();
    ctx.signal.addEventListener("abort", this.#late);
    if (ctx.signal.aborted) this.#late();
  }

  #listen(): void {
    this.#stream.on("response", (headers) => {
      this.#headAt = this.#ctx.clock.monotonic();
      const status = headers[":status"] ?? 0;
      this.#head = { status, statusText: STATUS_CODES[status] ?? "", version: "2", headers: joined(headers) };
    });
    this.#stream.on("data", (chunk: Buffer) => this.#collect(chunk));
    this.#stream.on("end", () => this.#end(this.#isWhole() ? null : this.#closed()));
    this.#stream.on("error", (error) => this.#end(this.#meaning(error)));
    this.#stream.on("close", () => this.#end(this.#closed()));
    if (this.#wire.body !== null) this.#stream.end(this.#wire.body);
  }

  /** Also a stream that was broken off ends, but for a reason; one without a reason must be as long as it was to be (RFC 9113, sections 8.1 and 8.1.1). */
  #isWhole(): boolean {
    const length = this.#wire.method === "HEAD" || this.#head?.status === 304 ? undefined : this.#head?.headers["content-length"];
    return this.#head !== null && this.#stream.rstCode === constants.NGHTTP2_NO_ERROR && (length === undefined || Number(length) === this.#bytes);
  }

  #collect(chunk: Buffer): void {
    if (this.#done) return;
    const room = this.#wire.bodyLimit - this.#bytes;
    this.#bytes += chunk.length;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (chunk.length > room) this.#end(null, true);
  }

  readonly #late = (): void => {
    const got = this.#head === null ? "no answer to the request came in time" : `the answer was not complete in time: ${this.#bytes} bytes came`;
    this.#end({ code: "timeout", sentence: got });
  };

  #closed(): Failure {
    const why = this.#goaway === null || this.#goaway === 0 ? "" : ` (GOAWAY ${errorName(this.#goaway)})`;
    if (this.#head === null) return { code: "closed", sentence: `the server closed the connection without an answer${why}` };
    return { code: "closed", sentence: `the server closed the connection in the middle of its answer, after ${this.#bytes} bytes${why}` };
  }

  #meaning(error: Error): Failure {
    const code = errnoOf(error);
    if (code.startsWith("ERR_HTTP2")) return { code: "protocol", sentence: `HTTP/2 failed: ${error.message}` };
    return failureOf(error, this.#wire.authority);
  }

  #end(failure: Failure | null, cut = false): void {
    if (this.#done) return;
    this.#done = true;
    this.#ctx.signal.removeEventListener("abort", this.#late);
    this.#session.destroy();
    this.#resolve({ head: this.#head, headAt: this.#headAt, chunks: this.#chunks, cut, raw: null, failure });
  }
}

/** `ENHANCE_YOUR_CALM` for 11 (RFC 9113, section 7). */
function errorName(code: number): string {
  const found = Object.entries(constants).find(([name, value]) => name.startsWith("NGHTTP2_") && value === code && /^NGHTTP2_(NO_ERROR|[A-Z0-9_]+(_ERROR|_TIMEOUT|_CLOSED|_STREAM|CANCEL|_CALM|_SECURITY|_REQUIRED))$/.test(name));
  return found === undefined ? String(code) : found[0].replace("NGHTTP2_", "");
}
