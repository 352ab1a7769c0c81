import { parseArgs } from "node:util";
import { PLANTS } from "./plants.ts";
import { type Report, simulate } from "./run.ts";

const HELP = `Simulates whole days of Tocsin with crashes, failing disks, dead channels and stepped clocks, and checks its promises.

  npm run simulate -- --seeds 20 --days 5      seeds 1 to 20, five days each
  npm run simulate -- --seed 7 --days 5        one seed again
  npm run simulate -- --seed 7 --plant NAME    with a bug planted: ${Object.keys(PLANTS).join(", ")}

Exit codes: 0 every promise was kept, 1 one was broken.`;

const { values } = parseArgs({ options: { seeds: { type: "string" }, seed: { type: "string" }, days: { type: "string", default: "5" }, plant: { type: "string" }, help: { type: "boolean", short: "h" } } });

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function tell(report: Report): void {
  const { seed, days, runs, lives, transitions, receipts, outagesJudged, slotsJudged, orders, breaches, errors } = report;
  say(`seed ${seed}: ${days} days, ${runs} runs, ${lives} lives, ${transitions} transitions, ${receipts} sends, ${orders} orders, ${outagesJudged} outages held against the bound, ${slotsJudged} slots against the wall: ${breaches.length === 0 && errors.length === 0 ? "every promise kept" : `${breaches.length + errors.length} BROKEN`}`);
  for (const { promise, atMs, what } of breaches.slice(0, 20)) say(`  at ${(atMs / 1000).toFixed(1)} s, ${promise}: ${what}`);
  for (const error of errors.slice(0, 5)) say(`  ${error}`);
  if (breaches.length + errors.length > 0) say(`  again: npm run simulate -- --seed ${seed} --days ${days}`);
}

if (values.help === true) say(HELP);
else {
  const days = Number(values.days);
  const seeds = values.seed === undefined ? Array.from({ length: Number(values.seeds ?? 10) }, (_, at) => at + 1) : [Number(values.seed)];
  const plant = values.plant === undefined ? undefined : PLANTS[values.plant]?.plant;
  let broken = 0;
  for (const seed of seeds) {
    const report = await simulate({ seed, days, ...(plant === undefined ? {} : { plant }) });
    tell(report);
    if (report.breaches.length + report.errors.length > 0) broken += 1;
  }
  say(`${seeds.length - broken} of ${seeds.length} seeds kept every promise, ${seeds.length * days} simulated days`);
  process.exitCode = broken === 0 ? 0 : 1;
}
