import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Batch } from "../../core/state.ts";
import type { Alert, CheckName, ChannelName, IncidentId, Instant } from "../../core/types.ts";
import type { Clock, Log } from "../../sys/ports.ts";
import { type Capabilities, type Loaded, type OutboxChange, type Range, type Retention, type Settlement, type Store, StoreError, type StoreFacts } from "../store.ts";
import type { Answer, Committed, Opened, WriterCall, WriterOptions } from "./calls.ts";
import { ReaderDesk, untold, WriterDesk } from "./desk.ts";
import { Packer } from "./parcel.ts";

export interface SqliteStoreOptions {
  /** The data folder; made when it is not there. */
  readonly folder: string;
  readonly clock: Pick<Clock, "now" | "timer">;
  readonly log: Log;
  /** Longest time of a query. */
  readonly queryLimitMs?: number;
  /** How long a commit waits for another program that holds the database. */
  readonly busyMs?: number;
  /** Size of the file that is given up when the disk is full. */
  readonly reserveBytes?: number;
}

const QUERY_LIMIT_MS = 5000;
const BUSY_MS = 2000;
const RESERVE_BYTES = 16 << 20;

/** Opens the embedded store in its data folder. Rejects with `StoreError`: `locked` (says by whom), `damaged`, `newer`, `full`, `failed`. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const store = new SqliteStore(options);
  await store.open(null);
  return store;
}

/** Opens the embedded store; a damaged database is kept beside under another name and a new one begun, so that monitoring goes on. `setAside` says so. */
export async function openOrSetAside(options: SqliteStoreOptions): Promise<{ readonly store: Store; readonly setAside: { readonly path: string; readonly reason: string } | null }> {
  const store = new SqliteStore(options);
  const opened = await store.open(stampOf(options.clock.now()));
  return { store, setAside: opened.opened.setAside };
}

/** `20260312T031245Z`. */
const stampOf = (now: Instant): string => new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");

