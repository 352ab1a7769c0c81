import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import type { Duplex } from "node:stream";
import { errnoOf, failureOf } from "../sys/failures.ts";
import type { Failure } from "../sys/ports.ts";
import { joined } from "./http1.ts";
import type { DialContext } from "./outcome.ts";

export interface GrpcCall {
  readonly scheme: "http" | "https";
  readonly authority: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  /** Framed. */
  readonly body: Uint8Array;
  /** For sentences. */
  readonly peer: string;
}

export interface GrpcAnswer {
  /** 0 where no head came. */
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** Of trailers, or of the head where nothing follows it (Trailers-Only). */
  readonly trailers: { readonly [name: string]: string };
  readonly body: Uint8Array;
  readonly failure: Failure | null;
}

/** Answers to unary calls of small services are some bytes. */
const BODY_MAX = 65_536;
const HEADERS_MAX = 65_536;

/** One unary gRPC call over an open connection that speaks HTTP/2 from its first byte. Resolves soon after the signal aborts; the socket is the caller's to destroy. */
export function callGrpc(socket: Duplex, call: GrpcCall, ctx: DialContext): Promise<GrpcAnswer> {
  return new Promise((resolve) => new Call(socket, call, ctx, resolve));
}

class Call {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #call: GrpcCall;
  readonly #ctx: DialContext;
  readonly #resolve: (answer: GrpcAnswer) => void;
  readonly #chunks: Buffer[] = [];
  #answer: Omit<GrpcAnswer, "body" | "failure"> = { status: 0, headers: {}, trailers: {} };
  #bytes = 0;
  #done = false;

  constructor(socket: Duplex, call: GrpcCall, ctx: DialContext, resolve: (answer: GrpcAnswer) => void) {
    this.#call = call;
    this.#ctx = ctx;
    this.#resolve = resolve;
    this.#session = connect(`${call.scheme}://${call.authority}`, { createConnection: () => socket, settings: { enablePush: false, maxHeaderListSize: HEADERS_MAX } });
    this.#session.on("error", (error: Error) => this.#end(this.#meaning(error)));
    this.#session.on("close", () => this.#end(this.#closed()));
    const own = { ":method": "POST", ":path": call.path, ":scheme": call.scheme, ":authority": call.authority, te: "trailers", "content-type": "application/grpc" };
    this.#stream = this.#session.request({ ...call.headers, ...own });
    this.#stream.on("response", (headers) => {
      // Trailers-Only: the head is all there is, and says what trailers would.
      this.#answer = { status: headers[":status"] ?? 0, headers: joined(headers), trailers: joined(headers) };
    });
    this.#stream.on("trailers", (trailers) => (this.#answer = { ...this.#answer, trailers: joined(trailers) }));
    this.#stream.on("data", (chunk: Buffer) => this.#collect(chunk));
    this.#stream.on("error", (error) => this.#end(this.#meaning(error)));
    this.#stream.on("close", () => this.#end(this.#ended()));
    this.#stream.end(call.body);
    ctx.signal.addEventListener("abort", this.#late);
    if (ctx.signal.aborted) this.#late();
  }

  #collect(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > BODY_MAX) this.#end({ code: "too-large", sentence: `${this.#call.peer} sent more than ${BODY_MAX / 1024} KiB` });
    else this.#chunks.push(chunk);
  }

  readonly #late = (): void => this.#end({ code: "timeout", sentence: `${this.#call.peer} did not ${this.#answer.status === 0 ? "answer" : "end its answer"} in time` });

  /** The stream is over: well, where a status came. */
  #ended(): Failure | null {
    return this.#answer.status === 0 || (this.#answer.status === 200 && this.#answer.trailers["grpc-status"] === undefined) ? this.#closed() : null;
  }

  #closed(): Failure {
    return { code: "closed", sentence: `${this.#call.peer} closed the connection ${this.#answer.status === 0 ? "without an answer" : "in the middle of its answer"}` };
  }

  #meaning(error: Error): Failure {
    const code = errnoOf(error);
    if (code.startsWith("ERR_HTTP2") || code.startsWith("ERR_SSL")) return { code: "protocol", sentence: `${this.#call.peer} does not speak HTTP/2: ${error.message}` };
    return failureOf(error, this.#call.peer);
  }

  #end(failure: Failure | null): void {
    if (this.#done) return;
    this.#done = true;
    this.#ctx.signal.removeEventListener("abort", this.#late);
    // GOAWAY says goodbye; what is still open then is let go.
    this.#session.destroy();
    this.#resolve({ ...this.#answer, body: Buffer.concat(this.#chunks), failure });
  }
}
