import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Handle } from "../api/handle.ts";
import { ensurePassword, USER } from "../api/auth.ts";
import { type NotRunning, type Running, startServer, startSocket } from "../api/server.ts";
import { Links } from "../api/links.ts";
import { SignIn } from "../api/sign-in.ts";
import type { ForeignChoice, LoaderResult } from "../config/loader.ts";
import { formatProblem, type Problem } from "../config/problems.ts";
import type { Settings, Site } from "../config/site.ts";
import { createMask } from "../core/mask.ts";
import { probes } from "../probes/index.ts";
import { openOrSetAside } from "../store/sqlite/open.ts";
import { type Store, StoreError } from "../store/store.ts";
import { type EndSignal, leave, LoopDelay, onLife } from "../sys/life.ts";
import type { Ports } from "../sys/ports.ts";
import { realProcesses } from "../sys/processes.ts";
import { realPorts } from "../sys/real.ts";
import { type ServiceManager, serviceManager } from "../sys/service.ts";
import { FileWatch } from "../sys/watch.ts";
import { forgetLeft, readLeft } from "./adopt.ts";
import { loadConfiguration, logProblems, updateOf, watchedPaths } from "./configuration.ts";
import { createHandle } from "./handle.ts";
import { type Chore, heartbeatChore, loopChore, retentionChore } from "./housekeeping.ts";
import { Monitor } from "./monitor.ts";
import { Prober } from "./prober.ts";
import { firstUpdate } from "./roster.ts";
import { Ways } from "./ways.ts";

/** After a signal everything has to be done within this, ms: closing the page takes up to 1 s, probes and sends have the rest. */
const STOP_MS = 4700;
/** A store that works writes its first batch in far less. */
const WRITTEN_WITHIN_MS = 60_000;
const MONITOR_STOP_MS = 3300;
/** Replaced secrets are masked as long as there are not more than so many in all. */
const SECRETS_MAX = 10_000;
/** What still keeps the process alive when all is done gets so long, ms. */
const LEAVE_MS = 200;
export const EXIT_CONFIGURATION = 2;
/** The data folder is held by another process (sysexits.h, EX_TEMPFAIL), or it or the page's address cannot be used (EX_IOERR). */
export const EXIT_LOCKED = 75;
export const EXIT_STORE = 74;
const EXIT_BUG = 70;

export interface RunOptions {
  readonly config: string;
  readonly foreign: ForeignChoice;
  readonly data: string;
  /** In place of the file's `listen`; null: as the file says. */
  readonly listen: Settings["listen"] | null;
  readonly environment: { readonly [name: string]: string | undefined };
  /** Lines for the person who started it. */
  readonly say: (line: string) => void;
}

/** Runs Tocsin until a signal ends it; the exit code. */
export async function runTocsin(options: RunOptions): Promise<number> {
  const exit = await new Tocsin({ ...options, config: resolve(options.config) }).run();
  leave(exit, LEAVE_MS);
  return exit;
}

