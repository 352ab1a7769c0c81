import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { SMTPServer } from "smtp-server";
import { atEnd, freePort } from "../servers/ground.ts";

/** Those who are watched and those who are told, on real sockets. */

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return address.port;
}

/** A TCP service that can be opened and closed on one port. */
export class Service {
  readonly port: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  /** Connections taken so far. */
  connections = 0;

  constructor(port: number) {
    this.port = port;
  }

  async open(): Promise<this> {
    const server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
    this.#server = server;
    return this;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }
}

/** A service on a port of its own, open unless said otherwise. */
export async function service(isOpen = true): Promise<Service> {
  const made = new Service(await freePort());
  atEnd(() => made.close());
  return isOpen ? made.open() : made;
}

export interface Call {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** What a webhook is told of one alert. */
export interface ToldAlert {
  readonly id: string;
  readonly kind: string;
  readonly check: string;
  /** ISO 8601. */
  readonly at: string;
  readonly status: string;
  readonly sentence: string;
  readonly outageFrom: string | null;
}

export interface Told {
  readonly key: string;
  readonly subject: string;
  readonly text: string;
  readonly alerts: readonly ToldAlert[];
}

export const toldIn = (call: Call): Told => JSON.parse(call.body) as Told;

/** A web server that notes what it is asked and answers as told: a status, or `hold` for no answer at all. */
export class Hook {
  readonly calls: Call[] = [];
  status: number | "hold" = 200;
  port = 0;
  readonly #server = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      this.calls.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts).toString("utf8"), at: Date.now() });
      if (this.status !== "hold") response.writeHead(this.status, { connection: "close" }).end();
    });
  });

  async open(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.port = portOf(this.#server);
    return this;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  url(path = "/"): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Everything told by answered requests, in order. */
  get told(): readonly Told[] {
    return this.calls.map(toldIn);
  }

  /** `KIND CHECK` of every alert, in order. */
  get kinds(): readonly string[] {
    return this.told.flatMap(({ alerts }) => alerts.map(({ kind, check }) => `${kind} ${check}`));
  }

  get subjects(): readonly string[] {
    return this.told.map(({ subject }) => subject);
  }
}

export async function hook(): Promise<Hook> {
  const made = new Hook();
  atEnd(() => made.close());
  return made.open();
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly subject: string;
}

/** The decoded value of a header that may be folded and in encoded words (RFC 2047). */
export function header(raw: string, name: string): string {
  const [, value = ""] = new RegExp(`^${name}: ((?:.*)(?:\\r?\\n[ \\t].*)*)`, "im").exec(raw) ?? [];
  const joined = value.replaceAll(/\r?\n[ \t]+/g, " ").replaceAll(/\?=\s+=\?/g, "?==?");
  return joined.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, text: string) => {
    if (kind.toLowerCase() === "b") return Buffer.from(text, "base64").toString("utf8");
    return Buffer.from(text.replaceAll("_", " ").replaceAll(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1").toString("utf8");
  });
}

/** A mail server that takes everything, or refuses as told. */
export class Mailbox {
  readonly mails: Mail[] = [];
  /** Logins that were tried, `user:password`. */
  readonly logins: string[] = [];
  /** A reply code such as 451 or 550 for every recipient; null: taken. */
  refuses: number | null = null;
  readonly #server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) => {
      this.logins.push(`${username}:${password}`);
      done(null, { user: username });
    },
    onRcptTo: (_address, _session, done) => (this.refuses === null ? done() : done(Object.assign(new Error("not now"), { responseCode: this.refuses }))),
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const raw = Buffer.concat(parts).toString("utf8");
        const from = session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address;
        this.mails.push({ from, to: session.envelope.rcptTo.map(({ address }) => address), raw, subject: header(raw, "Subject") });
        done();
      });
    },
  });

  async open(port = 0): Promise<this> {
    this.#server.on("error", () => undefined);
    await new Promise<void>((resolve) => void this.#server.listen(port, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return portOf(this.#server.server);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }
}

export async function mailbox(): Promise<Mailbox> {
  const made = new Mailbox();
  atEnd(() => made.close());
  return made.open();
}
