import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Failure } from "../sys/ports.ts";
import { type ScramLogin, scramFinal, scramFirst, scramVerified } from "../wire/scram.ts";
import { type XmlElement, xmlEscaped } from "../wire/xml-stream.ts";
import { impatience } from "./datagrams.ts";
import type { Read } from "./dialogue.ts";
import type { DnsContext } from "./dns.ts";
import { DEFAULT_TLS, type TlsSettings } from "./options.ts";
import { printable } from "./outcome.ts";
import { type Session, openSession } from "./session.ts";
import { type SrvTarget, lookUpSrv, srvOrder } from "./srv.ts";
import { type XmppRequest, type XmppStream, nextElement, openXmpp, openXmppStream, readXmppEnd } from "./xmpp.ts";

/** An XMPP client that is logged in and has a resource, but is not present: nothing is sent to it that it did not ask for (RFC 6120, sections 6 and 7). */

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const C2S_PORT = 5222;
const DIRECT_PORT = 5223;
/** One of several places must not take the time of all. */
const PLACE_MS = 8000;
const PLACES_MAX = 8;
/** What a room tells of its occupants counts as well. */
const TOTAL_MAX = 1_048_576;
const STANZAS_MAX = 10;

export interface XmppAccount {
  readonly local: string;
  readonly domain: string;
  readonly password: string;
  /** Null: the server chooses one. */
  readonly resource: string | null;
  /** Null: by the SRV records of the domain, else the domain itself. */
  readonly host: string | null;
  readonly port: number | null;
  /** TLS from the first byte (XEP-0368) unless `starttls` says otherwise; null: as the place has it. */
  readonly tls: TlsSettings | null;
  readonly starttls: "required" | "optional" | "off" | null;
}

interface Place {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly direct: boolean;
}

export type ConnectedXmpp = { readonly kind: "connected"; readonly client: XmppClient } | { readonly kind: "failed"; readonly failure: Failure };

const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** Connects, secures, logs in and takes a resource. Code `auth`: the account is refused. */
export async function connectXmpp(account: XmppAccount, ctx: DnsContext): Promise<ConnectedXmpp> {
  const places = await placesOf(account, ctx);
  if (places.kind === "failed") return places;
  const opened = await reach(places.value, account, ctx);
  if (opened.kind === "failed") return opened;
  const session = opened.value;
  const request: XmppRequest = { stream: "c2s", domain: account.domain, from: null };
  const stream = await openXmpp(session, request, { starttls: starttlsOf(account), settings: account.tls ?? DEFAULT_TLS });
  const bound = stream.kind === "failed" ? stream : await logIn(session, stream.value, request, account, ctx);
  if (bound.kind === "read") return { kind: "connected", client: bound.value };
  session.dialogue.close();
  return bound;
}

const starttlsOf = ({ tls, starttls }: XmppAccount): "required" | "optional" | "off" => starttls ?? (tls === null ? "required" : "off");
const isDirect = (account: XmppAccount): boolean => account.tls !== null && starttlsOf(account) === "off";

/** RFC 6120, section 3.2, and XEP-0368: the places of both kinds count together, unless the account says which it wants. */
async function placesOf(account: XmppAccount, ctx: DnsContext): Promise<Read<readonly Place[]>> {
  const { domain, host, port, tls, starttls } = account;
  const direct = isDirect(account);
  const own: Place = { host: host ?? domain, port: port ?? (direct ? DIRECT_PORT : C2S_PORT), direct };
  const ascii = domainToASCII(domain);
  if (host !== null || port !== null || isIP(domain) !== 0 || ascii === "") return { kind: "read", value: [own] };
  const ask = async (service: string, direct: boolean): Promise<{ readonly absent: boolean; readonly targets: readonly (SrvTarget & Place)[] }> => {
    const answer = await lookUpSrv(`${service}._tcp.${ascii}`, ctx);
    const targets = answer.kind === "found" ? answer.targets.map(({ host, port, priority, weight }) => ({ host, port, priority, weight, direct })) : [];
    return { absent: answer.kind === "absent", targets };
  };
  const asked = await Promise.all([...(direct ? [] : [ask("_xmpp-client", false)]), ...(direct || (tls === null && starttls === null) ? [ask("_xmpps-client", true)] : [])]);
  const targets = srvOrder(asked.flatMap(({ targets }) => targets), () => ctx.random.fraction());
  if (targets.length > 0) return { kind: "read", value: targets.slice(0, PLACES_MAX) };
  return asked.some(({ absent }) => absent) ? failed("refused", `${domain} serves no XMPP clients, say its SRV records`) : { kind: "read", value: [own] };
}

