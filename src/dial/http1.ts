import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { errnoOf, failureOf } from "../sys/failures.ts";
import type { Failure } from "../sys/ports.ts";
import type { HttpResponse, WireRequest } from "./http.ts";
import type { DialContext } from "./outcome.ts";
import { tlsFailure } from "./tls.ts";

/** What came of one request; `head` without `failure` is a whole answer. */
export interface Collected {
  readonly head: Omit<HttpResponse, "body" | "cut"> | null;
  /** Monotonic time at which the head was complete. */
  readonly headAt: number | null;
  readonly chunks: readonly Uint8Array[];
  readonly cut: boolean;
  /** What came instead of an answer. */
  readonly raw: Uint8Array | null;
  readonly failure: Failure | null;
}

/** Eight times what common servers send at most. */
export const HEADERS_MAX = 65_536;
/** Interim answers (1xx) before the final one. */
const INTERIM_MAX = 100;

/** One HTTP/1.1 exchange over an open connection; node's parser, none of its pool. Resolves soon after the signal aborts; the socket is the caller's to destroy. */
export function exchange1(socket: Duplex, wire: WireRequest, ctx: DialContext): Promise<Collected> {
  return new Promise((resolve) => new Exchange(socket, wire, ctx, resolve));
}

class Exchange {
  readonly #request: ClientRequest;
  readonly #wire: WireRequest;
  readonly #ctx: DialContext;
  readonly #resolve: (collected: Collected) => void;
  readonly #chunks: Buffer[] = [];
  #head: Collected["head"] = null;
  #headAt: number | null = null;
  #bytes = 0;
  #interim = 0;
  #expected = "";
  #done = false;

  constructor(socket: Duplex, wire: WireRequest, ctx: DialContext, resolve: (collected: Collected) => void) {
    this.#wire = wire;
    this.#ctx = ctx;
    this.#resolve = resolve;
    const { method, path, headers } = wire;
    this.#request = request({ createConnection: () => socket, method, path, headers: { ...headers, Connection: "close" }, setHost: false, maxHeaderSize: HEADERS_MAX });
    ctx.signal.addEventListener("abort", this.#late);
    this.#request.on("error", (error) => this.#end(this.#meaning(error), rawOf(error)));
    this.#request.on("information", () => {
      if (++this.#interim > INTERIM_MAX) this.#end({ code: "protocol", sentence: `the server sent more than ${INTERIM_MAX} interim answers` });
    });
    this.#request.on("upgrade", () => this.#end({ code: "protocol", sentence: "the server switched to another protocol without being asked to" }));
    this.#request.on("response", (response) => this.#respond(response));
    this.#request.on("close", () => this.#end(this.#head === null ? { code: "closed", sentence: "the server closed the connection without an answer" } : this.#short()));
    this.#request.end(wire.body ?? undefined);
    if (ctx.signal.aborted) this.#late();
  }

  #respond(response: IncomingMessage): void {
    this.#headAt = this.#ctx.clock.monotonic();
    const version = response.httpVersion === "1.0" ? "1.0" : "1.1";
    this.#head = { status: response.statusCode ?? 0, statusText: response.statusMessage ?? "", version, headers: joined(response.headers) };
    this.#expected = response.headers["content-length"] ?? "";
    response.on("data", (chunk: Buffer) => this.#collect(chunk));
    response.on("end", () => this.#end(response.complete ? null : this.#short()));
    response.on("error", (error) => this.#end(this.#meaning(error)));
  }

  #collect(chunk: Buffer): void {
    if (this.#done) return;
    const room = this.#wire.bodyLimit - this.#bytes;
    this.#bytes += chunk.length;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (chunk.length > room) this.#end(null, null, true);
  }

  readonly #late = (): void => {
    const got = this.#head === null ? "no answer to the request came in time" : `the answer was not complete in time: ${this.#bytes} bytes${this.#expected === "" ? "" : ` of ${this.#expected}`} came`;
    this.#end({ code: "timeout", sentence: got });
  };

  #short(): Failure {
    return { code: "closed", sentence: `the server closed the connection in the middle of its answer, after ${this.#bytes} bytes${this.#expected === "" ? "" : ` of ${this.#expected}`}` };
  }

  #meaning(error: Error): Failure {
    const code = errnoOf(error);
    if (code === "HPE_HEADER_OVERFLOW") return { code: "too-large", sentence: `the header fields of the answer are longer than ${HEADERS_MAX / 1024} KiB` };
    if (code.startsWith("HPE_")) return { code: "protocol", sentence: `the answer is not sound HTTP: ${error.message.replace(/^Parse Error: /, "")}` };
    if (code.startsWith("ERR_SSL_")) return tlsFailure(error);
    if (code === "ECONNRESET" && !("syscall" in error)) return this.#head === null ? { code: "closed", sentence: "the server closed the connection without an answer" } : this.#short();
    return failureOf(error, this.#wire.authority);
  }

  #end(failure: Failure | null, raw: Uint8Array | null = null, cut = false): void {
    if (this.#done) return;
    this.#done = true;
    this.#ctx.signal.removeEventListener("abort", this.#late);
    this.#request.destroy();
    this.#resolve({ head: this.#head, headAt: this.#headAt, chunks: this.#chunks, cut, raw, failure });
  }
}

function rawOf(error: Error): Uint8Array | null {
  return "rawPacket" in error && error.rawPacket instanceof Uint8Array ? error.rawPacket : null;
}

/** Header fields as texts. */
export function joined(headers: { readonly [name: string]: string | readonly string[] | undefined }): { readonly [name: string]: string } {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(":")) texts[name] = typeof value === "string" ? value : value.join(name === "set-cookie" ? "\n" : ", ");
  }
  return texts;
}
