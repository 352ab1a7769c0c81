import type { Duplex } from "node:stream";
import { domainToASCII } from "node:url";
import type { Facts, Phases } from "../core/types.ts";
import { failureOf } from "../sys/failures.ts";
import type { Address, Failure, Family, Random } from "../sys/ports.ts";
import { type DnsMessage, decodeMessage, encodeQuery, rcodeName } from "../wire/dns.ts";
import { nameOctets } from "../wire/dns-names.ts";
import type { TlsSettings } from "./options.ts";
import { type DialContext, tenth } from "./outcome.ts";
import { type HttpsServer, exchangeOverHttps } from "./dns-https.ts";
import { openStream } from "./stream.ts";

/** One question to one DNS server over UDP (with TCP when the answer is cut short), TCP, TLS or HTTPS (RFC 1035, 7766, 7858, 8484, matching as RFC 5452). */

export type DnsTransport = "udp" | "tcp" | "tls" | "https";

export interface DnsServer {
  readonly host: string;
  readonly port: number;
  readonly family: Family | "any";
  readonly source: string | null;
  readonly transport: DnsTransport;
  /** Used with `tls` and `https` only. */
  readonly tls: TlsSettings;
  /** Used with `https` only. */
  readonly https?: Pick<HttpsServer, "path" | "method">;
}

export interface DnsAsk {
  /** ASCII, see `dnsName`. */
  readonly name: string;
  /** Upper case. */
  readonly type: string;
  readonly recursion: boolean;
}

export interface DnsContext extends DialContext {
  readonly random: Random;
}

/** `facts`: of the certificate, with TLS. `notes`: what happened on the way, for the evidence. */
export type DnsAnswer =
  | { readonly kind: "answered"; readonly message: DnsMessage; readonly transport: DnsTransport; readonly address: Address; readonly phases: Phases; readonly facts: Facts; readonly notes: readonly string[] }
  | { readonly kind: "failed"; readonly failure: Failure; readonly phases: Phases; readonly facts: Facts; readonly notes: readonly string[] };

/** A datagram may be lost: after so long the question is asked again, with a new id from a new port. */
const TRY_MS = 2000;
const FORMERR = 1;
const NOTIMP = 4;
const BADVERS = 16;

/** The name as it goes over the wire: IDN as A-labels, a final dot dropped; or what is wrong with it. */
export function dnsName(text: string): { readonly kind: "name"; readonly name: string } | { readonly kind: "wrong"; readonly wrong: string } {
  const labels = text.split(/[.\u3002]/u).map((label) => (/^[\0-\x7f]*$/.test(label) ? label : domainToASCII(label)));
  const name = labels.join(".").toLowerCase();
  const octets = nameOctets(name);
  return octets.kind === "wrong" ? octets : { kind: "name", name: name === "." ? name : name.replace(/\.$/, "") };
}

/** Whether it answers this question; an error reply may lack the question. */
function answersUs(message: DnsMessage, id: number, ask: DnsAsk): boolean {
  if (!message.response || message.id !== id || message.opcode !== 0) return false;
  const [echo] = message.questions;
  return echo === undefined ? message.rcode !== 0 : echo.name === ask.name && echo.type === ask.type && echo.class === 1;
}

/** Asks until there is an answer or `ctx.signal` aborts; never rejects. */
export async function askDns(server: DnsServer, ask: DnsAsk, ctx: DnsContext): Promise<DnsAnswer> {
  const notes: string[] = [];
  const first = await askOnce(server, ask, true, ctx, notes);
  if (first.kind === "failed" || ![FORMERR, NOTIMP, BADVERS].includes(first.message.rcode)) return first;
  notes.push(`${rcodeName(first.message.rcode)} to a query with EDNS; asked again without`);
  return askOnce(server, ask, false, ctx, notes);
}

