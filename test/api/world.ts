import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { request as secureRequest } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import type { Beat, Change, Done, Figures, Handle, Probed, ProbeRequest } from "../../src/api/handle.ts";
import { ensurePassword } from "../../src/api/auth.ts";
import { type Running, startServer } from "../../src/api/server.ts";
import { SignIn } from "../../src/api/sign-in.ts";
import { type Banner, type ChannelSummary, type CheckDetail, type CheckSummary, type Overview, type RotationView, STATUS_MARKS, type StatusWord } from "../../src/api/types.ts";
import type { Belief, CheckState } from "../../src/core/state.ts";
import { type CheckName, type Instant, type Millis, instant, millis } from "../../src/core/types.ts";
import { openMemoryStore } from "../../src/store/memory.ts";
import { sampleBelief, sampleState, T0 } from "../../src/store/samples.ts";
import type { Store } from "../../src/store/store.ts";
import type { Clock, Log, Timer } from "../../src/sys/ports.ts";
import { atEnd, temporaryFolder } from "../servers/ground.ts";

/** A clock that stands until it is told to go on; what is due at once runs in the next turn of the loop. */
export class HandClock implements Clock {
  #elapsed = 0;
  #timers = new Map<object, { readonly due: number; readonly run: () => void }>();

  now(): Instant {
    return instant(T0 + this.#elapsed);
  }
  monotonic(): Millis {
    return millis(this.#elapsed);
  }
  timer(delay: number, run: () => void): Timer {
    const key = {};
    if (delay <= 0) {
      const handle = setImmediate(run);
      return { cancel: () => clearImmediate(handle) };
    }
    this.#timers.set(key, { due: this.#elapsed + delay, run });
    return { cancel: () => void this.#timers.delete(key) };
  }
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { due }]) => due <= end).sort(([, a], [, b]) => a.due - b.due);
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#elapsed = Math.max(this.#elapsed, next[1].due);
      next[1].run();
    }
    this.#elapsed = end;
  }
}

/** A log that keeps its lines. */
export class KeptLog implements Log {
  readonly lines: string[] = [];
  readonly #keep = (text: string, fields?: Record<string, unknown>): void => void this.lines.push(`${text} ${JSON.stringify(fields ?? {})}`);
  readonly debug = this.#keep;
  readonly info = this.#keep;
  readonly warn = this.#keep;
  readonly error = this.#keep;
}

export function summaryOf(name: string, more: Partial<CheckSummary> = {}): CheckSummary {
  return {
    name, type: "tcp", target: `${name}.example.com:443`, description: "", tags: [], state: "up", since: T0, summary: "connected in 3 ms", latencyMs: 3, lastRunAt: T0, nextRunAt: T0 + 60_000,
    recent: "uuuu", failing: 0, incident: null, incidentKind: null, acknowledged: null, silenced: false, silencedUntil: null, maintenance: [], flapping: false, cause: null, hides: [], groups: [], certificateDays: null, running: false, ...more,
  };
}

export const FIGURES: Figures = {
  runsStarted: 7, runsSkipped: 1, runsRunning: 2, resultsDropped: 0, commits: 5, commitFailures: 0, batchesWaiting: 0, alertsWaiting: 0, messagesSent: 3, messagesFailed: 1,
  startDelayMs: { p50: 1, p99: 20, max: 30 }, loopDelayMs: { p50: 1, p99: 2, max: 3 },
};

/** A running Tocsin in small: checks that a test changes by hand, over a real store in memory. */
export class SmallHandle implements Handle {
  readonly store: Store;
  readonly checks: Map<string, CheckSummary>;
  readonly startedAt = T0;
  readonly done: string[] = [];
  readonly beats: Beat[] = [];
  /** Tokens of push checks besides `token-token-token-token`. */
  readonly tokens: string[] = [];
  readonly details = new Map<string, Partial<CheckDetail>>();
  readonly listeners = new Set<(change: Change) => void>();
  refusal: Done | null = null;
  /** A bug that asking for a check runs into. */
  fault: Error | null = null;
  reasons: readonly string[] = [];
  bars: readonly Banner[] = [];
  overviews = 0;
  testing: Promise<{ readonly kind: "sent" | "retry" | "refused"; readonly detail: string }> = Promise.resolve({ kind: "refused", detail: "550 no such user, hunter2" });

