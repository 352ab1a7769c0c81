import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Chance } from "../sim/random.ts";
import type { ReceivedAlert, Receipts } from "./receipts.ts";

interface Body {
  readonly key: string;
  readonly text: string;
  readonly alerts: readonly ReceivedAlert[];
}

/** A webhook's receiver with bad days: it fails, is late, hangs, or drops the connection before or after it took the message. */
export class Hook {
  readonly #receipts: Receipts;
  readonly #chance: Chance;
  readonly #server: Server;
  readonly #hanging = new Set<ServerResponse>();
  #calm = false;

  constructor(receipts: Receipts, chance: Chance) {
    this.#receipts = receipts;
    this.#chance = chance;
    this.#server = createServer((incoming, outgoing) => void this.#receive(incoming, outgoing));
  }

  async open(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on it takes everything at once; what hangs is dropped. */
  calm(): void {
    this.#calm = true;
    for (const outgoing of this.#hanging) outgoing.destroy();
  }

  close(): void {
    this.calm();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { headers } = incoming;
    this.#receipts.begun += 1;
    this.#receipts.step();
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      // The sender was killed in the middle of the request.
      return;
    }
    const day = this.#calm ? 1 : this.#chance.fraction();
    if (day < 0.06) return void outgoing.writeHead(500).end("down for maintenance");
    if (day < 0.08) return void outgoing.writeHead(429, { "retry-after": "1" }).end();
    if (day < 0.12) return void outgoing.destroy();
    if (day < 0.14) return void this.#hanging.add(outgoing);
    this.#take(Buffer.concat(chunks).toString("utf8"), headers["idempotency-key"], headers["x-tocsin-key"]);
    if (day < 0.2) return void outgoing.destroy();
    if (day < 0.22) return void this.#hanging.add(outgoing);
    if (day < 0.35) await pause(this.#chance.between(0, 1500));
    outgoing.writeHead(204).end();
    this.#receipts.step();
  }

  #take(text: string, ...keys: readonly (string | string[] | undefined)[]): void {
    const body = JSON.parse(text) as Body;
    if (keys.some((key) => key !== body.key)) this.#receipts.oddities.push(`a request with key ${body.key} in its body has ${keys.join(" and ")} in its headers`);
    this.#receipts.take({ pair: "hook ", key: body.key, text: body.text, alerts: body.alerts });
  }
}
