import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "../src/cli/ask.ts";
import { instant } from "../src/core/types.ts";
import { sampleBatch, sampleResult } from "../src/store/samples.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";
import { realClock } from "../src/sys/clock.ts";
import { type Measure, median, percentile } from "./figure.ts";
import { type Instance, quiet, tcpSite, withFolder, withTarget, withTocsin } from "./world.ts";

const CHECKS = 200;
const MINUTE_MS = 60_000;
const YEAR_MINUTES = 525_600;
const BATCH = 1000;
/** Asked so many at a time, for so long. */
const ASKERS = 4;
const ASKED_S = 60;
/** A year of one check may be older than a check's usual retention. */
const KEEP = "retention: {results: 5y, size: off}\n";

/** Event-loop delay of the program while a year of one check is queried over the API and 200 checks run every second. */
export const loopDelay: Measure = (say) =>
  withTarget((port) =>
    withFolder(async (folder) => {
      await fillYear(join(folder, "data"));
      say(`${YEAR_MINUTES} results of a year are there`);
      const site = `${KEEP}${tcpSite(CHECKS, "1s", port)}  history: {type: tcp, host: 127.0.0.1, port: ${port}, every: 1h}\n`;
      return withTocsin(folder, site, "off", async (instance) => {
        await instance.until("/api/v1/checks/history", (answer) => answer !== null);
        await sleep(5000);
        const { took, refused } = await askAgainAndAgain(instance);
        say(`${took.length} queries of a year`);
        const delays = await quantiles(instance, "tocsin_loop_delay_seconds");
        return [
          { name: "loop-delay p99", value: 1000 * (delays.get("0.99") ?? Number.NaN), unit: "ms", goal: 20 },
          { name: "loop-delay p50", value: 1000 * (delays.get("0.5") ?? Number.NaN), unit: "ms", goal: null },
          { name: "loop-delay year-query-median", value: median(took), unit: "ms", goal: null },
          { name: "loop-delay year-query-p99", value: percentile(took, 0.99), unit: "ms", goal: null },
          { name: "loop-delay year-queries-refused", value: refused, unit: "", goal: null },
        ];
      });
    }),
  );

async function fillYear(folder: string): Promise<void> {
  const clock = realClock();
  const store = await openSqliteStore({ folder, clock, log: quiet });
  const from = Math.floor((clock.now() - YEAR_MINUTES * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
  let before: Promise<void> = Promise.resolve();
  for (let minute = 0, sequence = 1; minute < YEAR_MINUTES; minute += BATCH, sequence++) {
    const results = Array.from({ length: Math.min(BATCH, YEAR_MINUTES - minute) }, (_, index) => {
      const slot = instant(from + (minute + index) * MINUTE_MS);
      return sampleResult("history", 0, { slot, started: slot, latencyMs: 20 + ((minute + index) % 977) / 10 });
    });
    const now = store.commit(sampleBatch(sequence, { results }));
    await before;
    before = now;
  }
  await before;
  await store.close();
}

/** Milliseconds that each query took, and how many passed the store's time limit. */
async function askAgainAndAgain({ data }: Instance): Promise<{ readonly took: readonly number[]; readonly refused: number }> {
  const took: number[] = [];
  let refused = 0;
  const end = performance.now() + ASKED_S * 1000;
  const asker = async (): Promise<void> => {
    while (performance.now() < end) {
      const begun = performance.now();
      const to = Date.now();
      const answer = await ask(data, `/api/v1/checks/history/history?from=${to - YEAR_MINUTES * MINUTE_MS}&to=${to}`);
      if (answer.kind === "answered" && answer.status === 200) took.push(performance.now() - begun);
      // The time limit of a query, on a machine that is busy with other things.
      else if (answer.kind === "answered" && answer.status === 503) refused += 1;
      else throw new Error(`no history: ${JSON.stringify(answer).slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: ASKERS }, asker));
  return { took, refused };
}

/** Quantiles of a family in /metrics, by their label. */
async function quantiles({ data }: Instance, family: string): Promise<ReadonlyMap<string, number>> {
  const answer = await ask(data, "/metrics");
  const text = answer.kind === "answered" ? answer.body : "";
  return new Map([...text.matchAll(new RegExp(`^${family}\\{quantile="([\\d.]+)"\\} (\\S+)$`, "gm"))].map(([, quantile, value]) => [quantile ?? "", Number(value)]));
}
