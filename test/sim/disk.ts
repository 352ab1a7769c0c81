import { type Disk, DiskError, joinFrom } from "../../src/store/disk.ts";
import type { Clock } from "../../src/sys/ports.ts";

/** How the simulated disk misbehaves; may be changed while it runs. Rates are shares of operations in [0, 1]. */
export interface DiskFaults {
  /** Longest delay of an operation in ms on the simulated clock; 0: none. */
  readonly delayMsMax: number;
  /** Nothing is written and an error is reported. */
  readonly failRate: number;
  /** All or a part is written and yet an error is reported. */
  readonly doubtRate: number;
  /** No room: a write leaves a part of itself and reports `full`. */
  readonly full: boolean;
}

export const NO_FAULTS: DiskFaults = { delayMsMax: 0, failRate: 0, doubtRate: 0, full: false };

export interface SimulatedDiskOptions {
  /** In [0, 1), seeded. */
  readonly random: () => number;
  readonly clock: Pick<Clock, "timer">;
  readonly faults?: DiskFaults;
  /** What is on it already. */
  readonly bytes?: Uint8Array;
}

const never = new Promise<never>(() => {});

/** A disk under the memory store that fails, is slow and loses at a crash what was not synced. */
export class SimulatedDisk implements Disk {
  faults: DiskFaults;
  readonly #options: SimulatedDiskOptions;
  #pieces: Uint8Array[];
  #length: number;
  #synced: number;
  #crashed = false;

  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
    this.faults = options.faults ?? NO_FAULTS;
    this.#pieces = options.bytes === undefined ? [] : [options.bytes];
    this.#length = options.bytes?.length ?? 0;
    this.#synced = this.#length;
  }

  get length(): number {
    return this.#length;
  }

  async readFrom(offset: number): Promise<Uint8Array> {
    await this.#delay();
    return joinFrom(this.#pieces, offset);
  }

  async append(bytes: Uint8Array): Promise<void> {
    const fault = await this.#begin();
    if (fault === "fail") throw new DiskError("failed", "simulated: the write failed");
    if (fault === null) {
      this.#add(bytes);
      return;
    }
    const { random } = this.#options;
    this.#add(bytes.subarray(0, fault === "doubt" && random() < 0.5 ? bytes.length : Math.floor(random() * bytes.length)));
    throw fault === "full" ? new DiskError("full", "simulated: no room on the disk") : new DiskError("failed", "simulated: the write may have failed");
  }

  async sync(): Promise<void> {
    const fault = await this.#begin();
    if (fault !== "fail" && fault !== "full") this.#synced = this.#length;
    if (fault === "fail" || fault === "doubt") throw new DiskError("failed", "simulated: the sync failed");
  }

  async truncate(length: number): Promise<void> {
    const fault = await this.#begin();
    if (fault === "fail") throw new DiskError("failed", "simulated: the cut failed");
    this.#cut(length);
    this.#synced = Math.min(this.#synced, length);
    if (fault === "doubt") throw new DiskError("failed", "simulated: the cut may have failed");
  }

  async replace(bytes: Uint8Array): Promise<void> {
    const fault = await this.#begin();
    if (fault === "full") throw new DiskError("full", "simulated: no room on the disk");
    if (fault === null || (fault === "doubt" && this.#options.random() < 0.5)) {
      this.#set(bytes);
      this.#synced = bytes.length;
    }
    if (fault !== null) throw new DiskError("failed", "simulated: the rewrite failed");
  }

  /**
   * The process or the machine dies now: what waits on this disk never goes on. Returns the disk as the next life finds it:
   * all that was synced, and of the rest any part, perhaps with garbage in its last bytes.
   */
  crash(): SimulatedDisk {
    this.#crashed = true;
    const { random } = this.#options;
    const kept = this.#synced + Math.floor(random() * (this.#length - this.#synced + 1));
    const bytes = joinFrom(this.#pieces, 0).slice(0, kept);
    if (random() < 0.3) for (let at = Math.max(this.#synced, kept - 16); at < kept; at += 1) bytes[at] = Math.floor(random() * 256);
    return new SimulatedDisk({ ...this.#options, faults: this.faults, bytes });
  }

  async #begin(): Promise<"fail" | "doubt" | "full" | null> {
    await this.#delay();
    const { failRate, doubtRate, full } = this.faults;
    if (full) return "full";
    if (failRate + doubtRate === 0) return null;
    const drawn = this.#options.random();
    if (drawn < failRate) return "fail";
    return drawn < failRate + doubtRate ? "doubt" : null;
  }

  #delay(): Promise<void> {
    if (this.#crashed) return never;
    const longest = this.faults.delayMsMax;
    if (longest <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#options.clock.timer(this.#options.random() * longest, () => {
        if (!this.#crashed) resolve();
      });
    });
  }

  #add(bytes: Uint8Array): void {
    this.#pieces.push(bytes.slice());
    this.#length += bytes.length;
  }

  #cut(length: number): void {
    for (let last = this.#pieces.at(-1); last !== undefined && this.#length > length; last = this.#pieces.at(-1)) {
      this.#pieces.pop();
      this.#length -= last.length;
      if (this.#length < length) this.#add(last.subarray(0, length - this.#length));
    }
  }

  #set(bytes: Uint8Array): void {
    this.#pieces = [bytes.slice()];
    this.#length = bytes.length;
  }
}
