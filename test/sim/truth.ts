import type { Chance } from "./random.ts";

/** A stretch of monotonic time in which a host did not answer. */
export interface Outage {
  readonly from: number;
  readonly to: number;
  /** `refuse`: an answer at once; `hang`: none at all. */
  readonly how: "refuse" | "hang";
}

const HOUR = 3_600_000;

/** What is really the case: every host's outages for the whole time, drawn beforehand. */
export class Truth {
  readonly #outages = new Map<string, Outage[]>();
  /** What lies on the way to a host: it is not reachable while one of them is down. */
  readonly #way: (host: string) => readonly string[];

  constructor(chance: Chance, hosts: readonly string[], spanMs: number, way: (host: string) => readonly string[]) {
    this.#way = way;
    for (const host of hosts) {
      const outages: Outage[] = [];
      let at = chance.waiting(4 * HOUR);
      while (at < spanMs) {
        const burst = host === "fast" && chance.chance(0.2) ? 10 : 1;
        for (let part = 0; part < burst; part += 1) {
          const lasts = chance.chance(0.4) ? chance.between(5_000, 180_000) : chance.between(180_000, 2 * HOUR);
          const to = at + (burst > 1 ? chance.between(90_000, 150_000) : lasts);
          outages.push({ from: at, to, how: chance.chance(0.5) ? "refuse" : "hang" });
          at = to + (burst > 1 ? chance.between(60_000, 120_000) : 0);
        }
        at += chance.waiting(6 * HOUR) + 60_000;
      }
      this.#outages.set(host, outages.filter((outage) => outage.to < spanMs));
    }
  }

  outages(host: string): readonly Outage[] {
    return this.#outages.get(host) ?? [];
  }

  /** The outage of the host itself at that time. */
  own(host: string, at: number): Outage | null {
    const outages = this.outages(host);
    let low = 0;
    let high = outages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((outages[middle]?.to ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    const found = outages[low];
    return found !== undefined && found.from <= at ? found : null;
  }

  /** What stands in the way of reaching the host at that time: its own outage, or that of something on the way. */
  hinders(host: string, at: number): Outage | null {
    for (const of of [host, ...this.#way(host)]) {
      const outage = this.own(of, at);
      if (outage !== null) return outage;
    }
    return null;
  }

  /** Whether the host was hindered at any time of from..to. */
  hinderedWithin(host: string, from: number, to: number): boolean {
    return [host, ...this.#way(host)].some((of) => this.downWithin(of, from, to));
  }

  /** Whether the host itself was down at any time of from..to. */
  downWithin(host: string, from: number, to: number): boolean {
    return this.outages(host).some((outage) => outage.from < to && outage.to > from);
  }
}
