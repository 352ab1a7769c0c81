import { z } from "zod";
import { judgeLevel, levelProblem, percentLevel, tenths } from "../dial/level.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({ ...percentLevel(85, 5, "the memory") });
type Options = z.output<typeof options>;

/** How much of this machine's memory is in use. The system is asked itself: there is nothing to talk to. */
export const memory: Probe<Options> = {
  type: "memory",
  about: "Looks how much of this machine's memory is in use; caches that can be given up count as free",
  source: "Linux, proc_meminfo(5): MemTotal, MemAvailable, SwapTotal, SwapFree",
  options,
  facts: {
    percent: { unit: "%", about: "Memory in use" },
    available: { unit: "bytes", about: "Memory that programs can still get without swapping" },
    total: { unit: "bytes", about: "Memory of the machine" },
    swapPercent: { unit: "%", about: "Swap in use, where there is some" },
  },
  target: () => "this host",
  check: levelProblem,
  run,
};

// oxlint-disable-next-line require-await -- nothing is waited for here
async function run({ level, hysteresis }: Options, ctx: ProbeContext): Promise<Outcome> {
  const { totalBytes, availableBytes, swapTotalBytes, swapFreeBytes } = ctx.host.memory();
  const evidence = [{ label: "memory", text: `total ${totalBytes} bytes, available ${availableBytes}; swap ${swapTotalBytes}, free ${swapFreeBytes}` }];
  if (totalBytes <= 0) return { verdict: "unknown", code: "resources", sentence: "the system does not tell how much memory there is", phases: {}, facts: {}, evidence };
  const value = (100 * (totalBytes - availableBytes)) / totalBytes;
  const swap = swapTotalBytes > 0 ? { swapPercent: tenths((100 * (swapTotalBytes - swapFreeBytes)) / swapTotalBytes) } : {};
  const facts = { percent: tenths(value), available: availableBytes, total: totalBytes, ...swap };
  return { ...judgeLevel({ value, level, hysteresis, failing: ctx.failing ?? false, what: "the memory in use", unit: "%" }), phases: {}, facts, evidence };
}