/** The thread's file lies beside this one, with the same suffix (built or not). This process's own flags are none of its business. */
function thread(name: string, data: object): Worker {
  const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./${name}.${suffix}`, import.meta.url), { workerData: data, name: `store-${name}`, execArgv: [] });
}

function hostName(): string {
  try {
    return readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
  } catch {
    return "this machine";
  }
}

/** The store on the main thread: it packs, asks the two threads and never touches the disk itself. */
class SqliteStore implements Store {
  readonly capabilities: Capabilities = { durable: true, backup: true, reserve: true };
  readonly #options: SqliteStoreOptions;
  readonly #reader: ReaderDesk;
  #writer: Promise<WriterDesk> | null = null;
  #packer = new Packer();
  #pruning: Promise<unknown> = Promise.resolve();
  #tight = false;
  #closed = false;

  constructor(options: SqliteStoreOptions) {
    this.#options = options;
    this.#reader = new ReaderDesk(() => thread("reader", { folder: options.folder }), options.clock, options.queryLimitMs ?? QUERY_LIMIT_MS);
  }

  async open(stamp: string | null): Promise<Extract<Opened, { opened: unknown }>> {
    const { desk, opened } = await this.#start(stamp);
    this.#writer = Promise.resolve(desk);
    this.#reader.begin();
    return opened;
  }

  load(): Promise<Loaded> {
    return this.#ask({ verb: "load" });
  }

  async commit(batch: Batch, synced = false): Promise<void> {
    const desk = await this.#desk();
    const parcel = this.#packer.pack(batch, synced);
    const { tight, dropped } = await desk.ask<Committed>({ verb: "commit", parcel }, [parcel.numbers.buffer as ArrayBuffer]);
    if (tight !== this.#tight) {
      this.#tight = tight;
      if (tight) this.#options.log.error("the disk of the data folder is full: the reserve was given up, plain results are not kept; free some room", { folder: this.#options.folder });
      else this.#options.log.info("the disk of the data folder has room again: results are kept", { folder: this.#options.folder });
    }
    if (dropped > 0) this.#options.log.debug("results left out on a full disk", { dropped });
  }

  sequence(): Promise<number> {
    return this.#ask({ verb: "sequence" });
  }

  outbox(limit: number): ReturnType<Store["outbox"]> {
    return this.#ask({ verb: "outbox", limit });
  }

  unsettled(channel: ChannelName, recipient: string, limit: number): Promise<readonly Alert[]> {
    return this.#ask({ verb: "unsettled", channel, recipient, limit });
  }

  changeOutbox(change: OutboxChange): Promise<void> {
    return this.#ask({ verb: "change", change });
  }

  claimMessage(id: string, now: Instant, leaseUntil: Instant): ReturnType<Store["claimMessage"]> {
    return this.#ask({ verb: "claim", id, now, leaseUntil });
  }

  settleMessage(id: string, settlement: Settlement): Promise<void> {
    return this.#ask({ verb: "settle", id, settlement });
  }

  wasTold(incident: IncidentId, channel: ChannelName, recipient: string): Promise<boolean> {
    return this.#ask({ verb: "wasTold", incident, channel, recipient });
  }

  formedSince(channel: ChannelName, since: Instant): Promise<readonly Instant[]> {
    return this.#ask({ verb: "formedSince", channel, since });
  }

  messages(query: Parameters<Store["messages"]>[0]): ReturnType<Store["messages"]> {
    return this.#query({ verb: "messages", query });
  }

  range(range: Range): ReturnType<Store["range"]> {
    return this.#query({ verb: "range", range });
  }

  results(query: Parameters<Store["results"]>[0]): ReturnType<Store["results"]> {
    return this.#query({ verb: "results", query });
  }

  incidents(query: Parameters<Store["incidents"]>[0]): ReturnType<Store["incidents"]> {
    return this.#query({ verb: "incidents", query });
  }

  incident(id: IncidentId): ReturnType<Store["incident"]> {
    return this.#query({ verb: "incident", id });
  }

  transitions(query: Parameters<Store["transitions"]>[0]): ReturnType<Store["transitions"]> {
    return this.#query({ verb: "transitions", query });
  }

  journal(query: Parameters<Store["journal"]>[0]): ReturnType<Store["journal"]> {
    return this.#query({ verb: "journal", query });
  }

  async facts(): Promise<StoreFacts> {
    const facts = await this.#query<Omit<StoreFacts, "reserveInUse">>({ verb: "facts" });
    return { ...facts, reserveInUse: this.#tight };
  }

  rename(from: CheckName, to: CheckName): Promise<void> {
    return this.#ask({ verb: "rename", from, to });
  }

  prune(retention: Retention, now: Instant): Promise<number> {
    const work = async (): Promise<number> => {
      let removed = 0;
      for (let step = await this.#ask<number | null>({ verb: "prune", retention, now }); step !== null; step = await this.#ask<number | null>({ verb: "pruneOn" })) removed += step;
      return removed;
    };
    const pruning = this.#pruning.then(work);
    this.#pruning = pruning.catch(() => null);
    return pruning;
  }

  async backup(path: string): Promise<void> {
    if (this.#closed) throw closedError();
    const worker = thread("backup", { folder: this.#options.folder, path });
    const answer = await new Promise<Answer>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", () => reject(new StoreError("failed", "the thread that writes the copy ended")));
    });
    if ("told" in answer) throw untold(answer.told);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#pruning;
    this.#closed = true;
    await this.#reader.close();
    const desk = await this.#writer?.catch(() => null);
    if (desk === null || desk === undefined) return;
    await desk.ask({ verb: "close" }).catch(() => null);
    await desk.ended;
  }

  #query<Value>(call: Parameters<ReaderDesk["ask"]>[0]): Promise<Value> {
    return this.#closed ? Promise.reject(closedError()) : this.#reader.ask<Value>(call);
  }

  async #ask<Value>(call: WriterCall): Promise<Value> {
    const desk = await this.#desk();
    return await desk.ask<Value>(call);
  }

  /** The writer; a new one when the last one ended, which only a bug or a lack of memory does. */
  #desk(): Promise<WriterDesk> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#writer === null) {
      const starting = this.#start(null).then(({ desk }) => desk);
      this.#writer = starting;
      starting.catch(() => {
        if (this.#writer === starting) this.#writer = null;
      });
    }
    return this.#writer;
  }

  async #start(stamp: string | null): Promise<{ readonly desk: WriterDesk; readonly opened: Extract<Opened, { opened: unknown }> }> {
    const { folder, clock, log, busyMs = BUSY_MS, reserveBytes = RESERVE_BYTES } = this.#options;
    const holder = { pid: process.pid, host: hostName(), since: new Date(clock.now()).toISOString() };
    const worker = thread("writer", { folder, holder, busyMs, reserveBytes, stamp } satisfies WriterOptions);
    const opened = await new Promise<Opened>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", (error) => reject(new StoreError("failed", `the thread that writes the database did not start (${error.message})`, { cause: error })));
      worker.once("exit", () => reject(new StoreError("failed", "the thread that writes the database did not start")));
    });
    if ("told" in opened) throw untold(opened.told);
    const desk = new WriterDesk(worker);
    this.#packer = new Packer();
    worker.once("exit", () => {
      if (this.#closed) return;
      log.error("the thread that writes the database ended; the next commit starts a new one", { folder });
      this.#writer = null;
    });
    worker.on("error", (error) => log.error("the thread that writes the database failed", { error: error.message }));
    if (opened.opened.copy !== null) log.info("the database was brought to a newer form; a copy of the old one was kept", { copy: opened.opened.copy });
    if (opened.opened.setAside !== null) log.error("the database was damaged and set aside; a new one was begun", opened.opened.setAside);
    if (!opened.reserve) log.warn("the disk of the data folder has too little room for the reserve; free some room", { folder, reserveBytes });
    return { desk, opened };
  }
}

const closedError = (): StoreError => new StoreError("failed", "the store is closed");