async function askOnce(server: DnsServer, ask: DnsAsk, edns: boolean, ctx: DnsContext, notes: string[]): Promise<DnsAnswer> {
  if (server.transport === "https") return askOverHttps(server, ask, edns, ctx, notes);
  if (server.transport !== "udp") return askOverStream(server, ask, edns, ctx, notes);
  const answer = await askOverUdp(server, ask, edns, ctx, notes);
  if (answer.kind === "failed" || !answer.message.truncated) return answer;
  notes.push("the answer over UDP was cut short (TC); asked again over TCP");
  const whole = await askOverStream({ ...server, host: answer.address.ip, transport: "tcp" }, ask, edns, ctx, notes);
  const phases = { ...answer.phases, ...whole.phases, answer: (answer.phases["answer"] ?? 0) + (whole.phases["answer"] ?? 0) };
  if (whole.kind === "answered") return { ...whole, phases };
  return { ...whole, phases, failure: { code: whole.failure.code, sentence: `the answer over UDP was cut short, and over TCP ${whole.failure.sentence}` } };
}

function newQuery(ask: DnsAsk, edns: boolean, random: Random): { readonly id: number; readonly bytes: Uint8Array } {
  const [high = 0, low = 0] = random.bytes(2);
  const id = high * 256 + low;
  return { id, bytes: encodeQuery({ id, name: ask.name, type: ask.type, recursion: ask.recursion, authenticated: true, edns }) };
}

async function askOverUdp(server: DnsServer, ask: DnsAsk, edns: boolean, ctx: DnsContext, notes: string[]): Promise<DnsAnswer> {
  const begun = ctx.clock.monotonic();
  const resolution = await ctx.network.resolve(server.host, server.family === "any" ? null : server.family, ctx.signal);
  const resolved = ctx.clock.monotonic();
  if (resolution.kind === "failed") return { kind: "failed", failure: resolution.failure, phases: { resolve: tenth(resolved - begun) }, facts: {}, notes };
  const left = [...resolution.addresses];
  const resolve: Phases = left[0]?.ip === server.host ? {} : { resolve: tenth(resolved - begun) };
  let failure: Failure = { code: "unresolvable", sentence: `${server.host} has no address` };
  for (let tries = 0; left.length > 0; tries++) {
    const address = left[tries % left.length] ?? { ip: server.host, family: 4 };
    const sent = ctx.clock.monotonic();
    const reply = await tryUdp(address.ip, server, ask, edns, ctx);
    const answer = tenth(ctx.clock.monotonic() - sent);
    if (reply.kind === "message") return { kind: "answered", message: reply.message, transport: "udp", address, phases: { ...resolve, answer }, facts: {}, notes };
    failure = reply.failure;
    notes.push(failure.sentence);
    if (ctx.signal.aborted) break;
    // asking again helps against loss, not against what the system says
    if (failure.code !== "timeout" && failure.code !== "protocol") left.splice(left.indexOf(address), 1);
  }
  return { kind: "failed", failure, phases: { ...resolve, answer: tenth(ctx.clock.monotonic() - resolved) }, facts: {}, notes };
}

type Reply = { readonly kind: "message"; readonly message: DnsMessage } | { readonly kind: "failed"; readonly failure: Failure };

async function tryUdp(ip: string, server: DnsServer, ask: DnsAsk, edns: boolean, ctx: DnsContext): Promise<Reply> {
  const opened = await ctx.network.datagram(ip, server.port, server.source);
  if (opened.kind === "failed") return opened;
  const patience = new AbortController();
  const stop = (): void => patience.abort();
  const timer = ctx.clock.timer(TRY_MS, stop);
  ctx.signal.addEventListener("abort", stop);
  if (ctx.signal.aborted) stop();
  const { id, bytes } = newQuery(ask, edns, ctx.random);
  let wrong = "";
  try {
    opened.socket.send(bytes);
    for (;;) {
      const arrival = await opened.socket.receive(patience.signal);
      if (arrival.kind === "failed") return { kind: "failed", failure: wrong === "" ? arrival.failure : { code: "protocol", sentence: `${ip} port ${server.port} sent ${wrong}` } };
      const message = decodeMessage(arrival.bytes);
      if (message.kind === "message" && answersUs(message, id, ask)) return { kind: "message", message };
      wrong = message.kind === "bad" ? `something that is ${message.reason}` : "an answer to another question";
    }
  } finally {
    timer.cancel();
    ctx.signal.removeEventListener("abort", stop);
    opened.socket.close();
  }
}

