import type { Batch, CheckState, Effect } from "../core/state.ts";
import type { Alert, CheckName, Instant, JournalEntry, Result, Transition } from "../core/types.ts";
import { type Store, StoreError } from "../store/store.ts";
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
/** Journal entries that wait meanwhile; beyond it they are dropped and counted. */
const WAITING_JOURNAL_MAX = 50_000;
/** With nothing committed for so long, alerts go out from memory. */
const UNRECORDED_AFTER_MS = 10_000;
/** Alerts that come later in the same trouble go out within this time. */
const UNRECORDED_AGAIN_MS = 1000;
/** A rename that the store refuses so often is given up: the history stays under the old name, and all else must be written. */
const RENAME_TRIES_MAX = 20;

export interface CommitterHooks {
  /** A batch with alerts is on the disk. */
  committed(alerts: readonly Alert[]): void;
  /** Nothing could be committed for 10 s: these, and what waits in the outbox, go out from memory. Called again while it lasts: the receiver takes each once. */
  unrecorded(alerts: readonly Alert[]): void;
  /** Trouble began (a sentence) or ended (null). */
  trouble(sentence: string | null): void;
}

type CommitterStore = Pick<Store, "commit" | "sequence" | "rename">;

interface Gathering {
  results: Result[];
  states: Map<CheckName, CheckState>;
  removed: Set<CheckName>;
  transitions: Transition[];
  incidents: { incident: Batch["incidents"][number]["incident"]; change: string; evidence: Batch["incidents"][number]["evidence"] }[];
  alerts: Alert[];
  journal: JournalEntry[];
  judged: Instant[];
  resultsBefore: number[];
}

/** A place in the order of what the judge was told. */
export interface Place {
  readonly results: number;
  readonly journal: number;
}

/** Takes what was judged: the committer, or who judges history again. */
export type Recorder = Pick<Committer, "result" | "decided" | "effects" | "removed" | "journal" | "place" | "rename">;

interface Renaming {
  readonly from: CheckName;
  readonly to: CheckName;
}

const nothing = (): Gathering => ({ results: [], states: new Map(), removed: new Set(), transitions: [], incidents: [], alerts: [], journal: [], judged: [], resultsBefore: [] });

/** Writes what is believed, in batches with sequence numbers: in order, whole, and never twice. */
export class Committer {
  readonly #store: CommitterStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hooks: CommitterHooks;
  #gathering = nothing();
  /** What must be written before what is being gathered, in order. */
  readonly #before: (Gathering | Renaming)[] = [];
  #sequence: number;
  #timer: Timer | null = null;
  #writing: Promise<void> | null = null;
  #failingSince: number | null = null;
  #closed = false;
  #syncedAt = Number.NEGATIVE_INFINITY;
  commits = 0;
  failures = 0;
  dropped = 0;

  constructor(parts: { store: CommitterStore; clock: Clock; log: Log; sequence: number; hooks: CommitterHooks }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#sequence = parts.sequence;
    this.#hooks = parts.hooks;
  }