  readonly probed: ProbeRequest[] = [];
  probing: Probed = { kind: "off", reason: "`GET /probe` is off", advice: "name `modules` below `probe:`" };

  constructor(store: Store, checks: readonly CheckSummary[]) {
    this.store = store;
    this.checks = new Map(checks.map((check) => [check.name, check]));
  }
  change(name: string, more: Partial<CheckSummary>): void {
    this.checks.set(name, { ...(this.checks.get(name) ?? summaryOf(name)), ...more });
    this.tell({ kind: "checks", names: [name as never] });
  }
  tell(change: Change): void {
    for (const listener of this.listeners) listener(change);
  }
  overview(): Overview {
    this.overviews += 1;
    const checks = [...this.checks.values()];
    const counts = Object.fromEntries(Object.keys(STATUS_MARKS).map((word) => [word, checks.filter(({ state }) => state === word).length])) as { [status in StatusWord]: number };
    return { site: { name: "Example", vantage: "home", version: "0.1.0", startedAt: T0, timezone: "Europe/Berlin" }, now: T0, counts, banners: this.bars, checks, channels: this.channels() };
  }
  summary(name: string): CheckSummary | null {
    if (this.fault !== null) throw this.fault;
    return this.checks.get(name) ?? null;
  }
  detail(name: string): Omit<CheckDetail, "results" | "incidents"> | null {
    const check = this.checks.get(name);
    if (check === undefined) return null;
    return { check, schedule: "every 1m", timeoutMs: 10_000, retries: 0, failAfter: 2, recoverAfter: 1, parents: [], members: [], telling: ["at once: ops"], expect: [], warn: [], last: null, ...this.details.get(name) };
  }
  readonly beliefs = new Map<string, Partial<Belief>>();
  state(name: CheckName): CheckState | null {
    return this.checks.has(name) ? sampleState(name, sampleBelief(this.beliefs.get(name))) : null;
  }
  probe(request: ProbeRequest): Promise<Probed> {
    this.probed.push(request);
    return Promise.resolve(this.probing);
  }
  rotations(): readonly RotationView[] {
    return [{ name: "night", timezone: "Europe/Berlin", now: ["ops"], next: [{ at: T0 + 3_600_000, to: ["boss"] }] }];
  }

