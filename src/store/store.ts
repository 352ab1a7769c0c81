import type { Batch, Beginning, Belief, Recorded, Terms } from "../core/state.ts";
import type { Alert, AlertId, AlertKind, CheckName, ChannelName, Evidence, Incident, IncidentId, Instant, JournalEntry, Millis, Result, Transition } from "../core/types.ts";

/** What remembers. One suite (`suite.ts`) runs on every implementation. Broken disks throw `StoreError`; what is expected is a value. */

export type StoreTrouble =
  | "full" // no room, not even the reserve's
  | "locked" // another process holds the data folder, or the database for the moment
  | "damaged" // the file is not what was written
  | "newer" // written by a newer Tocsin
  | "slow" // a query passed its time limit
  | "failed"; // anything else the system reports

export class StoreError extends Error {
  readonly trouble: StoreTrouble;
  constructor(trouble: StoreTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.trouble = trouble;
  }
}

/** Where backends differ; asked by flag, never by name. */
export interface Capabilities {
  /** Survives the end of the process. */
  readonly durable: boolean;
  /** `backup` writes a copy that opens by itself. */
  readonly backup: boolean;
  /** Keeps a reserve of room, so that transitions and alerts still commit on a full disk. */
  readonly reserve: boolean;
}

export interface Loaded {
  /** `terms`: hashes of the terms that the check was judged by last; absent where the store does not keep them. */
  readonly states: readonly { readonly check: CheckName; readonly belief: Belief; readonly last: Result | null; readonly terms?: Pick<Terms, "hash" | "target"> }[];
  /** Sequence of the last batch that is in the store; 0 for none. */
  readonly sequence: number;
}

export type MessageStatus = "waiting" | "sending" | "sent" | "failed" | "superseded";

/** What goes into one message: a durable row, written before sending; its id is the idempotency key. */
export interface MessageRow {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly channel: ChannelName;
  readonly recipient: string;
  readonly alerts: readonly AlertId[];
  readonly status: MessageStatus;
  readonly formedAt: Instant;
  readonly tries: number;
  readonly nextTryAt: Instant;
  /** Held by a sender until then; null when nobody sends it. */
  readonly leaseUntil: Instant | null;
  /** A try may have arrived though its answer was lost: send again unchanged, under the same id. */
  readonly doubt: boolean;
  readonly lastReason: string;
}

export interface Try {
  readonly message: string;
  readonly at: Instant;
  readonly tookMs: Millis;
  readonly outcome: "sent" | "retry" | "refused" | "lost";
  readonly reason: string;
}

/** A message with all that was tried, the checks that it tells of, each once, and what it says of them, alert by alert. */
export interface MessageStory extends MessageRow {
  readonly checks: readonly CheckName[];
  readonly tells: readonly { readonly check: CheckName; readonly kind: AlertKind }[];
  readonly attempts: readonly Try[];
}

/** A message's row with what belongs to it. */
export const storyOf = (row: MessageRow, tells: MessageStory["tells"], attempts: readonly Try[]): MessageStory => ({ ...row, checks: [...new Set(tells.map(({ check }) => check))], tells, attempts });

export type Settlement =
  | { readonly kind: "sent"; readonly at: Instant; readonly tookMs: Millis; readonly detail: string }
  | { readonly kind: "retry"; readonly at: Instant; readonly tookMs: Millis; readonly reason: string; readonly doubt: boolean; readonly nextTryAt: Instant }
  | { readonly kind: "failed"; readonly at: Instant; readonly tookMs: Millis; readonly reason: string };

/** An alert with where it stands; `withdrawn`: it told the end of what its recipient was never told. */
export interface AlertRow {
  readonly alert: Alert;
  readonly status: "waiting" | "in-message" | "sent" | "failed" | "withdrawn";
  readonly message: string | null;
}

export interface ChannelHealth {
  readonly channel: ChannelName;
  readonly brokenSince: Instant | null;
  readonly reason: string;
  /** The incident was told on the other channels. */
  readonly told: boolean;
  /** Recipients that it does not reach though it reaches others, each an incident of its own; absent: none. */
  readonly unreachable?: readonly { readonly recipient: string; readonly since: Instant; readonly reason: string; readonly told: boolean }[];
}

/** The change the outbox writes in one transaction. */
export interface OutboxChange {
  readonly messages: readonly MessageRow[];
  readonly supersede: readonly string[];
  readonly withdraw: readonly AlertId[];
  /** Messages that failed and are to be sent after all: their alerts wait again, for a new message. */
  readonly revive: readonly string[];
  readonly alerts: readonly Alert[];
  readonly health: readonly ChannelHealth[];
}

/** A stretch of time of one check. Latency in ms over results with a verdict of up or degraded; null when there are none. Quantiles are exact (nearest rank). */
export interface Bucket {
  readonly from: Instant;
  readonly runs: number;
  readonly up: number;
  readonly degraded: number;
  readonly down: number;
  readonly unknown: number;
  readonly latency: { readonly min: number; readonly p10: number; readonly median: number; readonly p90: number; readonly p99: number; readonly max: number } | null;
  /** Mean milliseconds by phase over the results that count for latency and have the phase. */
  readonly phases: { readonly [phase: string]: number };
}

export interface Range {
  readonly check: CheckName;
  readonly from: Instant;
  readonly to: Instant;
  /** Width of a bucket in ms; the first begins at `from`. */
  readonly stepMs: Millis;
}

export interface Retention {
  /** Plain results older than this go. */
  readonly resultsMs: Millis;
  /** Incidents, transitions, alerts and the journal older than this go. */
  readonly incidentsMs: Millis;
  /** Upper bound of the store on disk, bytes; the oldest plain results go first. Null: none. */
  readonly bytes: number | null;
}

