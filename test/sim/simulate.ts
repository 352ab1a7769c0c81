import { on, once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
import { PLANTS } from "./plants.ts";
import { type Report, simulate } from "./run.ts";

const HELP = `Simulates whole days of Tocsin with crashes, failing disks, dead channels and stepped clocks, and checks its promises.

  npm run simulate -- --seeds 20 --days 5      seeds 1 to 20, five days each
  npm run simulate -- --seed 7 --days 5        one seed again
  npm run simulate -- --years 10               years, as seeds of thirty days; --from 40 goes on with seed 40
  npm run simulate -- --years 10 --jobs 1      as many seeds at a time; by default one on each core
  npm run simulate -- --seed 7 --plant NAME    with a bug planted: ${Object.keys(PLANTS).join(", ")}

Exit codes: 0 every promise was kept, 1 one was broken.`;

const { values } = parseArgs({ options: { seeds: { type: "string" }, seed: { type: "string" }, days: { type: "string" }, years: { type: "string" }, from: { type: "string", default: "1" }, jobs: { type: "string" }, plant: { type: "string" }, help: { type: "boolean", short: "h" } } });

/** Days of one seed: by default, and where years are asked for. */
const DAYS = 5;
const STRETCH_DAYS = 30;
const YEAR_DAYS = 365.25;

/** What a thread is to simulate beside the seeds it is sent. */
interface Task {
  readonly days: number;
  readonly plant: string;
}

interface Done {
  readonly report: Report;
  /** Seconds of processor time. */
  readonly seconds: number;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function tell(report: Report, seconds: number): void {
  const { seed, days, runs, lives, transitions, receipts, outagesJudged, slotsJudged, stepsJudged, orders, breaches, errors } = report;
  say(`seed ${seed}: ${days} days, ${runs} runs, ${lives} lives, ${transitions} transitions, ${receipts} sends, ${orders} orders, ${outagesJudged} outages held against the bound, ${slotsJudged} slots against the wall, ${stepsJudged} steps against their time, ${seconds.toFixed(1)} s of processor time: ${breaches.length === 0 && errors.length === 0 ? "every promise kept" : `${breaches.length + errors.length} BROKEN`}`);
  for (const { promise, atMs, what } of breaches.slice(0, 20)) say(`  at ${(atMs / 1000).toFixed(1)} s, ${promise}: ${what}`);
  for (const error of errors.slice(0, 5)) say(`  ${error}`);
  if (breaches.length + errors.length > 0) say(`  again: npm run simulate -- --seed ${seed} --days ${days}`);
}

/** A thread of the command: one seed at a time, as they are sent. */
async function serve(port: MessagePort, { days, plant: name }: Task): Promise<void> {
  const { plant, decide } = PLANTS[name] ?? {};
  for await (const [seed] of on(port, "message") as AsyncIterable<[number]>) {
    const before = process.threadCpuUsage();
    const report = await simulate({ seed, days, ...(plant === undefined ? {} : { plant }), ...(decide === undefined ? {} : { decide }) });
    const { user, system } = process.threadCpuUsage(before);
    port.postMessage({ report, seconds: (user + system) / 1e6 } satisfies Done, []);
  }
}

/** Simulates the seeds on some threads, tells of each, and gives how many broke a promise and the seconds of processor time. */
async function simulateAll(seeds: readonly number[], task: Task, jobs: number): Promise<{ readonly broken: number; readonly seconds: number }> {
  const left = seeds.values();
  let broken = 0;
  let total = 0;
  const work = async (): Promise<void> => {
    const thread = new Worker(new URL(import.meta.url), { workerData: task });
    for (const seed of left) {
      thread.postMessage(seed, []);
      const [{ report, seconds }] = (await once(thread, "message")) as [Done];
      tell(report, seconds);
      total += seconds;
      if (report.breaches.length + report.errors.length > 0) broken += 1;
    }
    await thread.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(jobs, seeds.length) }, work));
  return { broken, seconds: total };
}

async function main(): Promise<void> {
  const plant = values.plant ?? "";
  if (plant !== "" && !(plant in PLANTS)) throw new Error(`no bug is called ${plant}; there are ${Object.keys(PLANTS).join(", ")}`);
  const days = values.years === undefined ? Number(values.days ?? DAYS) : STRETCH_DAYS;
  const count = values.years === undefined ? Number(values.seeds ?? 10) : Math.ceil((Number(values.years) * YEAR_DAYS) / STRETCH_DAYS);
  const from = Number(values.from);
  const seeds = values.seed === undefined ? Array.from({ length: Math.max(0, count - from + 1) }, (_, at) => from + at) : [Number(values.seed)];
  const { broken, seconds } = await simulateAll(seeds, { days, plant }, Number(values.jobs ?? availableParallelism()));
  const simulated = seeds.length * days;
  say(`${seeds.length - broken} of ${seeds.length} seeds kept every promise, ${simulated} simulated days (${(simulated / YEAR_DAYS).toFixed(1)} years), ${Math.round(seconds)} s of processor time`);
  process.exitCode = broken === 0 ? 0 : 1;
}

if (parentPort !== null) await serve(parentPort, workerData as Task);
else if (values.help === true) say(HELP);
else await main();
