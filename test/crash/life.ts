import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PAGE } from "./world.ts";

const program = join(import.meta.dirname, "../../bin/tocsin");
const POLL_MS = 50;
/** Ten times and more what a start takes on a small machine that does other things too. */
const READY_POLLS = 1200;
const ANSWER_MS = 5000;

/** One process of Tocsin, from its start to its end. */
export class Life {
  readonly spawnedAt = Date.now();
  readonly #child: ChildProcess;
  readonly #data: string;
  readonly #log: string;
  readonly ended: Promise<void>;
  endedAt: number | null = null;
  readyAt: number | null = null;
  /** Exit code or signal; null while it lives. */
  end: string | null = null;

  constructor(folder: string, number: number) {
    this.#data = join(folder, "data");
    this.#log = join(folder, `log-${number}`);
    const log = openSync(this.#log, "w");
    this.#child = spawn(program, ["run", join(folder, "tocsin.yaml"), "--data", this.#data, "--listen", `${PAGE.host}:${PAGE.port}`], { cwd: folder, stdio: ["ignore", log, log] });
    closeSync(log);
    // Whatever becomes of the test, it leaves no process behind.
    const kill = (): void => void this.#child.kill("SIGKILL");
    process.once("exit", kill);
    this.ended = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        process.off("exit", kill);
        this.endedAt = Date.now();
        this.end = signal ?? `exit code ${code}`;
        resolve();
      });
    });
  }

  /** Polls until it is ready; a sentence when it ended before, or is not ready after so many polls. */
  async ready(): Promise<string | null> {
    for (let polls = 0; polls < READY_POLLS; polls += 1) {
      if (this.end !== null) return `ended by itself (${this.end}) before it was ready:\n${this.log.slice(-2000)}`;
      const answer = await this.ask("/readyz");
      if (answer !== null && answer.status === 200) {
        this.readyAt = Date.now();
        return null;
      }
      await pause(POLL_MS);
    }
    return `not ready after ${READY_POLLS} polls:\n${this.log.slice(-2000)}`;
  }

  /** Asks over the socket in the data folder; null when nobody answers. */
  ask(path: string): Promise<{ readonly status: number; readonly body: string } | null> {
    return new Promise((resolve) => {
      const asked = request({ socketPath: join(this.#data, "socket"), path, headers: { host: "localhost" }, agent: false, timeout: ANSWER_MS }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }));
        answer.on("error", () => resolve(null));
      });
      asked.on("timeout", () => asked.destroy());
      asked.on("error", () => resolve(null));
      asked.end();
    });
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** Asks it to end; how it ended. */
  async stop(): Promise<string> {
    this.#child.kill("SIGTERM");
    await this.ended;
    return this.end ?? "";
  }

  get log(): string {
    return readFileSync(this.#log, "utf8");
  }
}
