import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import type { Chance } from "../sim/random.ts";
import type { Receipts } from "./receipts.ts";

const refusal = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code });

type Answer = (error?: Error | null, text?: string) => void;

/** A mail server with bad days: it says "later", answers late, hangs, or drops the connection before or after it took the mail. */
export class Mailbox {
  readonly #receipts: Receipts;
  readonly #chance: Chance;
  readonly #server: SMTPServer;
  /** By the port of the other side. */
  readonly #sockets = new Map<number, Socket>();
  #calm = false;

  constructor(receipts: Receipts, chance: Chance) {
    this.#receipts = receipts;
    this.#chance = chance;
    const later = (share: number) => (_: unknown, __: unknown, answer: Answer) => (!this.#calm && this.#chance.chance(share) ? answer(refusal(451, "try later")) : answer());
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      disableReverseLookup: true,
      closeTimeout: 10,
      onMailFrom: later(0.03),
      onRcptTo: later(0.03),
      onData: (stream, session, answer) => void this.#receive(stream, session, answer),
    });
    this.#server.on("error", () => undefined);
    this.#server.server.on("connection", (socket: Socket) => {
      this.#receipts.begun += 1;
      const port = socket.remotePort ?? 0;
      this.#sockets.set(port, socket);
      socket.on("close", () => this.#sockets.delete(port));
    });
  }

  async open(): Promise<number> {
    await new Promise<void>((done) => void this.#server.listen(0, "127.0.0.1", done));
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** From now on it takes everything at once; what hangs is dropped. */
  calm(): void {
    this.#calm = true;
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  async close(): Promise<void> {
    this.calm();
    await new Promise<void>((done) => this.#server.close(done));
  }

  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession, answer: Answer): Promise<void> {
    this.#receipts.step();
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of stream) chunks.push(chunk as Buffer);
    } catch {
      // The sender was killed in the middle of the mail.
      return;
    }
    const day = this.#calm ? 1 : this.#chance.fraction();
    const drop = (): unknown => this.#sockets.get(session.remotePort)?.destroy();
    if (day < 0.04) return answer(refusal(452, "no room, try later"));
    if (day < 0.07) return void drop();
    if (day < 0.08) return;
    this.#take(Buffer.concat(chunks).toString("latin1"), session.envelope.rcptTo.map(({ address }) => address));
    if (day < 0.12) return void drop();
    if (day < 0.13) return;
    if (day < 0.25) await pause(this.#chance.between(0, 1500));
    answer(null, "taken");
    this.#receipts.step();
  }

  #take(mail: string, recipients: readonly string[]): void {
    const { header, text } = readMail(mail);
    const key = header("X-Tocsin-Key");
    if (header("Message-ID") !== `<${key}@tocsin>`) this.#receipts.oddities.push(`a mail with key ${key} has Message-ID ${header("Message-ID")}`);
    const [recipient = "", ...others] = recipients;
    if (others.length > 0) this.#receipts.oddities.push(`mail ${key} has several recipients`);
    this.#receipts.take({ pair: `mail ${recipient}`, key, text, alerts: null });
  }
}

const TRANSFER: { readonly [encoding: string]: (body: string) => Buffer } = {
  base64: (body) => Buffer.from(body, "base64"),
  // RFC 2045, 6.7
  "quoted-printable": (body) => Buffer.from(body.replaceAll(/=\r\n/g, "").replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1"),
};

function headersOf(head: string): (name: string) => string {
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  return (name) => lines.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))?.slice(name.length + 1).trim() ?? "";
}

/** Headers and the plain text of a mail as Tocsin writes it: two alternatives, the text first (RFC 2046, 5.1). */
function readMail(mail: string): { readonly header: (name: string) => string; readonly text: string } {
  const [head = "", ...rest] = mail.split("\r\n\r\n");
  const header = headersOf(head);
  const boundary = /boundary="([^"]+)"/.exec(header("Content-Type"))?.[1];
  const first = boundary === undefined ? mail : (rest.join("\r\n\r\n").split(`--${boundary}\r\n`)[1] ?? "");
  const [partHead = "", ...body] = first.split("\r\n\r\n");
  const decode = TRANSFER[headersOf(partHead)("Content-Transfer-Encoding").toLowerCase()] ?? ((text: string) => Buffer.from(text, "latin1"));
  return { header, text: decode(body.join("\r\n\r\n")).toString("utf8") };
}
