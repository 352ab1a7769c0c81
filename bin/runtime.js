// Plain JavaScript for Node 20 and newer, with nothing installed: finds the runtime that Tocsin needs and starts Tocsin on it.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import module from "node:module";
import { constants as os } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import v8 from "node:v8";

/** The first major version of Node that runs Tocsin. */
export const NODE_NEEDED = 24;
/** Megabytes of young garbage that V8 lets gather: its own choice, 16, makes ten thousand checks a third larger and none faster. bin/tocsin says it too. */
const YOUNG_FLAG = "--max-semi-space-size=4";
/** Patterns that users write take linear time where V8 can do so. */
const V8_FLAGS = "--enable-experimental-regexp-engine-on-excessive-backtracks";

/** The folder of the package, symbolic links resolved. */
export const root = realpathSync(fileURLToPath(new URL("..", import.meta.url)));

export const newEnough = (version = process.versions.node) => Number.parseInt(version, 10) >= NODE_NEEDED;

/** Writes one line to standard error. */
export const say = (text) => process.stderr.write(`${text}\n`);

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function answersNewEnough(path) {
  const answer = spawnSync(path, ["-p", "process.versions.node"], { encoding: "utf8", timeout: 10_000 });
  return answer.status === 0 && newEnough(answer.stdout);
}

/** The path of a runtime that is new enough: the pinned one, else `node` on the PATH; null for none. */
export function findRuntime() {
  const pinned = `node-linux-${process.arch}`;
  const beside = [join(root, "node_modules", pinned, "bin/node"), join(root, "..", pinned, "bin/node")];
  const onPath = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "").map((folder) => join(folder, "node"));
  for (const candidate of [...beside, ...onPath]) if (isProgram(candidate) && answersNewEnough(candidate)) return candidate;
  return null;
}

/**
 * Runs a program in place of this process: same terminal, signals passed on, and its end is ours (exit code or signal).
 * A terminal sends Ctrl-C to the program by itself.
 */
export function become(program, args) {
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  let child = null;
  const pass = (signal) => {
    const typed = signal === "SIGINT" || signal === "SIGQUIT";
    if (!typed || !terminal) child?.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];
  // Before the child exists: no signal may end this process and leave the child behind.
  for (const signal of signals) process.on(signal, pass);
  child = spawn(program, args, { stdio: "inherit" });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      say(`tocsin: cannot start ${program}: ${error.message}`);
      process.exitCode = 126;
      resolve();
    });
    child.once("exit", (code, signal) => {
      for (const passed of signals) process.off(passed, pass);
      if (signal === null) process.exitCode = code ?? 1;
      else {
        process.exitCode = 128 + os.signals[signal];
        process.kill(process.pid, signal);
      }
      resolve();
    });
  });
}

/** The program itself: its source in a checkout, the built file in a release. */
function mainFile() {
  const source = join(root, "src/main.ts");
  return existsSync(source) ? source : join(root, "dist/main.js");
}

function isInstalled() {
  return !existsSync(join(root, "src/main.ts")) || existsSync(join(root, "node_modules/commander"));
}

/**
 * Keeps compiled code between starts. Threads learn of it from the environment: without it each of them would load the type stripper and
 * keep its 35 MB for life. What is new is written soon, because not every process ends in peace.
 */
function keepCompiled() {
  const directory = module.enableCompileCache?.(join(root, "node_modules/.cache/tocsin")).directory;
  if (directory === undefined) return;
  process.env["NODE_COMPILE_CACHE"] ??= directory;
  setTimeout(() => module.flushCompileCache?.(), 10_000).unref();
}

/** Starts `tocsin ARGS` in this process when it is new enough, else in one that takes its place. */
export async function launch(args) {
  if (!isInstalled()) {
    say(`tocsin: its packages are missing; run \`npm ci\` (or \`npm start\`) in ${root} first`);
    process.exitCode = 1;
    return;
  }
  if (!newEnough()) {
    const runtime = findRuntime();
    if (runtime !== null) {
      await become(runtime, [join(root, "bin/tocsin"), ...args]);
      return;
    }
    say(`tocsin: needs Node ${NODE_NEEDED} or newer, and this is ${process.versions.node}; run \`npm ci\` in ${root} to install it, or put a newer node on the PATH`);
    process.exitCode = 1;
    return;
  }
  // It can only be given at the start of a process, so this one starts anew in its place.
  if (args[0] === "run" && !process.execArgv.includes(YOUNG_FLAG)) process.execve?.(process.execPath, [process.execPath, YOUNG_FLAG, join(root, "bin/tocsin"), ...args], process.env);
  v8.setFlagsFromString(V8_FLAGS);
  keepCompiled();
  const main = mainFile();
  process.argv = [process.execPath, main, ...args];
  await import(pathToFileURL(main).href);
}
