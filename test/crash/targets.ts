import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { PORT } from "./site.ts";

/** One outage as it was, wall clock in ms: between `closing` and `opened` it may have been seen as down, between `closed` and `opening` it surely was. */
export interface Outage {
  readonly closing: number;
  closed: number;
  opening: number;
  opened: number;
}

/** Something that can be broken and mended. */
export interface Target {
  readonly outages: Outage[];
  break(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

const now = (): number => Date.now();
const never = Number.POSITIVE_INFINITY;

abstract class Breakable implements Target {
  readonly outages: Outage[] = [];

  protected abstract fail(): Promise<void>;
  protected abstract heal(): Promise<void>;
  abstract close(): Promise<void>;

  async break(): Promise<void> {
    const outage: Outage = { closing: now(), closed: never, opening: never, opened: never };
    this.outages.push(outage);
    await this.fail();
    outage.closed = now();
  }

  async mend(): Promise<void> {
    const outage = this.outages.at(-1);
    if (outage === undefined || outage.opening !== never) return;
    outage.opening = now();
    await this.heal();
    outage.opened = now();
  }
}

/** A listener on an address of its own; broken, nobody listens there. */
export class Door extends Breakable {
  readonly #address: string;
  #server: Server | null = null;

  constructor(address: string) {
    super();
    this.#address = address;
  }

  async open(): Promise<void> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined).resume();
    });
    server.listen(PORT, this.#address);
    await once(server, "listening");
    this.#server = server;
  }

  protected async fail(): Promise<void> {
    await this.close();
  }

  protected heal(): Promise<void> {
    return this.open();
  }

  async close(): Promise<void> {
    this.#server?.close();
    this.#server = null;
  }
}

const HELLO = "220 ready\r\n";

/** A listener that says what is expected; broken, it says something else and hangs up, or keeps silent. */
export class Speaker extends Breakable {
  readonly #address: string;
  readonly #broken: string;
  readonly #open = new Set<Socket>();
  #server: Server | null = null;
  #says = HELLO;

  constructor(address: string, broken: string) {
    super();
    this.#address = address;
    this.#broken = broken;
  }

  async open(): Promise<void> {
    const server = createServer((socket) => {
      this.#open.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#open.delete(socket)).resume();
      if (this.#says === HELLO) socket.write(HELLO);
      else if (this.#says !== "") socket.end(this.#says);
    });
    server.listen(PORT, this.#address);
    await once(server, "listening");
    this.#server = server;
  }

  protected async fail(): Promise<void> {
    this.#says = this.#broken;
  }

  protected async heal(): Promise<void> {
    this.#says = HELLO;
  }

  async close(): Promise<void> {
    this.#server?.close();
    for (const socket of this.#open) socket.destroy();
  }
}

/** A file that a script looks for; broken, it is there. */
export class Flag extends Breakable {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  protected async fail(): Promise<void> {
    writeFileSync(this.#path, "");
  }

  protected async heal(): Promise<void> {
    rmSync(this.#path);
  }

  async close(): Promise<void> {
    rmSync(this.#path, { force: true });
  }
}

const BEAT_MS = 400;
const BEAT_TIMEOUT_MS = 2000;

/** Sends heartbeats; broken, it sends none. */
export class Sender extends Breakable {
  readonly #url: string;
  readonly #timer: NodeJS.Timeout;
  #silent = false;
  /** Heartbeats that were answered with yes: when they were sent. */
  readonly taken: number[] = [];

  constructor(url: string) {
    super();
    this.#url = url;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  #beat(): void {
    if (this.#silent) return;
    const sent = now();
    const asked = request(this.#url, { agent: false, timeout: BEAT_TIMEOUT_MS }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) this.taken.push(sent);
    });
    asked.on("timeout", () => asked.destroy());
    // Nobody listens while the process is dead.
    asked.on("error", () => undefined);
    asked.end();
  }

  protected async fail(): Promise<void> {
    this.#silent = true;
  }

  protected async heal(): Promise<void> {
    this.#silent = false;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
  }
}
