import type { Batch } from "../core/state.ts";
import type { Alert, CheckName, ChannelName, IncidentId, Instant, JournalEntry, Result, Transition } from "../core/types.ts";
import { instant } from "../core/types.ts";
import { BucketMaker } from "./bucket.ts";
import { type Disk, DiskError, memoryDisk } from "./disk.ts";
import { type Deed, Memory, type Written } from "./memory-state.ts";
import { decodeRecords, encodeRecord } from "./record.ts";
import { type Bucket, type Capabilities, type Loaded, type MessageRow, type MessageStory, type OutboxChange, type Range, type Retention, type Settlement, type Store, StoreError, type StoreFacts, storyOf } from "./store.ts";

export interface MemoryStoreOptions {
  /** Where the journal lies; by default memory without faults. */
  readonly disk?: Disk;
  /** Plain results kept of each check (at most twice as many in between); by default all. */
  readonly keepResults?: number;
  /** The journal is rewritten when it has grown by so many bytes and doubled. */
  readonly compactBytes?: number;
}

const COMPACT_BYTES = 4 << 20;
const LATEST = instant(Number.MAX_SAFE_INTEGER);

/** Opens what is on the disk, cut at the last whole record. Rejects with `StoreError` when the disk cannot be read. */
export async function openMemoryStore(options: MemoryStoreOptions = {}): Promise<Store> {
  const store = new MemoryStore(options);
  await store.open();
  return store;
}

