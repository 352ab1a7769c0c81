import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { script } from "../../src/alert/channels/script.ts";
import { temporaryFolder } from "../servers/ground.ts";
import { channelContext, KEY, message } from "./message.ts";

let folder = "";
beforeAll(() => void (folder = temporaryFolder()));
let count = 0;

/** Runs a script of these lines; `$OUT` is a file for it to write to. */
async function run(lines: string, options: object = {}, deadlineMs = 30_000): Promise<{ readonly sending: Sending; readonly path: string; readonly out: () => string }> {
  const path = join(folder, `script${count++}`);
  const out = `${path}.out`;
  writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  writeFileSync(out, "");
  const chosen = script.options.parse({ command: [path, "an argument"], env: { OUT: out }, ...options });
  return { sending: await script.send(chosen, message({}, "ops"), channelContext({ deadlineMs })), path, out: () => readFileSync(out, "utf8") };
}

describe("a program", () => {
  test("reads the document", async () => {
    const { sending, out } = await run('cat >"$OUT"; echo "taken as $1"; echo more');
    expect(sending).toEqual({ kind: "sent", detail: "taken as an argument" });
    expect(JSON.parse(out())).toMatchObject({ key: KEY, subject: "▲ DOWN shöp <1> — HTTP 503, since 04:00 (0 s)", alerts: [{ id: "a1", check: "shöp <1>", type: "http", status: "down" }] });
  });
  test("reads the text, or nothing", async () => {
    expect((await run('cat >"$OUT"', { input: "text" })).out()).toBe(message({}, "ops").text);
    expect((await run('cat >"$OUT"', { input: "none" })).out()).toBe("");
  });
  test("finds the message in its environment, and nothing of Tocsin's own", async () => {
    vi.stubEnv("TOCSIN_SECRET", "hush");
    const { out } = await run('env | sort >"$OUT"', { env: { OUT: join(folder, `script${count}.out`), TOKEN: "t" } });
    vi.unstubAllEnvs();
    const given = Object.fromEntries(out().split("\n").flatMap((line) => (/^(TOCSIN_[A-Z]+|TOKEN)=/.test(line) ? [line.split(/=(.*)/s).slice(0, 2)] : [])));
    expect(given).toEqual({
      TOCSIN_KEY: KEY,
      TOCSIN_RECIPIENT: "ops",
      TOCSIN_SUBJECT: "▲ DOWN shöp <1> — HTTP 503, since 04:00 (0 s)",
      TOCSIN_CHECK: "shöp <1>",
      TOCSIN_TYPE: "http",
      TOCSIN_KIND: "down",
      TOCSIN_STATUS: "down",
      TOCSIN_SENTENCE: "HTTP 503",
      TOCSIN_SINCE: "2026-11-20T03:00:00.000Z",
      TOCSIN_LINK: "https://tocsin.example.com/checks/sh%C3%B6p%20%3C1%3E",
      TOCSIN_ALERTS: "1",
      TOCSIN_SITE: 'Exämple, "Inc"',
      TOCSIN_VANTAGE: "home",
      TOKEN: "t",
    });
  });
  test("is not led by what a check is called: no shell reads it", async () => {
    const path = join(folder, "evil");
    const chosen = script.options.parse({ command: ["/bin/sh", "-c", 'printf "%s" "$TOCSIN_CHECK"'] });
    const sending = await script.send(chosen, message({ check: `a; touch ${path}; $(touch ${path})\0` as never }), channelContext());
    expect(sending).toEqual({ kind: "sent", detail: `a; touch ${path}; $(touch ${path})` });
    expect(() => readFileSync(path)).toThrow(/ENOENT/);
  });
  test("need not read its input", async () => expect((await run("exit 0")).sending).toMatchObject({ kind: "sent" }));
});

describe("what its end means", () => {
  const f = async (lines: string): Promise<Sending> => {
    const { sending, path } = await run(lines);
    return sending.kind === "sent" ? sending : { ...sending, reason: sending.reason.replace(path, "it") };
  };
  test("0 without a word", async () => expect(await f("exit 0")).toMatchObject({ kind: "sent", detail: expect.stringMatching(/ended with 0$/) as string }));
  test("1: later", async () => expect(await f("echo no route >&2; exit 1")).toEqual({ kind: "retry", doubt: false, reason: "it ended with exit code 1: no route" }));
  test("75, a bad moment: later", async () => expect(await f("echo busy; exit 75")).toEqual({ kind: "retry", doubt: false, reason: "it ended with exit code 75: busy" }));
  test.each([64, 65, 67, 68, 77])("%i, a bad message: refused", async (exit) => expect(await f(`echo never >&2; exit ${exit}`)).toEqual({ kind: "refused", reason: `it ended with exit code ${exit}: never` }));
  test("127, a program that is missing: later", async () => expect(await f("no-such-program-at-all")).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/^it was not found, or a program that it needs \(exit code 127\): .*no-such-program-at-all/) as string }));
  test("died: in doubt", async () => expect(await f("kill -9 $$")).toEqual({ kind: "retry", doubt: true, reason: "it died of SIGKILL" }));
  test("much output: one line of it", async () => expect(await f('yes "line of output" | head -100000; exit 1')).toEqual({ kind: "retry", doubt: false, reason: "it ended with exit code 1: line of output" }));
  test("no such program: later", async () => expect(await script.send(script.options.parse({ command: ["/nowhere/tell"] }), message(), channelContext())).toEqual({ kind: "retry", doubt: false, reason: "there is no program /nowhere/tell" }));
});

test("past the deadline it is killed with all that it started", async () => {
  const { sending, path, out } = await run('sleep 600 & echo $! >"$OUT"; wait', {}, 500);
  expect(sending).toEqual({ kind: "retry", doubt: true, reason: `${path} did not end before the deadline and was killed` });
  const child = Number(out());
  expect(child).toBeGreaterThan(0);
  await expect.poll(() => isRunning(child), { timeout: 10_000 }).toBe(false);
});

/** A process that has ended may still stand in the list until somebody asks for its end. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(sleep\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("options", () => {
  const f = (options: object): boolean => script.options.safeParse(options).success;
  test("a command is enough, and runs once", () => expect(script.recipients(script.options.parse({ command: ["/bin/true"] }))).toEqual([""]));
  test("once for each recipient", () => expect(script.recipients(script.options.parse({ command: ["/bin/true"], to: ["a", "b"] }))).toEqual(["a", "b"]));
  test("no command, a line for a shell", () => expect([f({}), f({ command: [] }), f({ command: "tell me" })]).toEqual([false, false, false]));
  test("variables that cannot be", () => expect([f({ command: ["a"], env: { "A=B": "c" } }), f({ command: ["a"], env: { A: "\0" } })]).toEqual([false, false]));
});