/** From the first look at the configuration to the end, whenever a signal comes. */
class Tocsin {
  readonly #options: RunOptions;
  readonly #ports: Ports;
  readonly #loop = new LoopDelay();
  readonly #ways = new Ways();
  readonly #watch: FileWatch;
  readonly #service: ServiceManager;
  readonly #ended: Promise<number>;
  #end: (exit: number) => void = () => undefined;
  /** Every secret that this process has known: what was replaced while a run was under way may still come back in its evidence. */
  #secrets: ReadonlySet<string> = new Set();
  #mask = createMask([]);
  /** What a signal asked for before all stood. */
  #asked: { stop: EndSignal | null; reload: boolean } = { stop: null, reload: false };
  #running: { readonly store: Store; readonly monitor: Monitor; readonly chores: readonly Chore[]; site: Site } | null = null;
  #server: Running | null = null;
  #socket: Running | null = null;
  #reloading: Promise<Awaited<ReturnType<Handle["reload"]>>> | null = null;
  #stopping = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#ports = realPorts({ level: "info", mask: (text) => this.#mask(text), resolvers: () => this.#running?.site.settings.resolvers ?? [], processes: realProcesses() });
    this.#service = serviceManager(options.environment);
    this.#watch = new FileWatch(this.#ports.clock, () => void this.#reload());
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async run(): Promise<number> {
    const letGo = onLife({ end: (signal) => this.#askToStop(signal), reload: () => this.#askToReload(), bug: (error, fatal) => this.#bug(error, fatal) });
    try {
      const refused = await this.#begin();
      if (refused !== null) return refused;
      if (this.#asked.stop !== null) void this.#stop(this.#asked.stop, 0);
      else if (this.#asked.reload) void this.#reload();
      return await this.#ended;
    } finally {
      this.#watch.close();
      this.#loop.stop();
      letGo();
    }
  }

  /** Null when all stands; the exit code when it cannot. */
  async #begin(): Promise<number | null> {
    const { config, foreign, data, environment, say } = this.#options;
    const { log } = this.#ports;
    await this.#watch.note(watchedPaths(config, []));
    const loaded = await loadConfiguration(config, environment, null, foreign, this.#ports.clock.now());
    if (loaded.kind === "broken") {
      for (const problem of loaded.problems) say(formatProblem(problem));
      return EXIT_CONFIGURATION;
    }
    const { site } = loaded;
    this.#learn(site.secrets);
    logProblems(log, loaded.warnings);
    await this.#ways.prepare(site);
    const opened = await this.#openStore(data);
    if (typeof opened === "number") return opened;
    const { store, setAside } = opened;
    const left = await readLeft(data);
    const monitor = new Monitor({ ports: this.#ports, probes, channelOf: this.#ways.channelOf, store, loaded: await store.load(), first: firstUpdate({ ...site, carried: [...left, ...site.carried] }), links: await Links.open(data) });
    if (setAside !== null) monitor.banners.storeNote(`The database was damaged (${setAside.reason}) and a new one was begun.`, `The damaged one is kept as ${setAside.path}.`);
    const prober = new Prober(this.#ports, () => this.#running?.site ?? site, (text) => this.#mask(text));
    const handle = createHandle({ monitor, store, loop: this.#loop, reload: () => this.#reload(), probe: (request) => prober.ask(request) });
    const settings = (): Settings => this.#running?.site.settings ?? site.settings;
    if (!(await this.#listen(handle, site, settings))) {
      await store.close();
      return EXIT_STORE;
    }
    monitor.start();
    if (left.length > 0) void this.#writtenOnce(monitor);
    const chores = [retentionChore(this.#ports, store, settings), heartbeatChore(this.#ports, settings, () => handle.ready().ready), loopChore(this.#ports, this.#loop)];
    this.#running = { store, monitor, chores, site };
    await this.#watch.follow(watchedPaths(config, site.files));
    this.#service.tell("READY=1", `STATUS=${site.checks.length} checks`);
    this.#keepAlive(monitor);
    return null;
  }

  /** What another system left counts for one first start. */
  async #writtenOnce({ committer }: Monitor): Promise<void> {
    const { data } = this.#options;
    const { clock, log } = this.#ports;
    await committer.flush(clock.monotonic() + WRITTEN_WITHIN_MS);
    if (committer.waiting === 0) await forgetLeft(data).catch((error: unknown) => log.warn("what another system left could not be removed from the data folder", { error: String(error) }));
  }

  async #openStore(folder: string): Promise<Awaited<ReturnType<typeof openOrSetAside>> | number> {
    const { clock, log } = this.#ports;
    try {
      return await openOrSetAside({ folder, clock, log });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.error(error.message);
      return error.trouble === "locked" ? EXIT_LOCKED : EXIT_STORE;
    }
  }

  /** The page and the socket for the command line; says how to sign in. */
  async #listen(handle: Handle, site: Site, settings: () => Settings): Promise<boolean> {
    const { data, say } = this.#options;
    const { clock, log } = this.#ports;
    const listen = this.#options.listen ?? site.settings.listen;
    const socket = await startSocket({ handle, path: join(data, "socket"), page: () => this.#server?.address ?? null, ports: { clock, log } });
    if (socket.kind === "failed") return this.#refuse(socket);
    this.#socket = socket;
    const about = `Tocsin watches ${site.checks.length} checks of ${site.settings.name} (${this.#options.config}).`;
    if (listen === "off") {
      say(about);
      return true;
    }
    const password = await ensurePassword(data);
    const auth = await SignIn.open(data, { clock, log });
    const webFolder = join(import.meta.dirname, "../../web/dist");
    const server = await startServer({ handle, listen, tls: site.settings.tls, url: () => settings().url, auth, webFolder, ports: { clock, log } });
    if (server.kind === "failed") return this.#refuse(server);
    this.#server = server;
    say(about);
    say(`The page: ${server.address}`);
    const kept = join(data, "password");
    if (password.fresh !== null) say(`Sign in as ${USER} with the password ${password.fresh} (kept in ${kept}; \`tocsin passwd\` changes it).`);
    else say(existsSync(kept) ? `Sign in as ${USER} with the password in ${kept}; \`tocsin passwd\` changes it.` : `Sign in as ${USER}; \`tocsin passwd\` sets a new password.`);
    return true;
  }

  async #refuse({ reason, advice }: NotRunning): Promise<false> {
    this.#options.say(`tocsin: ${reason}; ${advice}`);
    await Promise.allSettled([this.#server?.close(), this.#socket?.close()]);
    return false;
  }

  #askToReload(): void {
    if (this.#running === null) this.#asked.reload = true;
    else void this.#reload();
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
    const running = this.#running;
    const { config, foreign, environment } = this.#options;
    if (running === null || this.#stopping) return { kind: "unchanged", problems: [] };
    this.#service.tell("RELOADING=1");
    try {
      await this.#watch.note();
      const loaded = await loadConfiguration(config, environment, running.site, foreign, this.#ports.clock.now());
      if (loaded.kind === "broken") {
        const problems = this.#keepOld(running.monitor, loaded.problems);
        await this.#watch.follow(watchedPaths(config, [...running.site.files, ...loaded.files]));
        return { kind: "broken", problems };
      }
      const taken = await this.#take(loaded);
      await this.#watch.follow(watchedPaths(config, loaded.site.files));
      return { kind: taken ? "reloaded" : "unchanged", problems: loaded.warnings.map(formatProblem) };
    } finally {
      this.#service.tell("READY=1", `STATUS=${running.site.checks.length} checks`);
    }
  }

  #keepOld(monitor: Monitor, problems: readonly Problem[]): readonly string[] {
    const { log } = this.#ports;
    logProblems(log, problems);
    log.error("the configuration has errors; what runs stays as it is");
    const texts = problems.map(formatProblem);
    monitor.banners.configuration(texts);
    return texts;
  }

  /** Puts a loaded site in place of the running one; whether it differs. */
  async #take({ site, diff, warnings }: Extract<LoaderResult, { kind: "loaded" }>): Promise<boolean> {
    const running = this.#running;
    const { log } = this.#ports;
    if (running === null) return false;
    logProblems(log, warnings);
    running.monitor.banners.configuration(null);
    const { settings, version } = running.site;
    const differs = site.version !== version;
    this.#learn(site.secrets);
    await this.#ways.prepare(site);
    if (diff !== null && differs) running.monitor.apply({ ...updateOf(site, diff), secrets: [...this.#secrets] });
    running.site = site;
    if (JSON.stringify([site.settings.listen, site.settings.tls]) !== JSON.stringify([settings.listen, settings.tls])) log.warn("another `listen` or `tls` is taken over at the next start");
    log.info(differs ? `the configuration was taken over: ${site.checks.length} checks` : "the configuration was read again: nothing is different");
    return differs;
  }

  #learn(secrets: readonly string[]): void {
    const all = [...secrets, ...this.#secrets];
    this.#secrets = new Set(all.slice(0, Math.max(secrets.length, SECRETS_MAX)));
    this.#mask = createMask([...this.#secrets]);
  }

  #keepAlive(monitor: Monitor): void {
    const { watchdogMs } = this.#service;
    if (watchdogMs === null || this.#stopping) return;
    this.#ports.clock.timer(watchdogMs, () => {
      // A stuck engine is for the service manager to end; a full disk is not.
      if (monitor.turning()) this.#service.tell("WATCHDOG=1");
      this.#keepAlive(monitor);
    });
  }

  #askToStop(signal: EndSignal): void {
    this.#asked.stop = signal;
    if (this.#running !== null) void this.#stop(signal, 0);
  }

  async #stop(why: string, exit: number): Promise<void> {
    const running = this.#running;
    if (running === null || this.#stopping) return;
    this.#stopping = true;
    const { clock, log } = this.#ports;
    log.info(`${why}: finishing what runs`);
    this.#service.tell("STOPPING=1");
    const last = clock.timer(STOP_MS, () => this.#end(exit));
    this.#watch.close();
    for (const chore of running.chores) chore.stop();
    await Promise.allSettled([this.#server?.close(), this.#socket?.close()]);
    await running.monitor.stop(MONITOR_STOP_MS);
    await running.store.close().catch((error: unknown) => log.error(String(error)));
    last.cancel();
    this.#end(exit);
  }

  /** After a thrown error nobody knows what is true: what is committed stays, and the service manager begins anew. */
  #bug(error: unknown, fatal: boolean): void {
    this.#ports.log.error("an error that nobody caught; this is a bug in Tocsin", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    if (!fatal) return;
    if (this.#running === null) leave(EXIT_BUG, 0);
    else void this.#stop("a bug", EXIT_BUG);
  }
}
