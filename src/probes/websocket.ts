import { z } from "zod";
import type { Read } from "../dial/dialogue.ts";
import { type Expected, type TlsSettings, expected, family, sourceAddress, tlsSettings } from "../dial/options.ts";
import { decoded, printable } from "../dial/outcome.ts";
import { type Session, openSession } from "../dial/session.ts";
import { WEBSOCKET_TOTAL_MAX, type WebSocketMessage, WebSocketReader, readHttpHead } from "../dial/websocket.ts";
import type { Failure } from "../sys/ports.ts";
import { OPCODE, acceptOf, closePayload, closeReason, encodeFrame } from "../wire/websocket.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const FRAMES_MAX = 10_000;
const MESSAGE_SHOWN = 512;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD = /^[\t\x20-\x7e\x80-\xff]*$/;
const OWN_FIELDS = /^(host|upgrade|connection|origin|sec-websocket-.*)$/i;

const webSocketAddress = () =>
  z.string().transform((text, ctx): string => {
    const wrong = (message: string, right: string): never => {
      ctx.addIssue({ code: "custom", message, params: { right } });
      return z.NEVER;
    };
    if (!URL.canParse(text)) return wrong(`\`${text}\` is no address`, "write it whole: wss://www.example.com/path");
    const url = new URL(text);
    if (url.protocol !== "ws:" && url.protocol !== "wss:") return wrong(`\`${url.protocol}\` is neither ws: nor wss:`, "write ws:// or wss://");
    if (url.username !== "" || url.password !== "") return wrong("credentials do not belong in the address: it is shown everywhere", "write headers: {Authorization: ${env:AUTHORIZATION}}");
    if (url.hash !== "") return wrong("an address of a WebSocket has no part behind #", "leave it out");
    return url.href;
  });

const options = z.strictObject({
  url: webSocketAddress().describe("Address to connect to, ws or wss; international names are allowed").meta({ source: "RFC 6455, section 3" }),
  subprotocols: z.array(z.string().regex(TOKEN, "a subprotocol's name is one word, such as mqtt")).max(10).default([]).describe("Subprotocols to offer, best first: [mqtt]; the server must choose one of them").meta({ source: "RFC 6455, section 1.9" }),
  origin: z.string().regex(FIELD).nullable().default(null).describe("Origin to name, for servers that look at it: https://www.example.com").meta({ source: "RFC 6454" }),
  headers: z
    .record(z.string().regex(TOKEN, "a header's name is letters, digits and -"), z.string().regex(FIELD, "a header field holds printable Latin-1 signs only, no line breaks"))
    .default({})
    .describe("Further header fields of the handshake")
    .meta({ secret: true }),
  send: z.string().nullable().default(null).describe("Text message to send once the connection is open"),
  answer: expected().nullable().default(null).describe("What a message of the server must hold then: a text, or /a regular expression/"),
  ping: z.boolean().default(true).describe("Whether the server must answer a ping in the end").meta({ source: "RFC 6455, section 5.5.2" }),
  tls: tlsSettings().prefault({}).describe("With wss, settings of TLS: {verify, ca, servername, minVersion, cert, key}"),
  family: family(),
  source: sourceAddress(),
});

type Options = z.output<typeof options>;

/** Handshake, message, ping, close. An exchange of our own: client libraries hide the answer to a refused handshake, and the pong. */
export const websocket: Probe<Options> = {
  type: "websocket",
  about: "Opens a WebSocket, if wanted sends a message and waits for another, and has a ping answered",
  source: "RFC 6455, sections 4, 5 and 7",
  options,
  facts: {
    status: { number: true, about: "Status code of the answer to the handshake; 101 when it is taken" },
    subprotocol: { about: "The subprotocol that the server chose" },
    message: { about: "With `answer`: the message that holds it, at most 512 characters" },
    messages: { number: true, about: "Messages that the server sent" },
    address: { about: "The address that answered" },
    "certificate.days": { unit: "days", about: "With wss: whole days until the first certificate of the chain expires" },
    "tls.protocol": { about: "With wss: TLSv1.2 or TLSv1.3" },
  },
  host: ({ url }) => endpointOf(new URL(url)).host,
  target: ({ url }) => {
    const { host, port } = endpointOf(new URL(url));
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  },
  check({ headers }) {
    const own = Object.keys(headers).find((name) => OWN_FIELDS.test(name));
    return own === undefined ? null : { path: ["headers", own], wrong: `\`${own}\` is filled in by itself`, right: "leave it out; origin and subprotocols are options of their own" };
  },
  run,
};

