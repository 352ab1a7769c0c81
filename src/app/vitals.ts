import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { Terminal, VitalsRequest } from "../cli/doors.ts";
import { formatProblem } from "../config/problems.ts";
import { CONNMONITOR_TEXT_MAX, type Connmonitor, parseConnmonitor } from "../import/connmonitor.ts";
import { errnoOf } from "../sys/failures.ts";
import { leave, onLife } from "../sys/life.ts";
import type { Ports } from "../sys/ports.ts";
import { realProcesses } from "../sys/processes.ts";
import { realPorts } from "../sys/real.ts";
import { openScreen, type Screen } from "../sys/screen.ts";
import { ENTER, LEAVE } from "../vitals/frame.ts";
import { Gauge, type World, cannotPing } from "../vitals/gauge.ts";
import { monitor, needsPinger } from "../vitals/monitor.ts";
import { measureOnce } from "../vitals/once.ts";
import { type Voice, voiceOf } from "../vitals/voice.ts";
import { watch } from "../vitals/watch.ts";

const EXIT_TROUBLE = 1;
/** What is under way at the end gets so long to finish, ms. */
const FINISH_MS = 30_000;
/** What still keeps the process alive when all is done gets so long, ms. */
const LEAVE_MS = 200;

/** `tocsin vitals`, connvitals and connmonitor: to the end, or until a signal; the exit code. */
export async function runVitals(request: VitalsRequest, terminal: Terminal, environment: Environment): Promise<number> {
  const ports = realPorts({ level: "error", mask: (text) => text, resolvers: () => [], processes: realProcesses() });
  const exit = await new Vitals(ports, terminal, environment).run(request);
  leave(exit, LEAVE_MS);
  return exit;
}

type Environment = { readonly [name: string]: string | undefined };

class Vitals {
  readonly #ports: Ports;
  readonly #terminal: Terminal;
  readonly #environment: Environment;
  readonly #voice: Voice;
  /** A signal, or a reader who left, ended it. */
  #ending = false;
  /** The input is to be read anew. */
  #again = false;
  /** Ends what goes on now: nothing new is begun. */
  #stop = new AbortController();
  /** No more patience with what is under way. */
  #hurry = new AbortController();
  #screen: Screen | null = null;

  constructor(ports: Ports, terminal: Terminal, environment: Environment) {
    this.#ports = ports;
    this.#environment = environment;
    this.#terminal = terminal;
    this.#voice = voiceOf({ out: (text) => terminal.out(text), err: (text) => terminal.err(text), colours: terminal.errorColours, now: () => ports.clock.now() });
  }

  async run(request: VitalsRequest): Promise<number> {
    const end = (): void => {
      this.#end();
      // Somebody waits for it to end.
      if (request.kind !== "monitor") this.#hurry.abort();
    };
    const reload = (): void => (request.kind === "monitor" ? this.#reload(request.file) : end());
    const letGo = onLife({ end, reload, bug: (error) => this.#bug(error) });
    this.#terminal.gone.addEventListener("abort", end);
    try {
      if (request.kind === "monitor") return await this.#monitor(request.file);
      return await (request.kind === "once" ? this.#once(request) : this.#watch(request));
    } finally {
      letGo();
    }
  }

  async #once({ hosts, options, json }: Extract<VitalsRequest, { kind: "once" }>): Promise<number> {
    if ((options.pings > 0 || options.hops > 0) && !(await this.#canPing())) return EXIT_TROUBLE;
    const whole = await measureOnce(hosts, { ...options, json }, new Gauge(this.#world(), this.#voice), this.#voice);
    return whole ? 0 : EXIT_TROUBLE;
  }

  async #watch({ hosts, options, rounds }: Extract<VitalsRequest, { kind: "watch" }>): Promise<number> {
    if (!(await this.#canPing())) return EXIT_TROUBLE;
    const { LC_ALL, LC_CTYPE, LANG } = this.#environment;
    const unicode = /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
    const screen = openScreen({ enter: ENTER, leave: LEAVE, environment: this.#environment });
    this.#screen = screen;
    const world = { ...this.#world(), random: this.#ports.random };
    await watch(hosts, { ...options, rounds }, { world, screen, print: (text) => this.#terminal.out(text), look: { colours: this.#terminal.colours, unicode }, stop: this.#stop.signal });
    return 0;
  }

  async #monitor(file: string | null): Promise<number> {
    for (;;) {
      const input = await this.#read(file);
      if (this.#ending) return 0;
      if (!this.#again) {
        if (input === null || (needsPinger(input) && !(await this.#canPing()))) return EXIT_TROUBLE;
        await monitor(input, { gauge: new Gauge(this.#world(), this.#voice), voice: this.#voice, clock: this.#ports.clock, stop: this.#stop.signal });
      }
      if (this.#ending) return 0;
      this.#again = false;
      this.#stop = new AbortController();
      this.#hurry = new AbortController();
    }
  }

  #world(): World {
    const { clock, network, pinger } = this.#ports;
    return { clock, network, pinger, signal: this.#hurry.signal };
  }

  async #canPing(): Promise<boolean> {
    const failure = await cannotPing(this.#world());
    if (failure !== null) this.#voice.error("PermissionError", failure.sentence);
    return failure === null;
  }

  /** The input, or null when it cannot be read and why was told. */
  async #read(file: string | null): Promise<Connmonitor | null> {
    const name = file ?? "standard input";
    try {
      const text = await readText(file === null ? process.stdin : createReadStream(file), this.#stop.signal);
      const parsed = parseConnmonitor(text, name);
      if (parsed.kind === "parsed") return parsed.input;
      if (!this.#stop.signal.aborted) for (const problem of parsed.problems) this.#voice.error("ValueError", formatProblem(problem));
    } catch (error) {
      const [type, why] = FILE_ERRORS[errnoOf(error)] ?? ["OSError", error instanceof Error ? error.message : String(error)];
      if (!this.#stop.signal.aborted) this.#voice.error(type, `${name} cannot be read: ${why}`);
    }
    return null;
  }

  #end(): void {
    this.#ending = true;
    this.#finish();
  }

  #reload(file: string | null): void {
    if (file === null) return this.#voice.error("OSError", "the input cannot be read again, for it came from standard input; going on with it");
    this.#again = true;
    this.#finish();
  }

  #finish(): void {
    const hurry = this.#hurry;
    this.#stop.abort();
    this.#ports.clock.timer(FINISH_MS, () => hurry.abort());
  }

  #bug(error: unknown): void {
    // Else what is told would go with the screen.
    this.#screen?.close();
    this.#voice.error(error instanceof Error ? error.name : "Exception", error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(EXIT_TROUBLE);
  }
}

const FILE_ERRORS: { readonly [errno: string]: readonly [string, string] } = {
  ENOENT: ["FileNotFoundError", "there is no such file; to measure a host once use connvitals, or `tocsin vitals -t HOST`"],
  EACCES: ["PermissionError", "this user may not read it"],
  EISDIR: ["IsADirectoryError", "it is a folder"],
};

/** Reads to the end, at most a little more than an input may have. An aborted signal ends it with what has come. */
async function readText(from: Readable, signal: AbortSignal): Promise<string> {
  const stop = (): void => void from.destroy();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  let text = "";
  try {
    from.setEncoding("utf8");
    for await (const part of from) {
      text += String(part);
      if (text.length > CONNMONITOR_TEXT_MAX) break;
    }
    return text;
  } catch (error) {
    if (signal.aborted) return text;
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
