import { createSocket } from "node:dgram";
import { type DnsMessage, decodeMessage, encodeMessage } from "../../src/wire/dns.ts";
import { atEnd, freePort } from "./ground.ts";

/** What a fake name server sends for a query, datagram by datagram. */
export type Answers = (query: DnsMessage, bytes: Buffer) => readonly Uint8Array[];

/** A name server in this process, for faults that no real one can be made to show; gives its UDP port. It ends with the file. */
export async function fakeUdp(answers: Answers, { address = "127.0.0.1", port: wanted }: { readonly address?: string; readonly port?: number } = {}): Promise<number> {
  const socket = createSocket("udp4");
  const port = wanted ?? (await freePort());
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  atEnd(() => new Promise((resolve) => socket.close(resolve)));
  socket.on("message", (bytes, from) => {
    const query = decodeMessage(bytes);
    if (query.kind === "message") for (const answer of answers(query, bytes)) socket.send(answer, from.port, from.address);
  });
  return port;
}

/** A resolver's answer to a query: one A record, unless `more` says otherwise. */
export function reply(query: DnsMessage, more: Partial<DnsMessage> = {}): Uint8Array {
  const answers = [{ name: query.questions[0]?.name ?? ".", type: "A", class: 1, ttl: 5, text: "192.0.2.1" }];
  return encodeMessage({ ...query, response: true, recursionAvailable: true, edns: null, answers, ...more });
}
