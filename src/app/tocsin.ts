import { join, resolve } from "node:path";
import type { Handle } from "../api/handle.ts";
import { ensurePassword, USER } from "../api/auth.ts";
import { type NotRunning, type Running, startServer, startSocket } from "../api/server.ts";
import { SignIn } from "../api/sign-in.ts";
import { channels } from "../alert/channels/index.ts";
import { formatProblem } from "../config/problems.ts";
import type { Settings, Site } from "../config/site.ts";
import { createMask } from "../core/mask.ts";
import { probes } from "../probes/index.ts";
import { openOrSetAside } from "../store/sqlite/open.ts";
import { type Store, StoreError } from "../store/store.ts";
import { type EndSignal, LoopDelay, onLife } from "../sys/life.ts";
import type { Ports } from "../sys/ports.ts";
import { realProcesses } from "../sys/processes.ts";
import { realPorts } from "../sys/real.ts";
import { type ServiceManager, serviceManager } from "../sys/service.ts";
import { FileWatch } from "../sys/watch.ts";
import { loadConfiguration, logProblems, updateOf, watchedPaths } from "./configuration.ts";
import { createHandle } from "./handle.ts";
import { type Chore, heartbeatChore, retentionChore } from "./housekeeping.ts";
import { Monitor } from "./monitor.ts";
import { firstUpdate } from "./roster.ts";

/** A running probe may take this long to end after a signal, and everything else has to be done in it as well. */
const STOP_MS = 5000;
export const EXIT_CONFIGURATION = 2;
/** The data folder is held by another process, or cannot be used (sysexits.h, EX_TEMPFAIL and EX_IOERR). */
export const EXIT_LOCKED = 75;
export const EXIT_STORE = 74;
const EXIT_BUG = 70;

export interface RunOptions {
  readonly config: string;
  readonly data: string;
  /** In place of the file's `listen`; null: as the file says. */
  readonly listen: Settings["listen"] | null;
  readonly environment: { readonly [name: string]: string | undefined };
  /** Lines for the person who started it. */
  readonly say: (line: string) => void;
}

/** Runs Tocsin until a signal ends it; the exit code. */
export async function runTocsin(options: RunOptions): Promise<number> {
  const config = resolve(options.config);
  let mask = createMask([]);
  let settings: Settings | null = null;
  const ports = realPorts({ level: "info", mask: (text) => mask(text), resolvers: () => settings?.resolvers ?? [], processes: realProcesses() });
  const loaded = await loadConfiguration(config, options.environment, null);
  if (loaded.kind === "broken") {
    for (const problem of loaded.problems) options.say(formatProblem(problem));
    return EXIT_CONFIGURATION;
  }
  mask = createMask(loaded.site.secrets);
  settings = loaded.site.settings;
  logProblems(ports.log, loaded.warnings);
  const opened = await openStore(options.data, ports);
  if (typeof opened === "number") return opened;
  const running = new Tocsin({ ...options, config }, ports, opened.store, loaded.site, (site) => {
    mask = createMask(site.secrets);
    settings = site.settings;
  });
  return running.run(opened.setAside);
}

type Opened = Awaited<ReturnType<typeof openOrSetAside>>;

async function openStore(folder: string, { clock, log }: Ports): Promise<Opened | number> {
  try {
    return await openOrSetAside({ folder, clock, log });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log.error(error.message);
    return error.trouble === "locked" ? EXIT_LOCKED : EXIT_STORE;
  }
}

class Tocsin {
  readonly #options: RunOptions;
  readonly #ports: Ports;
  readonly #store: Store;
  readonly #took: (site: Site) => void;
  readonly #loop = new LoopDelay();
  readonly #watch: FileWatch;
  readonly #service: ServiceManager;
  #site: Site;
  #monitor: Monitor | null = null;
  #server: Running | null = null;
  #socket: Running | null = null;
  #chores: readonly Chore[] = [];
  #reloading: Promise<Awaited<ReturnType<Handle["reload"]>>> | null = null;
  #end: (exit: number) => void = () => undefined;

  constructor(options: RunOptions, ports: Ports, store: Store, site: Site, took: (site: Site) => void) {
    this.#options = options;
    this.#ports = ports;
    this.#store = store;
    this.#site = site;
    this.#took = took;
    this.#service = serviceManager(options.environment);
    this.#watch = new FileWatch(ports.clock, () => void this.#reload());
  }

