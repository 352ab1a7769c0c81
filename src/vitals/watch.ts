import type { DnsContext } from "../dial/dns.ts";
import { Gate } from "../dial/gate.ts";
import { nameOfAddress } from "../dial/reverse.ts";
import { scanWellKnown } from "../dial/scan.ts";
import { within } from "../dial/within.ts";
import type { Address, Pinger, Timer } from "../sys/ports.ts";
import type { Screen } from "../sys/screen.ts";
import { Frame } from "./frame.ts";
import { locate } from "./gauge.ts";
import { type Look, layout } from "./layout.ts";
import { ctime } from "./python.ts";
import { rest } from "./rest.ts";
import { Scene, type WatchedHost } from "./scene.ts";

export interface WatchOptions {
  /** Octets of each packet's payload. */
  readonly payload: number;
  /** Most hops of a trace. */
  readonly hops: number;
  readonly scan: boolean;
  /** Ends after so many rounds; null: never. */
  readonly rounds: number | null;
}

export interface Watching {
  readonly world: DnsContext & { readonly pinger: Pinger };
  /** Null: no terminal; then the page is printed as text now and then. */
  readonly screen: Screen | null;
  readonly print: (text: string) => void;
  readonly look: Pick<Look, "colours" | "unicode">;
  /** A signal: ends it soon. */
  readonly stop: AbortSignal;
}

const ROUND_MS = 1000;
/** Rounds overlap where packets are lost; an answer that comes later is none. */
const WAIT_MS = 1500;
const NAME_MS = 3000;
const SCAN_MS = 3000;
const SCAN_EVERY_MS = 60_000;
/** Pages drawn a second at most: 20. */
const DRAW_MS = 50;
const PRINT_MS = 10_000;
const NAMES_AT_ONCE = 4;
/** Routes that change for days must not fill the memory. */
const NAMES_MAX = 4096;
const PAPER_COLUMNS = 100;

/** `tocsin vitals --watch`: measures hosts every second and shows them until somebody quits, a signal comes or the rounds are over. */
export async function watch(hosts: readonly string[], options: WatchOptions, watching: Watching): Promise<void> {
  await new Watch(hosts, options, watching).run();
}

class Watch {
  readonly #options: WatchOptions;
  readonly #watching: Watching;
  readonly #scene: Scene;
  readonly #frame = new Frame();
  readonly #names = new Gate(NAMES_AT_ONCE);
  readonly #quit = new AbortController();
  #drawing: Timer | null = null;
  #scanned: number | null = null;

  constructor(hosts: readonly string[], options: WatchOptions, watching: Watching) {
    this.#options = options;
    this.#watching = watching;
    this.#scene = new Scene(hosts);
  }

