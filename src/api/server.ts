import { chmod, readFile, rm } from "node:fs/promises";
import { type RequestListener, type Server, createServer } from "node:http";
import { type Server as SecureServer, createServer as createSecureServer } from "node:https";
import { isIP } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Clock, Log, Timer } from "../sys/ports.ts";
import { type Door, application } from "./application.ts";
import { Board } from "./board.ts";
import type { Handle } from "./handle.ts";
import { Metrics } from "./metrics.ts";
import { Pages } from "./pages.ts";
import { problemResponse } from "./respond.ts";
import { type Room, problem } from "./route.ts";
import type { SignIn } from "./sign-in.ts";
import { Streams } from "./stream.ts";

/** Limits against askers who are slow, endless or many; times in ms. */
const LIMITS = {
  /** Request line and headers together, bytes; more is 431. */
  maxHeaderSize: 16 * 1024,
  /** From the first byte (or the connection) to the end of the headers. */
  headersTimeout: 5000,
  /** The same to the end of the body. */
  requestTimeout: 15_000,
  /** How often the two are looked at. */
  connectionsCheckingInterval: 1000,
  /** An idle connection waits so long for its next request. */
  keepAliveTimeout: 10_000,
} as const;
const CONNECTIONS_MAX = 500;
/** A connection on which nothing moves at all; above the stream's heartbeat of 15 s. */
const IDLE_MS = 60_000;
/** Answers under way at the end get this long. */
const CLOSING_MS = 1000;
/** Certificates are renewed by others; looked at this often. */
const CERTIFICATE_MS = 3_600_000;

export interface TlsFiles {
  /** PEM text, or the path of a file with it. */
  readonly cert: string;
  readonly key: string;
}

export interface Ports {
  readonly clock: Clock;
  readonly log: Log;
}

export interface ServerOptions {
  readonly handle: Handle;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: TlsFiles | null;
  /** `url` of the site as it is now: its host is accepted, and it is the page's address in answers. */
  readonly url: () => string | null;
  readonly auth: SignIn;
  /** Folder of the built page; may not exist yet. */
  readonly webFolder: string;
  readonly ports: Ports;
}

export interface Running {
  readonly kind: "listening";
  /** `http://127.0.0.1:2930/`, or the path of a socket. */
  readonly address: string;
  readonly port: number;
  /** Stops listening, ends streams, and lets go of everybody within a second. */
  close(): Promise<void>;
}

/** Why it does not listen, without final stop, and what to do. */
export interface NotRunning {
  readonly kind: "failed";
  readonly reason: string;
  readonly advice: string;
}

/** Starts the page and the API. Port 0 lets the system choose. */
export async function startServer(options: ServerOptions): Promise<Running | NotRunning> {
  const { handle, listen, tls, url, auth, webFolder, ports } = options;
  const pem = tls === null ? null : await readTls(tls);
  if (pem?.kind === "failed") return pem;
  let address = "";
  const made = rooms(handle, ports, auth, () => url() ?? address);
  const listenHost = isIP(listen.host) === 0 ? listen.host : null;
  const door: Door = { kind: "page", house: () => ({ url: url(), listenHost }), pages: new Pages(webFolder) };
  const listener = listenerOf(made.room, door);
  let server: Server | SecureServer;
  try {
    server = pem === null ? createServer(LIMITS, listener) : createSecureServer({ ...LIMITS, cert: pem.cert, key: pem.key, minVersion: "TLSv1.2" }, listener);
  } catch (error) {
    made.close();
    return { kind: "failed", reason: `the certificate and key for the page do not work: ${sentenceOf(error)}`, advice: "give a PEM certificate and its own key under `tls`" };
  }
  const failed = await listenOn(server, { host: listen.host, port: listen.port });
  if (failed !== null) {
    made.close();
    return { kind: "failed", reason: `cannot listen on ${listen.host}:${listen.port}: ${failed}`, advice: "choose another address with `listen:` or `--listen HOST:PORT`, or stop what holds this one" };
  }
  const bound = server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : listen.port;
  address = `${pem === null ? "http" : "https"}://${isIP(listen.host) === 6 ? `[${listen.host}]` : listen.host}:${port}/`;
  const renewing = tls === null || !("setSecureContext" in server) ? null : renew(server, tls, ports);
  return { kind: "listening", address, port, close: async () => {
    renewing?.stop();
    await shut(server, made, ports.clock);
    await auth.close();
  } };
}

