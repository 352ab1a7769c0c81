import { availableParallelism, cpus, loadavg } from "node:os";
import { backtest } from "./backtest.ts";
import { blackbox } from "./blackbox.ts";
import { commit } from "./commit.ts";
import { asJson, asLine, type Measure } from "./figure.ts";
import { firstResult } from "./first-result.ts";
import { benchLoad } from "./load.ts";
import { loopDelay } from "./loop-delay.ts";
import { ping } from "./ping.ts";
import { probeCosts } from "./probes.ts";
import { tcpCpu } from "./tcp-cpu.ts";
import { tenThousand } from "./ten-thousand.ts";

/** `npm run bench [-- NAME ...] [-- --json]`: prints what is measured; one JSON line a figure with --json. */
const BENCHES: { readonly [name: string]: Measure } = {
  "first-result": firstResult,
  "load-1000": benchLoad(1000, 1),
  "load-10000": benchLoad(10_000, 6),
  commit,
  backtest,
  "tcp-cpu-ratio": tcpCpu("tcp-cpu-ratio", 1000),
  "tcp-cpu-ratio-4000": tcpCpu("tcp-cpu-ratio-4000", 4000),
  blackbox,
  ping,
  probes: probeCosts,
  "loop-delay": loopDelay,
  "ten-thousand": tenThousand,
};

/** As bin/tocsin starts its runtime; it can only be given at the start, so this process starts anew in its place. */
const RUNTIME_FLAG = "--max-semi-space-size=4";
if (!process.execArgv.includes(RUNTIME_FLAG)) process.execve?.(process.execPath, [process.execPath, RUNTIME_FLAG, ...process.argv.slice(1)], process.env);

const args = process.argv.slice(2);
const json = args.includes("--json");
const named = args.filter((arg) => arg !== "--json");
const unknown = named.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no bench ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}\n`);
  process.exit(64);
}
const load = (): string => loadavg().map((average) => average.toFixed(1)).join(" ");
process.stderr.write(`${availableParallelism()} cores of ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}, load ${load()}\n`);
for (const [name, measure] of Object.entries(BENCHES)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const figures = await measure((text) => void process.stderr.write(`${name}: ${text}\n`));
  for (const figure of figures) process.stdout.write(`${json ? asJson(figure) : asLine(figure)}\n`);
}
process.stderr.write(`load at the end ${load()}\n`);