  async run(): Promise<void> {
    const { screen, stop, world } = this.#watching;
    stop.addEventListener("abort", () => this.#quit.abort());
    if (stop.aborted) this.#quit.abort();
    screen?.onKeys((keys) => keysOf(keys).forEach((key) => this.#press(key)));
    screen?.onChange(() => this.#drawAll());
    this.#draw();
    let printed = world.clock.monotonic();
    const underWay = new Set<Promise<void>>();
    for (let rounds = 0; !this.#quit.signal.aborted && rounds !== this.#options.rounds; ) {
      if (!this.#scene.paused) {
        rounds++;
        const round = this.#round().finally(() => underWay.delete(round));
        underWay.add(round);
      }
      await rest(ROUND_MS, world.clock, this.#quit.signal);
      this.#draw();
      if (screen !== null || this.#options.rounds !== null || world.clock.monotonic() - printed < PRINT_MS) continue;
      printed = world.clock.monotonic();
      this.#print();
    }
    // Quitting waits for nothing; what was asked for by number is whole.
    if (!this.#quit.signal.aborted) await Promise.all(underWay);
    this.#quit.abort();
    this.#drawing?.cancel();
    screen?.close();
    this.#print();
  }

  async #round(): Promise<void> {
    const { clock } = this.#watching.world;
    const scanning = this.#options.scan && (this.#scanned === null || clock.monotonic() - this.#scanned >= SCAN_EVERY_MS);
    if (scanning) this.#scanned = clock.monotonic();
    await Promise.all(this.#scene.hosts.map((host) => this.#measure(host, scanning)));
  }

  async #measure(host: WatchedHost, scanning: boolean): Promise<void> {
    const address = await this.#locate(host);
    if (address === null || this.#quit.signal.aborted) return;
    await Promise.all([this.#ping(host, address), this.#trace(host, address), scanning ? this.#scan(host, address) : null]);
  }

  get #world(): Watching["world"] {
    return { ...this.#watching.world, signal: this.#quit.signal };
  }

  async #locate(host: WatchedHost): Promise<Address | null> {
    const located = await locate(host.name, this.#world);
    if (located.kind === "nowhere") host.trouble = located.why;
    else host.address = located.address.ip;
    this.#soon();
    return located.kind === "nowhere" ? null : located.address;
  }

  async #ping(host: WatchedHost, address: Address): Promise<void> {
    const { pinger, signal } = this.#world;
    const answer = await pinger.ping({ ...address, count: 1, intervalMs: 0, waitMs: WAIT_MS, size: this.#options.payload, ttl: null, dontFragment: false, source: null, signal });
    if (signal.aborted) return;
    host.trouble = answer.kind === "failed" ? answer.failure.sentence : null;
    host.takePing(answer.kind === "failed" ? null : (answer.echoes[0] ?? null));
    this.#soon();
  }

  async #trace(host: WatchedHost, address: Address): Promise<void> {
    const { pinger, signal } = this.#world;
    // Where the target was last time nothing lies behind it; when it moved away, the next round looks as far as it may.
    const hops = host.reachedAfter ?? this.#options.hops;
    const answer = await pinger.trace({ ...address, method: "icmp", port: 0, hops, tries: 1, waitMs: WAIT_MS, size: this.#options.payload, source: null, signal });
    if (signal.aborted) return;
    if (answer.kind === "failed") host.reachedAfter = null;
    else {
      host.takeTrace(answer);
      for (const hop of host.hops) for (const ip of hop.addresses) this.#learn(ip);
    }
    this.#soon();
  }

  async #scan(host: WatchedHost, address: Address): Promise<void> {
    host.ports = await scanWellKnown({ name: host.name, address, source: null }, SCAN_MS, this.#world);
    this.#soon();
  }

  /** Asks for the name of an address, once. */
  #learn(ip: string): void {
    const { names, numeric } = this.#scene;
    if (names.has(ip) || numeric) return;
    if (names.size >= NAMES_MAX) names.clear();
    names.set(ip, null);
    void this.#names.pass(async () => {
      names.set(ip, await within(this.#world, NAME_MS, (ctx) => nameOfAddress(ip, ctx)));
      this.#soon();
    });
  }

  #press(key: string): void {
    if (QUIT.has(key)) this.#quit.abort();
    else if (key === "s") void this.#scanNow();
    else if (key === CTRL_Z) this.#watching.screen?.suspend();
    else if (key === CTRL_L) this.#drawAll();
    else KEYS[key]?.(this.#scene, this.#watching.screen?.rows ?? 0);
    this.#draw();
  }

  async #scanNow(): Promise<void> {
    await Promise.all(
      this.#scene.hosts.map(async (host) => {
        const address = await this.#locate(host);
        if (address !== null) await this.#scan(host, address);
      }),
    );
  }

  #soon(): void {
    if (this.#drawing !== null || this.#quit.signal.aborted) return;
    this.#drawing = this.#watching.world.clock.timer(DRAW_MS, () => {
      this.#drawing = null;
      this.#draw();
    });
  }

  #draw(): void {
    const { screen, look, world } = this.#watching;
    if (screen === null || this.#quit.signal.aborted) return;
    const { columns, rows } = screen;
    const page = layout(this.#scene, { ...look, columns, rows, now: world.clock.now() });
    this.#scene.scrolled = page.scrolled;
    const written = this.#frame.draw(page.lines);
    if (written !== "") screen.write(written);
  }

  #drawAll(): void {
    this.#watching.screen?.write(this.#frame.clear());
    this.#draw();
  }

  /** The page as text: what is left when the screen is given back. */
  #print(): void {
    const { look, print, screen, world } = this.#watching;
    const { lines } = layout(this.#scene, { unicode: look.unicode, colours: false, columns: screen?.columns ?? PAPER_COLUMNS, rows: null, now: null });
    print(`${ctime(world.clock.now())}\n${lines.join("\n").trimEnd()}\n\n`);
  }
}

/** Several keys may come at once where somebody is fast. */
// oxlint-disable-next-line no-control-regex
const keysOf = (text: string): readonly string[] => (text === GONE ? [text] : (text.match(/\u001b(?:\[[\d;]*[A-Za-z~]|O[A-Z])|[^]/gu) ?? []));
const GONE = "end";
const CTRL_L = "\u000c";
const CTRL_Z = "\u001a";
const QUIT: ReadonlySet<string> = new Set(["q", "Q", "\u0003", "\u0004", GONE]);

const scroll = (by: (rows: number) => number) => (scene: Scene, rows: number) => void (scene.scrolled = Math.max(0, scene.scrolled + by(rows)));
const pause = (scene: Scene): void => void (scene.paused = !scene.paused);
const KEYS: { readonly [key: string]: (scene: Scene, rows: number) => void } = {
  p: pause,
  " ": pause,
  r: (scene) => scene.reset(),
  d: (scene) => scene.turn(),
  n: (scene) => void (scene.numeric = !scene.numeric),
  k: scroll(() => -1),
  j: scroll(() => 1),
  "\u001b[A": scroll(() => -1),
  "\u001b[B": scroll(() => 1),
  "\u001bOA": scroll(() => -1),
  "\u001bOB": scroll(() => 1),
  "\u001b[5~": scroll((rows) => 4 - rows),
  "\u001b[6~": scroll((rows) => rows - 4),
  "\u001b[H": (scene) => void (scene.scrolled = 0),
};
