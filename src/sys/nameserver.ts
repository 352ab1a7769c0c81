import type { Duplex } from "node:stream";
import { type DnsMessage, decodeMessage, encodeQuery, rcodeName } from "../wire/dns.ts";
import type { Server } from "./nameservice.ts";
import type { Network, Random } from "./ports.ts";

/** What a question to one server needs of the world. */
export interface Transport {
  readonly random: Random;
  readonly connect: Network["connect"];
  readonly datagram: Network["datagram"];
}

export interface Question {
  readonly name: string;
  readonly type: "A" | "AAAA";
}

export type Reply = { readonly kind: "answer"; readonly message: DnsMessage } | { readonly kind: "silent"; readonly reason: string };

const RCODE_FORMERR = 1;
const RCODE_NOTIMP = 4;

/** Asks one server until `signal` aborts: over UDP from a port of its own, over TCP when the answer was cut short, without EDNS when the server dislikes it. */
export async function askServer(server: Server, question: Question, transport: Transport, signal: AbortSignal): Promise<Reply> {
  const reply = await askOverUdp(server, question, true, transport, signal);
  if (reply.kind === "answer" && (reply.message.rcode === RCODE_FORMERR || reply.message.rcode === RCODE_NOTIMP)) {
    const plain = await askOverUdp(server, question, false, transport, signal);
    return truncatedOverTcp(plain, server, question, transport, signal);
  }
  return truncatedOverTcp(reply, server, question, transport, signal);
}

async function truncatedOverTcp(reply: Reply, server: Server, question: Question, transport: Transport, signal: AbortSignal): Promise<Reply> {
  return reply.kind === "answer" && reply.message.truncated ? askOverTcp(server, question, transport, signal) : reply;
}

function newQuery(question: Question, edns: boolean, random: Random): { readonly id: number; readonly bytes: Uint8Array } {
  const [high = 0, low = 0] = random.bytes(2);
  const id = (high << 8) | low;
  return { id, bytes: encodeQuery({ id, name: question.name, type: question.type, recursion: true, edns }) };
}

/** RFC 5452, section 9.1: id and question must be ours; error replies may lack the question. */
function answersUs(message: DnsMessage, id: number, { name, type }: Question): boolean {
  if (!message.response || message.id !== id || message.opcode !== 0) return false;
  const [echoed] = message.questions;
  if (echoed === undefined) return message.rcode !== 0;
  return echoed.name === name.toLowerCase() && echoed.type === type;
}

async function askOverUdp(server: Server, question: Question, edns: boolean, transport: Transport, signal: AbortSignal): Promise<Reply> {
  const opened = await transport.datagram(server.ip, server.port, null);
  if (opened.kind === "failed") return { kind: "silent", reason: opened.failure.sentence };
  const { id, bytes } = newQuery(question, edns, transport.random);
  try {
    opened.socket.send(bytes);
    for (;;) {
      const got = await opened.socket.receive(signal);
      if (got.kind === "failed") return { kind: "silent", reason: got.failure.sentence };
      const message = decodeMessage(got.bytes);
      if (message.kind === "message" && answersUs(message, id, question)) return { kind: "answer", message };
    }
  } finally {
    opened.socket.close();
  }
}

/** RFC 7766: two octets of length before each message. */
async function askOverTcp(server: Server, question: Question, transport: Transport, signal: AbortSignal): Promise<Reply> {
  const connection = await transport.connect({ ip: server.ip, port: server.port, source: null, signal });
  if (connection.kind === "failed") return { kind: "silent", reason: `${connection.failure.sentence} (TCP)` };
  const { id, bytes } = newQuery(question, true, transport.random);
  const framed = await exchangeFrame(connection.socket, bytes, signal);
  connection.socket.destroy();
  if (framed === null) return { kind: "silent", reason: `${server.ip} gave no whole answer over TCP` };
  const message = decodeMessage(framed);
  if (message.kind === "message" && answersUs(message, id, question)) return { kind: "answer", message };
  return { kind: "silent", reason: `${server.ip} gave an answer over TCP that is none to the question` };
}

function exchangeFrame(socket: Duplex, query: Uint8Array, signal: AbortSignal): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    const settle = (frame: Uint8Array | null): void => {
      signal.removeEventListener("abort", stop);
      resolve(frame);
    };
    const stop = (): void => settle(null);
    signal.addEventListener("abort", stop);
    socket.on("close", stop);
    socket.on("error", stop);
    socket.on("data", (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      const length = got.length >= 2 ? got.readUInt16BE(0) : Infinity;
      if (got.length >= 2 + length) settle(got.subarray(2, 2 + length));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}

export type Found =
  | { readonly kind: "found"; readonly ips: readonly string[]; readonly ttlS: number }
  /** The name does not exist, or has no such record. */
  | { readonly kind: "none"; readonly exists: boolean; readonly ttlS: number }
  | { readonly kind: "broken"; readonly reason: string };

const ALIASES_MAX = 16;

/** Reads the addresses of a name out of an answer, along its aliases (RFC 1034, section 3.6.2); a server's own trouble is `broken`. */
export function addressesIn(message: DnsMessage, { name, type }: Question): Found {
  const exists = message.rcode === 0;
  if (!exists && message.rcode !== 3) return { kind: "broken", reason: `the resolver answered ${rcodeName(message.rcode)}` };
  // A server that neither answers nor will look further is of no use as a resolver.
  if (exists && message.answers.length === 0 && !message.recursionAvailable && !message.authoritative) return { kind: "broken", reason: "the server asked is no resolver" };
  let owner = name.toLowerCase();
  let ttlS = Infinity;
  for (let aliases = 0; aliases <= ALIASES_MAX; aliases++) {
    const records = message.answers.filter((record) => record.name === owner && record.type === type && record.class === 1);
    if (records.length > 0) return { kind: "found", ips: records.map((record) => record.text), ttlS: Math.min(ttlS, ...records.map((record) => record.ttl)) };
    const alias = message.answers.find((record) => record.name === owner && record.type === "CNAME");
    if (alias === undefined) break;
    owner = alias.text.toLowerCase().replace(/\.$/, "");
    ttlS = Math.min(ttlS, alias.ttl);
  }
  return { kind: "none", exists, ttlS: negativeTtl(message) };
}

/** RFC 2308, section 5: the lesser of the SOA's own TTL and its minimum; without one nothing may be kept. */
function negativeTtl(message: DnsMessage): number {
  const soa = message.authority.find((record) => record.type === "SOA");
  if (soa === undefined) return 0;
  const minimum = Number(soa.text.split(" ").at(-1));
  return Number.isFinite(minimum) ? Math.min(soa.ttl, minimum) : 0;
}
