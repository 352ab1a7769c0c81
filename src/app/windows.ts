import { type MaintenanceWindow, nextEdge, openWindows, type Subject } from "../core/maintenance.ts";
import type { CheckName } from "../core/types.ts";
import type { Clock, Timer } from "../sys/ports.ts";

/** The longest sleep until the windows are looked at again: a step of the wall clock is noticed by then. */
const LOOK_AGAIN_MS = 60_000;

export interface WindowHooks {
  subjects(): Iterable<Subject>;
  /** The windows that the check believes to be open. */
  believed(check: CheckName): readonly string[];
  changed(check: CheckName, open: readonly string[]): void;
}

/** Opens and closes maintenance windows on time. */
export class Windows {
  readonly #clock: Clock;
  readonly #hooks: WindowHooks;
  #windows: readonly MaintenanceWindow[] = [];
  #timer: Timer | null = null;

  constructor(clock: Clock, hooks: WindowHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
  }

  configure(windows: readonly MaintenanceWindow[]): void {
    this.#windows = windows;
    this.look();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Tells every check whose open windows changed, and sleeps until the next edge. */
  look(): void {
    this.stop();
    const now = this.#clock.now();
    for (const subject of this.#hooks.subjects()) {
      const open = openWindows(this.#windows, subject, now);
      if (open.join("\n") !== this.#hooks.believed(subject.check).join("\n")) this.#hooks.changed(subject.check, open);
    }
    const edge = nextEdge(this.#windows, now);
    if (edge !== null) this.#timer = this.#clock.timer(Math.min(LOOK_AGAIN_MS, Math.max(1, edge - now)), () => this.look());
  }
}