function endpointOf({ hostname, port, protocol }: URL): { readonly host: string; readonly port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? (protocol === "wss:" ? 443 : 80) : Number(port) };
}

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const url = new URL(chosen.url);
  const tls: TlsSettings | null = url.protocol === "wss:" ? chosen.tls : null;
  const opened = await openSession({ ...endpointOf(url), family: chosen.family, source: chosen.source, tls, alpn: ["http/1.1"], totalMax: WEBSOCKET_TOTAL_MAX }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const failure = (await session.timed("handshake", () => shakeHands(session, url, chosen, ctx))) ?? (await new Conversation(session, ctx).hold(chosen));
  if (failure !== null) {
    session.dialogue.close();
    return session.failed(failure);
  }
  const said = chosen.answer !== null ? "answered as expected" : chosen.ping ? "opened a WebSocket and answered a ping" : "opened a WebSocket";
  return { verdict: "up", code: "ok", sentence: `${session.peer} ${said}`, phases: session.phases, facts: session.facts, evidence: session.evidence };
}

/** Section 4.1: request, status, and the three header fields that prove it; null when all is well. */
async function shakeHands(session: Session, url: URL, chosen: Options, ctx: ProbeContext): Promise<Failure | null> {
  const { dialogue, peer } = session;
  const key = Buffer.from(ctx.random.bytes(16)).toString("base64");
  const { subprotocols, origin, headers } = chosen;
  const fields: readonly (readonly [string, string])[] = [
    ["Host", url.host],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", key],
    ...(subprotocols.length === 0 ? [] : [["Sec-WebSocket-Protocol", subprotocols.join(", ")] as const]),
    ...(origin === null ? [] : [["Origin", origin] as const]),
    ...Object.entries(headers),
  ];
  dialogue.write(Buffer.from(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`, "latin1"));
  const head = await readHttpHead(session);
  if (head.kind === "failed") return head.failure;
  const { status, words, fields: answered } = head.value;
  session.facts = { ...session.facts, status };
  const where = status >= 300 && status < 400 && answered.has("location") ? `, to ${answered.get("location")}` : "";
  if (status !== 101) return { code: "status", sentence: `${peer} did not open a WebSocket: HTTP ${`${status} ${words}`.trim()}${where}` };
  const has = (name: string, token: string): boolean => (answered.get(name) ?? "").toLowerCase().split(/[ \t]*,[ \t]*/).includes(token);
  if (!has("upgrade", "websocket") || !has("connection", "upgrade")) return { code: "protocol", sentence: `${peer} switched to something else than a WebSocket` };
  if (answered.get("sec-websocket-accept") !== acceptOf(key)) return { code: "protocol", sentence: `${peer} did not prove that it read the handshake (Sec-WebSocket-Accept)` };
  if (answered.has("sec-websocket-extensions")) return { code: "protocol", sentence: `${peer} uses an extension that was not offered` };
  const subprotocol = answered.get("sec-websocket-protocol") ?? "";
  session.facts = { ...session.facts, subprotocol };
  if (subprotocol === "" ? subprotocols.length === 0 : subprotocols.includes(subprotocol)) return null;
  return { code: "mismatch", sentence: subprotocol === "" ? `${peer} speaks none of ${subprotocols.join(", ")}` : `${peer} chose the subprotocol ${subprotocol}, which was not offered` };
}

const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** What is said once the connection is open. */
class Conversation {
  readonly #session: Session;
  readonly #ctx: ProbeContext;
  readonly #reader: WebSocketReader;
  #messages = 0;

  constructor(session: Session, ctx: ProbeContext) {
    this.#session = session;
    this.#ctx = ctx;
    this.#reader = new WebSocketReader(session);
  }

  /** Null when all went well; then the connection is closed too, as section 7 wants it. */
  async hold({ send, answer, ping }: Options): Promise<Failure | null> {
    const session = this.#session;
    if (send !== null) this.#send(OPCODE.text, Buffer.from(send), `message: ${send}\n`);
    const met = answer === null ? null : await session.timed("message", () => this.#expect(answer));
    const answered = met ?? (ping ? await session.timed("ping", () => this.#ping()) : null);
    session.facts = { ...session.facts, messages: this.#messages };
    if (answered !== null) return answered;
    this.#send(OPCODE.close, closePayload(1000), "close 1000\n");
    await session.leave("", () => this.#until(({ opcode }) => (opcode === OPCODE.close ? true : null), true));
    return null;
  }

  #send(opcode: number, payload: Uint8Array, shown: string): void {
    this.#session.dialogue.write(encodeFrame(opcode, payload, this.#ctx.random.bytes(4)), shown);
  }

  async #ping(): Promise<Failure | null> {
    const payload = Buffer.from(this.#ctx.random.bytes(4));
    this.#send(OPCODE.ping, payload, "ping\n");
    // Section 5.5.3: a server may answer only the last of several pings; there is one.
    const pong = await this.#until((message) => (message.opcode === OPCODE.pong && payload.equals(message.payload) ? true : null));
    return pong.kind === "failed" ? pong.failure : null;
  }

  async #expect(expect: Expected): Promise<Failure | null> {
    let last = "";
    const found = await this.#until(({ opcode, payload }): { readonly text: string; readonly slow: boolean } | null => {
      if (opcode > OPCODE.binary) return null;
      const text = decoded(payload);
      last = text;
      const match = expect.kind === "text" ? text.includes(expect.text) : this.#ctx.patterns.match(expect.pattern, text);
      return match === false || match === null ? null : { text, slow: match === "slow" };
    });
    const shown = expect.kind === "text" ? JSON.stringify(expect.text) : `/${expect.pattern.source}/${expect.pattern.flags}`;
    if (found.kind === "failed") return this.#messages > 0 && (found.failure.code === "timeout" || found.failure.code === "closed") ? { code: "mismatch", sentence: `no message of ${this.#session.peer} holds ${shown}; the last was ${JSON.stringify(printable(last).slice(0, 80))}` } : found.failure;
    this.#session.facts = { ...this.#session.facts, message: printable(found.value.text).slice(0, MESSAGE_SHOWN) };
    return found.value.slow ? { code: "pattern-slow", sentence: `the pattern ${shown} takes too long on this message` } : null;
  }

  /** Reads messages until `find` sees what it looks for; answers pings. A close is the end, unless `closing` waits for it. */
  async #until<Value>(find: (message: WebSocketMessage) => Value | null, closing = false): Promise<Read<Value>> {
    for (let frames = 0; frames < FRAMES_MAX; frames++) {
      const message = await this.#reader.next();
      if (message.kind === "failed") return message;
      if (message.value === null) continue;
      const { opcode, payload } = message.value;
      if (opcode <= OPCODE.binary) this.#messages++;
      const found = find(message.value);
      if (found !== null) return { kind: "read", value: found };
      if (opcode === OPCODE.ping) this.#send(OPCODE.pong, payload, "pong\n");
      if (opcode === OPCODE.close && !closing) {
        const { code, words } = closeReason(payload);
        return failed("closed", `${this.#session.peer} closed the WebSocket: ${code}${words === "" ? "" : `, ${printable(words).slice(0, 120)}`}`);
      }
    }
    return failed("too-large", `${this.#session.peer} sent more than ${FRAMES_MAX} frames`);
  }
}
