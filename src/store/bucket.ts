import { type Instant, instant, type Verdict } from "../core/types.ts";
import type { Bucket, Range } from "./store.ts";

/** The value at rank ceil(share x count) of ascending values (nearest rank, exact); `count` values, at least 1. */
function quantile(ascending: Float64Array, count: number, share: number): number {
  return ascending[Math.min(count - 1, Math.max(0, Math.ceil(share * count) - 1))] ?? Number.NaN;
}

interface Sum {
  total: number;
  count: number;
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Makes buckets of results that come in ascending order of their slots; holds the latencies of one bucket at a time. */
export class BucketMaker {
  readonly #range: Range;
  readonly #made: Bucket[] = [];
  #latencies = new Float64Array(256);
  #measured = 0;
  #index = -1;
  #counts = { up: 0, degraded: 0, down: 0, unknown: 0 };
  #phases = new Map<string, Sum>();

  constructor(range: Range) {
    this.#range = range;
  }

  /** Counts one result; true when its latency and phases count, so that `phase` is to be called. Slots outside the range are a bug. */
  add(slot: number, verdict: Verdict, latencyMs: number): boolean {
    const index = Math.floor((slot - this.#range.from) / this.#range.stepMs);
    if (index < this.#index || slot >= this.#range.to) throw new RangeError(`slot ${slot} is out of order or outside the range`);
    if (index !== this.#index) {
      this.#finish();
      this.#index = index;
    }
    this.#counts[verdict] += 1;
    if (verdict !== "up" && verdict !== "degraded") return false;
    if (this.#measured === this.#latencies.length) {
      const wider = new Float64Array(this.#latencies.length * 2);
      wider.set(this.#latencies);
      this.#latencies = wider;
    }
    this.#latencies[this.#measured] = latencyMs;
    this.#measured += 1;
    return true;
  }

  /** A phase of the result that was added last, in milliseconds. */
  phase(name: string, ms: number): void {
    const sum = this.#phases.get(name);
    if (sum === undefined) this.#phases.set(name, { total: ms, count: 1 });
    else {
      sum.total += ms;
      sum.count += 1;
    }
  }

  /** All buckets that have runs, oldest first. */
  buckets(): readonly Bucket[] {
    this.#finish();
    this.#index = -1;
    return this.#made;
  }

  #finish(): void {
    const { up, degraded, down, unknown } = this.#counts;
    const runs = up + degraded + down + unknown;
    if (runs === 0) return;
    const from: Instant = instant(this.#range.from + this.#index * this.#range.stepMs);
    const phases: { [phase: string]: number } = {};
    for (const [name, sum] of this.#phases) phases[name] = round(sum.total / sum.count);
    this.#made.push({ from, runs, up, degraded, down, unknown, latency: this.#latency(), phases });
    this.#counts = { up: 0, degraded: 0, down: 0, unknown: 0 };
    this.#phases = new Map();
    this.#measured = 0;
  }

  #latency(): Bucket["latency"] {
    const count = this.#measured;
    if (count === 0) return null;
    const ascending = this.#latencies.subarray(0, count).sort();
    const at = (share: number): number => quantile(ascending, count, share);
    return { min: at(0), p10: at(0.1), median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
  }
}
