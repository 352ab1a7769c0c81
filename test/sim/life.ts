import type { AnyChannel } from "../../src/alert/channels/channel.ts";
import { retentionChore } from "../../src/app/housekeeping.ts";
import { firstUpdate } from "../../src/app/roster.ts";
import { Monitor } from "../../src/app/monitor.ts";
import type { Site } from "../../src/config/site.ts";
import { group } from "../../src/probes/group.ts";
import type { AnyProbe } from "../../src/probes/probe.ts";
import { openMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import type { Log, Ports } from "../../src/sys/ports.ts";
import { LifeClock, type VirtualTime } from "./clock.ts";
import type { SimulatedDisk } from "./disk.ts";
import { simulatedNetwork, simulatedPinger } from "./network.ts";
import type { Chance } from "./random.ts";
import type { Truth } from "./truth.ts";

export interface LifeParts {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly truth: Truth;
  readonly disk: SimulatedDisk;
  readonly site: Site;
  readonly channel: AnyChannel;
  /** What asks the hosts. */
  readonly probe: AnyProbe;
  readonly watch: (store: Store) => Store;
  readonly errors: string[];
}

/** One life of the process, from its start to its crash. */
export class Life {
  readonly clock: LifeClock;
  readonly #parts: LifeParts;
  monitor: Monitor | null = null;
  #over = false;

  constructor(parts: LifeParts) {
    this.#parts = parts;
    this.clock = new LifeClock(parts.time);
  }

  /** Opens what the disk holds and begins; returns false when it crashed before that. */
  async begin(loaded: (sequence: number) => void): Promise<boolean> {
    const { site, disk, watch, channel, probe } = this.#parts;
    for (;;) {
      try {
        const store = watch(await openMemoryStore({ disk, keepResults: 5 }));
        const state = await store.load();
        if (this.#over) return false;
        loaded(state.sequence);
        this.monitor = new Monitor({ ports: this.#ports(), probes: [probe, group], channelOf: (type) => (type === channel.type ? channel : undefined), store, loaded: state, first: firstUpdate(site) });
        this.monitor.start();
        retentionChore(this.#ports(), store, () => site.settings);
        return true;
      } catch (error) {
        if (this.#over) return false;
        if (error instanceof TypeError || error instanceof ReferenceError) throw error;
        await new Promise<void>((resolve) => void this.clock.timer(1000, resolve));
      }
    }
  }

  /** The power goes: nothing of this life happens any more. */
  crash(): SimulatedDisk {
    this.#over = true;
    this.clock.kill();
    return this.#parts.disk.crash();
  }

  #ports(): Ports {
    const { time, chance, truth, errors } = this.#parts;
    const quiet = (): void => undefined;
    const log: Log = { debug: quiet, info: quiet, warn: quiet, error: (text, fields) => void (/bug|failed by itself/.test(text) && errors.push(`${text} ${JSON.stringify(fields)}`)) };
    return {
      clock: this.clock,
      random: chance,
      network: simulatedNetwork(this.clock, chance, truth, () => time.monotonic),
      pinger: simulatedPinger(this.clock, truth, () => time.monotonic),
      processes: { run: () => Promise.reject(new Error("no processes here")), environment: {} },
      patterns: { match: () => null, matchesAny: () => false },
      host: { uptimeMs: () => 0, load: () => [0, 0, 0], processors: () => ({ count: 1, idleMs: 0, totalMs: 0 }), memory: () => ({ totalBytes: 0, availableBytes: 0, swapTotalBytes: 0, swapFreeBytes: 0 }), disk: () => Promise.reject(new Error("no disk")), temperatures: () => Promise.resolve({ kind: "told", readings: [] }), system: () => ({ name: "simulated", release: "1", machine: "none" }) },
      log,
    };
  }
}
