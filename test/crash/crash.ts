import { parseArgs } from "node:util";
import { type CrashReport, crashRound } from "./run.ts";

const HELP = `Kills Tocsin with SIGKILL at random instants under load, starts it again on the same data folder, and checks that nothing is lost.

  npm run crash -- --times 300           in rounds of 25 kills, each with a data folder of its own; seeds 1, 2, ...
  npm run crash -- --times 25 --seed 7   the round of seed 7 again; with --keep its folder stays

The seed decides what breaks when, who does not take messages, and when it is killed; the machine decides the rest.
Exit codes: 0 nothing was lost, 1 something was.`;
const ROUND = 25;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A round in one line, and what was found. */
function tell(report: CrashReport, times: number): void {
  const { seed, kills, outages, sure, results, unknown, transitions, alerts, taken, repeats, startMsMax, stalledMs, findings } = report;
  const how = Object.entries(kills).map(([kind, count]) => `${count} ${kind}`).join(", ");
  say(`seed ${seed}: ${times} kills (${how}), ${outages} outages (${sure} surely to be told), ${results} runs (${unknown} without a verdict), ${transitions} transitions, ${alerts} alerts in ${taken} messages taken (${repeats} repeats), slowest start ${startMsMax} ms, the test itself stalled for ${stalledMs} ms: ${findings.length === 0 ? "nothing lost" : `${findings.length} FINDINGS`}`);
  for (const finding of findings.slice(0, 30)) say(`  ${finding}`);
  if (findings.length > 0) say(`  again: npm run crash -- --seed ${seed} --times ${times}`);
}

const { values } = parseArgs({ options: { times: { type: "string", default: "25" }, seed: { type: "string", default: "1" }, keep: { type: "boolean", default: false }, help: { type: "boolean", short: "h" } } });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
if (values.help === true) say(HELP);
else {
  let [left, broken, kills] = [Number(values.times), 0, 0];
  for (let seed = Number(values.seed); left > 0; seed += 1, left -= ROUND) {
    const times = Math.min(left, ROUND);
    const report = await crashRound(seed, times, values.keep);
    tell(report, times);
    if (values.keep || report.findings.length > 0) say(`  logs and database: ${report.folder}`);
    kills += times;
    if (report.findings.length > 0) broken += 1;
  }
  say(broken === 0 ? `${kills} kills: nothing lost` : `${kills} kills: ${broken} rounds with findings`);
  process.exitCode = broken === 0 ? 0 : 1;
}
