import { beforeAll, expect, it } from "vitest";
import type { Outcome } from "../../src/probes/probe.ts";
import { script } from "../../src/probes/script.ts";
import { realProcesses } from "../../src/sys/processes.ts";
import { realPorts } from "../../src/sys/real.ts";
import { describeWith, freePort } from "./ground.ts";

const FOLDER = "/usr/lib/nagios/plugins";
const ports = realPorts({ level: "error", mask: (text) => text, resolvers: () => [], processes: realProcesses() });

function run(plugin: string, ...args: readonly string[]): Promise<Outcome> {
  return script.run(script.options.parse({ command: [`${FOLDER}/${plugin}`, ...args] }), { ...ports, signal: AbortSignal.timeout(60_000), wants: new Set() });
}

describeWith(["monitoring-plugins-basic"], "script with Debian's Nagios plugins", () => {
  let closed = 0;
  beforeAll(async () => {
    closed = await freePort();
  });

  it("takes every state", async () => {
    expect(await run("check_dummy", "0", "fine")).toMatchObject({ verdict: "up", code: "ok", sentence: "OK: fine" });
    expect(await run("check_dummy", "1", "so so")).toMatchObject({ verdict: "degraded", code: "warned", sentence: "WARNING: so so" });
    expect(await run("check_dummy", "2", "bad")).toMatchObject({ verdict: "down", code: "exit", sentence: "CRITICAL: bad" });
    expect(await run("check_dummy", "3", "hm")).toMatchObject({ verdict: "unknown", code: "exit", sentence: "UNKNOWN: hm" });
  });

  it("reads perfdata", async () => {
    const load = await run("check_load", "-w", "1000,1000,1000", "-c", "2000,2000,2000");
    expect(load, JSON.stringify(load)).toMatchObject({ verdict: "up", sentence: expect.stringMatching(/load average/i) as string });
    expect(Object.keys(load.facts["perfdata"] ?? {})).toEqual(["load1", "load5", "load15"]);
  });

  it("shows what a plugin says of a closed port, and of wrong use", async () => {
    expect(await run("check_tcp", "-H", "127.0.0.1", "-p", String(closed))).toMatchObject({ verdict: "down", code: "exit", sentence: expect.stringMatching(/refused/i) as string });
    expect(await run("check_tcp", "--nonsense")).toMatchObject({ verdict: "unknown", code: "exit" });
  });
});
