import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { realClock } from "../sys/clock.ts";
import { realProcesses } from "../sys/processes.ts";
import type { Outcome, ProbeContext } from "./probe.ts";
import { script } from "./script.ts";

const folder = mkdtempSync("/tmp/tocsin-script-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A real script with this body; its path. */
function file(body: string): string {
  const path = join(folder, `check_${++count}`);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

function context(signal = new AbortController().signal): ProbeContext {
  const absent = new Proxy({}, { get: () => expect.fail("a script needs no network") });
  return { signal, clock: realClock(), processes: realProcesses(), wants: new Set(["output"]), ...({ network: absent, pinger: absent, random: absent, patterns: absent, host: absent, log: absent } as Pick<ProbeContext, "network" | "pinger" | "random" | "patterns" | "host" | "log">) };
}

function run(options: object, signal?: AbortSignal): Promise<Outcome> {
  return script.run(script.options.parse(options), context(signal));
}

async function f(body: string, more: object, verdict: string, code: string, sentence: string | RegExp): Promise<void> {
  const outcome = await run({ command: [file(body)], ...more });
  expect([outcome.verdict, outcome.code], body).toEqual([verdict, code]);
  if (typeof sentence === "string") expect(outcome.sentence).toBe(sentence);
  else expect(outcome.sentence).toMatch(sentence);
}

test("a Nagios plugin says it by its exit code and first line", async () => {
  await f("echo 'DISK OK - free | /=10MB'; exit 0", {}, "up", "ok", "DISK OK - free");
  await f("echo 'DISK WARNING'; exit 1", {}, "degraded", "warned", "DISK WARNING");
  await f("echo 'DISK CRITICAL'; exit 2", {}, "down", "exit", "DISK CRITICAL");
  await f("echo 'DISK UNKNOWN'; exit 3", {}, "unknown", "exit", "DISK UNKNOWN");
  await f("echo hm; exit 42", {}, "unknown", "exit", "exit code 42 means nothing in the plugin API (0 to 3): hm");
  await f("echo 'usage: x' >&2; exit 2", {}, "down", "exit", "usage: x");
  await f("exit 2", {}, "down", "exit", "it printed nothing and ended with exit code 2");
});

test("OK/FAIL scripts are read by their first line alone", async () => {
  const more = { format: "ok-fail" };
  await f("echo OK", more, "up", "ok", "OK");
  await f("printf 'OK\\r\\nmore'; exit 9", more, "up", "ok", "OK");
  await f("echo FAIL", more, "down", "exit", "the first line is not OK: FAIL");
  await f("echo 'OK then'", more, "down", "exit", "the first line is not OK: OK then");
  await f("echo ok", more, "down", "exit", "the first line is not OK: ok");
  await f("true", more, "down", "exit", "the first line is not OK: it printed nothing and ended with exit code 0");
});

test("any program can be believed by its exit code", async () => {
  const more = { format: "exit" };
  await f("true", more, "up", "ok", "exit code 0");
  await f("echo fine", more, "up", "ok", "fine");
  await f("echo out; echo broken >&2; exit 1", more, "down", "exit", "exit code 1: broken");
  await f("exit 3", more, "down", "exit", "exit code 3: it printed nothing and ended with exit code 3");
  await f("echo all well", { ...more, contains: "well" }, "up", "ok", "all well");
  await f("echo all ill", { ...more, contains: "well" }, "down", "mismatch", "the output does not hold `well`: all ill");
});

test("what could not be run is unknown, with advice", async () => {
  const missing = await run({ command: ["/no/such/check"] });
  expect(missing).toMatchObject({ verdict: "unknown", code: "resources", sentence: "there is no program /no/such/check; check `command` and `folder`" });
  await f("no-such-tool", {}, "unknown", "resources", /^a program was not found \(exit code 127\): .*no-such-tool: not found; install it, or write its whole path$/);
  await f("no-such-tool", { format: "ok-fail" }, "unknown", "resources", /exit code 127/);
  await f("exit 126", { format: "exit" }, "unknown", "permission", /could not be executed \(exit code 126\); check its permissions$/);
  await f("echo mine; exit 127", { format: "exit" }, "down", "exit", "exit code 127: mine");
});

test("a signal is a failure of its own", async () => {
  await f("echo begun; kill -SEGV $$", {}, "down", "killed", /^check_\d+ died of SIGSEGV; it had printed: begun$/);
});

test("at the deadline it is killed with its whole group", async () => {
  const mark = join(folder, "begun");
  const abort = new AbortController();
  const running = run({ command: [file(`trap '' TERM; echo half; sleep 1000 & touch ${mark}; wait`)] }, abort.signal);
  await vi.waitUntil(() => existsSync(mark), { timeout: 20_000, interval: 5 });
  abort.abort();
  expect(await running).toMatchObject({ verdict: "down", code: "timeout", sentence: expect.stringMatching(/^check_\d+ did not end in time and was killed; it had printed: half$/) as string });
});

test("perfdata become facts, and the output is evidence", async () => {
  const path = file(`echo "LOAD OK|load1=1,5;5;10 'a b'=2ms free=U"; echo more; echo err >&2`);
  const outcome = await run({ command: [path, "-w", "5"] });
  expect(outcome.facts).toEqual({ exit: 0, perfdata: { load1: 1.5, "a b": 2 } });
  expect(outcome.material).toEqual({ output: "LOAD OK|load1=1,5;5;10 'a b'=2ms free=U\nmore\n" });
  expect(outcome.evidence).toEqual([
    { label: "command", text: `${path} -w 5` },
    { label: "end", text: "exit code 0" },
    { label: "output", text: "LOAD OK|load1=1,5;5;10 'a b'=2ms free=U\nmore\n" },
    { label: "errors", text: "err\n" },
  ]);
});

test("environment and folder are as configured", async () => {
  const outcome = await run({ command: [file('echo "$LC_ALL $EXTRA $KEY $(pwd)"')], env: { EXTRA: "mine" }, secrets: { KEY: "hunter22" }, folder });
  expect(outcome.sentence).toBe(`C mine hunter22 ${folder}`);
});

test("bytes that are no text do no harm", async () => {
  await f("printf 'OK \\033[31mred\\000\\377'", {}, "up", "ok", /^OK \\x1b\[31mred\\x00.$/u);
  const flood = await run({ command: ["/bin/sh", "-c", "yes | head -c 1000000"] });
  expect(flood.verdict).toBe("up");
  expect(flood.evidence.find(({ label }) => label === "end")?.text).toBe("exit code 0; more than 65536 bytes of output");
});

test("options are checked", () => {
  const wrong = (options: object): boolean => !script.options.safeParse(options).success;
  expect([wrong({}), wrong({ command: [] }), wrong({ command: "ls -l" }), wrong({ command: ["a"], shell: true }), wrong({ command: ["a"], env: { "A=B": "1" } }), wrong({ command: ["a"] })]).toEqual([true, true, true, true, true, false]);
  expect(script.target(script.options.parse({ command: ["/usr/bin/check", "--password", "x"] }))).toBe("/usr/bin/check");
});
