import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import type { DiskUse } from "../sys/ports.ts";
import { disk } from "./disk.ts";

const ask = (options: object, failing = false) => disk.run(disk.options.parse(options), probeContext({ failing }));

/** A file system of 100 bytes, 5 of them for root alone. */
async function line(used: number, options: object = {}, failing = false, files: Pick<DiskUse, "files" | "filesFree"> = { files: 0, filesFree: 0 }): Promise<string> {
  const ctx = probeContext({ failing });
  const use = { totalBytes: 100, freeBytes: 100 - used, availableBytes: Math.max(0, 95 - used), ...files };
  const { verdict, code, sentence, facts } = await disk.run(disk.options.parse(options), { ...ctx, host: { ...ctx.host, disk: () => Promise.resolve({ kind: "told", use }) } });
  return `${verdict} ${code} ${sentence}${"filesPercent" in facts ? `, files ${JSON.stringify(facts["filesPercent"])}` : ""}`;
}

test("this machine's file system is as full as df says", async () => {
  const outcome = await ask({ level: "100%" });
  const [, shown = ""] = execFileSync("df", ["--output=pcent", "/"], { encoding: "utf8" }).split("\n");
  expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: expect.stringMatching(/^the space in use on \/ is [\d.]+ %$/) });
  // df rounds up; others write meanwhile
  expect(Math.abs(Number(outcome.facts["percent"]) - Number.parseInt(shown, 10))).toBeLessThanOrEqual(2);
  expect(await ask({ level: 0, hysteresis: 0 })).toMatchObject({ verdict: "down", code: "mismatch" });
});

test("the share is of what others than root may use, with hysteresis", async () => {
  expect(await line(19)).toBe("up ok the space in use on / is 20 %");
  expect(await line(85.5)).toBe("up ok the space in use on / is 90 %");
  expect(await line(90)).toBe("down mismatch the space in use on / is 94.7 %, more than 90 %");
  expect(await line(85, {}, true)).toBe("down mismatch the space in use on / is 89.5 %, not yet below 88 % again");
  expect(await line(80, {}, true)).toBe("up ok the space in use on / is 84.2 %");
  expect(await line(98, { level: 99 })).toBe("down mismatch the space in use on / is 100 %, more than 99 %");
  expect(await line(19, {}, false, { files: 200, filesFree: 50 })).toBe("up ok the space in use on / is 20 %, files 75");
});

test("what is not there is down, and nothing to divide by is nothing in use", async () => {
  expect(await ask({ path: "/nowhere/at/all" })).toMatchObject({ verdict: "down", code: "unreachable", sentence: "/nowhere/at/all is not there" });
  expect(await ask({ path: "/proc" })).toMatchObject({ verdict: "up", facts: { percent: 0 } });
  expect(await disk.run(disk.options.parse({}), probeContext({ signal: AbortSignal.abort() }))).toMatchObject({ verdict: "down", code: "timeout" });
});

test("options", () => {
  const wrong = (options: object): boolean => !disk.options.safeParse(options).success;
  expect([wrong({ path: "var" }), wrong({ level: 101 }), wrong({ level: "x%" }), wrong({ level: -1 }), wrong({ level: "85.5 %" })]).toEqual([true, true, true, true, false]);
  expect(disk.check?.(disk.options.parse({ level: 2 }))?.path).toEqual(["hysteresis"]);
});
