import type { WellKnown } from "../dial/scan.ts";
import type { Echo, TraceAnswer } from "../sys/ports.ts";

/** Round trips in ms and lost echoes in percent; everything but the loss is -1 when all were lost. `std`: of a sample (n-1), 0 for a single answer. */
export interface PingStatistics {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly std: number;
  readonly loss: number;
}

/** One hop of a route; null when its packet was lost. */
export type Step = { readonly address: string; readonly rttMs: number } | null;

/** What was measured of one host; null: not asked for, or nothing new. */
export interface Report {
  /** As written by the user. */
  readonly name: string;
  readonly address: string;
  readonly ping: PingStatistics | null;
  readonly trace: readonly Step[] | null;
  readonly scan: WellKnown | null;
}

/** Of at least one echo. */
export function pingStatistics(echoes: readonly (Echo | null)[]): PingStatistics {
  const times = echoes.flatMap((echo) => (echo === null ? [] : [echo.rttMs]));
  const loss = (100 * (echoes.length - times.length)) / echoes.length;
  if (times.length === 0) return { min: -1, avg: -1, max: -1, std: -1, loss };
  const avg = times.reduce((sum, time) => sum + time, 0) / times.length;
  const squares = times.reduce((sum, time) => sum + (time - avg) ** 2, 0);
  const std = times.length === 1 ? 0 : Math.sqrt(squares / (times.length - 1));
  return { min: Math.min(...times), avg, max: Math.max(...times), std, loss };
}

/** A step for each hop up to the target; up to `hopsMax` when that was not reached. */
export function stepsOf(answer: Extract<TraceAnswer, { kind: "traced" }>, hopsMax: number): readonly Step[] {
  const length = answer.reached ? answer.hops.length : hopsMax;
  return Array.from({ length }, (_, index) => {
    const first = answer.hops[index]?.answers.find((one) => one !== null) ?? null;
    return first === null ? null : { address: first.ip, rttMs: first.rttMs };
  });
}

/** The last route to one host: of each hop the address that was seen there last. */
export class Route {
  #known: readonly (string | null)[] = [];

  /** Whether these steps show another route than before: an address that was not at that hop. A lost hop does not count, for it may be the same as ever. */
  changed(steps: readonly Step[]): boolean {
    const differs = steps.some((step, hop) => step !== null && step.address !== this.#known[hop]) || this.#known.length === 0;
    const seen = steps.map((step, hop) => step?.address ?? this.#known[hop] ?? null);
    // What lies behind a new end of the route is no part of it any more.
    this.#known = differs ? seen : [...seen, ...this.#known.slice(seen.length)];
    return differs;
  }
}
