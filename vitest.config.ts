import { defineConfig } from "vitest/config";

// The machine may be small and busy: a test that hangs is found all the same, one that is slow is none.
const patience = { testTimeout: 60_000, hookTimeout: 120_000, teardownTimeout: 30_000 };
// As bin/tocsin starts the program.
const execArgv = ["--enable-experimental-regexp-engine-on-excessive-backtracks"];

// What is timed against other programs stays alone.
const TOGETHER = ["test/{api,channels,fuzz,import,outbox,providers}/**/*.test.ts", "test/servers/!(icmp|rip|trace).test.ts"];

// oxlint-disable-next-line import/no-default-export -- vitest reads its configuration from the default export
export default defineConfig({
  test: {
    ...patience,
    execArgv,
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
        // Servers that the tests start, and what waits for them more than it computes.
        test: {
          ...patience,
          execArgv,
          name: "servers",
          include: TOGETHER,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Whole programs, browsers, crashes, simulated days, and what is timed against others: one file at a time, so that they do not fight for the processor.
        test: {
          ...patience,
          execArgv,
          name: "world",
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