export interface StoreFacts {
  readonly bytes: number;
  readonly results: number;
  readonly oldest: Instant | null;
  /** The reserve is in use: the disk is full. */
  readonly reserveInUse: boolean;
}

export interface Store {
  readonly capabilities: Capabilities;
  /** Beliefs, the result committed last of each check that has a belief (null when it was pruned), and the last sequence; once after opening. Latency and phases are kept to the microsecond, evidence at least of results that are not up. */
  load(): Promise<Loaded>;
  /**
   * Writes a batch whole or not at all. With transitions, incidents or alerts in it, or `synced`, it and all before it are on the disk when this resolves.
   * A batch whose sequence is in the store already is not written again. Rejects with `StoreError`; then it is in doubt until `sequence()` tells.
   * `removed` is done before `states`: the belief goes, the history stays until it is too old. On a full disk plain results may be left out.
   */
  commit(batch: Batch, synced?: boolean): Promise<void>;
  /** Sequence of the last batch that is in the store. */
  sequence(): Promise<number>;

  // The outbox
  /** Alerts in no message yet, and messages not settled, oldest first. */
  outbox(limit: number): Promise<{ readonly alerts: readonly Alert[]; readonly messages: readonly MessageRow[]; readonly health: readonly ChannelHealth[] }>;
  /** What is not settled for one recipient, in a message or in none yet: the newest alerts, oldest first. */
  unsettled(channel: ChannelName, recipient: string, limit: number): Promise<readonly Alert[]>;
  /** Harmless when done twice. The alerts of a superseded message wait again unless a new message of the same change takes them; those of a message that is born `failed` have failed. */
  /** A message is formed only when all of its alerts wait (or wait again after `supersede`): a change in doubt that is made again forms nothing twice. */
  changeOutbox(change: OutboxChange): Promise<void>;
  /** Takes one message for sending until `leaseUntil`, if it is due at `now` and nobody holds it; the row as claimed (the try counted) with its alerts in order. A lease that ran out leaves the message in doubt. A rejected claim holds nothing. */
  claimMessage(id: string, now: Instant, leaseUntil: Instant): Promise<{ readonly row: MessageRow; readonly alerts: readonly Alert[] } | null>;
  /** Records the try and what follows from it; a message that is settled for good stays so. The same settlement twice is one try. Doubt stays until it is sent. */
  settleMessage(id: string, settlement: Settlement): Promise<void>;
  /** Whether an alert that tells of trouble (`TROUBLE_KINDS`) of the incident reached this recipient, by all that is known: it was sent, or its message is in doubt. */
  wasTold(incident: IncidentId, channel: ChannelName, recipient: string): Promise<boolean>;
  /** When messages of the channel were formed since then, oldest first, for its cap; superseded ones do not count. */
  formedSince(channel: ChannelName, since: Instant): Promise<readonly Instant[]>;
  /** Newest first; `check`: with an alert of that check in it. */
  messages(query: { readonly check?: CheckName; readonly status?: MessageStatus; readonly limit: number }): Promise<readonly MessageStory[]>;

  // Reading
  /** By slot, `from` included and `to` not; buckets without runs are left out. */
  range(query: Range): Promise<readonly Bucket[]>;
  /** Newest slot first; `before`: slots before it; `failed`: only verdicts other than up. */
  results(query: { readonly check: CheckName; readonly before?: Instant; readonly failed?: boolean; readonly limit: number }): Promise<readonly Result[]>;
  /** Opened last first. */
  incidents(query: { readonly check?: CheckName; readonly open?: boolean; readonly before?: Instant; readonly limit: number }): Promise<readonly Incident[]>;
  /** One incident's story, each list oldest first. */
  incident(id: IncidentId): Promise<{ readonly incident: Incident; readonly evidence: Evidence; readonly transitions: readonly Transition[]; readonly alerts: readonly AlertRow[]; readonly attempts: readonly Try[] } | null>;
  /** Newest first. */
  transitions(query: { readonly check?: CheckName; readonly since?: Instant; readonly limit: number }): Promise<readonly Transition[]>;
  /** What the judge was told besides results, oldest first. */
  journal(query: { readonly check?: CheckName; readonly since?: Instant; readonly limit: number }): Promise<readonly JournalEntry[]>;
  facts(): Promise<StoreFacts>;

  // Keeping house
  /** A check goes on under another name with its belief, history and incidents; nothing happens when `from` is not known, `failed` when `to` has a belief already. */
  rename(from: CheckName, to: CheckName): Promise<void>;
  /** Removes what retention no longer keeps, in small steps; returns rows removed. What belongs to an open incident or is not settled stays. */
  prune(retention: Retention, now: Instant): Promise<number>;
  /** Writes a consistent copy; refused (`failed`) where `capabilities.backup` is false. */
  backup(path: string): Promise<void>;
  /** Finishes what was asked, then lets go of everything. */
  close(): Promise<void>;
}

/** Stored history in the order of judging, from a snapshot on; read beside a running Tocsin, and never written. Names of checks are as they were then. */
export interface History {
  readonly beginning: Beginning;
  /** In pieces, so that little of it is in memory at a time; once. */
  read(): Iterable<readonly Recorded[]>;
  /** What the judge decided in that time, oldest first; read when it is asked for. */
  readonly transitions: Iterable<Transition>;
  /** `today`: what its check is called now. */
  readonly alerts: Iterable<{ readonly alert: Alert; readonly today: CheckName }>;
  /** Names that changed in that time, oldest first. */
  readonly renames: readonly { readonly from: CheckName; readonly to: CheckName }[];
  /** Checks that have results in the store, by today's names. */
  readonly checks: readonly CheckName[];
  /** What the judge was told and is not there any more, as far as it was read. */
  readonly missing: number;
  close(): void;
}
