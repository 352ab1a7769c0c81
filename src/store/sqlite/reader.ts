import { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { StoreError } from "../store.ts";
import type { Answer, ReaderCall, Request } from "./calls.ts";
import { databaseFile, suspect } from "./database.ts";
import { Queries } from "./query.ts";
import { prepareRange, rangeSteps } from "./range.ts";
import { tell } from "./trouble.ts";

/** The worker that only reads. Long queries go in steps, in turn with the others, so that none waits for another's end. */

interface Going {
  readonly id: number;
  readonly steps: Generator<undefined, unknown, undefined>;
}

class Desk {
  readonly #port: MessagePort;
  readonly #folder: string;
  readonly #queries: Queries;
  readonly #range;
  #going: Going[] = [];

  constructor(port: MessagePort, folder: string) {
    this.#port = port;
    this.#folder = folder;
    const db = new DatabaseSync(databaseFile(folder), { readOnly: true, timeout: 1000 });
    this.#queries = new Queries(db);
    this.#range = prepareRange(db);
  }

  /** Takes a request and goes on until nothing is left to do; later requests are taken between the steps. */
  serve(request: Request<ReaderCall>): void {
    this.#take(request);
    for (let next = this.#going.shift(); next !== undefined; next = this.#going.shift()) {
      this.#step(next);
      for (let more = receiveMessageOnPort(this.#port); more !== undefined; more = receiveMessageOnPort(this.#port)) this.#take(more.message as Request<ReaderCall>);
    }
  }

  #take({ id, call }: Request<ReaderCall>): void {
    if (call !== null) {
      this.#going.push({ id, steps: this.#begin(call) });
      return;
    }
    const late = this.#going.findIndex((one) => one.id === id);
    if (late === -1) return;
    this.#going.splice(late, 1);
    this.#answer({ id, told: tell(new StoreError("slow", "the query passed its time limit; ask for a shorter stretch of time")) });
  }

  #step(going: Going): void {
    try {
      const step = going.steps.next();
      if (step.done === true) this.#answer({ id: going.id, value: step.value });
      else this.#going.push(going);
    } catch (error) {
      const told = tell(error);
      if (told.trouble === "damaged") suspect(this.#folder);
      this.#answer({ id: going.id, told });
    }
  }

  #begin(call: ReaderCall): Going["steps"] {
    return call.verb === "range" ? rangeSteps(this.#range, this.#queries, call.range) : atOnce(() => this.#short(call));
  }

  #short(call: Exclude<ReaderCall, { verb: "range" }>): unknown {
    switch (call.verb) {
      case "results":
        return this.#queries.results(call.query);
      case "incidents":
        return this.#queries.incidents(call.query);
      case "incident":
        return this.#queries.incident(call.id);
      case "transitions":
        return this.#queries.transitions(call.query);
      case "messages":
        return this.#queries.messages(call.query);
      case "journal":
        return this.#queries.journal(call.query);
      case "facts":
        return this.#queries.facts();
      default:
        return call satisfies never;
    }
  }

  #answer(answer: Answer): void {
    this.#port.postMessage(answer, []);
  }
}

// eslint-disable-next-line require-yield -- one step is all it has
function* atOnce(work: () => unknown): Going["steps"] {
  return work();
}

function main(): void {
  const port = parentPort;
  if (port === null) throw new Error("the reader runs in a worker only");
  // Given by `open.ts`.
  const { folder } = workerData as { folder: string };
  let desk: Desk | null = null;
  port.on("message", (request: Request<ReaderCall>) => {
    try {
      desk ??= new Desk(port, folder);
      desk.serve(request);
    } catch (error) {
      port.postMessage({ id: request.id, told: tell(error) } satisfies Answer);
    }
  });
}

main();