async function askOverStream(server: DnsServer, ask: DnsAsk, edns: boolean, ctx: DnsContext, notes: string[]): Promise<DnsAnswer> {
  const secured = server.transport === "tls";
  const stream = await openStream({ host: server.host, port: server.port, family: server.family, source: server.source, tls: secured ? server.tls : null, ...(secured ? { alpn: ["dot"] } : {}) }, ctx);
  if (stream.kind === "failed") return { kind: "failed", failure: stream.failure, phases: stream.phases, facts: stream.facts, notes: [...notes, ...stream.attempts] };
  const { id, bytes } = newQuery(ask, edns, ctx.random);
  const sent = ctx.clock.monotonic();
  const peer = `${stream.address.ip} port ${server.port}`;
  const frame = await exchangeFrame(stream.socket, bytes, peer, ctx.signal);
  stream.socket.destroy();
  const phases = { ...stream.phases, answer: tenth(ctx.clock.monotonic() - sent) };
  if (frame.kind === "failed") return { kind: "failed", failure: frame.failure, phases, facts: stream.facts, notes };
  const message = decodeMessage(frame.bytes);
  if (message.kind === "message" && answersUs(message, id, ask)) return { kind: "answered", message, transport: secured ? "tls" : "tcp", address: stream.address, phases, facts: stream.facts, notes };
  const wrong = message.kind === "bad" ? `something that is ${message.reason}` : "an answer to another question";
  return { kind: "failed", failure: { code: "protocol", sentence: `${peer} sent ${wrong}` }, phases, facts: stream.facts, notes };
}

async function askOverHttps(server: DnsServer, ask: DnsAsk, edns: boolean, ctx: DnsContext, notes: string[]): Promise<DnsAnswer> {
  const id = 0;
  const query = encodeQuery({ id, name: ask.name, type: ask.type, recursion: ask.recursion, authenticated: true, edns });
  const reply = await exchangeOverHttps({ ...server, ...(server.https ?? { path: "/dns-query", method: "POST" }) }, query, ctx);
  const { phases, facts } = reply;
  const all = [...notes, ...reply.notes];
  if (reply.kind === "failed") return { kind: "failed", failure: reply.failure, phases, facts, notes: all };
  const message = decodeMessage(reply.bytes);
  if (message.kind === "message" && answersUs(message, id, ask)) return { kind: "answered", message, transport: "https", address: reply.address, phases, facts, notes: all };
  const wrong = message.kind === "bad" ? `something that is ${message.reason}` : "an answer to another question";
  return { kind: "failed", failure: { code: "protocol", sentence: `${server.host} port ${server.port} sent ${wrong}` }, phases, facts, notes: all };
}

type Frame = { readonly kind: "frame"; readonly bytes: Uint8Array } | { readonly kind: "failed"; readonly failure: Failure };

/** RFC 7766, section 8: two octets of length before each message, both in one write. */
function exchangeFrame(socket: Duplex, query: Uint8Array, peer: string, signal: AbortSignal): Promise<Frame> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let total = 0;
    const settle = (frame: Frame): void => {
      signal.removeEventListener("abort", late);
      resolve(frame);
    };
    const fail = (code: Failure["code"], sentence: string): void => settle({ kind: "failed", failure: { code, sentence } });
    const late = (): void => fail("timeout", total === 0 ? `${peer} did not answer in time` : `${peer} sent only a part of its answer (${total} B) in time`);
    const ended = (): void => fail("closed", total === 0 ? `${peer} closed the connection without an answer` : `${peer} closed the connection in the middle of its answer (${total} B)`);
    if (signal.aborted) late();
    signal.addEventListener("abort", late);
    socket.on("error", (error) => settle({ kind: "failed", failure: failureOf(error, peer) }));
    socket.on("end", ended);
    socket.on("close", ended);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      total += chunk.length;
      if (total < 2) return;
      const head = Buffer.concat(chunks.length < 3 ? chunks : chunks.slice(0, 2));
      const length = head.readUInt16BE(0);
      if (total >= 2 + length) settle({ kind: "frame", bytes: Buffer.concat(chunks).subarray(2, 2 + length) });
    });
    socket.write(Buffer.concat([Uint8Array.of(query.length >> 8, query.length & 255), query]));
  });
}
