import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import type { ProcessEnd } from "./ports.ts";
import { realProcesses } from "./processes.ts";

const folder = mkdtempSync("/tmp/tocsin-processes-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const processes = realProcesses();

function run(command: readonly [string, ...string[]], more: { input?: string; folder?: string; outputLimit?: number; signal?: AbortSignal; environment?: Record<string, string> } = {}): Promise<ProcessEnd> {
  return processes.run({ command, environment: more.environment ?? processes.environment, folder: more.folder ?? null, input: more.input ?? "", outputLimit: more.outputLimit ?? 4096, signal: more.signal ?? new AbortController().signal });
}

const sh = (script: string, more: Parameters<typeof run>[1] = {}): Promise<ProcessEnd> => run(["/bin/sh", "-c", script], more);
const ended = (more: Partial<ProcessEnd>): unknown => ({ kind: "ended", exit: 0, signal: null, killed: false, stdout: "", stderr: "", cut: false, ...more });

function failing(end: ProcessEnd): string {
  return end.kind === "failed" ? `${end.failure.code}: ${end.failure.sentence}` : `ended with ${end.exit}`;
}

/** Gone, or dead and not yet reaped by its new parent. */
function gone(pid: number): boolean {
  try {
    return /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

test("exit code and both streams come back", async () => {
  expect(await sh("echo out; echo err >&2; exit 2")).toEqual(ended({ exit: 2, stdout: "out\n", stderr: "err\n" }));
  expect(await sh("kill -SEGV $$")).toEqual(ended({ exit: null, signal: "SIGSEGV" }));
  expect(await run(["echo", "a b", "$HOME", "*"])).toEqual(ended({ stdout: "a b $HOME *\n" }));
});

test("input is given, and a program that does not read it is no failure", async () => {
  expect(await run(["cat"], { input: "some text" })).toEqual(ended({ stdout: "some text" }));
  expect(await run(["true"], { input: "x".repeat(1_000_000) })).toEqual(ended({}));
  expect(await run(["cat"])).toEqual(ended({}));
});

test("more output than the limit is read and dropped", async () => {
  expect(await sh("head -c 3000000 /dev/zero | tr '\\0' x; echo done >&2", { outputLimit: 10 })).toEqual(ended({ stdout: "xxxxxxxxxx", stderr: "done\n", cut: true }));
  expect(await sh("printf äöü", { outputLimit: 3 })).toEqual(ended({ stdout: "ä", cut: true }));
  expect(await sh("printf '\\377ok'")).toEqual(ended({ stdout: "\ufffdok" }));
});

test("the folder is where it runs, and the environment is the one that was given", async () => {
  expect(await sh("pwd", { folder })).toEqual(ended({ stdout: `${folder}\n` }));
  expect(await run(["/usr/bin/env"], { environment: { A: "1" } })).toEqual(ended({ stdout: "A=1\n" }));
});

test("scripts inherit the paths and the C locale, and no secrets", () => {
  vi.stubEnv("SMTP_PASSWORD", "hidden");
  vi.stubEnv("TZ", "Europe/Berlin");
  const { environment } = realProcesses();
  vi.unstubAllEnvs();
  expect(environment).toMatchObject({ LANG: "C", LC_ALL: "C", TZ: "Europe/Berlin" });
  expect(environment["PATH"]).toContain("/usr/bin");
  expect(environment).not.toHaveProperty("SMTP_PASSWORD");
});

test("what cannot be started is a failure that says why", async () => {
  const plain = join(folder, "plain");
  const orphan = join(folder, "orphan");
  writeFileSync(plain, "text");
  writeFileSync(orphan, "#!/no/such/interpreter\n");
  chmodSync(orphan, 0o755);
  expect(failing(await run(["no-such-program"]))).toBe("resources: there is no program no-such-program");
  expect(failing(await run(["/no/such/program"]))).toBe("resources: there is no program /no/such/program");
  expect(failing(await run([plain]))).toBe(`permission: ${plain} may not be executed by this user; check its permissions (chmod +x)`);
  expect(failing(await run([folder]))).toBe(`permission: ${folder} may not be executed by this user; check its permissions (chmod +x)`);
  expect(failing(await run([orphan]))).toBe(`resources: the interpreter that ${orphan} names in its first line does not exist`);
  expect(failing(await run(["true"], { folder: join(folder, "none") }))).toBe(`resources: the folder ${folder}/none does not exist`);
  expect(failing(await run(["echo", "a\0b"]))).toMatch(/^resources: echo could not be started: /);
  expect(failing(await run(["echo", "x".repeat(3_000_000)]))).toBe("resources: the arguments and the environment of echo are too long");
});

test("an abort kills the whole group, whatever it ignores", async () => {
  const abort = new AbortController();
  const marks = join(folder, "marks");
  const running = sh(`trap '' TERM INT HUP; (trap '' TERM; exec sleep 1000) & echo begun; echo $$ $! > ${marks}.new; mv ${marks}.new ${marks}; wait`, { signal: abort.signal });
  await vi.waitUntil(() => existsSync(marks), { timeout: 20_000, interval: 5 });
  abort.abort();
  expect(await running).toEqual(ended({ exit: null, signal: "SIGKILL", killed: true, stdout: "begun\n" }));
  const pids = readFileSync(marks, "utf8").split(" ").map(Number);
  expect(pids).toHaveLength(2);
  await vi.waitUntil(() => pids.every(gone), { timeout: 20_000, interval: 5 });
});

test("a grandchild that keeps the pipes open does not hold us, and is gone after the run", async () => {
  const end = await sh("sleep 1000 & echo $!");
  expect(end).toMatchObject({ exit: 0, killed: false });
  const pid = Number(end.kind === "ended" ? end.stdout : "");
  await vi.waitUntil(() => gone(pid), { timeout: 20_000, interval: 5 });
});

test("a grandchild that left the group does not hold us either, at the end and at the deadline", async () => {
  const escape = "setsid sleep 1000 & echo $!";
  const end = await sh(escape);
  expect(end).toMatchObject({ exit: 0 });
  const abort = new AbortController();
  const mark = join(folder, "escaped");
  const running = sh(`setsid sleep 1000 & echo $! > ${mark}.new; mv ${mark}.new ${mark}; wait`, { signal: abort.signal });
  await vi.waitUntil(() => existsSync(mark), { timeout: 20_000, interval: 5 });
  abort.abort();
  expect(await running).toMatchObject({ killed: true });
  for (const text of [end.kind === "ended" ? end.stdout : "", readFileSync(mark, "utf8")]) process.kill(Number(text), "SIGKILL");
});

test("an abort before the start starts nothing, and one after the end changes nothing", async () => {
  const abort = new AbortController();
  const end = await sh("exit 3", { signal: abort.signal });
  abort.abort();
  await turn();
  expect(end).toEqual(ended({ exit: 3 }));
  expect(await sh("exit 3", { signal: abort.signal })).toEqual(ended({ exit: null, killed: true }));
});

test("many runs leave nothing open", async () => {
  const open = (): number => process.getActiveResourcesInfo().filter((kind) => /Pipe|Process|Timeout/.test(kind)).length;
  await run(["true"]);
  const before = open();
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 5 }, () => sh("cat; echo x; exit 1", { input: "in" })));
  await vi.waitUntil(() => open() <= before, { timeout: 20_000, interval: 5 });
  expect(open()).toBeLessThanOrEqual(before);
});
