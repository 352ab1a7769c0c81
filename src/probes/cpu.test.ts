import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import { cpu } from "./cpu.ts";

const ask = (options: object) => cpu.run(cpu.options.parse(options), probeContext());

async function line(idleMs: number, totalMs: number, failing = false): Promise<string> {
  const ctx = probeContext({ failing });
  const times = [{ count: 2, idleMs: 500, totalMs: 1000 }, { count: 2, idleMs: 500 + idleMs, totalMs: 1000 + totalMs }];
  const processors = () => times.shift() ?? { count: 2, idleMs: 0, totalMs: 0 };
  const { verdict, code, sentence } = await cpu.run(cpu.options.parse({ over: "100ms" }), { ...ctx, host: { ...ctx.host, processors } });
  return `${verdict} ${code} ${sentence}`;
}

test("this machine's processors, while one of them is kept busy", async () => {
  const busy = spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" });
  const ended = new Promise((resolve) => busy.once("exit", resolve));
  try {
    expect(await ask({ level: 100, over: "300ms" })).toMatchObject({ verdict: "up", facts: { processors: expect.any(Number), load1: expect.any(Number) } });
    expect(await ask({ level: 0, hysteresis: 0, over: "300ms" })).toMatchObject({ verdict: "down", code: "mismatch" });
  } finally {
    busy.kill("SIGKILL");
    await ended;
  }
});

test("the level has a hysteresis", async () => {
  expect(await line(20, 100)).toBe("up ok the processors' time in use is 80 %");
  expect(await line(19, 100)).toBe("down mismatch the processors' time in use is 81 %, more than 80 %");
  expect(await line(24, 100, true)).toBe("down mismatch the processors' time in use is 76 %, not yet below 75 % again");
  expect(await line(26, 100, true)).toBe("up ok the processors' time in use is 74 %");
  expect(await line(-5, 100)).toBe("down mismatch the processors' time in use is 100 %, more than 80 %");
});

test("what could not be measured is unknown", async () => {
  expect(await line(0, 0)).toBe("unknown resources the system does not count its processors' time");
  const stopped = async (signal: AbortSignal) => (await cpu.run(cpu.options.parse({ over: "1h" }), probeContext({ signal }))).code;
  expect([await stopped(AbortSignal.abort()), await stopped(AbortSignal.timeout(30))]).toEqual(["stopped", "stopped"]);
  expect(cpu.options.safeParse({ over: "10ms" }).success).toBe(false);
});
