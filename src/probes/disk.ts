import { z } from "zod";
import { judgeLevel, levelProblem, percentLevel, tenths } from "../dial/level.ts";
import { verdictOf } from "../dial/outcome.ts";
import type { DiskUse } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  path: z.string().startsWith("/", "a path from the root is wanted").max(4096).default("/").describe("A folder or file on the file system to look at"),
  ...percentLevel(90, 2, "the space"),
});
type Options = z.output<typeof options>;

/** How full a file system of this machine is. The system is asked itself: there is nothing to talk to. */
export const disk: Probe<Options> = {
  type: "disk",
  about: "Looks how full a file system of this machine is",
  source: "POSIX, statvfs; shares as df tells them",
  options,
  facts: {
    percent: { unit: "%", about: "Space in use, of what others than root may use, as `df` tells it" },
    free: { unit: "bytes", about: "Space that others than root may still take" },
    total: { unit: "bytes", about: "Size of the file system" },
    filesPercent: { unit: "%", about: "Places for files (inodes) in use, where the file system has a limit" },
  },
  reaches: "host",
  target: ({ path }) => path,
  check: levelProblem,
  run,
};

async function run({ path, level, hysteresis }: Options, ctx: ProbeContext): Promise<Outcome> {
  const begun = ctx.clock.monotonic();
  const answer = await ctx.host.disk(path, ctx.signal);
  const phases = { ask: Math.round((ctx.clock.monotonic() - begun) * 1000) / 1000 };
  if (answer.kind === "failed") return { verdict: verdictOf(answer.failure.code), ...answer.failure, phases, facts: {}, evidence: [] };
  const { use } = answer;
  const value = shareOf(use.totalBytes - use.freeBytes, use.availableBytes);
  const facts = { percent: tenths(value), free: use.availableBytes, total: use.totalBytes, ...(use.files > 0 ? { filesPercent: tenths(shareOf(use.files - use.filesFree, use.filesFree)) } : {}) };
  return { ...judgeLevel({ value, level, hysteresis, failing: ctx.failing ?? false, what: `the space in use on ${path}`, unit: "%" }), phases, facts, evidence: [{ label: "statfs", text: shown(use) }] };
}

const shareOf = (used: number, left: number): number => (used + left > 0 ? (100 * used) / (used + left) : 0);

const shown = ({ totalBytes, freeBytes, availableBytes, files, filesFree }: DiskUse): string => `total ${totalBytes} bytes, free ${freeBytes}, available ${availableBytes}; files ${files}, free ${filesFree}`;
