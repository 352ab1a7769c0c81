import type { Batch, CheckState, Effect } from "../core/state.ts";
import type { Alert, CheckName, JournalEntry, Result, Transition } from "../core/types.ts";
import type { Store } from "../store/store.ts";
import type { Clock, Log, Timer } from "../sys/ports.ts";

/** A batch is written when this much time passed since its first entry, or when it holds this many results. */
const GATHER_MS = 50;
const RESULTS_MAX = 1000;
/** Results that wait while nothing can be committed; beyond it plain ones are dropped and counted, 20 MB or so. */
const WAITING_RESULTS_MAX = 50_000;
const RETRY_FIRST_MS = 100;
const RETRY_LAST_MS = 5000;
/** So long plain results may be lost with the power; the first commit after it is synced. */
const SYNC_MS = 1000;
/** With nothing committed for so long, alerts go out from memory. */
const UNRECORDED_AFTER_MS = 10_000;

export interface CommitterHooks {
  /** A batch with alerts is on the disk. */
  committed(alerts: readonly Alert[]): void;
  /** Nothing could be committed for 10 s: these, and what waits in the outbox, go out from memory. Called at each further try. */
  unrecorded(alerts: readonly Alert[]): void;
  /** Trouble began (a sentence) or ended (null). */
  trouble(sentence: string | null): void;
}

interface Gathering {
  results: Result[];
  states: Map<CheckName, CheckState>;
  removed: Set<CheckName>;
  transitions: Transition[];
  incidents: { incident: Batch["incidents"][number]["incident"]; change: string; evidence: Batch["incidents"][number]["evidence"] }[];
  alerts: Alert[];
  journal: JournalEntry[];
}

const nothing = (): Gathering => ({ results: [], states: new Map(), removed: new Set(), transitions: [], incidents: [], alerts: [], journal: [] });

/** Writes what is believed, in batches with sequence numbers: in order, whole, and never twice. */
export class Committer {
  readonly #store: Pick<Store, "commit" | "sequence">;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hooks: CommitterHooks;
  #gathering = nothing();
  #sequence: number;
  #timer: Timer | null = null;
  #writing: Promise<void> | null = null;
  #failingSince: number | null = null;
  #closed = false;
  #syncedAt = Number.NEGATIVE_INFINITY;
  commits = 0;
  failures = 0;
  dropped = 0;

  constructor(parts: { store: Pick<Store, "commit" | "sequence">; clock: Clock; log: Log; sequence: number; hooks: CommitterHooks }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#sequence = parts.sequence;
    this.#hooks = parts.hooks;
  }

  /** Batches that are not on the disk yet: the one being written and the one being gathered. */
  get waiting(): number {
    return (this.#writing === null ? 0 : 1) + (this.#empty() ? 0 : 1);
  }

  /** Since when nothing could be committed, on the monotonic clock; null when all is well. */
  get failingSince(): number | null {
    return this.#failingSince;
  }

  result(result: Result): void {
    if (this.#gathering.results.length >= WAITING_RESULTS_MAX) this.dropped += 1;
    else this.#gathering.results.push(result);
    this.#arm();
  }

  /** A state whose belief changed, with the transitions and effects of the same judgement: they stay in one batch. */
  decided(state: CheckState, transitions: readonly Transition[], effects: readonly Effect[]): void {
    this.#gathering.removed.delete(state.check);
    this.#gathering.states.set(state.check, state);
    this.#gathering.transitions.push(...transitions);
    this.effects(effects);
  }

  effects(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "alert") this.#gathering.alerts.push(effect.alert);
      else if (effect.kind === "incident") this.#gathering.incidents.push({ incident: effect.incident, change: effect.change, evidence: effect.evidence });
    }
    this.#arm();
  }

  removed(check: CheckName): void {
    this.#gathering.states.delete(check);
    this.#gathering.removed.add(check);
    this.#arm();
  }

  journal(entry: JournalEntry): void {
    this.#gathering.journal.push(entry);
    this.#arm();
  }

  /** Writes what is gathered now; resolves when it is on the disk, or when `deadline` passes on the monotonic clock. */
  async flush(deadline: number): Promise<void> {
    while ((!this.#empty() || this.#writing !== null) && this.#clock.monotonic() < deadline) {
      this.#begin();
      await this.#writing;
    }
  }

  /** No more retries: what is not on the disk by now stays in memory only. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #empty(): boolean {
    const { results, states, removed, transitions, incidents, alerts, journal } = this.#gathering;
    return results.length + states.size + removed.size + transitions.length + incidents.length + alerts.length + journal.length === 0;
  }

  /** Never begins at once: a judgement and its neighbours' must be in one batch. */
  #arm(): void {
    if (this.#writing !== null || this.#closed) return;
    if (this.#gathering.results.length === RESULTS_MAX) {
      this.#timer?.cancel();
      this.#timer = this.#clock.timer(0, () => this.#begin());
    }
    this.#timer ??= this.#clock.timer(GATHER_MS, () => this.#begin());
  }

  #begin(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#writing !== null || this.#closed || this.#empty()) return;
    const { states, removed, ...rest } = this.#gathering;
    this.#gathering = nothing();
    this.#sequence += 1;
    const batch: Batch = { ...rest, sequence: this.#sequence, states: [...states.values()], removed: [...removed] };
    this.#writing = this.#write(batch).finally(() => {
      this.#writing = null;
      if (!this.#empty()) this.#arm();
    });
  }

  async #write(batch: Batch): Promise<void> {
    for (let pauseMs = RETRY_FIRST_MS; !this.#closed; pauseMs = Math.min(2 * pauseMs, RETRY_LAST_MS)) {
      try {
        const begun = this.#clock.monotonic();
        const synced = begun - this.#syncedAt >= SYNC_MS;
        await this.#store.commit(batch, synced);
        if (synced) this.#syncedAt = begun;
        return this.#succeeded(batch);
      } catch (error) {
        this.#failed(error);
        if (await this.#isThere(batch.sequence)) return this.#succeeded(batch);
        this.#tellUnrecorded(batch);
        await new Promise<void>((resolve) => void this.#clock.timer(pauseMs, resolve));
      }
    }
  }

  /** A failed commit is in doubt until the store says what it holds. */
  async #isThere(sequence: number): Promise<boolean> {
    try {
      return (await this.#store.sequence()) >= sequence;
    } catch {
      return false;
    }
  }

  #succeeded(batch: Batch): void {
    this.commits += 1;
    if (this.#failingSince !== null) {
      this.#failingSince = null;
      this.#log.info("the store can be written again");
      this.#hooks.trouble(null);
    }
    if (batch.alerts.length > 0) this.#hooks.committed(batch.alerts);
  }

  #failed(error: unknown): void {
    this.failures += 1;
    const sentence = error instanceof Error ? error.message : String(error);
    if (this.#failingSince === null) {
      this.#failingSince = this.#clock.monotonic();
      this.#log.error("cannot write to the store; monitoring goes on and the write is tried again", { error: sentence });
    }
    this.#hooks.trouble(sentence);
  }

  /** Alerts of the batch being tried and of the one being gathered; the receiver takes each once. */
  #tellUnrecorded(batch: Batch): void {
    if (this.#failingSince === null || this.#clock.monotonic() - this.#failingSince < UNRECORDED_AFTER_MS) return;
    this.#hooks.unrecorded([...batch.alerts, ...this.#gathering.alerts]);
  }
}
