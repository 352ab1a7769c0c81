import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// The machine may be small and busy: a test that hangs is found all the same, one that is slow is none.
const patience = { testTimeout: 60_000, hookTimeout: 120_000, teardownTimeout: 30_000 };
// As bin/tocsin starts the program.
const execArgv = ["--enable-experimental-regexp-engine-on-excessive-backtracks"];

// What waits more than it computes, and simulated days, which compute and have a clock of their own. What is timed against other programs stays alone.
const TOGETHER = ["test/{api,channels,fuzz,import,outbox,providers,sim}/**/*.test.ts", "test/servers/!(icmp|rip|trace).test.ts", "test/e2e/{check,import,secrets}.test.ts"];

/** The longest files first, so that the last minutes are not one worker's. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => /\/(simulation|dmonitor)\.test\.ts$/.test(moduleId);
    const usual = await super.sort(files);
    return [...usual.filter(isLong), ...usual.filter((file) => !isLong(file))];
  }
}

// oxlint-disable-next-line import/no-default-export -- vitest reads its configuration from the default export
export default defineConfig({
  test: {
    ...patience,
    execArgv,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...patience,
          execArgv,
          name: "unit",
          include: ["src/**/*.test.ts", "web/src/**/*.test.ts", "bin/*.test.ts", "test/tidy.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...patience,
          execArgv,
          name: "together",
          include: TOGETHER,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Whole programs, browsers, crashes, and what is timed against others: one file at a time, so that they do not fight for the processor.
        test: {
          ...patience,
          execArgv,
          name: "alone",
          include: ["test/**/*.test.ts"],
          exclude: ["test/tidy.test.ts", ...TOGETHER],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
