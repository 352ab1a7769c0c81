import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request, type RequestOptions } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { vi } from "vitest";
import type { CheckSummary, IncidentView, MessageView, Overview, StatusReport } from "../../src/api/types.ts";
import { atEnd, temporaryFolder } from "../servers/ground.ts";

/** The program as its user has it: real processes of `bin/tocsin`, started with arguments, asked over its socket and its page, ended by signals. */

export const PROGRAM = join(import.meta.dirname, "../../bin/tocsin");
const PATIENCE_MS = 60_000;
const POLL_MS = 20;

// Several wait at the same time, each for real processes.
vi.setConfig({ testTimeout: 150_000 });

const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
atEnd(async () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Asks again and again until there is an answer other than null and false; fails with `what` and what `told` gives. */
export async function until<T>(what: string, ask: () => Promise<T> | T, told: () => string = () => "", patienceMs = PATIENCE_MS): Promise<Exclude<T, null | undefined | false>> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer as Exclude<T, null | undefined | false>;
    if (performance.now() > end) throw new Error(`did not happen within ${patienceMs / 1000} s: ${what}\n${told()}`);
    await pause(POLL_MS);
  }
}

export interface Ended {
  /** Exit code, or the signal's name. */
  readonly exit: number | string;
  readonly out: string;
  readonly err: string;
}

type Environment = { readonly [name: string]: string };
const environmentWith = (more: Environment): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], LANG: "C", TZ: "UTC", ...more });

/** A process with all that it said. */
export class Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";
  exit: number | string | null = null;

  constructor(args: readonly string[], folder: string, environment: Environment = {}, { program = PROGRAM, input = null }: { readonly program?: string; readonly input?: string | null } = {}) {
    this.child = spawn(program, args, { cwd: folder, env: environmentWith(environment), stdio: [input === null ? "ignore" : "pipe", "pipe", "pipe"] });
    this.child.stdin?.end(input);
    children.add(this.child);
    this.child.stdout?.setEncoding("utf8").on("data", (part: string) => void (this.out += part));
    this.child.stderr?.setEncoding("utf8").on("data", (part: string) => void (this.err += part));
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code, signal) => {
        children.delete(this.child);
        this.exit = code ?? signal ?? "?";
        resolve({ exit: this.exit, out: this.out, err: this.err });
      });
    });
  }

  get said(): string {
    return `${this.out}${this.err.slice(-4000)}${this.exit === null ? "" : `\nended: ${this.exit}`}`;
  }
}

/** One command to its end. */
export const tocsin = (args: readonly string[], folder: string, environment: Environment = {}): Promise<Ended> => new Run(args, folder, environment).ended;

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly body: string;
}

/** One HTTP request of any kind. */
export function ask(options: RequestOptions, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent: false, ...options }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => void (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
      answer.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** A configuration as an object; JSON is YAML. */
export type Document = { readonly [key: string]: unknown };

/** A folder with a configuration and a data folder, and the Tocsin that runs on them. */
export class Place {
  readonly folder: string = temporaryFolder();
  /** The configuration that the program is given; another system's, where a test names it. */
  config: string = join(this.folder, "tocsin.yaml");
  readonly data: string;
  /** What starts the program, with its arguments: for a network of its own. */
  by: readonly string[] = [];
  #run: Run | null = null;

  constructor(document: Document | string, data?: string) {
    this.data = data ?? join(this.folder, "data");
    this.write(document);
  }

  write(document: Document | string, name = "tocsin.yaml"): void {
    const path = join(this.folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, typeof document === "string" ? document : `${JSON.stringify(document, null, 2)}\n`);
  }

  get run(): Run {
    if (this.#run === null) throw new Error("not started");
    return this.#run;
  }

  /** Starts without waiting for anything. */
  launch(environment: Environment = {}, listen = "127.0.0.1:0"): Run {
    const own = ["run", this.config, "--data", this.data, "--listen", listen];
    const [program, ...args] = this.by;
    this.#run = program === undefined ? new Run(own, this.folder, environment) : new Run([...args, PROGRAM, ...own], this.folder, environment, { program });
    return this.#run;
  }

  /** Starts and waits until it answers. */
  async start(environment: Environment = {}, listen = "127.0.0.1:0"): Promise<Run> {
    const run = this.launch(environment, listen);
    await until("the program answers", async () => {
      if (run.exit !== null) throw new Error(`it ended: ${run.said}`);
      return (await this.get("/healthz").catch(() => null))?.status === 200 && run.out.includes("Tocsin watches");
    }, () => run.said);
    return run;
  }

  /** Ends it by SIGTERM; the time that took in ms with its end. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended & { readonly tookMs: number }> {
    const { child, ended } = this.run;
    const begin = performance.now();
    child.kill(signal);
    const end = await ended;
    return { ...end, tookMs: performance.now() - begin };
  }

  /** Kills it as a power cut would. */
  async kill(): Promise<void> {
    this.run.child.kill("SIGKILL");
    await this.run.ended;
  }

  /** Asks over the socket in the data folder. */
  get(path: string): Promise<Answer> {
    return ask({ socketPath: join(this.data, "socket"), path, headers: { host: "localhost" } });
  }

  async json<T>(path: string): Promise<T> {
    const answer = await this.get(path).catch((error: unknown) => {
      throw new Error(`${path}: ${String(error)}\n${this.#run?.said ?? ""}`, { cause: error });
    });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as T;
  }

  post(path: string, body: object = {}): Promise<Answer> {
    return ask({ method: "POST", socketPath: join(this.data, "socket"), path, headers: { host: "localhost", "content-type": "application/json" } }, JSON.stringify(body));
  }

  overview(): Promise<Overview> {
    return this.json("/api/v1/overview");
  }

  status(): Promise<StatusReport> {
    return this.json("/api/v1/status");
  }

  async check(name: string): Promise<CheckSummary> {
    const found = (await this.overview()).checks.find((check) => check.name === name);
    if (found === undefined) throw new Error(`no check ${name}`);
    return found;
  }

  incidents(check: string): Promise<readonly IncidentView[]> {
    return this.json(`/api/v1/incidents?check=${encodeURIComponent(check)}`);
  }

  messages(): Promise<readonly MessageView[]> {
    return this.json("/api/v1/outbox");
  }

  /** Waits for something; a failure shows what the program said. */
  until<T>(what: string, ask: () => Promise<T> | T, patienceMs = PATIENCE_MS): Promise<Exclude<T, null | undefined | false>> {
    return until(what, ask, () => this.#run?.said ?? "", patienceMs);
  }

  /** Waits until a check is in a state. */
  becomes(name: string, state: CheckSummary["state"]): Promise<CheckSummary> {
    return this.until(`${name} is ${state}`, async () => {
      const check = (await this.overview()).checks.find((one) => one.name === name);
      return check?.state === state ? check : null;
    });
  }

  /** Waits until a check was run again after now, begun and ended. */
  async runsAgain(name: string): Promise<CheckSummary> {
    const before = (await this.check(name)).lastRunAt ?? 0;
    return this.until(`${name} runs again`, async () => {
      const check = await this.check(name);
      return (check.lastRunAt ?? 0) > before ? check : null;
    });
  }

  /** The page's address, from what it printed. */
  get page(): URL {
    const [, address] = /The page: (\S+)/.exec(this.run.out) ?? [];
    if (address === undefined) throw new Error(`no address in: ${this.run.out}`);
    return new URL(address);
  }

  get password(): string {
    return readFileSync(join(this.data, "password"), "utf8").trim();
  }
}