/** The first of the places that can be connected to, under TLS where that comes first. */
async function reach(places: readonly Place[], { domain, tls }: XmppAccount, ctx: DnsContext): Promise<Read<Session>> {
  let failure: Failure = { code: "unresolvable", sentence: `${domain} has no place to connect to` };
  for (const [index, { host, port, direct }] of places.entries()) {
    const patience = impatience(PLACE_MS, ctx);
    const secured = direct ? { tls: tls ?? DEFAULT_TLS, alpn: ["xmpp-client"] } : { tls: null };
    const request = { host, port, family: "any" as const, source: null, ...secured, identity: domain, totalMax: TOTAL_MAX };
    const opened = await openSession(request, ctx, index === places.length - 1 ? ctx.signal : patience.signal);
    patience.end();
    if (opened.kind === "open") return { kind: "read", value: opened.session };
    failure = { code: opened.failed.code, sentence: opened.failed.sentence };
  }
  return { kind: "failed", failure };
}

/** Sections 6 and 7: SASL, a new stream, a resource. */
async function logIn(session: Session, stream: XmppStream, request: XmppRequest, account: XmppAccount, ctx: DnsContext): Promise<Read<XmppClient>> {
  const proven = await authenticate(session, stream, account, ctx);
  if (proven !== null) return { kind: "failed", failure: proven };
  const again = await openXmppStream(session.dialogue, request);
  if (again.kind === "failed") return again;
  const wanted = account.resource === null ? "" : `<resource>${xmlEscaped(account.resource)}</resource>`;
  session.dialogue.write(`<iq type='set' id='bind'><bind xmlns='${BIND}'>${wanted}</bind></iq>`);
  for (let stanzas = 0; stanzas < STANZAS_MAX; stanzas++) {
    const next = await nextElement(session.dialogue, again.value.reader, account.domain);
    if (next.kind === "failed") return next;
    if (next.value.name !== "iq" || next.value.attributes["id"] !== "bind") continue;
    const error = stanzaError(next.value);
    return error === null ? { kind: "read", value: new XmppClient(session, again.value, account.domain) } : failed("status", `${account.domain} gives no resource: ${shownError(error)}`);
  }
  return failed("protocol", "the server sent other things instead of a resource");
}

