import { domainToUnicode } from "node:url";
import { type XmlElement, type XmlEvent, XmlStream, xmlEscaped } from "../wire/xml-stream.ts";
import type { Failure } from "../sys/ports.ts";
import type { Dialogue, Read } from "./dialogue.ts";
import type { Starttls } from "./mail-options.ts";
import type { TlsSettings } from "./options.ts";
import { printable } from "./outcome.ts";
import type { Session } from "./session.ts";

/** XMPP's streams up to where a login would begin (RFC 6120, sections 4 and 5). */

const STREAMS = "http://etherx.jabber.org/streams";
const STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams";
const TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const NAMES_MAX = 20;

export interface XmppRequest {
  /** c2s: as a client; s2s: as another server. */
  readonly stream: "c2s" | "s2s";
  readonly domain: string;
  /** Our own domain; null for none. */
  readonly from: string | null;
}

export interface XmppStream {
  readonly reader: XmlStream;
  readonly id: string;
  /** Empty where the server speaks an XMPP older than 1.0. */
  readonly version: string;
  readonly starttls: "no" | "offered" | "required";
  readonly mechanisms: readonly string[];
}

const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** RFC 7622, section 3.2: international names go over the wire as they are read, not as A-labels. */
const shownDomain = (domain: string): string => domainToUnicode(domain) || domain;

/** RFC 6120, section 4.7: what opens our half; `</stream:stream>` closes it. */
function header({ stream, domain, from }: XmppRequest): string {
  const contents = stream === "c2s" ? "xmlns='jabber:client'" : "xmlns='jabber:server' xmlns:db='jabber:server:dialback'";
  const own = from === null ? "" : ` from='${xmlEscaped(shownDomain(from))}'`;
  return `<?xml version='1.0'?><stream:stream to='${xmlEscaped(shownDomain(domain))}'${own} version='1.0' xml:lang='en' ${contents} xmlns:stream='${STREAMS}'>`;
}

/** Opens a stream on a new session, and another one under TLS where `starttls` asks for it; `note` is told of each. Phases stream, starttls, tls. */
export async function openXmpp(session: Session, request: XmppRequest, { starttls, settings }: { readonly starttls: Starttls; readonly settings: TlsSettings }, note: (stream: XmppStream) => void = () => {}): Promise<Read<XmppStream>> {
  const { dialogue } = session;
  const first = await session.timed("stream", () => openXmppStream(dialogue, request));
  if (first.kind === "failed") return first;
  note(first.value);
  if (session.secured || starttls === "off" || (starttls === "optional" && first.value.starttls === "no")) return first;
  if (first.value.starttls === "no") return failed("protocol", `${session.peer} does not offer STARTTLS`);
  const asked = await session.timed("starttls", () => requestXmppTls(dialogue, first.value, request.domain));
  if (asked.kind === "failed") return asked;
  const failure = await session.startTls(settings);
  if (failure !== null) return { kind: "failed", failure };
  const second = await session.timed("stream", () => openXmppStream(dialogue, request));
  if (second.kind === "read") note(second.value);
  return second;
}

