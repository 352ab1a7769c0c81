import { parseArgs } from "node:util";
import { PLANTS } from "./plants.ts";
import { type Report, simulate } from "./run.ts";

const HELP = `Simulates whole days of Tocsin with crashes, failing disks, dead channels and stepped clocks, and checks its promises.

  npm run simulate -- --seeds 20 --days 5      seeds 1 to 20, five days each
  npm run simulate -- --seed 7 --days 5        one seed again
  npm run simulate -- --years 10               years, as seeds of thirty days; --from 40 goes on with seed 40
  npm run simulate -- --seed 7 --plant NAME    with a bug planted: ${Object.keys(PLANTS).join(", ")}

Exit codes: 0 every promise was kept, 1 one was broken.`;

const { values } = parseArgs({ options: { seeds: { type: "string" }, seed: { type: "string" }, days: { type: "string" }, years: { type: "string" }, from: { type: "string", default: "1" }, plant: { type: "string" }, help: { type: "boolean", short: "h" } } });

/** Days of one seed: by default, and where years are asked for. */
const DAYS = 5;
const STRETCH_DAYS = 30;
const YEAR_DAYS = 365.25;

/** Seconds of processor time of this process so far. */
const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function tell(report: Report, seconds: number): void {
  const { seed, days, runs, lives, transitions, receipts, outagesJudged, slotsJudged, stepsJudged, orders, breaches, errors } = report;
  say(`seed ${seed}: ${days} days, ${runs} runs, ${lives} lives, ${transitions} transitions, ${receipts} sends, ${orders} orders, ${outagesJudged} outages held against the bound, ${slotsJudged} slots against the wall, ${stepsJudged} steps against their time, ${seconds.toFixed(1)} s of processor time: ${breaches.length === 0 && errors.length === 0 ? "every promise kept" : `${breaches.length + errors.length} BROKEN`}`);
  for (const { promise, atMs, what } of breaches.slice(0, 20)) say(`  at ${(atMs / 1000).toFixed(1)} s, ${promise}: ${what}`);
  for (const error of errors.slice(0, 5)) say(`  ${error}`);
  if (breaches.length + errors.length > 0) say(`  again: npm run simulate -- --seed ${seed} --days ${days}`);
}

if (values.help === true) say(HELP);
else {
  const days = values.years === undefined ? Number(values.days ?? DAYS) : STRETCH_DAYS;
  const count = values.years === undefined ? Number(values.seeds ?? 10) : Math.ceil((Number(values.years) * YEAR_DAYS) / STRETCH_DAYS);
  const from = Number(values.from);
  const seeds = values.seed === undefined ? Array.from({ length: Math.max(0, count - from + 1) }, (_, at) => from + at) : [Number(values.seed)];
  const { plant, decide } = PLANTS[values.plant ?? ""] ?? {};
  let broken = 0;
  for (const seed of seeds) {
    const before = processorSeconds();
    const report = await simulate({ seed, days, ...(plant === undefined ? {} : { plant }), ...(decide === undefined ? {} : { decide }) });
    tell(report, processorSeconds() - before);
    if (report.breaches.length + report.errors.length > 0) broken += 1;
  }
  const simulated = seeds.length * days;
  say(`${seeds.length - broken} of ${seeds.length} seeds kept every promise, ${simulated} simulated days (${(simulated / YEAR_DAYS).toFixed(1)} years), ${Math.round(processorSeconds())} s of processor time`);
  process.exitCode = broken === 0 ? 0 : 1;
}
