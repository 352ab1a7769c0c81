import { domainToASCII } from "node:url";
import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { type Heard, type Transaction, askDatagram } from "../dial/datagrams.ts";
import type { Dialogue, Read } from "../dial/dialogue.ts";
import { family, host, port, sourceAddress, tlsSettings } from "../dial/options.ts";
import { EVIDENCE_MAX, evidenceOf, printable, verdictOf } from "../dial/outcome.ts";
import { connectionFacts, endpoint } from "../dial/service-options.ts";
import { openSession } from "../dial/session.ts";
import { localEnd } from "../dial/stream.ts";
import type { Failure } from "../sys/ports.ts";
import { SIP_BRANCH, SIP_LINES_MAX, type SipMessage, type SipOptions, type SipResponse, contentLength, encodeSipOptions, listedIn, parseSip, parseSipDatagram, retryAfter, strayAnswer } from "../wire/sip.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

/** RFC 3261, section 17.1.2.2: T1 doubling up to T2; after a provisional answer always T2; timer F after 64 x T1. */
const T1_MS = 500;
const T2_MS = 4000;
const TRANSACTION: Transaction = { repeatMs: (sent, underWay) => (underWay ? T2_MS : Math.min(T1_MS * 2 ** (sent - 1), T2_MS)), lengthMs: 64 * T1_MS };
/** With more than one address, each gets three packets before the next has its turn: 0, 0.5 and 1.5 s. */
const TRY_MS = 3500;
/** Of messages over one connection that are no final answer. */
const MESSAGES_MAX = 100;
const USUAL_PORTS = { udp: 5060, tcp: 5060, tls: 5061 } as const;

