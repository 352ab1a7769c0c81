import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkName, instant, millis, type Result } from "../../core/types.ts";
import { realClock } from "../../sys/clock.ts";
import { sampleBatch, sampleResult } from "../samples.ts";
import { quiet } from "./ground.ts";
import { openSqliteStore } from "./open.ts";

/** Prints what a plain result costs through the whole path, and how long a year of one check takes. Run: `node src/store/sqlite/commit.bench.ts`. */

const folder = mkdtempSync(join(tmpdir(), "tocsin-bench-"));
const clock = realClock();
const store = await openSqliteStore({ folder, clock, log: quiet });
let sequence = 0;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Commits `rows` results of `checks` checks in batches of `size`; prints rows/s and CPU of all threads. */
async function commits(rows: number, checks: number, size: number): Promise<void> {
  const names = Array.from({ length: checks }, (_, index) => `check ${rows} ${checks} ${index}`);
  const make = (row: number): Result => sampleResult(names[row % checks] ?? "", Math.floor(row / checks) * 60_000 + (row % checks), { latencyMs: 20 + (row % 977) / 10 });
  // Two batches on the way, as the engine does.
  let before: Promise<void> = Promise.resolve();
  const started = clock.monotonic();
  const cpu = process.cpuUsage();
  let makeMs = 0;
  for (let row = 0; row < rows; row += size) {
    const made = clock.monotonic();
    const results = Array.from({ length: Math.min(size, rows - row) }, (_, index) => make(row + index));
    makeMs += clock.monotonic() - made;
    sequence += 1;
    const now = store.commit(sampleBatch(sequence, { results }));
    await before;
    before = now;
  }
  await before;
  const { user, system } = process.cpuUsage(cpu);
  const took = clock.monotonic() - started;
  print(`batches of ${size}, ${checks} checks: ${Math.round((rows / took) * 1000)} rows/s, ${((user + system - makeMs * 1000) / rows).toFixed(2)} µs CPU a result`);
}

await commits(50_000, 1000, 500);
await commits(200_000, 1000, 500);
await commits(100_000, 10_000, 500);
await commits(20_000, 10_000, 8);
await commits(525_600, 1, 1000);

const year = { check: checkName("check 525600 1 0"), from: instant(1_760_000_000_000), to: instant(1_760_000_000_000 + 525_600 * 60_000) };
for (let round = 0; round < 3; round += 1) {
  let late = 0;
  let last = clock.monotonic();
  const watch = setInterval(() => {
    late = Math.max(late, clock.monotonic() - last - 5);
    last = clock.monotonic();
  }, 5);
  const started = clock.monotonic();
  const buckets = await store.range({ ...year, stepMs: millis((year.to - year.from) / 500) });
  const took = clock.monotonic() - started;
  clearInterval(watch);
  print(`a year of one check, ${buckets.length} buckets of ${buckets[0]?.runs} runs: ${Math.round(took)} ms, main loop at most ${late.toFixed(1)} ms late`);
}
const facts = await store.facts();
print(`${facts.results} results, ${(facts.bytes / facts.results).toFixed(1)} bytes each`);
await store.close();
rmSync(folder, { recursive: true });
