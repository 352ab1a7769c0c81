import type { Transferable, Worker } from "node:worker_threads";
import type { Clock, Timer } from "../../sys/ports.ts";
import { StoreError } from "../store.ts";
import type { Answer, ReaderCall, Request, WriterCall } from "./calls.ts";
import type { Told } from "./trouble.ts";

export const untold = (told: Told): StoreError => new StoreError(told.trouble, told.message);

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

/** The main thread's side of the writer. */
export class WriterDesk {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly ended: Promise<void>;
  #next = 1;
  #over = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (answer: Answer) => this.#take(answer));
    this.ended = new Promise((resolve) => {
      worker.once("exit", () => {
        this.#over = true;
        for (const { reject } of this.#pending.values()) reject(new StoreError("failed", "the thread that writes the database ended"));
        this.#pending.clear();
        resolve();
      });
    });
  }

  /** The answer has the shape that the writer gives to the verb. */
  ask<Value>(call: WriterCall, transfer: readonly Transferable[] = []): Promise<Value> {
    if (this.#over) return Promise.reject(new StoreError("failed", "the thread that writes the database ended"));
    const id = this.#next;
    this.#next += 1;
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call } satisfies Request<WriterCall>, transfer);
    }) as Promise<Value>;
  }

  #take(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ("told" in answer) pending?.reject(untold(answer.told));
    else pending?.resolve(answer.value);
  }
}

interface Asked extends Pending {
  readonly call: ReaderCall;
  readonly timer: Timer;
  sent: number;
}

/** More queries at a time are refused: somebody asks faster than we can answer. */
const QUERIES = 1000;
/** A query is given so many readers: one that ends them is not asked again. */
const READERS = 2;
/** After the limit the reader may finish the step it is in; then it is ended. */
const GRACE_MS = 1000;

/** The main thread's side of the reader, which is started when it is needed and replaced when a query does not end. */
export class ReaderDesk {
  readonly #start: () => Worker;
  readonly #clock: Pick<Clock, "timer">;
  readonly #limitMs: number;
  readonly #asked = new Map<number, Asked>();
  #worker: Worker | null = null;
  #whenIdle: (() => void)[] = [];
  #next = 1;

  constructor(start: () => Worker, clock: Pick<Clock, "timer">, limitMs: number) {
    this.#start = start;
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Starts the reader, so that the first query finds it ready. */
  begin(): void {
    if (this.#worker !== null) return;
    const worker = this.#start();
    this.#worker = worker;
    worker.on("message", (answer: Answer) => this.#take(answer));
    worker.once("error", () => this.#replace(worker));
    worker.once("exit", () => this.#replace(worker));
  }

  /** The answer has the shape that the reader gives to the verb. */
  ask<Value>(call: ReaderCall): Promise<Value> {
    if (this.#asked.size >= QUERIES) return Promise.reject(new StoreError("slow", "too many queries wait; ask again later"));
    const id = this.#next;
    this.#next += 1;
    return new Promise<unknown>((resolve, reject) => {
      const asked: Asked = { call, resolve, reject, sent: 0, timer: this.#clock.timer(this.#limitMs, () => this.#late(id)) };
      this.#asked.set(id, asked);
      this.begin();
      this.#send(id, asked);
    }) as Promise<Value>;
  }

  /** Waits for what was asked, then ends the reader. */
  async close(): Promise<void> {
    if (this.#asked.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #send(id: number, asked: Asked): void {
    asked.sent += 1;
    this.#worker?.postMessage({ id, call: asked.call } satisfies Request<ReaderCall>);
  }

  #take(answer: Answer): void {
    if ("told" in answer) this.#finish(answer.id, (asked) => asked.reject(untold(answer.told)));
    else this.#finish(answer.id, (asked) => asked.resolve(answer.value));
  }

  #finish(id: number, settle: (asked: Asked) => void): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    asked.timer.cancel();
    settle(asked);
    if (this.#asked.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #late(id: number): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#worker?.postMessage({ id, call: null } satisfies Request<ReaderCall>);
    this.#asked.set(id, { ...asked, timer: this.#clock.timer(GRACE_MS, () => this.#stuck(id)) });
  }

  #stuck(id: number): void {
    this.#finish(id, (asked) => asked.reject(new StoreError("slow", "the query passed its time limit and was ended; ask for a shorter stretch of time")));
    const worker = this.#worker;
    if (worker === null) return;
    this.#replace(worker);
    worker.terminate().catch(() => null);
  }

  /** The others' queries are asked again of a new reader. */
  #replace(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const left = [...this.#asked];
    if (left.length === 0) return;
    this.begin();
    for (const [id, asked] of left) {
      if (asked.sent < READERS) this.#send(id, asked);
      else this.#finish(id, (one) => one.reject(new StoreError("failed", "the thread that reads the database ended twice over this query")));
    }
  }
}