/** Opens our stream and reads the server's header and features; again after TLS began, by a new reader. */
export async function openXmppStream(dialogue: Dialogue, request: XmppRequest): Promise<Read<XmppStream>> {
  dialogue.write(header(request));
  const reader = new XmlStream();
  const opened = await nextXml(dialogue, reader);
  if (opened.kind === "failed") return opened;
  if (opened.value.kind === "bad") return failed("protocol", `the server sent ${opened.value.reason}`);
  if (opened.value.kind !== "opened" || opened.value.root.name !== "stream" || opened.value.root.namespace !== STREAMS) return failed("protocol", "the server opened no XMPP stream");
  const { root, contents } = opened.value;
  const wanted = request.stream === "c2s" ? "jabber:client" : "jabber:server";
  const { id = "", version = "" } = root.attributes;
  // A server that knows no such host may say so in a stream of whatever kind.
  if (version === "") return contents === wanted ? { kind: "read", value: { reader, id, version, starttls: "no", mechanisms: [] } } : failed("protocol", otherKind(contents, wanted));
  const features = await nextElement(dialogue, reader, request.domain);
  if (features.kind === "failed") return features;
  if (contents !== wanted) return failed("protocol", otherKind(contents, wanted));
  const { name, namespace, children } = features.value;
  if (name !== "features" || namespace !== STREAMS) return failed("protocol", `the server sent <${name}> where its features were due`);
  const tls = children.find((child) => child.name === "starttls" && child.namespace === TLS);
  const starttls = tls === undefined ? "no" : tls.children.some((child) => child.name === "required") ? "required" : "offered";
  const sasl = children.find((child) => child.name === "mechanisms" && child.namespace === SASL);
  const mechanisms = (sasl?.children ?? []).filter((child) => child.name === "mechanism").map(({ text }) => printable(text.trim()).slice(0, 60));
  return { kind: "read", value: { reader, id, version, starttls, mechanisms: mechanisms.slice(0, NAMES_MAX) } };
}

const otherKind = (got: string, wanted: string): string => `the server opened a stream of ${printable(got).slice(0, 80) || "no kind"}, not of ${wanted}`;

/** Section 5.4.2: asks for TLS and reads the go-ahead; what came behind it is for the caller to look at. */
export async function requestXmppTls(dialogue: Dialogue, { reader }: XmppStream, domain: string): Promise<Read<null>> {
  dialogue.write(`<starttls xmlns='${TLS}'/>`);
  const answer = await nextElement(dialogue, reader, domain);
  if (answer.kind === "failed") return answer;
  const { name, namespace } = answer.value;
  return name === "proceed" && namespace === TLS ? { kind: "read", value: null } : failed("protocol", `the server refused STARTTLS: <${name}>`);
}

/** The end of the server's stream, or of the connection. */
export async function readXmppEnd(dialogue: Dialogue, { reader }: XmppStream): Promise<Read<null>> {
  for (;;) {
    const event = await nextXml(dialogue, reader);
    if (event.kind === "failed") return event;
    if (event.value.kind !== "element") return { kind: "read", value: null };
  }
}

/** The next element below the stream's root; a stream error and the end of the stream are failures. */
export async function nextElement(dialogue: Dialogue, reader: XmlStream, domain: string): Promise<Read<XmlElement>> {
  const event = await nextXml(dialogue, reader);
  if (event.kind === "failed") return event;
  const { value } = event;
  if (value.kind === "bad") return failed("protocol", `the server sent ${value.reason}`);
  if (value.kind !== "element") return failed("closed", "the server closed its stream");
  const { element } = value;
  return element.name === "error" && element.namespace === STREAMS ? streamError(element, domain) : { kind: "read", value: element };
}

/** Section 4.9: the condition and the server's words. */
function streamError({ children }: XmlElement, domain: string): Read<XmlElement> {
  const own = children.filter(({ namespace }) => namespace === STREAM_ERRORS);
  const condition = own.find(({ name }) => name !== "text");
  const said = printable((own.find(({ name }) => name === "text")?.text ?? condition?.text ?? "").trim()).slice(0, 200);
  const what = `${condition?.name ?? "no condition"}${said === "" ? "" : `, ${said}`}`;
  return condition?.name === "host-unknown" ? failed("mismatch", `the server does not know the domain ${domain}: ${what}`) : failed("status", `the server ended the stream: ${what}`);
}

async function nextXml(dialogue: Dialogue, reader: XmlStream): Promise<Read<XmlEvent>> {
  for (;;) {
    const byte = await dialogue.take(1);
    if (byte.kind === "failed") return byte;
    const event = reader.push(byte.value[0] ?? 0);
    if (event !== null) return { kind: "read", value: event };
  }
}
