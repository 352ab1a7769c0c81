import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { accessSync, chmodSync, constants, createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe } from "vitest";
import { type DebianPackage, type PackageName, packages } from "./packages.ts";

/**
 * The ground that real servers stand on in tests: free ports, short-lived folders, and processes in groups of their own that are
 * gone when the test file ends. Import it at the top of a test file: the cleaning up is registered by the import. Elsewhere, in a bench, `endAll` does it.
 */

const READY_MS = 30_000;
const STOP_MS = 10_000;
/** Below the ports that the system gives to outgoing connections, so that none of those takes a port between choosing and listening. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

const endings: (() => Promise<void>)[] = [];
const groups = new Set<number>();
process.once("exit", () => {
  for (const group of groups) signalGroup(group, "SIGKILL");
});
if (process.env["VITEST"] !== undefined) afterAll(endAll);

/** Ends every server and removes every folder, the last one first. */
export async function endAll(): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end();
}

/** Has `end` called after the last test of the file, in reverse order of the calls. */
export function atEnd(end: () => Promise<void>): void {
  endings.push(end);
}

/** What this process has given away: a server takes its port only after a while. */
const given = new Set<number>();
/** Test files that run at the same time, each in a process with a number of its own, take their ports from shares of their own. */
const SHARES = 4;
const share = (Number(process.env["VITEST_POOL_ID"] ?? 0) || 0) % SHARES;
const SHARE_PORTS = Math.floor((LAST_PORT - FIRST_PORT) / SHARES);

/** The first of `count` neighbouring ports that are free for TCP and UDP on 127.0.0.1 and, for TCP, on ::1. */
export async function freePort(count = 1): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const first = FIRST_PORT + share * SHARE_PORTS + randomInt(SHARE_PORTS - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.some((port) => given.has(port))) continue;
    for (const port of ports) given.add(port);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new Error(`no ${count} neighbouring free ports found between ${FIRST_PORT} and ${LAST_PORT}`);
}

async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, "::1")) && (await canBind(port));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // Without IPv6 there is no ::1 and nobody can take its ports.
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT"));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}

/** A new empty folder with a short path that every user may enter, removed after the last test of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync("/tmp/tocsin-");
  chmodSync(folder, 0o755);
  endings.unshift(async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export interface ServerRequest {
  /** For messages, and for the log's name. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its log lies here; also its working folder. */
  readonly folder: string;
  readonly environment?: { readonly [name: string]: string };
  /** Asked again and again until it is true; see `listens`. */
  readonly ready: () => Promise<boolean>;
  readonly readyMs?: number;
}

export interface RunningServer {
  readonly pid: number;
  /** All that it wrote so far, standard output and errors. */
  log(): string;
  /** Ends the whole process group: TERM, after 10 s KILL. Again and again without harm. */
  stop(): Promise<void>;
  /** Sends a signal to the leader alone: `SIGHUP`, `SIGSTOP`, `SIGCONT`. */
  signal(name: NodeJS.Signals): void;
}