/** SCRAM where it is offered; the password itself goes over TLS only. Null: logged in. */
async function authenticate(session: Session, { reader, mechanisms }: XmppStream, { local, domain, password }: XmppAccount, ctx: DnsContext): Promise<Failure | null> {
  const known = ["SCRAM-SHA-256", "SCRAM-SHA-1", ...(session.secured ? ["PLAIN"] : [])];
  const mechanism = known.find((name) => mechanisms.includes(name));
  if (mechanism === undefined) return { code: "status", sentence: `${session.peer} offers no login by ${known.join(", ")}${mechanisms.length === 0 ? "" : `, but by ${mechanisms.join(", ").slice(0, 200)}`}` };
  const say = (name: string, text: string, more = ""): void => session.dialogue.write(`<${name} xmlns='${SASL}'${more}>${Buffer.from(text).toString("base64")}</${name}>`, `<${name} xmlns='${SASL}'${more}>…</${name}>`);
  const login: ScramLogin = { hash: mechanism === "SCRAM-SHA-1" ? "sha1" : "sha256", user: local, password, nonce: Buffer.from(ctx.random.bytes(18)).toString("base64") };
  say("auth", mechanism === "PLAIN" ? `\0${local}\0${password}` : scramFirst(login), ` mechanism='${mechanism}'`);
  // PLAIN has nothing for the server to prove.
  let verifier: string | null = null;
  let verified = mechanism === "PLAIN";
  for (let steps = 0; steps < STANZAS_MAX; steps++) {
    const next = await nextElement(session.dialogue, reader, domain);
    if (next.kind === "failed") return next.failure;
    const { name, namespace, text } = next.value;
    if (namespace !== SASL) return { code: "protocol", sentence: `the server sent <${name}> during the login` };
    const said = Buffer.from(text, "base64").toString();
    if (verifier !== null && !verified) verified = scramVerified(verifier, said);
    if (name === "success") return verified ? null : { code: "protocol", sentence: "the server could not prove that it knows the password" };
    if (name === "failure") return refusal(next.value, `${local}@${domain}`);
    if (name !== "challenge") return { code: "protocol", sentence: `the server sent <${name}> during the login` };
    if (verifier !== null || verified) say("response", "");
    else {
      const final = await scramFinal(login, said);
      if (final.kind === "bad") return { code: "protocol", sentence: `the server cannot be logged in to: ${final.reason}` };
      verifier = final.verifier;
      say("response", final.message);
    }
  }
  return { code: "protocol", sentence: "the server never came to an end of the login" };
}

/** Section 6.5: conditions that speak of the server's moment and not of the account. */
const PASSING: ReadonlySet<string> = new Set(["temporary-auth-failure", "aborted"]);

function refusal({ children }: XmlElement, account: string): Failure {
  const condition = children.find(({ namespace, name }) => namespace === SASL && name !== "text")?.name ?? "no condition";
  const said = printable((children.find(({ name }) => name === "text")?.text ?? "").trim()).slice(0, 200);
  return { code: PASSING.has(condition) ? "status" : "auth", sentence: `login of ${account} refused: ${condition}${said === "" ? "" : `, ${said}`}` };
}

export interface StanzaError {
  /** auth, cancel, continue, modify or wait. */
  readonly type: string;
  /** `item-not-found`, `service-unavailable`, ... (section 8.3.3). */
  readonly condition: string;
  readonly text: string;
}

/** Section 8.3.2; null for a stanza that is no error. */
export function stanzaError({ attributes, children }: XmlElement): StanzaError | null {
  if (attributes["type"] !== "error") return null;
  const error = children.find(({ name }) => name === "error");
  const own = (error?.children ?? []).filter(({ namespace }) => namespace === STANZA_ERRORS);
  const text = printable((own.find(({ name }) => name === "text")?.text ?? "").trim()).slice(0, 200);
  return { type: error?.attributes["type"] ?? "", condition: own.find(({ name }) => name !== "text")?.name ?? "undefined-condition", text };
}

export const shownError = ({ condition, text }: StanzaError): string => (text === "" ? condition : `${condition}, ${text}`);

export class XmppClient {
  readonly #session: Session;
  readonly #stream: XmppStream;
  readonly #domain: string;

  constructor(session: Session, stream: XmppStream, domain: string) {
    this.#session = session;
    this.#stream = stream;
    this.#domain = domain;
  }

  /** One stanza or more, whole. */
  send(stanza: string): void {
    this.#session.dialogue.write(stanza);
  }

  /** The next stanza that comes. */
  next(): Promise<Read<XmlElement>> {
    return nextElement(this.#session.dialogue, this.#stream.reader, this.#domain);
  }

  /** Closes the stream; waits a second at most for the server to do so too. */
  leave(): Promise<void> {
    return this.#session.leave("</stream:stream>", () => readXmppEnd(this.#session.dialogue, this.#stream));
  }
}