  channels(): readonly ChannelSummary[] {
    return [{ name: "ops", type: "email", recipients: ["ops@example.com"], brokenSince: null, reason: "", unreachable: [], waiting: 0 }];
  }
  banners(): readonly Banner[] {
    return this.bars;
  }
  subscribe(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  #act(what: string): Done {
    this.done.push(what);
    return this.refusal ?? { kind: "done" };
  }
  runNow = (name: string): Done => this.#act(`run ${name}`);
  pause = (name: string, by: string): Done => this.#act(`pause ${name} by ${by}`);
  resume = (name: string, by: string): Done => this.#act(`resume ${name} by ${by}`);
  acknowledge = (name: string, by: string, note: string): Done => this.#act(`acknowledge ${name} by ${by}: ${note}`);
  silence = (name: string, by: string, forMs: number | null): Done => this.#act(`silence ${name} by ${by}${forMs === null ? "" : ` for ${forMs}`}`);
  unsilence = (name: string, by: string): Done => this.#act(`unsilence ${name} by ${by}`);
  beat(token: string, beat: Beat): "taken" | "unknown" {
    if (token !== "token-token-token-token" && !this.tokens.includes(token)) return "unknown";
    this.beats.push(beat);
    return "taken";
  }
  /** What the link with the token `signed` is about. */
  linkedTo: ReturnType<Handle["linked"]> = "over";
  linked = (token: string): ReturnType<Handle["linked"]> => (token === "signed" ? this.linkedTo : "unknown");
  sendAgain = (message: string): Promise<Done> => Promise.resolve(this.#act(`again ${message}`));
  testChannel = (): Promise<{ readonly kind: "sent" | "retry" | "refused"; readonly detail: string }> => this.testing;
  reload = (): Promise<{ readonly kind: "reloaded" | "unchanged" | "broken"; readonly problems: readonly string[] }> =>
    Promise.resolve({ kind: "broken", problems: ["tocsin.yaml:3:1: unknown key `hunter2`"] });
  ready(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    return { ready: this.reasons.length === 0, reasons: this.reasons };
  }
  figures(): Figures {
    return FIGURES;
  }
  mask(text: string): string {
    return text.replaceAll("hunter2", "•••");
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** An object is sent as JSON. */
  readonly body?: unknown;
  readonly socketPath?: string;
}

/** One request on a connection of its own. */
export function ask(address: string, { method = "GET", headers = {}, body, socketPath }: Asking = {}): Promise<Answer> {
  const secure = address.startsWith("https:");
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const all = { ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }), ...headers };
  const options = { method, headers: all, agent: false as const, ...(socketPath === undefined ? {} : { socketPath }), ...(secure ? { rejectUnauthorized: false } : {}) };
  return new Promise((resolve, reject) => {
    const asking = (secure ? secureRequest : request)(address, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = (response.headers["content-type"] ?? "").startsWith("application/json");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: isJson && text !== "" ? (JSON.parse(text) as unknown) : null });
      });
    });
    asking.on("error", reject);
    asking.end(text);
  });
}

/** Sends bytes as they are and returns all that comes back until the server closes. */
export function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}

export interface World {
  readonly handle: SmallHandle;
  readonly store: Store;
  readonly clock: HandClock;
  readonly log: KeptLog;
  readonly server: Running;
  readonly folder: string;
  readonly web: string;
  readonly password: string;
  readonly signIn: SignIn;
  /** Asks the server's own address. */
  readonly get: (path: string, asking?: Asking) => Promise<Answer>;
  /** The same, signed in. */
  readonly got: (path: string, asking?: Asking) => Promise<Answer>;
  readonly cookie: string;
}

/** A started server on a port of 127.0.0.1 that the system chose, with somebody signed in. Closed after the last test of the file. */
export async function world(checks: readonly CheckSummary[], more: { readonly url?: string | null; readonly tls?: { readonly cert: string; readonly key: string } } = {}): Promise<World> {
  const folder = temporaryFolder();
  const web = join(folder, "web");
  const store = await openMemoryStore();
  const handle = new SmallHandle(store, checks);
  const [clock, log] = [new HandClock(), new KeptLog()];
  const password = (await ensurePassword(folder)).fresh ?? "";
  const signIn = await SignIn.open(folder, { clock, log });
  const server = await startServer({ handle, listen: { host: "127.0.0.1", port: 0 }, tls: more.tls ?? null, url: () => more.url ?? null, auth: signIn, webFolder: web, ports: { clock, log } });
  if (server.kind === "failed") throw new Error(server.reason);
  atEnd(async () => {
    const closed = server.close();
    clock.advance(1000);
    await closed;
  });
  const get = (path: string, asking?: Asking): Promise<Answer> => ask(new URL(path, server.address).href, asking);
  const cookie = ((await get("/api/v1/login", { method: "POST", body: { password } })).headers["set-cookie"] ?? [""])[0]?.split(";")[0] ?? "";
  const got = (path: string, asking: Asking = {}): Promise<Answer> => get(path, { ...asking, headers: { cookie, ...asking.headers } });
  return { handle, store, clock, log, server, folder, web, password, signIn, get, got, cookie };
}
