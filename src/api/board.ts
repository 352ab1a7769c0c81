import { checkName } from "../core/types.ts";
import type { Clock } from "../sys/ports.ts";
import type { Handle } from "./handle.ts";
import { type CheckSummary, type Overview, STATUS_MARKS, type StatusWord } from "./types.ts";

/** Checks that are looked up and serialised in one go; then the event loop gets its turn. 250 take 1 to 3 ms on a small machine. */
const SLICE = 250;
/** How old `now` in an overview may be, ms. */
const FRESH_MS = 1000;

interface Entry {
  readonly summary: CheckSummary;
  readonly text: string;
}

/**
 * Every check's summary with its JSON, kept until the check changes: with 10,000 checks an overview is put together from pieces, once for
 * all who ask, and never holds the event loop for long. Nothing is looked up before somebody asks.
 */
export class Board {
  readonly #handle: Handle;
  readonly #clock: Clock;
  readonly #stop: () => void;
  readonly #dirty = new Set<string>();
  #site: Overview["site"] | null = null;
  #entries = new Map<string, Entry>();
  #rendered: { readonly at: number; readonly pieces: readonly Buffer[] } | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(handle: Handle, clock: Clock) {
    this.#handle = handle;
    this.#clock = clock;
    this.#stop = handle.subscribe((change) => {
      this.#rendered = null;
      if (change.kind === "site") this.#site = null;
      // Before anybody asked there is nothing to be out of date.
      else if (change.kind === "checks" && this.#site !== null) for (const name of change.names) this.#dirty.add(name);
    });
  }

  close(): void {
    this.#stop();
  }

  /** The JSON of an `Overview`, in pieces to be sent one after the other. */
  overview(): Promise<readonly Buffer[]> {
    return this.#alone(async () => {
      const kept = this.#rendered;
      if (kept !== null && this.#clock.monotonic() - kept.at < FRESH_MS) return kept.pieces;
      const site = await this.#refresh();
      const counts = Object.fromEntries(Object.keys(STATUS_MARKS).map((word) => [word, 0])) as { [status in StatusWord]: number };
      for (const { summary } of this.#entries.values()) counts[summary.state] += 1;
      const head = JSON.stringify({ site, now: this.#clock.now(), counts, banners: this.#handle.banners(), channels: this.#handle.channels() } satisfies Omit<Overview, "checks">);
      const started = this.#clock.monotonic();
      const pieces = await this.#list([...this.#entries.values()], `${head.slice(0, -1)},"checks":`, "}");
      // A change while slicing leaves `#dirty` filled; then the pieces serve this asker only.
      this.#rendered = this.#dirty.size === 0 && this.#site !== null ? { at: started, pieces } : null;
      return pieces;
    });
  }

  /** The JSON of those summaries that are wanted, in the site's order, between `before` and `after`. */
  select(wanted: (check: CheckSummary) => boolean, before = "", after = ""): Promise<readonly Buffer[]> {
    return this.#alone(async () => {
      await this.#refresh();
      return this.#list([...this.#entries.values()].filter(({ summary }) => wanted(summary)), before, after);
    });
  }

  /** What is known of the site and the words of all checks' states; cheap after the first time. */
  states(): Promise<{ readonly site: Overview["site"]; readonly summaries: readonly CheckSummary[] }> {
    return this.#alone(async () => ({ site: await this.#refresh(), summaries: Array.from(this.#entries.values(), ({ summary }) => summary) }));
  }

  /** The JSON of these checks' summaries as they are now; names that are gone are left out. */
  some(names: Iterable<string>): Promise<readonly string[]> {
    return this.#alone(async () => {
      await this.#refresh();
      return Array.from(names, (name) => this.#entries.get(name)?.text).filter((text) => text !== undefined);
    });
  }

  #look(name: string): void {
    const summary = this.#handle.summary(checkName(name));
    this.#dirty.delete(name);
    if (summary === null) this.#entries.delete(name);
    else this.#entries.set(name, { summary, text: JSON.stringify(summary) });
  }

  /** Brings every entry up to date. */
  async #refresh(): Promise<Overview["site"]> {
    while (this.#site === null) {
      const { site, checks } = this.#handle.overview();
      this.#dirty.clear();
      this.#site = site;
      const entries = new Map<string, Entry>();
      for (const [index, summary] of checks.entries()) {
        entries.set(summary.name, { summary, text: JSON.stringify(summary) });
        if (index % SLICE === SLICE - 1) await this.#turn();
      }
      this.#entries = entries;
    }
    const site = this.#site;
    let looked = 0;
    for (const name of this.#dirty) {
      this.#look(name);
      looked += 1;
      if (looked % SLICE === 0) await this.#turn();
    }
    return site;
  }

  async #list(entries: readonly Entry[], before: string, after: string): Promise<readonly Buffer[]> {
    const pieces: Buffer[] = [Buffer.from(`${before}[`)];
    for (let index = 0; index < entries.length; index += SLICE) {
      const slice = entries.slice(index, index + SLICE).map(({ text }) => text);
      pieces.push(Buffer.from(`${index === 0 ? "" : ","}${slice.join(",")}`));
      if (index + SLICE < entries.length) await this.#turn();
    }
    pieces.push(Buffer.from(`]${after}`));
    return pieces;
  }

  /** Lets everything else run first. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.timer(0, resolve);
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work, work);
    this.#queue = done;
    return done;
  }
}
