import { z } from "zod";
import { judgeLevel, levelProblem, percentLevel, tenths } from "../dial/level.ts";
import { duration } from "../dial/options.ts";
import type { ProcessorTimes } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

/** The system counts in hundredths of a second. */
const SHORTEST_MS = 100;

const options = z.strictObject({
  ...percentLevel(80, 5, "the processors' time"),
  over: duration()
    .refine((ms) => ms >= SHORTEST_MS, { error: "the system does not count so finely", params: { right: "write 100ms or more" } })
    .prefault("1s")
    .describe("How long is measured; less than the check's timeout"),
});
type Options = z.output<typeof options>;

/** How busy this machine's processors are. The system is asked itself, before and after a while: there is nothing to talk to. */
export const cpu: Probe<Options> = {
  type: "cpu",
  about: "Measures how busy this machine's processors are, all together",
  source: "Linux, proc_stat(5): time that was neither idle nor spent waiting for a disk",
  options,
  facts: {
    percent: { unit: "%", about: "Time that the processors were busy" },
    processors: { number: true, about: "How many there are" },
    load1: { number: true, about: "Processes that ran or waited to, mean of the last minute" },
    load5: { number: true, about: "The same, of 5 minutes" },
    load15: { number: true, about: "The same, of 15 minutes" },
  },
  target: () => "this host",
  check: levelProblem,
  run,
};

async function run({ level, hysteresis, over }: Options, ctx: ProbeContext): Promise<Outcome> {
  const before = ctx.host.processors();
  const begun = ctx.clock.monotonic();
  const whole = await pause(over, ctx);
  const after = ctx.host.processors();
  const phases = { measure: Math.round((ctx.clock.monotonic() - begun) * 1000) / 1000 };
  const evidence = [{ label: "processors", text: `before: ${shown(before)}\nafter: ${shown(after)}` }];
  // How busy this machine is, is what was asked: that it could not be measured says nothing about it.
  if (!whole) return { verdict: "unknown", code: "stopped", sentence: "the run ended before the processors were measured; give it a timeout longer than `over`", phases, facts: {}, evidence };
  const value = busyPercent(before, after);
  if (value === null) return { verdict: "unknown", code: "resources", sentence: "the system does not count its processors' time", phases, facts: {}, evidence };
  const [load1, load5, load15] = ctx.host.load().map((mean) => Math.round(mean * 100) / 100);
  const facts = { percent: tenths(value), processors: after.count, load1: load1 ?? 0, load5: load5 ?? 0, load15: load15 ?? 0 };
  return { ...judgeLevel({ value, level, hysteresis, failing: ctx.failing ?? false, what: "the processors' time in use", unit: "%" }), phases, facts, evidence };
}

/** False when the signal aborts before. */
function pause(ms: number, { signal, clock }: ProbeContext): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (whole: boolean): void => {
      timer.cancel();
      signal.removeEventListener("abort", stop);
      resolve(whole);
    };
    const stop = (): void => end(false);
    const timer = clock.timer(ms, () => end(true));
    signal.addEventListener("abort", stop);
  });
}

/** Null when no time was counted. Counts of waiting for a disk may run backward a little (proc_stat(5)). */
function busyPercent(before: ProcessorTimes, after: ProcessorTimes): number | null {
  const totalMs = after.totalMs - before.totalMs;
  if (totalMs <= 0) return null;
  return Math.min(100, Math.max(0, (100 * (totalMs - (after.idleMs - before.idleMs))) / totalMs));
}

const shown = ({ idleMs, totalMs }: ProcessorTimes): string => `${idleMs} ms idle of ${totalMs} ms`;
