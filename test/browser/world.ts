import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const STARTED_WITHIN_MS = 30_000;

/** Why the browser's tests cannot run here; null when they can. */
export function missing(): string | null {
  if (!existsSync("/usr/bin/chromium")) return "Chromium is not installed: on Debian, `apt-get install chromium`";
  return existsSync(join(root, "web/dist/index.html")) ? null : "the page is not built: `npm run build:page`";
}

/** A new folder, gone at `remove`. */
export function makeFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "tocsin-browser-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A real Tocsin process. */
export interface Running {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** The first password; empty when the data folder had one already. */
  readonly password: string;
  /** All it said so far. */
  said(): string;
  /** Ends it as a service manager would; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface Start {
  readonly folder: string;
  readonly config: string;
  /** 0: the system chooses. */
  readonly port?: number;
}

/** Writes `config` as the folder's tocsin.yaml and starts Tocsin on it; resolves when it serves. */
export async function startTocsin({ folder, config, port = 0 }: Start): Promise<Running> {
  const file = join(folder, "tocsin.yaml");
  writeFileSync(file, config);
  const child = spawn(join(root, "bin/tocsin"), ["run", file, "--data", join(folder, "data"), "--listen", `127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "pipe"], cwd: folder });
  let said = "";
  const hear = (part: Buffer): void => void (said += part.toString());
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  const origin = await serving(child, () => /^The page: (http:\S+?)\/?$/m.exec(said)?.[1], () => said);
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  return { origin, password: /with the password (\S+)/.exec(said)?.[1] ?? "", said: () => said, stop };
}

function serving(child: ChildProcess, find: () => string | undefined, said: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`Tocsin ${why}:\n${said()}`));
    const patience = setTimeout(() => fail("did not serve in time"), STARTED_WITHIN_MS);
    const look = (): void => {
      const origin = find();
      // The last line tells how to sign in.
      if (origin === undefined || !/^Sign in as /m.test(said())) return;
      clearTimeout(patience);
      resolve(origin);
    };
    child.stdout?.on("data", look);
    child.once("close", () => {
      clearTimeout(patience);
      fail("ended");
    });
  });
}

/** Something to be watched: goes away and comes back on the same port. */
export interface Target {
  readonly port: number;
  up(): Promise<void>;
  down(): Promise<void>;
}

async function listen(server: Server | TcpServer, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function makeTarget(server: Server | TcpServer): Promise<Target> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  const port = await listen(server, 0);
  return {
    port,
    up: async () => void (await listen(server, port)),
    down: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A TCP server that greets and hangs up when asked to. */
export function tcpTarget(greeting = ""): Promise<Target> {
  return makeTarget(createTcpServer((socket) => socket.end(greeting)));
}

/** A web server that answers what `answer` says at the moment. */
export interface WebTarget extends Target {
  answer: { status: number; body: string; afterMs: number };
  /** Bodies of the POST requests so far, oldest first. */
  readonly posted: string[];
}

export async function webTarget(): Promise<WebTarget> {
  const posted: string[] = [];
  const state = { answer: { status: 200, body: "Welcome", afterMs: 0 } };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    let body = "";
    request.on("data", (part: Buffer) => void (body += part.toString()));
    request.on("end", () => {
      if (request.method === "POST") posted.push(body);
      const { status, body: text, afterMs } = state.answer;
      setTimeout(() => response.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(text), afterMs);
    });
  };
  const target = await makeTarget(createServer(handle));
  return Object.assign(state, target, { posted });
}