/** A store in memory with a journal on a `Disk`: every deed is one record, done in memory once it is written. */
class MemoryStore implements Store {
  readonly capabilities: Capabilities;
  readonly #disk: Disk;
  readonly #memory: Memory;
  readonly #compactBytes: number;
  /** Length of the journal up to the last record that is known to be there. */
  #length = 0;
  #compactAt: number;
  /** Set when a write failed: what it left behind is not known. A `claim` is cut off, not carried on; a `rewrite` left the old journal or the new one. */
  #doubt: "deed" | "claim" | "rewrite" | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: MemoryStoreOptions) {
    this.#disk = options.disk ?? memoryDisk();
    this.#memory = new Memory(options.keepResults ?? Number.MAX_SAFE_INTEGER / 4);
    this.#compactBytes = options.compactBytes ?? COMPACT_BYTES;
    this.#compactAt = this.#compactBytes;
    this.capabilities = { durable: options.disk !== undefined, backup: false, reserve: false };
  }

  open(): Promise<void> {
    this.#doubt = "deed";
    return this.#inTurn(() => this.#endDoubt());
  }

  load(): Promise<Loaded> {
    return this.#inTurn(() => {
      const states = [...this.#memory.beliefs].map(([check, belief]) => ({ check, belief, last: this.#memory.last(check) }));
      return Promise.resolve({ states, sequence: this.#memory.sequence });
    });
  }

  commit(batch: Batch, synced = false): Promise<void> {
    return this.#inTurn(async () => {
      await this.#endDoubt();
      if (batch.sequence <= this.#memory.sequence) return;
      const states = batch.states.map(({ check, belief }) => ({ check, belief }));
      const journal = batch.journal.map(({ at, check, siteVersion, input }) => ({ at, check, siteVersion, input }));
      const written: Written = { ...batch, states, journal };
      const plain = batch.transitions.length + batch.incidents.length + batch.alerts.length + batch.removed.length + batch.journal.length === 0;
      await this.#write({ kind: "batch", batch: written }, synced || !plain);
      await this.#compact();
    });
  }

  sequence(): Promise<number> {
    return this.#inTurn(async () => {
      await this.#endDoubt();
      return this.#memory.sequence;
    });
  }

  outbox(limit: number): ReturnType<Store["outbox"]> {
    return this.#inTurn(() => {
      const { post } = this.#memory;
      const alerts = post.waitingAlerts();
      const messages = [...post.open].flatMap((id) => post.messages.get(id) ?? []).sort((a, b) => a.formedAt - b.formedAt);
      return Promise.resolve({ alerts: alerts.slice(0, limit), messages: messages.slice(0, limit), health: [...post.health.values()] });
    });
  }

  unsettled(channel: ChannelName, recipient: string, limit: number): Promise<readonly Alert[]> {
    return this.#inTurn(() => Promise.resolve(this.#memory.post.unsettledOf(channel, recipient).slice(-limit)));
  }

  changeOutbox(change: OutboxChange): Promise<void> {
    return this.#do({ kind: "outbox", change });
  }

  claimMessage(id: string, now: Instant, leaseUntil: Instant): Promise<{ readonly row: MessageRow; readonly alerts: readonly Alert[] } | null> {
    return this.#inTurn(async () => {
      await this.#endDoubt();
      const { post } = this.#memory;
      if (!post.claimable(id, now)) return null;
      await this.#write({ kind: "claim", id, now, leaseUntil }, true);
      const row = post.messages.get(id);
      return row === undefined ? null : { row, alerts: row.alerts.flatMap((alert) => post.alerts.get(alert)?.alert ?? []) };
    });
  }

  settleMessage(id: string, settlement: Settlement): Promise<void> {
    return this.#do({ kind: "settle", id, settlement });
  }

  wasTold(incident: IncidentId, channel: ChannelName, recipient: string): Promise<boolean> {
    return this.#inTurn(() => Promise.resolve(this.#memory.post.wasTold(incident, channel, recipient)));
  }

  formedSince(channel: ChannelName, since: Instant): Promise<readonly Instant[]> {
    return this.#inTurn(() => {
      const rows = (this.#memory.post.byChannel.get(channel) ?? []).flatMap((id) => this.#memory.post.messages.get(id) ?? []);
      const formed = rows.filter((row) => row.formedAt >= since && row.status !== "superseded").map((row) => row.formedAt);
      return Promise.resolve(formed.sort((a, b) => a - b));
    });
  }

  messages({ check, status, limit }: Parameters<Store["messages"]>[0]): ReturnType<Store["messages"]> {
    return this.#inTurn(() => {
      const { post } = this.#memory;
      const wanted = (row: MessageRow): boolean =>
        (status === undefined || row.status === status) && (check === undefined || row.alerts.some((id) => post.alerts.get(id)?.alert.check === check));
      const rows = [...post.messages.values()].filter(wanted).reverse().sort((a, b) => b.formedAt - a.formedAt);
      const tellsOf = (row: MessageRow): MessageStory["tells"] => row.alerts.flatMap((id) => post.alerts.get(id)?.alert ?? []).map(({ check, kind }) => ({ check, kind }));
      return Promise.resolve(rows.slice(0, limit).map((row) => storyOf(row, tellsOf(row), post.attempts.get(row.id) ?? [])));
    });
  }

  range(range: Range): Promise<readonly Bucket[]> {
    return this.#inTurn(() => {
      const inside = (this.#memory.results.get(range.check) ?? []).filter((result) => result.slot >= range.from && result.slot < range.to);
      const maker = new BucketMaker(range);
      for (const result of inside.sort((a, b) => a.slot - b.slot)) {
        if (!maker.add(result.slot, result.verdict, result.latencyMs)) continue;
        for (const [phase, ms] of Object.entries(result.phases)) maker.phase(phase, ms);
      }
      return Promise.resolve(maker.buckets());
    });
  }

  results({ check, before = LATEST, failed = false, limit }: Parameters<Store["results"]>[0]): Promise<readonly Result[]> {
    return this.#inTurn(() => {
      const list = this.#memory.results.get(check) ?? [];
      const wanted = list.filter((result) => result.slot < before && (!failed || result.verdict !== "up"));
      return Promise.resolve(wanted.reverse().sort((a, b) => b.slot - a.slot).slice(0, limit));
    });
  }

  incidents({ check, open, before = LATEST, limit }: Parameters<Store["incidents"]>[0]): ReturnType<Store["incidents"]> {
    return this.#inTurn(() => {
      const all = [...this.#memory.incidents.values()].map((kept) => kept.incident);
      const wanted = all.filter((one) => (check === undefined || one.check === check) && (open === undefined || (one.closed === null) === open) && one.opened < before);
      return Promise.resolve(wanted.reverse().sort((a, b) => b.opened - a.opened).slice(0, limit));
    });
  }

  incident(id: IncidentId): ReturnType<Store["incident"]> {
    return this.#inTurn(() => {
      const kept = this.#memory.incidents.get(id);
      if (kept === undefined) return Promise.resolve(null);
      const { post } = this.#memory;
      const alerts = (post.byIncident.get(id) ?? []).flatMap((alert) => post.alerts.get(alert) ?? []).sort((a, b) => a.alert.at - b.alert.at);
      const messages = new Set(alerts.flatMap((row) => row.message ?? []));
      const attempts = [...messages].flatMap((message) => post.attempts.get(message) ?? []).sort((a, b) => a.at - b.at);
      return Promise.resolve({ ...kept, transitions: this.#memory.transitions.filter((one) => one.incident === id), alerts, attempts });
    });
  }

  transitions({ check, since, limit }: Parameters<Store["transitions"]>[0]): Promise<readonly Transition[]> {
    return this.#inTurn(() => {
      const wanted = this.#memory.transitions.filter((one) => (check === undefined || one.check === check) && (since === undefined || one.at >= since));
      return Promise.resolve(wanted.reverse().sort((a, b) => b.at - a.at).slice(0, limit));
    });
  }

  journal({ check, since, limit }: Parameters<Store["journal"]>[0]): Promise<readonly JournalEntry[]> {
    return this.#inTurn(() => {
      const wanted = this.#memory.journal.filter((one) => (check === undefined || one.check === check) && (since === undefined || one.at >= since));
      return Promise.resolve(wanted.slice(0, limit));
    });
  }

  facts(): Promise<StoreFacts> {
    return this.#inTurn(() => {
      const slots = this.#slots();
      return Promise.resolve({ bytes: this.#length, results: slots.length, oldest: slots[0] ?? null, reserveInUse: false });
    });
  }

  rename(from: CheckName, to: CheckName): Promise<void> {
    return this.#inTurn(async () => {
      await this.#endDoubt();
      const { beliefs, results } = this.#memory;
      if (!beliefs.has(from) && !results.has(from)) return;
      if (beliefs.has(to)) throw new StoreError("failed", `check \`${from}\` cannot become \`${to}\`: there is one of that name already`);
      await this.#write({ kind: "rename", from, to }, true);
    });
  }

  prune(retention: Retention, now: Instant): Promise<number> {
    return this.#inTurn(async () => {
      await this.#endDoubt();
      let removed = await this.#write({ kind: "prune", retention, now }, true);
      await this.#rewrite();
      for (let slots = this.#slots(); retention.bytes !== null && this.#length > retention.bytes && slots.length > 0; slots = this.#slots()) {
        const over = (this.#length - retention.bytes) / this.#length;
        const before = instant((slots[Math.min(slots.length - 1, Math.floor(slots.length * over))] ?? now) + 1);
        removed += await this.#write({ kind: "drop", before }, true);
        await this.#rewrite();
      }
      return removed;
    });
  }

  backup(): Promise<void> {
    return Promise.reject(new StoreError("failed", "the memory store has no backup"));
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#disk.sync().catch(rethrow));
    this.#closed = true;
  }

  #slots(): Instant[] {
    return [...this.#memory.results.values()].flatMap((list) => list.map((result) => result.slot)).sort((a, b) => a - b);
  }

  #do(deed: Deed): Promise<void> {
    return this.#inTurn(async () => {
      await this.#endDoubt();
      await this.#write(deed, true);
    });
  }

  /** One after the other, in the order asked. */
  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#closed) return Promise.reject(new StoreError("failed", "the store is closed"));
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => null);
    return turn;
  }

  async #write(deed: Deed, synced: boolean): Promise<number> {
    const record = encodeRecord(JSON.stringify(deed));
    try {
      await this.#disk.append(record);
      if (synced) await this.#disk.sync();
    } catch (error) {
      this.#doubt = deed.kind === "claim" ? "claim" : "deed";
      rethrow(error);
    }
    this.#length += record.length;
    return this.#memory.apply(deed);
  }

  /** Finds out what the failed write left: a whole record counts, all else is cut off. */
  async #endDoubt(): Promise<void> {
    if (this.#doubt === null) return;
    const rewritten = this.#doubt === "rewrite";
    const from = rewritten ? 0 : this.#length;
    try {
      const tail = this.#doubt === "claim" ? null : await this.#disk.readFrom(from);
      const { texts, length } = tail === null ? { texts: [], length: 0 } : decodeRecords(tail);
      if (tail === null || tail.length > length) await this.#disk.truncate(from + length);
      await this.#disk.sync();
      if (!rewritten) for (const text of texts) this.#memory.apply(JSON.parse(text) as Deed);
      this.#length = from + length;
      this.#doubt = null;
    } catch (error) {
      rethrow(error);
    }
  }

  async #compact(): Promise<void> {
    if (this.#length < this.#compactAt) return;
    // The batch is written already: that the journal stays long for now is no failure of the commit.
    await this.#rewrite().catch(() => null);
    this.#compactAt = Math.max(this.#length * 2, this.#length + this.#compactBytes);
  }

  async #rewrite(): Promise<void> {
    const record = encodeRecord(JSON.stringify({ kind: "snapshot", snapshot: this.#memory.snapshot() } satisfies Deed));
    try {
      await this.#disk.replace(record);
    } catch (error) {
      this.#doubt = "rewrite";
      rethrow(error);
    }
    this.#length = record.length;
  }
}

function rethrow(error: unknown): never {
  if (error instanceof DiskError) throw new StoreError(error.trouble, error.message, { cause: error });
  throw error;
}
