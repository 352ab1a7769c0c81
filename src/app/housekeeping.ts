import type { Clock, Log, Ports, Timer } from "../sys/ports.ts";
import type { Store } from "../store/store.ts";
import { http } from "../probes/http.ts";
import type { LoopDelay } from "../sys/life.ts";
import type { Settings } from "../config/site.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const HEARTBEAT_TIMEOUT_MS = 10_000;

/** Does something again and again, the next time only after the last has ended. */
export class Chore {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #everyMs: number;
  readonly #work: (stop: AbortSignal) => Promise<unknown>;
  readonly #stop = new AbortController();
  #timer: Timer | null = null;

  constructor(parts: { clock: Clock; log: Log; everyMs: number; firstMs: number; work: (stop: AbortSignal) => Promise<unknown> }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#everyMs = parts.everyMs;
    this.#work = parts.work;
    this.#sleep(parts.firstMs);
  }

  stop(): void {
    this.#stop.abort();
    this.#timer?.cancel();
  }

  #sleep(ms: number): void {
    if (!this.#stop.signal.aborted) this.#timer = this.#clock.timer(ms, () => void this.#turn());
  }

  async #turn(): Promise<void> {
    try {
      await this.#work(this.#stop.signal);
    } catch (error) {
      this.#log.warn(error instanceof Error ? error.message : String(error));
    }
    this.#sleep(this.#everyMs);
  }
}

/** Removes hourly what retention no longer keeps. */
export function retentionChore(ports: Ports, store: Store, settings: () => Settings): Chore {
  const { clock, log } = ports;
  return new Chore({ clock, log, everyMs: HOUR_MS, firstMs: 5 * MINUTE_MS, work: () => store.prune(settings().retention, clock.now()) });
}

/** Keeps the figures of the event loop to the last minutes. */
export function loopChore({ clock, log }: Ports, loop: LoopDelay): Chore {
  return new Chore({ clock, log, everyMs: MINUTE_MS, firstMs: MINUTE_MS, work: () => Promise.resolve(loop.turn()) });
}

/** Calls the dead man's switch each minute, but only while engine, store and outbox make progress. */
export function heartbeatChore(ports: Ports, settings: () => Settings, ready: () => boolean): Chore {
  const { clock, log } = ports;
  const work = async (stop: AbortSignal): Promise<void> => {
    const url = settings().heartbeat;
    if (url === null || !ready()) return;
    const deadline = new AbortController();
    const timer = clock.timer(HEARTBEAT_TIMEOUT_MS, () => deadline.abort());
    const outcome = await http.run(http.options.parse({ url }), { ...ports, signal: AbortSignal.any([stop, deadline.signal]), wants: new Set(["status"]) });
    timer.cancel();
    if (stop.aborted) return;
    const status = outcome.facts["status"];
    if (outcome.verdict !== "up" || typeof status !== "number" || status >= 400) log.warn("the heartbeat could not be delivered", { reason: typeof status === "number" ? `HTTP ${status}` : outcome.sentence });
  };
  return new Chore({ clock, log, everyMs: MINUTE_MS, firstMs: 2000, work });
}