  /** Batches that are not on the disk yet: the one being written, the one being gathered, and those between. */
  get waiting(): number {
    return (this.#writing === null ? 0 : 1) + this.#before.length + (isEmpty(this.#gathering) ? 0 : 1);
  }

  /** Since when nothing could be committed, on the monotonic clock; null when all is well. */
  get failingSince(): number | null {
    return this.#failingSince;
  }

  result(result: Result, now: Instant): void {
    if (this.#gathering.results.length >= WAITING_RESULTS_MAX) this.dropped += 1;
    else {
      this.#gathering.results.push(result);
      this.#gathering.judged.push(now);
    }
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

  /** Where the next thing that the judge is told stands; holds within one judgement and what follows from it. */
  get place(): Place {
    return { results: this.#gathering.results.length, journal: this.#gathering.journal.length };
  }

  /** `place`: where it stands when others were told of because of it. */
  journal(entry: JournalEntry, place = this.place): void {
    if (this.#gathering.journal.length >= WAITING_JOURNAL_MAX) this.dropped += 1;
    else {
      this.#gathering.journal.splice(place.journal, 0, entry);
      this.#gathering.resultsBefore.splice(place.journal, 0, place.results);
    }
    this.#arm();
  }

  /** What was gathered so far is written under the old name, what comes later under the new one. */
  rename(from: CheckName, to: CheckName): void {
    if (!isEmpty(this.#gathering)) this.#before.push(this.#gathering);
    this.#gathering = nothing();
    this.#before.push({ from, to });
    this.#arm();
  }

  /** Writes what is gathered now; resolves when it is on the disk, or when `deadline` passes on the monotonic clock. */
  async flush(deadline: number): Promise<void> {
    let pass = (): void => undefined;
    const passed = new Promise<void>((resolve) => {
      pass = resolve;
    });
    const timer = this.#clock.timer(Math.max(0, deadline - this.#clock.monotonic()), pass);
    while (this.waiting > 0 && !this.#closed && this.#clock.monotonic() < deadline) {
      this.#begin();
      await Promise.race([this.#writing, passed]);
    }
    timer.cancel();
  }

  /** No more retries: what is not on the disk by now stays in memory only. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
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
    if (this.#writing !== null || this.#closed || (this.#before.length === 0 && isEmpty(this.#gathering))) return;
    const next = this.#before.shift() ?? this.#gathering;
    if (next === this.#gathering) this.#gathering = nothing();
    this.#writing = ("from" in next ? this.#rename(next) : this.#write(this.#batch(next))).finally(() => {
      this.#writing = null;
      if (this.waiting > 0) this.#arm();
    });
  }

  #batch({ states, removed, ...rest }: Gathering): Batch {
    this.#sequence += 1;
    return { ...rest, sequence: this.#sequence, states: [...states.values()], removed: [...removed] };
  }

  async #write(batch: Batch): Promise<void> {
    const watch = this.#watch(batch.alerts);
    try {
      for (let pauseMs = RETRY_FIRST_MS; !this.#closed; pauseMs = Math.min(2 * pauseMs, RETRY_LAST_MS)) {
        try {
          const begun = this.#clock.monotonic();
          const synced = begun - this.#syncedAt >= SYNC_MS;
          await this.#store.commit(batch, synced);
          if (synced) this.#syncedAt = begun;
          return this.#succeeded(batch.alerts);
        } catch (error) {
          this.#failed(error);
          if (await this.#isThere(batch.sequence)) return this.#succeeded(batch.alerts);
          await this.#pause(pauseMs);
        }
      }
    } finally {
      watch.cancel();
    }
  }

  async #rename({ from, to }: Renaming): Promise<void> {
    const watch = this.#watch([]);
    let pauseMs = RETRY_FIRST_MS;
    for (let tries = 1; !this.#closed; tries += 1) {
      try {
        await this.#store.rename(from, to);
        this.#succeeded([]);
        break;
      } catch (error) {
        this.#failed(error);
        if (tries >= RENAME_TRIES_MAX && error instanceof StoreError && error.trouble === "failed") {
          this.#log.error("a renamed check's history stays under its old name", { check: to, was: from });
          break;
        }
        await this.#pause(pauseMs);
        pauseMs = Math.min(2 * pauseMs, RETRY_LAST_MS);
      }
    }
    watch.cancel();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.timer(ms, resolve));
  }

  /** A failed commit is in doubt until the store says what it holds. */
  async #isThere(sequence: number): Promise<boolean> {
    try {
      return (await this.#store.sequence()) >= sequence;
    } catch {
      return false;
    }
  }

  #succeeded(alerts: readonly Alert[]): void {
    this.commits += 1;
    if (this.#failingSince !== null) {
      this.#failingSince = null;
      this.#log.info("the store can be written again");
      this.#hooks.trouble(null);
    }
    if (alerts.length > 0) this.#hooks.committed(alerts);
  }

  #failed(error: unknown): void {
    this.failures += 1;
    this.#trouble(error instanceof Error ? error.message : String(error));
  }

  #trouble(sentence: string): void {
    if (this.#failingSince === null) {
      this.#failingSince = this.#clock.monotonic();
      this.#log.error("cannot write to the store; monitoring goes on and the write is tried again", { error: sentence });
    }
    this.#hooks.trouble(sentence);
  }

  /** Whether the store fails or does not answer: after 10 s the alerts of this write and of those behind it go out from memory. */
  #watch(alerts: readonly Alert[]): Timer {
    const look = (): void => {
      if (this.#failingSince === null) this.#trouble("the store does not answer");
      const behind = [...this.#before, this.#gathering].flatMap((item) => ("alerts" in item ? item.alerts : []));
      // With none too: what was committed before and is not sent yet cannot be claimed either.
      this.#hooks.unrecorded([...alerts, ...behind]);
      timer = this.#clock.timer(UNRECORDED_AGAIN_MS, look);
    };
    let timer = this.#clock.timer(UNRECORDED_AFTER_MS, look);
    return { cancel: () => timer.cancel() };
  }
}

function isEmpty({ results, states, removed, transitions, incidents, alerts, journal }: Gathering): boolean {
  return results.length + states.size + removed.size + transitions.length + incidents.length + alerts.length + journal.length === 0;
}
