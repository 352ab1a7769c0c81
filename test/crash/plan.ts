import { hash32 } from "../../src/core/ids.ts";
import { Chance } from "../sim/random.ts";

/** A stretch of time in which something shall be down, ms from the beginning. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Plans reach so far; a round of kills is over long before. */
const HORIZON_MS = 3_600_000;
const UP_MS = 45_000;
const DOWN_MS = 9000;
const DOWN_LEAST_MS = 300;
/** Now and then many things fail together, so that commits and messages are large. */
const STORM_EVERY_MS = 20_000;
const STORM_SHARE = 0.15;

/** When a thing is down, by seed and name: outages of its own and its part in the common ones; sorted, apart from each other. */
export function planOf(seed: number, name: string): readonly Stretch[] {
  const storms = new Chance(seed);
  const own = new Chance(hash32(`${seed} ${name}`));
  const wanted: Stretch[] = [];
  for (let at = own.waiting(UP_MS); at < HORIZON_MS; at += own.waiting(UP_MS)) {
    const to = at + DOWN_LEAST_MS + own.waiting(DOWN_MS);
    wanted.push({ from: at, to });
    at = to;
  }
  for (let at = storms.waiting(STORM_EVERY_MS); at < HORIZON_MS; at += storms.waiting(STORM_EVERY_MS)) {
    const lastsMs = storms.between(2000, 9000);
    if (own.chance(STORM_SHARE)) wanted.push({ from: at, to: at + lastsMs });
  }
  const merged: Stretch[] = [];
  for (const stretch of wanted.sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && stretch.from <= last.to + DOWN_LEAST_MS) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
    else merged.push(stretch);
  }
  return merged;
}
