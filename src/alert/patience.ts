import type { Clock, Log, Timer } from "../sys/ports.ts";

const FIRST_MS = 250;
const LONGEST_MS = 10_000;
/** A store that fails for so long is a reason not to be ready. */
const TROUBLE_MS = 30_000;

/** Milliseconds to wait after so many failures in a row of the store. */
export const storeWaitMs = (failures: number): number => Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 10), LONGEST_MS);

/** Keeps the outbox from asking a failing store without pause, and remembers since when it fails. */
export class Patience {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #mask: (text: string) => string;
  #failures = 0;
  #failingSince: number | null = null;
  #notBefore = 0;

  constructor(clock: Clock, log: Log, mask: (text: string) => string) {
    this.#clock = clock;
    this.#log = log;
    this.#mask = mask;
  }

  failed(doing: string, error: unknown): void {
    this.#failures += 1;
    this.#failingSince ??= this.#clock.monotonic();
    this.#notBefore = this.#clock.monotonic() + storeWaitMs(this.#failures);
    this.#log.error(`${doing} failed: ${this.#mask(error instanceof Error ? error.message : String(error))}; trying again`, { failures: this.#failures });
  }

  worked(): void {
    this.#failures = 0;
    this.#failingSince = null;
    this.#notBefore = 0;
  }

  /** Milliseconds until the store may be asked again; 0 or less: now. */
  waitMs(): number {
    return this.#notBefore === 0 ? 0 : this.#notBefore - this.#clock.monotonic();
  }

  /** A sentence when the store has failed for too long. */
  trouble(): string | null {
    if (this.#failingSince === null || this.#clock.monotonic() - this.#failingSince < TROUBLE_MS) return null;
    return "the outbox cannot use its store: messages wait";
  }
}

/** Waits that end early when Tocsin stops. */
export class Pauses {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #wakes = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborts at `end`. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  async pause(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer: Timer = this.#clock.timer(ms, resolve);
    this.#wakes.add(resolve);
    await promise;
    timer.cancel();
    this.#wakes.delete(resolve);
  }

  end(): void {
    this.#stop.abort();
    for (const wake of this.#wakes) wake();
  }
}