/** Starts a program in a process group of its own and resolves when it is ready; rejects with its log when it ends before or stays unready. */
export async function startServer(request: ServerRequest): Promise<RunningServer> {
  const path = join(request.folder, `${request.name}.log`);
  const log = createWriteStream(path, { flags: "a" });
  await new Promise((resolve) => log.once("open", resolve));
  const child = spawn(request.command, request.args, {
    cwd: request.folder,
    detached: true,
    env: { PATH: searchPath().join(":"), LANG: "C", TZ: "UTC", HOME: request.folder, ...request.environment },
    stdio: ["ignore", log, log],
  });
  const gone = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
  const read = () => readFileSync(path, "utf8");
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${request.name} ${await gone}`);
  groups.add(pid);
  const server = { pid, log: read, stop: () => stopGroup(child, pid, gone), signal: (name: NodeJS.Signals) => void child.kill(name) };
  endings.push(server.stop);
  const failure = await until(request.ready, gone, request.readyMs ?? READY_MS);
  log.close();
  if (failure === null) return server;
  await server.stop();
  throw new Error(`${request.name} ${failure}; its log:\n${read()}`);
}

async function until(ready: () => Promise<boolean>, gone: Promise<string>, limitMs: number): Promise<string | null> {
  let ended: string | null = null;
  void gone.then((how) => (ended = how));
  for (let waited = 0, step = 10; waited < limitMs; waited += step, step = Math.min(step * 1.5, 250)) {
    if (await ready()) return null;
    if (ended !== null) return ended;
    await pause(step);
  }
  return `was not ready within ${limitMs / 1000} s`;
}

async function stopGroup(child: ChildProcess, group: number, gone: Promise<string>): Promise<void> {
  if (!groups.has(group)) return;
  // A stopped process does not see TERM before it goes on.
  signalGroup(group, "SIGCONT");
  signalGroup(group, "SIGTERM");
  const abort = new AbortController();
  const late = pause(STOP_MS, "late", { signal: abort.signal }).catch(() => "aborted");
  if (child.exitCode === null && child.signalCode === null) await Promise.race([gone, late]);
  abort.abort();
  // Whatever the leader left behind.
  signalGroup(group, "SIGKILL");
  await gone;
  // Its ports are free only when all of it is gone.
  for (let waited = 0; waited < STOP_MS && lives(group); waited += 10) await pause(10);
  groups.delete(group);
}

/** Something of the group still runs; what only waits to be reaped does not. */
function lives(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch {
    return false;
  }
  if (!existsSync("/proc/self/stat")) return false;
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [state, , ofGroup] = readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
      return Number(ofGroup) === group && state !== "Z" && state !== "X";
    } catch {
      return false;
    }
  });
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is gone already.
  }
}

/** For `ready`: true when the port accepts a TCP connection. */
export function listens(port: number, host = "127.0.0.1"): () => Promise<boolean> {
  return () =>
    new Promise((resolve) => {
      const socket = connect({ port, host });
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
}

/** For `ready`: true when something is bound to the UDP port, by what the kernel lists. */
export function bound(port: number): () => Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return async () => ["udp", "udp6"].some((kind) => new RegExp(`:${hex} `).test(localAddresses(kind)));
}

function localAddresses(kind: string): string {
  try {
    const lines = readFileSync(`/proc/net/${kind}`, "utf8").split("\n");
    return lines.map((line) => `${line.trim().split(/\s+/)[1] ?? ""} `).join("\n");
  } catch {
    return "";
  }
}

function searchPath(): readonly string[] {
  return [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/lib/nagios/plugins", "/usr/lib/dovecot", "/usr/lib/news/bin"];
}

/** Null when all programs of these packages are installed, or why a test is skipped and what to do. */
export function need(...names: readonly PackageName[]): string | null {
  return reasonToSkip(packages.filter((entry) => names.includes(entry.name)));
}

export function reasonToSkip(wanted: readonly DebianPackage[]): string | null {
  const missing = wanted.filter(({ programs, files = [] }) => !programs.every(isInstalled) || !files.every((path) => existsSync(path)));
  if (missing.length === 0) return null;
  const programs = missing.flatMap(({ programs, files = [] }) => [...programs, ...files]).join(", ");
  return `skipped: ${programs} ${missing.length === 1 ? "is" : "are"} not installed (apt-get install ${missing.map((entry) => entry.name).join(" ")}, as root)`;
}

function isInstalled(program: string): boolean {
  return searchPath().some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** `describe` that needs Debian packages; without them its tests are skipped and one line on standard error says why. */
export function describeWith(names: readonly PackageName[], title: string, body: () => void): void {
  const reason = need(...names);
  if (reason === null) {
    describe(title, body);
    return;
  }
  process.stderr.write(`${title}: ${reason}\n`);
  describe.skip(`${title} (${reason})`, body);
}
