import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import { memory } from "./memory.ts";

const ask = (options: object) => memory.run(memory.options.parse(options), probeContext());

async function line(availableBytes: number, failing = false, totalBytes = 1000): Promise<string> {
  const ctx = probeContext({ failing });
  const { verdict, code, sentence } = await memory.run(memory.options.parse({}), { ...ctx, host: { ...ctx.host, memory: () => ({ totalBytes, availableBytes, swapTotalBytes: 0, swapFreeBytes: 0 }) } });
  return `${verdict} ${code} ${sentence}`;
}

test("this machine's memory is as free says", async () => {
  const outcome = await ask({ level: 100 });
  const [, , shown = ""] = /^Mem: +(\d+)(?: +\d+){4} +(\d+)/m.exec(execFileSync("free", ["-b"], { encoding: "utf8", env: { LANG: "C" } })) ?? [];
  expect(outcome).toMatchObject({ verdict: "up", code: "ok" });
  // others take and give meanwhile
  expect(Math.abs(Number(outcome.facts["available"]) - Number(shown))).toBeLessThan(0.1 * Number(outcome.facts["total"]));
  expect(await ask({ level: 0, hysteresis: 0 })).toMatchObject({ verdict: "down", code: "mismatch" });
});

test("the level has a hysteresis", async () => {
  expect(await line(150)).toBe("up ok the memory in use is 85 %");
  expect(await line(149)).toBe("down mismatch the memory in use is 85.1 %, more than 85 %");
  expect(await line(160, true)).toBe("down mismatch the memory in use is 84 %, not yet below 80 % again");
  expect(await line(201, true)).toBe("up ok the memory in use is 79.9 %");
});

test("a system that does not tell is nobody's fault", async () => expect(await line(0, false, 0)).toBe("unknown resources the system does not tell how much memory there is"));
