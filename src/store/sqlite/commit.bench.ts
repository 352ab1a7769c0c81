import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkName, instant, millis, type Result } from "../../core/types.ts";
import { realClock } from "../../sys/clock.ts";
import type { Store } from "../store.ts";
import { sampleBatch, sampleResult } from "../samples.ts";
import { quiet } from "./ground.ts";
import { openSqliteStore } from "./open.ts";

/** What plain results cost through the whole path of the embedded store, and how long a year of one check takes to read. Run: `npm run bench -- commit`. */

interface Load {
  readonly rows: number;
  readonly checks: number;
  /** Results in a batch. */
  readonly size: number;
}

/** The busiest sites write batches of hundreds; 10,000 checks a minute write some eight at a time. */
const LOADS: readonly Load[] = [
  { rows: 50_000, checks: 1000, size: 500 },
  { rows: 200_000, checks: 1000, size: 500 },
  { rows: 100_000, checks: 10_000, size: 500 },
  { rows: 20_000, checks: 10_000, size: 8 },
];
const YEAR: Load = { rows: 525_600, checks: 1, size: 1000 };
const YEAR_ROUNDS = 3;

export interface CommitCosts {
  readonly loads: readonly (Load & { readonly microsPerResult: number; readonly rowsPerSecond: number })[];
  /** A year of one check in 500 buckets, read several times, ms. */
  readonly yearMs: readonly number[];
  readonly bytesPerResult: number;
}

const clock = realClock();

/** Measures in a folder of its own; CPU is that of all threads, making the results left out. */
export async function benchCommits(): Promise<CommitCosts> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-bench-"));
  const store = await openSqliteStore({ folder, clock, log: quiet });
  let sequence = 0;
  try {
    const loads = [];
    for (const load of [...LOADS, YEAR]) {
      loads.push(await commits(store, load, sequence));
      sequence += Math.ceil(load.rows / load.size);
    }
    const { bytes, results } = await store.facts();
    return { loads: loads.slice(0, LOADS.length), yearMs: await readYear(store), bytesPerResult: bytes / results };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

const nameOf = ({ rows, checks }: Load, index: number): string => `check ${rows} ${checks} ${index}`;

async function commits(store: Store, load: Load, from: number): Promise<CommitCosts["loads"][number]> {
  const { rows, checks, size } = load;
  const make = (row: number): Result => sampleResult(nameOf(load, row % checks), Math.floor(row / checks) * 60_000 + (row % checks), { latencyMs: 20 + (row % 977) / 10 });
  // Two batches on the way, as the engine does.
  let before: Promise<void> = Promise.resolve();
  const started = clock.monotonic();
  const cpu = process.cpuUsage();
  let makeMs = 0;
  for (let row = 0, sequence = from + 1; row < rows; row += size, sequence += 1) {
    const made = clock.monotonic();
    const results = Array.from({ length: Math.min(size, rows - row) }, (_, index) => make(row + index));
    makeMs += clock.monotonic() - made;
    const now = store.commit(sampleBatch(sequence, { results }));
    await before;
    before = now;
  }
  await before;
  const { user, system } = process.cpuUsage(cpu);
  const tookMs = clock.monotonic() - started;
  return { ...load, microsPerResult: (user + system - makeMs * 1000) / rows, rowsPerSecond: (rows / tookMs) * 1000 };
}

async function readYear(store: Store): Promise<readonly number[]> {
  const from = instant(1_760_000_000_000);
  const to = instant(from + YEAR.rows * 60_000);
  const took: number[] = [];
  for (let round = 0; round < YEAR_ROUNDS; round += 1) {
    const started = clock.monotonic();
    const buckets = await store.range({ check: checkName(nameOf(YEAR, 0)), from, to, stepMs: millis((to - from) / 500) });
    if (buckets.length !== 500) throw new Error(`${buckets.length} buckets of a year`);
    took.push(clock.monotonic() - started);
  }
  return took;
}