const ADDRESS = /^sips?:[!#-;=?-~]{1,250}$/i;
const address = () => z.string().refine((text) => ADDRESS.test(text), { error: "this is no SIP address", params: { right: "write it as in sip:100@pbx.example.com" } });

const options = z.strictObject({
  host: host().describe("Host name or address of the server or phone"),
  port: port().nullable().default(null).describe("Port; 5060, with TLS 5061"),
  transport: z.enum(["udp", "tcp", "tls"]).default("udp").describe("How it is asked; over UDP the request is repeated after 0.5 s, 1 s, 2 s, then every 4 s").meta({ source: "RFC 3261, sections 17.1.2 and 18" }),
  uri: address().nullable().default(null).describe("SIP address that is asked about (Request-URI): sip:100@pbx.example.com; by default the server itself, sip:HOST"),
  from: address().nullable().default(null).describe("SIP address that asks (From); by default sip:tocsin@ and this machine's address"),
  accept: z
    .array(z.number().int().min(200).max(699))
    .max(100)
    .default([401, 405, 407, 486])
    .describe("Final answers that count as up besides 200 to 299. Those of the default say nothing against the server: it wants to know who asks (401, 407), knows no OPTIONS (405), is in a call (486). Some answer a stranger with 403 or 404: add it then")
    .meta({ source: "RFC 3261, section 11.2" }),
  family: family(),
  source: sourceAddress(),
  tls: tlsSettings().prefault({}).describe("Settings of TLS, for `transport: tls`"),
});
type Options = z.output<typeof options>;

/** One request and its answer, so the exchange is our own: SIP libraries are whole telephones, and hide what was repeated and when. */
export const sip: Probe<Options> = {
  type: "sip",
  about: "Asks a SIP server, trunk or phone with OPTIONS whether it is there, over UDP, TCP or TLS",
  source: "RFC 3261, sections 8.1.1, 11, 17.1.2 and 18; RFC 3581",
  options,
  facts: {
    status: { number: true, about: "Code of the final answer" },
    reason: { about: "What the server wrote beside the code" },
    server: { about: "What the server says it is (Server, or User-Agent)" },
    allow: { about: "Methods that it takes (Allow)" },
    retryAfter: { unit: "s", about: "How long the server wants to be left alone (Retry-After)" },
    ...connectionFacts,
  },
  target: (chosen) => endpoint(chosen.host, portOf(chosen)),
  run: (chosen, ctx) => (chosen.transport === "udp" ? overDatagrams(chosen, ctx) : overStream(chosen, ctx)),
};

const portOf = ({ port, transport }: Options): number => port ?? USUAL_PORTS[transport];
const peerOf = (chosen: Options): string => `${chosen.host} port ${portOf(chosen)}`;

function requestOf(chosen: Options, local: { readonly ip: string; readonly port: number } | null, { random }: ProbeContext): SipOptions {
  const hex = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString("hex");
  const { host, transport } = chosen;
  const literal = (ip: string): string => (ip.includes(":") ? `[${ip.replace(/%.*/, "")}]` : ip);
  const own = local === null ? "tocsin.invalid" : literal(local.ip);
  const name = host.includes(":") ? literal(host) : domainToASCII(host);
  const port = portOf(chosen) === USUAL_PORTS[transport] ? "" : `:${portOf(chosen)}`;
  return {
    uri: chosen.uri ?? `sip:${name}${port}`,
    from: chosen.from ?? `sip:tocsin@${own}`,
    transport: ({ udp: "UDP", tcp: "TCP", tls: "TLS" } as const)[transport],
    sentBy: local === null ? own : `${own}:${local.port}`,
    branch: `${SIP_BRANCH}${hex(16)}`,
    callId: hex(16),
    fromTag: hex(8),
  };
}

/** What a message is to the one who sent this request. */
function heardIn(message: SipMessage, request: SipOptions): Heard<SipResponse> & { readonly interim?: string } {
  if (message.kind === "bad") return { kind: "wrong", reason: message.reason };
  if (message.kind === "request") return { kind: "wrong", reason: `a request (${message.method}) and no answer` };
  const stray = strayAnswer(message, request);
  if (stray !== null) return { kind: "wrong", reason: stray };
  return message.status < 200 ? { kind: "underWay", interim: shown(message) } : { kind: "answer", value: message };
}

const shown = ({ status, reason }: SipResponse): string => `${status} ${printable(reason).slice(0, 200)}`.trimEnd();

async function overDatagrams(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  let request = requestOf(chosen, null, ctx);
  let sent = "";
  let received = "";
  let interim: string | undefined;
  const packet = (_: number, local: { readonly ip: string; readonly port: number }): Uint8Array => {
    request = requestOf(chosen, local, ctx);
    sent = encodeSipOptions(request);
    return Buffer.from(sent);
  };
  const read = (bytes: Uint8Array): Heard<SipResponse> => {
    if (received.length < EVIDENCE_MAX) received += printable(bytes);
    const heard = heardIn(parseSipDatagram(bytes), request);
    interim = heard.interim ?? interim;
    return heard;
  };
  const { host, family, source } = chosen;
  const replied = await askDatagram({ host, port: portOf(chosen), family, source, tryMs: TRY_MS, transaction: TRANSACTION, packet, read }, ctx);
  const seen = { phases: replied.phases, evidence: evidenceOf({ "on the way": replied.notes.join("\n"), sent, received }) };
  if (replied.kind === "answered") return { ...judged(chosen, replied.value, { address: replied.address.ip }), ...seen };
  const failure = unanswered(replied.failure, interim, chosen);
  return { verdict: verdictOf(failure.code), ...failure, facts: {}, ...seen };
}

function unanswered(failure: Failure, interim: string | undefined, chosen: Options): Failure {
  return failure.code !== "timeout" || interim === undefined ? failure : { code: "timeout", sentence: `${peerOf(chosen)} answered ${interim}, and nothing final came in time` };
}

async function overStream(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const { host, transport, family, source, tls } = chosen;
  const opened = await openSession({ host, port: portOf(chosen), family, source, tls: transport === "tls" ? tls : null }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const { dialogue } = session;
  const request = requestOf(chosen, localEnd(dialogue.socket), ctx);
  dialogue.write(encodeSipOptions(request));
  const answer = await session.timed("answer", () => answerTo(request, dialogue, chosen));
  dialogue.close();
  if (answer.kind === "failed") return session.failed(answer.failure);
  return { ...judged(chosen, answer.value, session.facts), phases: session.phases, evidence: session.evidence };
}

async function answerTo(request: SipOptions, dialogue: Dialogue, chosen: Options): Promise<Read<SipResponse>> {
  let interim: string | undefined;
  let wrong: string | null = null;
  for (let messages = 0; messages < MESSAGES_MAX; messages++) {
    const message = await readMessage(dialogue);
    if (message.kind === "failed") {
      if (wrong !== null && message.failure.code === "timeout") return protocol(`${peerOf(chosen)} sent ${wrong}`);
      return { kind: "failed", failure: unanswered(message.failure, interim, chosen) };
    }
    const heard = heardIn(message.value, request);
    if (heard.kind === "answer") return { kind: "read", value: heard.value };
    if (heard.kind === "wrong") wrong = heard.reason;
    interim = heard.interim ?? interim;
  }
  return { kind: "failed", failure: { code: "too-large", sentence: `${peerOf(chosen)} sent ${MESSAGES_MAX} messages, and no final answer among them` } };
}

const protocol = (sentence: string): Read<never> => ({ kind: "failed", failure: { code: "protocol", sentence } });

/** One message off a connection, framed by its Content-Length (RFC 3261, section 18.3); what the body holds does not matter. */
async function readMessage(dialogue: Dialogue): Promise<Read<SipMessage>> {
  const lines: string[] = [];
  for (;;) {
    const line = await dialogue.line();
    if (line.kind === "failed") return line;
    if (line.value === "" && lines.length > 0) break;
    // Empty lines before a message keep the connection open.
    if (line.value === "") continue;
    lines.push(line.value);
    if (lines.length === 1 && parseSip(lines).kind === "bad") return protocol(`the server does not speak SIP: ${printable(line.value).slice(0, 80)}`);
    if (lines.length > SIP_LINES_MAX) return { kind: "failed", failure: { code: "too-large", sentence: `the server sent a message of more than ${SIP_LINES_MAX} lines` } };
  }
  const message = parseSip(lines);
  if (message.kind === "bad") return protocol(`the server sent ${message.reason}`);
  const length = contentLength(message);
  if (length === null) return protocol("the server sent a message whose Content-Length is no length");
  const body = length === 0 ? null : await dialogue.take(length);
  return body?.kind === "failed" ? body : { kind: "read", value: message };
}

function judged(chosen: Options, response: SipResponse, connection: Facts): Pick<Outcome, "verdict" | "code" | "sentence" | "facts"> {
  const { status, reason } = response;
  const server = response.fields.get("server")?.[0] ?? response.fields.get("user-agent")?.[0];
  const allow = listedIn(response, "allow").map((method) => printable(method).slice(0, 40));
  const rest = retryAfter(response);
  const facts: Facts = {
    status,
    ...(reason === "" ? {} : { reason: printable(reason).slice(0, 200) }),
    ...(server === undefined ? {} : { server: printable(server).slice(0, 200) }),
    ...(allow.length === 0 ? {} : { allow }),
    ...(rest === null ? {} : { retryAfter: rest }),
    ...connection,
  };
  const up = status < 300 || chosen.accept.includes(status);
  const wish = rest === null ? "" : `, and wants to be left alone for ${rest} s`;
  return { verdict: up ? "up" : "down", code: up ? "ok" : "status", sentence: `${peerOf(chosen)} answers ${shown(response)}${wish}`, facts };
}
