import { parseArgs } from "node:util";
import { endAll } from "../servers/ground.ts";
import { subjects } from "./subjects.ts";
import { type Held, watch } from "./watch.ts";

const HELP = `Runs every probe that talks over a network against a server that hangs after the connect, and against one that hangs half-way
through its answer, and compares open handles and memory before and after.

  npm run leaks                                 10,000 runs of each
  npm run leaks -- --probe http --runs 100000   more of one; --probe may be given several times
  npm run leaks -- --at-once 50                 runs at the same time, 20 by default

Exit codes: 0 nothing is left over, 1 something is, 2 wrong usage.`;

const { values } = parseArgs({ options: { runs: { type: "string", default: "10000" }, "at-once": { type: "string", default: "20" }, probe: { type: "string", multiple: true, default: [] }, help: { type: "boolean", short: "h" } } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const count = (text: string): number | null => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null);

const runs = count(values.runs);
const atOnce = count(values["at-once"]);
const strangers = values.probe.filter((type) => !subjects.some((subject) => subject.type === type));
const chosen = subjects.filter(({ type }) => values.probe.length === 0 || values.probe.includes(type));

const shown = (before: Held, after: Held): string => `descriptors ${before.descriptors} -> ${after.descriptors}, heap ${before.heapKib.toFixed(0)} -> ${after.heapKib.toFixed(0)} KiB, buffers ${before.buffersKib.toFixed(0)} -> ${after.buffersKib.toFixed(0)} KiB`;

if (values.help === true) say(HELP);
else if (runs === null || atOnce === null || strangers.length > 0) {
  say(strangers.length > 0 ? `there is no network probe ${strangers.join(", ")}` : HELP);
  process.exitCode = 2;
} else {
  for (const subject of chosen) {
    for (const halfway of [false, true]) {
      const begin = performance.now();
      const { before, after, codes, left } = await watch(subject, { runs, atOnce, halfway });
      const name = `${subject.type}${subject.way === "" ? "" : ` ${subject.way}`} ${halfway ? "half-way" : "silent"}`;
      const came = [...codes].map(([code, times]) => `${code} ${times}`).join(", ");
      say(`${name.padEnd(24)} ${left.length === 0 ? "nothing left" : `LEFT: ${left.join(", ")}`}; ${shown(before, after)}; ${came}; ${((performance.now() - begin) / 1000).toFixed(1)} s`);
      if (left.length > 0) process.exitCode = 1;
    }
  }
  await endAll();
}
