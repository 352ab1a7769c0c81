import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock, Timer } from "./ports.ts";

/** Some file systems tell nothing of changes: what is watched is looked at this often as well. */
const LOOK_MS = 5000;
/** Writers do several things to a file; this much quiet ends a change. */
const QUIET_MS = 250;
/** The kernel stamps files with the time of its last tick, which is up to this much behind the clock. */
const TICK_MS = 20;

/** Watches files (and folders) by name, through renames and bind mounts. Call `close` at the end. */
export class FileWatch {
  readonly #clock: Clock;
  readonly #changed: () => void;
  #watchers: FSWatcher[] = [];
  /** What is watched, each as it was when it was last noted. */
  #seen: ReadonlyMap<string, string> = new Map();
  #notedAt = -Infinity;
  #timer: Timer | null = null;
  #quiet: Timer | null = null;
  #closed = false;

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Notes how these, and all that is watched, are now. Call it before reading them: what changes later, even while they are read, is a change. */
  async note(paths: readonly string[] = []): Promise<void> {
    this.#notedAt = this.#clock.now();
    this.#seen = facts(await look([...this.#seen.keys(), ...paths]));
  }

  /** Watches these and nothing else from now on; what was noted and differs by now has changed, and so has what nobody noted if it was written since. */
  async follow(paths: readonly string[]): Promise<void> {
    const now = await look(paths);
    this.#seen = new Map([...now].map(([path, { fact, at }]) => [path, this.#seen.get(path) ?? (at < this.#notedAt - TICK_MS ? fact : CHANGED)]));
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = this.#closed ? [] : [...new Set([...now.keys()].map((path) => dirname(path)))].flatMap((folder) => this.#watch(folder));
    this.#rest();
    // What changed until the watchers stood.
    this.#stir();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#quiet?.cancel();
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string): FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#stir());
      // A folder that goes is noticed by looking.
      watcher.on("error", () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  }

  #stir(): void {
    this.#quiet?.cancel();
    if (!this.#closed) this.#quiet = this.#clock.timer(QUIET_MS, () => void this.#compare());
  }

  #rest(): void {
    this.#timer?.cancel();
    if (!this.#closed) this.#timer = this.#clock.timer(LOOK_MS, () => void this.#compare().finally(() => this.#rest()));
  }

  async #compare(): Promise<void> {
    const before = this.#seen;
    const now = facts(await look([...before.keys()]));
    if (this.#closed || this.#seen !== before || [...now].every(([path, fact]) => before.get(path) === fact)) return;
    this.#seen = now;
    this.#changed();
  }
}

const GONE = "-";
/** As no file is. */
const CHANGED = "";

/** How a path is, and when it became so (Unix milliseconds). */
interface Look {
  readonly fact: string;
  readonly at: number;
}

const facts = (looks: ReadonlyMap<string, Look>): ReadonlyMap<string, string> => new Map([...looks].map(([path, { fact }]) => [path, fact]));

async function look(paths: readonly string[]): Promise<ReadonlyMap<string, Look>> {
  const one = (path: string): Promise<Look> => stat(path).then(({ ino, size, mtimeMs, ctimeMs }) => ({ fact: `${ino}.${size}.${mtimeMs}`, at: ctimeMs }), () => ({ fact: GONE, at: -Infinity }));
  return new Map(await Promise.all([...new Set(paths)].map(async (path): Promise<[string, Look]> => [path, await one(path)])));
}
