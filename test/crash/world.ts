import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { hash128 } from "../../src/core/ids.ts";
import { planOf } from "./plan.ts";
import { PORT, PULSE, type Subject } from "./site.ts";
import { Door, Flag, type Outage, Sender, Speaker, type Target } from "./targets.ts";

/** A corner of 127/8 that belongs to this process, so that nobody else's listener answers for one that was closed. */
const corner = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`;
/** Where Tocsin's page listens. */
export const PAGE = { host: `${corner}.254`, port: PORT };

/** A listener that speaks up so late is no fault of Tocsin's. */
const STALL_MS = 500;

/** Everything that Tocsin watches: breaks and mends by a seeded plan, and remembers when. */
export class World {
  readonly #folder: string;
  readonly #addresses = new Map<string, string>();
  readonly #targets = new Map<string, Target>();
  readonly #calm = new AbortController();
  readonly #watch: NodeJS.Timeout;
  /** When this process got no time to run. */
  readonly stalls: { readonly from: number; readonly to: number }[] = [];
  #played: Promise<unknown> = Promise.resolve();

  constructor(folder: string, all: readonly Subject[]) {
    this.#folder = folder;
    this.#watch = this.#watchStalls();
    let number = 0;
    for (const { name, kind } of all) {
      if (kind === "own" || kind === "turn") continue;
      number += 1;
      this.#addresses.set(name, `${corner}.${number}`);
      this.#targets.set(name, this.#make(name, kind));
    }
  }

  #make(name: string, kind: Subject["kind"]): Target {
    if (kind === "script") return new Flag(this.flagOf(name));
    if (kind === "push") return new Sender(`http://${PAGE.host}:${PAGE.port}/push/${this.tokenOf(name)}`);
    if (kind === "banner") return new Speaker(this.addressOf(name), "421 busy\r\n");
    return kind === "silent" ? new Speaker(this.addressOf(name), "") : new Door(this.addressOf(name));
  }

  #watchStalls(): NodeJS.Timeout {
    let last = Date.now();
    return setInterval(() => {
      const at = Date.now();
      if (at - last > STALL_MS) this.stalls.push({ from: last, to: at });
      last = at;
    }, STALL_MS / 5);
  }

  addressOf(name: string): string {
    return this.#addresses.get(name) ?? "";
  }

  flagOf(name: string): string {
    return join(this.#folder, `flag-${name}`);
  }

  tokenOf(name: string): string {
    return hash128(`token of ${name}`);
  }

  outages(name: string): readonly Outage[] {
    return this.#targets.get(name)?.outages ?? [];
  }

  /** When heartbeats of a push check were taken. */
  beats(name: string): readonly number[] {
    const target = this.#targets.get(name);
    return target instanceof Sender ? target.taken : [];
  }

  async open(): Promise<void> {
    for (const target of this.#targets.values()) if (target instanceof Door || target instanceof Speaker) await target.open();
  }

  /** Begins to break things by the plan of the seed. */
  play(seed: number): void {
    const begun = performance.now();
    const { signal } = this.#calm;
    this.#played = Promise.all(
      [...this.#targets].map(async ([name, target]) => {
        if (name === PULSE) return;
        for (const { from, to } of planOf(seed, name)) {
          if (!(await until(begun + from, signal))) return;
          await target.break();
          await until(begun + to, signal);
          await target.mend();
          if (signal.aborted) return;
        }
      }),
    );
  }

  /** Mends everything; nothing breaks any more. */
  async calm(): Promise<void> {
    this.#calm.abort();
    await this.#played;
  }

  async close(): Promise<void> {
    await this.calm();
    clearInterval(this.#watch);
    for (const target of this.#targets.values()) await target.close();
  }
}

/** Waits until a time of the monotonic clock; false when called off. */
async function until(at: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(Math.max(0, at - performance.now()), undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