export interface SocketOptions {
  readonly handle: Handle;
  /** In the data folder, which only its owner may enter. A socket that a crash left there is replaced. */
  readonly path: string;
  /** Address of the page for `status`, null for none. */
  readonly page: () => string | null;
  readonly ports: Ports;
}

/** Starts the same API on a Unix socket that needs no login. The caller holds the data folder's lock. */
export async function startSocket({ handle, path, page, ports }: SocketOptions): Promise<Running | NotRunning> {
  const made = rooms(handle, ports, null, page);
  const server = createServer(LIMITS, listenerOf(made.room, { kind: "socket", by: "command line" }));
  try {
    await rm(path, { force: true });
  } catch (error) {
    made.close();
    return { kind: "failed", reason: `cannot replace ${path}: ${sentenceOf(error)}`, advice: "remove it by hand" };
  }
  const failed = await listenOn(server, { path });
  if (failed !== null) {
    made.close();
    return { kind: "failed", reason: `cannot make the socket ${path}: ${failed}`, advice: "choose a data folder with a shorter path (a socket's path has at most 107 bytes) on a local disk" };
  }
  await chmod(path, 0o600);
  return { kind: "listening", address: path, port: 0, close: () => shut(server, made, ports.clock) };
}

function listenerOf(room: Room, door: Door): RequestListener {
  const answer = getRequestListener(application(room, door).fetch, {
    overrideGlobalObjects: false,
    // For HTTP/1.0 without a Host, as some load balancers ask /healthz.
    hostname: "localhost",
    errorHandler: () => problemResponse(problem(400, "the address of the request is malformed", "send a path and a Host header")),
  });
  return (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      room.log.error("an answer could not be sent", { error: String(error) });
      outgoing.destroy();
    });
  };
}

interface Rooms {
  readonly room: Room;
  close(): void;
}

function rooms(handle: Handle, { clock, log }: Ports, signIn: SignIn | null, page: () => string | null): Rooms {
  const board = new Board(handle, clock);
  const streams = new Streams(handle, board, clock, log);
  const metrics = new Metrics(handle, board, clock);
  const close = (): void => {
    streams.close();
    board.close();
  };
  return { room: { handle, clock, log, board, streams, metrics, signIn, page }, close };
}

/** Null when it listens, else why not. */
function listenOn(server: Server | SecureServer, where: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<string | null> {
  server.maxConnections = CONNECTIONS_MAX;
  server.timeout = IDLE_MS;
  return new Promise((resolve) => {
    const onError = (error: Error): void => resolve(sentenceOf(error));
    server.once("error", onError);
    server.listen(where, () => {
      server.off("error", onError);
      // Later errors concern single connections that could not be taken (no file handles left); the next try may succeed.
      server.on("error", () => undefined);
      resolve(null);
    });
  });
}

const WORDS: { readonly [code: string]: string } = {
  EADDRINUSE: "something else listens there already",
  EACCES: "no permission",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "this name has no address",
  EINVAL: "the system refuses it",
};

function sentenceOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return WORDS[code] ?? (error instanceof Error ? error.message : String(error));
}

async function shut(server: Server | SecureServer, made: Rooms, clock: Clock): Promise<void> {
  made.close();
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timer = clock.timer(CLOSING_MS, () => server.closeAllConnections());
  await closed;
  timer.cancel();
}

async function readTls(tls: TlsFiles): Promise<{ readonly kind: "read"; readonly cert: string; readonly key: string } | NotRunning> {
  const text = async (value: string): Promise<string> => (value.includes("-----BEGIN ") ? value : await readFile(value, "utf8"));
  try {
    return { kind: "read", cert: await text(tls.cert), key: await text(tls.key) };
  } catch (error) {
    return { kind: "failed", reason: `cannot read the certificate or key for the page: ${sentenceOf(error)}`, advice: "name readable PEM files under `tls: {cert, key}`" };
  }
}

/** Takes a renewed certificate over without a restart; a broken one changes nothing. */
function renew(server: SecureServer, tls: TlsFiles, { clock, log }: Ports): { stop(): void } {
  let timer: Timer | null = null;
  let stopped = false;
  const look = async (): Promise<void> => {
    const pem = await readTls(tls);
    try {
      if (pem.kind === "failed") log.warn(pem.reason);
      else if (!stopped) server.setSecureContext({ cert: pem.cert, key: pem.key, minVersion: "TLSv1.2" });
    } catch (error) {
      log.warn(`the renewed certificate for the page does not work: ${sentenceOf(error)}`);
    }
    if (!stopped) plan();
  };
  const plan = (): void => {
    timer = clock.timer(CERTIFICATE_MS, () => void look());
  };
  plan();
  return {
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
