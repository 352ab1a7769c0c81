import { monitorEventLoopDelay } from "node:perf_hooks";

export type EndSignal = "SIGTERM" | "SIGINT";

export interface LifeHooks {
  /** The first time; the second time the process ends at once. */
  end(signal: EndSignal): void;
  reload(): void;
  /** An error that nobody caught: a bug. The process goes on after a rejected promise and ends after a thrown one. */
  bug(error: unknown, fatal: boolean): void;
}

/** Takes what the system tells this process; returns how to let go. */
export function onLife(hooks: LifeHooks): () => void {
  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) process.exit(signal === "SIGINT" ? 130 : 143);
    ending = true;
    hooks.end(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
  };
  const reload = (): void => hooks.reload();
  const rejected = (error: unknown): void => hooks.bug(error, false);
  const thrown = (error: unknown): void => hooks.bug(error, true);
  process.on("SIGTERM", end).on("SIGINT", end).on("SIGHUP", reload).on("unhandledRejection", rejected).on("uncaughtException", thrown);
  return () => void process.off("SIGTERM", end).off("SIGINT", end).off("SIGHUP", reload).off("unhandledRejection", rejected).off("uncaughtException", thrown);
}

/** Sees to it that this process ends with `exit` even when something is left that keeps it alive. */
export function leave(exit: number, withinMs: number): void {
  setTimeout(() => process.exit(exit), withinMs).unref();
}

interface Lateness {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How late the event loop was since the turn before the last one, ms: with a turn a minute, in the last one or two minutes. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: 10 });
  #before: Lateness = { p50: 0, p99: 0, max: 0 };

  constructor() {
    this.#histogram.enable();
  }

  /** The worse of the present span and the one before. */
  figures(): Lateness {
    const now = this.#now();
    return { p50: Math.max(now.p50, this.#before.p50), p99: Math.max(now.p99, this.#before.p99), max: Math.max(now.max, this.#before.max) };
  }

  /** Begins a new span. */
  turn(): void {
    this.#before = this.#now();
    this.#histogram.reset();
  }

  #now(): Lateness {
    // The histogram counts its own sleep of 10 ms as well.
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 10);
    return { p50: late(this.#histogram.percentile(50)), p99: late(this.#histogram.percentile(99)), max: late(this.#histogram.max) };
  }

  stop(): void {
    this.#histogram.disable();
  }
}
