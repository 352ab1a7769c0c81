import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock, Timer } from "./ports.ts";

/** Some file systems tell nothing of changes: what is watched is looked at this often as well. */
const LOOK_MS = 5000;
/** Writers do several things to a file; this much quiet ends a change. */
const QUIET_MS = 250;

/** Watches files (and folders) by name, through renames and bind mounts. Call `close` at the end. */
export class FileWatch {
  readonly #clock: Clock;
  readonly #changed: () => void;
  #watchers: FSWatcher[] = [];
  /** What is watched, each as it was when it was last noted. */
  #seen: ReadonlyMap<string, string> = new Map();
  #timer: Timer | null = null;
  #quiet: Timer | null = null;
  #closed = false;

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Notes how these, and all that is watched, are now. Call it before reading them: what changes later, even while they are read, is a change. */
  async note(paths: readonly string[] = []): Promise<void> {
    this.#seen = await look([...this.#seen.keys(), ...paths]);
  }

  /** Watches these and nothing else from now on; what was noted before and differs by now has changed. */
  async follow(paths: readonly string[]): Promise<void> {
    const now = await look(paths);
    this.#seen = new Map([...now].map(([path, fact]) => [path, this.#seen.get(path) ?? fact]));
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
    const now = await look([...before.keys()]);
    if (this.#closed || this.#seen !== before || [...now].every(([path, fact]) => before.get(path) === fact)) return;
    this.#seen = now;
    this.#changed();
  }
}

async function look(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const fact = (path: string): Promise<string> => stat(path).then(({ ino, size, mtimeMs }) => `${ino}.${size}.${mtimeMs}`, () => "-");
  return new Map(await Promise.all([...new Set(paths)].map(async (path): Promise<[string, string]> => [path, await fact(path)])));
}
