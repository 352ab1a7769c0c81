import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { BacktestReport } from "../src/cli/doors.ts";
import { instant } from "../src/core/types.ts";
import type { Figure, Measure } from "./figure.ts";
import { makeHistory } from "./history.ts";
import { load, siteText } from "./load.ts";
import { cpuSeconds, memoryMb, withFolder } from "./world.ts";

const RESULTS = 4_000_000;
const CHECKS = 100;
const GOAL_S = 60;
const LOOK_MS = 50;

/** `tocsin backtest` with a changed configuration over four million stored results of 28 days, as users start it. */
export const backtest: Measure = (say) =>
  withFolder(async (folder) => {
    const path = join(folder, "tocsin.yaml");
    writeFileSync(path, siteText(CHECKS), { mode: 0o600 });
    const { site } = await load(path, null);
    const begun = performance.now();
    await makeHistory(site, join(folder, "data"), RESULTS / CHECKS, instant(Date.now()));
    say(`${RESULTS} results of ${CHECKS} checks written in ${Math.round((performance.now() - begun) / 1000)} s`);
    writeFileSync(path, siteText(CHECKS).replace("defaults: {", "defaults: {failAfter: 4, "), { mode: 0o600 });
    return judge(folder, say);
  });

async function judge(folder: string, say: (text: string) => void): Promise<readonly Figure[]> {
  const begun = performance.now();
  const child = spawn(join(import.meta.dirname, "../bin/tocsin"), ["backtest", "tocsin.yaml", "--data", "data", "--json"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const { pid } = child;
  if (pid === undefined) throw new Error("tocsin could not be started");
  let [out, memory, cpu] = ["", 0, 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (out += text));
  const looking = setInterval(() => {
    if (child.exitCode !== null) return;
    memory = Math.max(memory, memoryMb(pid, "VmHWM"));
    cpu = cpuSeconds(pid);
  }, LOOK_MS);
  const exit = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearInterval(looking);
  const seconds = (performance.now() - begun) / 1000;
  const { judged, missing, mismatch, transitions, changes } = JSON.parse(out) as BacktestReport;
  if (exit !== 0 || mismatch !== null || missing > 0 || judged < RESULTS) throw new Error(`not judged as it was: ${JSON.stringify({ exit, judged, missing, mismatch })}`);
  say(`${judged} judged, ${transitions} changes of state, ${changes.reduce((sum, { came }) => sum + came, 0)} alerts, ${changes.reduce((sum, { fewer }) => sum + fewer.length, 0)} would not have come`);
  return [
    { name: "backtest four-million", value: seconds, unit: "s", goal: GOAL_S },
    { name: "backtest cpu", value: cpu, unit: "s", goal: null },
    { name: "backtest a-result", value: (seconds * 1e6) / judged, unit: "µs", goal: null },
    { name: "backtest memory-max", value: memory, unit: "MB", goal: null },
  ];
}
