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
  #paths: readonly string[] = [];
  #watchers: FSWatcher[] = [];
  #seen = "";
  #timer: Timer | null = null;
  #quiet: Timer | null = null;
  #closed = false;

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Watches these from now on, as they are now. */
  async follow(paths: readonly string[]): Promise<void> {
    this.#paths = [...new Set(paths)].toSorted();
    this.#seen = await this.#look();
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = this.#closed ? [] : [...new Set(this.#paths.map((path) => dirname(path)))].flatMap((folder) => this.#watch(folder));
    this.#rest();
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
    this.#quiet = this.#clock.timer(QUIET_MS, () => void this.#compare());
  }

  #rest(): void {
    this.#timer?.cancel();
    if (!this.#closed) this.#timer = this.#clock.timer(LOOK_MS, () => void this.#compare().finally(() => this.#rest()));
  }

  async #compare(): Promise<void> {
    const now = await this.#look();
    if (this.#closed || now === this.#seen) return;
    this.#seen = now;
    this.#changed();
  }

  async #look(): Promise<string> {
    const facts = await Promise.all(this.#paths.map((path) => stat(path).then(({ ino, size, mtimeMs }) => `${ino}.${size}.${mtimeMs}`, () => "-")));
    return facts.join(" ");
  }
}
