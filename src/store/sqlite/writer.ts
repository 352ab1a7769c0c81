import { parentPort, workerData } from "node:worker_threads";
import type { DatabaseSync } from "node:sqlite";
import type { Answer, Committed, Opened, Request, WriterCall, WriterOptions } from "./calls.ts";
import { makeFolder, openDatabase, suspect } from "./database.ts";
import { load } from "./load.ts";
import { type Lock, takeLock } from "./lock.ts";
import type { Parcel } from "./parcel.ts";
import { SqlitePost } from "./post.ts";
import { pruneSteps } from "./prune.ts";
import { Reserve } from "./reserve.ts";
import { tell, troubleOf } from "./trouble.ts";
import { Writer } from "./write.ts";

/** The worker that owns the database: it alone writes, in the order it is asked. */

class Room {
  readonly #db: DatabaseSync;
  readonly #lock: Lock;
  readonly #writer: Writer;
  readonly #post: SqlitePost;
  readonly #reserve: Reserve;
  #pruning: Generator<number, void, undefined> | null = null;
  #beginPruning: (() => Generator<number, void, undefined>) | null = null;

  constructor(db: DatabaseSync, lock: Lock, reserve: Reserve) {
    this.#db = db;
    this.#lock = lock;
    this.#writer = new Writer(db);
    this.#post = new SqlitePost(db, this.#writer);
    this.#reserve = reserve;
  }

  answer(call: WriterCall): unknown {
    switch (call.verb) {
      case "commit":
        return this.#commit(call.parcel);
      case "load":
        return load(this.#db);
      case "sequence":
        return this.#writer.sequence;
      case "outbox":
        return this.#post.outbox(call.limit);
      case "unsettled":
        return this.#post.unsettled(call.channel, call.recipient, call.limit);
      case "change":
        return this.#withRoom(() => this.#post.change(call.change));
      case "claim":
        return this.#withRoom(() => this.#post.claim(call.id, call.now, call.leaseUntil));
      case "settle":
        return this.#withRoom(() => this.#post.settle(call.id, call.settlement));
      case "wasTold":
        return this.#post.wasTold(call.incident, call.channel, call.recipient);
      case "formedSince":
        return this.#post.formedSince(call.channel, call.since);
      case "rename":
        return this.#withRoom(() => this.#writer.rename(call.from, call.to));
      case "prune":
        this.#beginPruning = () => pruneSteps(this.#db, this.#writer, call.retention, call.now);
        this.#pruning = null;
        return this.#withRoom(() => this.#prune());
      case "pruneOn":
        return this.#withRoom(() => this.#prune());
      case "close":
        this.#db.close();
        this.#lock.release();
        return null;
      default:
        return call satisfies never;
    }
  }

  #commit(parcel: Parcel): Committed {
    this.#writer.learn(parcel);
    if (this.#reserve.tight) this.#reserve.make();
    const written = this.#withRoom(() => this.#writer.commit(parcel, !this.#reserve.tight));
    return { tight: this.#reserve.tight, dropped: this.#reserve.tight ? parcel.count - written : 0 };
  }

  /** On a full disk the reserve is given up and the work tried once more (a commit then leaves its plain results out). */
  #withRoom<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      if (troubleOf(error).trouble !== "full") throw error;
      this.#reserve.giveUp();
      return work();
    }
  }

  /** One step. A step that throws has ended the pruning: the next one begins it anew. */
  #prune(): number | null {
    this.#pruning ??= this.#beginPruning?.() ?? null;
    const pruning = this.#pruning;
    this.#pruning = null;
    const step = pruning?.next();
    if (step === undefined || step.done === true) {
      this.#beginPruning = null;
      return null;
    }
    this.#pruning = pruning;
    return step.value;
  }
}

function open(options: WriterOptions): { readonly room: Room; readonly opened: Opened } {
  makeFolder(options.folder);
  const lock = takeLock(options.folder, options.holder);
  try {
    const { db, opening } = openDatabase(options.folder, options.busyMs, options.stamp);
    const reserve = new Reserve(options.folder, options.reserveBytes);
    const made = reserve.make();
    return { room: new Room(db, lock, reserve), opened: { opened: opening, reserve: made } };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function serve(): void {
  const port = parentPort;
  if (port === null) throw new Error("the writer runs in a worker only");
  // Given by `open.ts`.
  const options = workerData as WriterOptions;
  let room: Room;
  try {
    const opening = open(options);
    room = opening.room;
    port.postMessage(opening.opened);
  } catch (error) {
    port.postMessage({ told: tell(error) } satisfies Opened);
    port.close();
    return;
  }
  port.on("message", ({ id, call }: Request<WriterCall>) => {
    if (call === null) return;
    let answer: Answer;
    try {
      answer = { id, value: room.answer(call) };
    } catch (error) {
      const told = tell(error);
      if (told.trouble === "damaged") suspect(options.folder);
      answer = { id, told };
    }
    port.postMessage(answer);
    if (call.verb === "close") port.close();
  });
}

serve();
