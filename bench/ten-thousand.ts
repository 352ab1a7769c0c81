import { setTimeout as sleep } from "node:timers/promises";
import { checkName } from "../src/core/types.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";
import { realClock } from "../src/sys/clock.ts";
import { type Figure, type Measure, percentile } from "./figure.ts";
import { cpuSeconds, type Instance, memoryMb, quiet, tcpSite, withFolder, withTarget, withTocsin } from "./world.ts";

const CHECKS = 10_000;
const EVERY_S = 60;
/** New checks are spread over the first 30 s; then come two whole rounds. */
const WATCHED_S = 150;

interface Seen {
  readonly check?: { readonly lastRunAt: number | null };
}

/** 10,000 checks every 60 s in the program as users run it. */
export const tenThousand: Measure = (say) =>
  withTarget((port) =>
    withFolder(async (folder) => {
      const seen = await withTocsin(folder, tcpSite(CHECKS, `${EVERY_S}s`, port), "127.0.0.1:0", (instance) => watch(instance, say));
      const delays = await startDelays(`${folder}/data`);
      say(`${delays.length} scheduled starts`);
      return [...seen, { name: "ten-thousand start-delay-p99", value: percentile(delays, 0.99), unit: "ms", goal: 100 }, { name: "ten-thousand start-delay-max", value: Math.max(...delays), unit: "ms", goal: null }];
    }),
  );

async function watch(instance: Instance, say: (text: string) => void): Promise<Figure[]> {
  const firstResult = await instance.until("/api/v1/checks/port-0", (answer) => ((answer as Seen).check?.lastRunAt ?? null) !== null);
  say(`first result after ${firstResult.toFixed(2)} s; memory is looked at after ${WATCHED_S} s`);
  await sleep((WATCHED_S - EVERY_S) * 1000);
  const before = cpuSeconds(instance.pid);
  await sleep(EVERY_S * 1000);
  const cpu = cpuSeconds(instance.pid) - before;
  return [
    { name: "ten-thousand first-result", value: firstResult, unit: "s", goal: 3 },
    { name: "ten-thousand memory", value: memoryMb(instance.pid, "VmRSS"), unit: "MB", goal: 350 },
    { name: "ten-thousand memory-max", value: memoryMb(instance.pid, "VmHWM"), unit: "MB", goal: null },
    { name: "ten-thousand cpu", value: (100 * cpu) / EVERY_S, unit: "% of a core", goal: null },
  ];
}

/** What the store says of every start that had a slot: how late it began. */
async function startDelays(folder: string): Promise<readonly number[]> {
  const store = await openSqliteStore({ folder, clock: realClock(), log: quiet });
  const delays: number[] = [];
  for (let index = 0; index < CHECKS; index++) {
    const results = await store.results({ check: checkName(`port-${index}`), limit: 10 });
    for (const { origin, slot, started } of results) if (origin === "scheduled") delays.push(started - slot);
  }
  await store.close();
  return delays;
}