  async run(setAside: Opened["setAside"]): Promise<number> {
    const ended = new Promise<number>((done) => {
      this.#end = done;
    });
    const letGo = onLife({ end: (signal) => void this.#stop(signal), reload: () => void this.#reload(), bug: (error, fatal) => this.#bug(error, fatal) });
    const monitor = new Monitor({ ports: this.#ports, probes, channels, store: this.#store, loaded: await this.#store.load(), first: firstUpdate(this.#site) });
    this.#monitor = monitor;
    if (setAside !== null) monitor.banners.storeNote(`The database was damaged (${setAside.reason}) and a new one was begun.`, `The damaged one is kept as ${setAside.path}.`);
    const handle = createHandle({ monitor, store: this.#store, loop: this.#loop, reload: () => this.#reload() });
    const listening = await this.#listen(handle);
    if (!listening) {
      await this.#store.close();
      return EXIT_STORE;
    }
    monitor.start();
    const settings = (): Settings => this.#site.settings;
    this.#chores = [retentionChore(this.#ports, this.#store, settings), heartbeatChore(this.#ports, settings, () => handle.ready().ready)];
    await this.#watch.follow(watchedPaths(this.#options.config, this.#site.files));
    this.#service.tell("READY=1", `STATUS=${this.#site.checks.length} checks`);
    this.#keepAlive(monitor);
    const exit = await ended;
    letGo();
    return exit;
  }

  /** The page and the socket for the command line; says how to sign in. */
  async #listen(handle: Handle): Promise<boolean> {
    const { data, say } = this.#options;
    const { clock, log } = this.#ports;
    const password = await ensurePassword(data);
    const listen = this.#options.listen ?? this.#site.settings.listen;
    if (listen !== "off") {
      const auth = await SignIn.open(data, { clock, log });
      const webFolder = join(import.meta.dirname, "../../web/dist");
      const server = await startServer({ handle, listen, tls: this.#site.settings.tls, url: () => this.#site.settings.url, auth, webFolder, ports: { clock, log } });
      if (server.kind === "failed") return this.#refuse(server);
      this.#server = server;
    }
    const socket = await startSocket({ handle, path: join(data, "socket"), page: () => this.#server?.address ?? null, ports: { clock, log } });
    if (socket.kind === "failed") return this.#refuse(socket);
    this.#socket = socket;
    say(`Tocsin watches ${this.#site.checks.length} checks of ${this.#site.settings.name} (${this.#options.config}).`);
    if (this.#server === null) return true;
    say(`The page: ${this.#server.address}`);
    say(password.fresh === null ? `Sign in as ${USER}; \`tocsin passwd\` sets a new password.` : `Sign in as ${USER} with the password ${password.fresh} (kept in ${join(data, "password")}; \`tocsin passwd\` changes it).`);
    return true;
  }

  #refuse({ reason, advice }: NotRunning): false {
    this.#options.say(`tocsin: ${reason}; ${advice}`);
    void this.#server?.close();
    return false;
  }

  /** One load at a time; a change during it is taken up after it. */
  #reload(): ReturnType<Handle["reload"]> {
    const before = this.#reloading;
    const next = (async () => {
      await before?.catch(() => undefined);
      return this.#load();
    })();
    this.#reloading = next;
    next.catch((error: unknown) => this.#bug(error, false)).finally(() => {
      if (this.#reloading === next) this.#reloading = null;
    });
    return next;
  }

  async #load(): ReturnType<Handle["reload"]> {
    const monitor = this.#monitor;
    const { config, environment } = this.#options;
    const { log } = this.#ports;
    if (monitor === null) return { kind: "unchanged", problems: [] };
    this.#service.tell("RELOADING=1");
    const loaded = await loadConfiguration(config, environment, this.#site);
    try {
      if (loaded.kind === "broken") {
        logProblems(log, loaded.problems);
        log.error("the configuration has errors; what runs stays as it is");
        const problems = loaded.problems.map(formatProblem);
        monitor.banners.configuration(problems);
        await this.#watch.follow(watchedPaths(config, [...this.#site.files, ...loaded.files]));
        return { kind: "broken", problems };
      }
      logProblems(log, loaded.warnings);
      const { site, diff } = loaded;
      monitor.banners.configuration(null);
      const unchanged = site.version === this.#site.version;
      this.#took(site);
      if (diff !== null && !unchanged) await monitor.apply(updateOf(site, diff));
      if (JSON.stringify([site.settings.listen, site.settings.tls]) !== JSON.stringify([this.#site.settings.listen, this.#site.settings.tls])) log.warn("another `listen` or `tls` is taken over at the next start");
      this.#site = site;
      await this.#watch.follow(watchedPaths(config, site.files));
      if (!unchanged) log.info(`the configuration was taken over: ${site.checks.length} checks`);
      return { kind: unchanged ? "unchanged" : "reloaded", problems: loaded.warnings.map(formatProblem) };
    } finally {
      this.#service.tell("READY=1", `STATUS=${this.#site.checks.length} checks`);
    }
  }

  #keepAlive(monitor: Monitor): void {
    const { watchdogMs } = this.#service;
    if (watchdogMs === null) return;
    this.#ports.clock.timer(watchdogMs, () => {
      // A stuck engine is for the service manager to end; a full disk is not.
      if (monitor.turning()) this.#service.tell("WATCHDOG=1");
      this.#keepAlive(monitor);
    });
  }

  async #stop(signal: EndSignal): Promise<void> {
    this.#ports.log.info(`${signal}: finishing what runs`);
    this.#service.tell("STOPPING=1");
    this.#watch.close();
    for (const chore of this.#chores) chore.stop();
    await Promise.allSettled([this.#server?.close(), this.#socket?.close()]);
    await this.#monitor?.stop(STOP_MS - 1500);
    await this.#store.close().catch((error: unknown) => this.#ports.log.error(String(error)));
    this.#loop.stop();
    this.#end(0);
  }

  #bug(error: unknown, fatal: boolean): void {
    this.#ports.log.error("an error that nobody caught; this is a bug in Tocsin", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    if (!fatal) return;
    this.#ports.clock.timer(1000, () => this.#end(EXIT_BUG));
  }
}
