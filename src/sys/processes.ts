import { type ChildProcess, spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Failure, ProcessEnd, ProcessRequest, Processes } from "./ports.ts";

/** What scripts inherit; everything else of the environment stays here, because it may hold secrets. */
const INHERITED = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TZ", "TMPDIR"];
const PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** How long the pipes may stay open after the program ended, and the program after it was killed. */
const LINGER_MS = 250;

/** Runs programs, each in a process group of its own that is gone when the answer comes. */
export function realProcesses(): Processes {
  const own = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  return { environment: { PATH: PATH_DEFAULT, ...Object.fromEntries(own), LANG: "C", LC_ALL: "C" }, run };
}

async function run(request: ProcessRequest): Promise<ProcessEnd> {
  if (request.signal.aborted) return { kind: "ended", exit: null, signal: null, killed: true, stdout: "", stderr: "", cut: false };
  const [program, ...args] = request.command;
  try {
    const child = spawn(program, args, {
      cwd: request.folder ?? undefined,
      env: request.environment,
      detached: true,
      stdio: [request.input === "" ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const end = await watch(child, request);
    return end instanceof Error ? { kind: "failed", failure: await explain(end, request) } : end;
  } catch (error) {
    // spawn throws for what cannot be passed to a program, such as an argument with a NUL
    return { kind: "failed", failure: await explain(error instanceof Error ? error : new Error(String(error)), request) };
  }
}

interface Kept {
  readonly parts: Buffer[];
  bytes: number;
  cut: boolean;
}

function keep(stream: Readable | null, limit: number): Kept {
  const kept: Kept = { parts: [], bytes: 0, cut: false };
  stream?.on("data", (chunk: Buffer) => {
    const part = chunk.subarray(0, limit - kept.bytes);
    if (part.length < chunk.length) kept.cut = true;
    if (part.length > 0) kept.parts.push(part);
    kept.bytes += part.length;
  });
  stream?.on("error", () => {});
  return kept;
}

/** `stream` drops the half of a sign that a cut leaves at the end. */
const textOf = (kept: Kept): string => new TextDecoder().decode(Buffer.concat(kept.parts), { stream: kept.cut });

/** Resolves when the program and its pipes are done; an error is one of starting it. */
function watch(child: ChildProcess, request: ProcessRequest): Promise<ProcessEnd | Error> {
  const { promise, resolve } = Promise.withResolvers<ProcessEnd | Error>();
  const stdout = keep(child.stdout, request.outputLimit);
  const stderr = keep(child.stderr, request.outputLimit);
  let killed = false;
  let linger: NodeJS.Timeout | undefined;
  const settle = (end: ProcessEnd | Error): void => {
    clearTimeout(linger);
    request.signal.removeEventListener("abort", abort);
    killGroup(child);
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    child.unref();
    resolve(end);
  };
  const finish = (): void =>
    settle({ kind: "ended", exit: child.exitCode, signal: child.signalCode, killed, stdout: textOf(stdout), stderr: textOf(stderr), cut: stdout.cut || stderr.cut });
  const abort = (): void => {
    // an end that came first is the end
    if (child.exitCode !== null || child.signalCode !== null) return finish();
    killed = true;
    killGroup(child);
    clearTimeout(linger);
    linger = setTimeout(finish, LINGER_MS);
  };
  request.signal.addEventListener("abort", abort);
  child.on("error", settle);
  child.on("close", finish);
  child.on("exit", () => {
    // a grandchild may hold the pipes for ever; what the program itself wrote is there already
    clearTimeout(linger);
    linger = setTimeout(finish, killed ? 0 : LINGER_MS);
  });
  // a program that does not read its input is no failure
  child.stdin?.on("error", () => {});
  child.stdin?.end(request.input);
  return promise;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // nobody of the group is left
  }
}

async function kindOf(path: string): Promise<"folder" | "file" | "none"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return "none";
  }
}

async function explain(error: Error, request: ProcessRequest): Promise<Failure> {
  const code = "code" in error ? error.code : "";
  const program = request.command[0];
  const folder = request.folder;
  if (folder !== null && (await kindOf(folder)) !== "folder") return { code: "resources", sentence: `the folder ${folder} does not exist` };
  if (code === "ENOENT") {
    if (program.includes("/") && (await kindOf(program)) === "file") return { code: "resources", sentence: `the interpreter that ${program} names in its first line does not exist` };
    return { code: "resources", sentence: `there is no program ${program}` };
  }
  if (code === "EACCES" || code === "EPERM") return { code: "permission", sentence: `${program} may not be executed by this user; check its permissions (chmod +x)` };
  if (code === "E2BIG") return { code: "resources", sentence: `the arguments and the environment of ${program} are too long` };
  if (code === "EAGAIN" || code === "ENOMEM" || code === "EMFILE" || code === "ENFILE") return { code: "resources", sentence: `this machine could not start ${program} (${code})` };
  return { code: "resources", sentence: `${program} could not be started: ${error.message}` };
}
