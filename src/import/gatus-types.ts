import { type Client, decoded } from "./gatus-client.ts";
import type { Operand, PlaceholderName } from "./gatus-condition.ts";
import type { Measured } from "./gatus-expect.ts";
import { flag, present, type Remark, some } from "./gatus-words.ts";
import { durationText, mappingOf, textOf, type Mapping } from "./values.ts";

/** What an endpoint's type becomes. */
export interface Asked {
  /** Keys of the check, its type with them. */
  readonly keys: Mapping;
  /** Conditions for facts that the endpoint's own say nothing of. */
  readonly usual: Mapping;
  readonly measured: (name: PlaceholderName, path: string) => Measured;
  /** How a side of a condition on the body is written here. */
  readonly body?: (operand: Operand) => Operand;
  readonly remarks: readonly Remark[];
}

export type AskedOrNot = Asked | Remark;

const fact = (name: string, measure: Extract<Measured, { kind: "fact" }>["measure"]): Measured => ({ kind: "fact", fact: name, measure });
const fixed = (text: string): Measured => ({ kind: "fixed", text });
const missing = (why: string): Measured => ({ kind: "missing", why });

/** What every type has; a type says what it has besides. */
const COMMON: { readonly [name in PlaceholderName]: Measured } = {
  STATUS: fixed("0"),
  IP: fact("address", "text"),
  DNS_RCODE: fixed(""),
  RESPONSE_TIME: fact("latency", "ms"),
  BODY: fixed(""),
  CONNECTED: { kind: "reached" },
  CERTIFICATE_EXPIRATION: fixed("0"),
  DOMAIN_EXPIRATION: { kind: "domain" },
  CONTEXT: missing("only suites have a context"),
};
const CERTIFICATE = fact("certificate.days", "days");
const measuring = (own: { readonly [name in PlaceholderName]?: Measured }) => (name: PlaceholderName): Measured => own[name] ?? COMMON[name];

const asked = (keys: Mapping, own: { readonly [name in PlaceholderName]?: Measured } = {}, usual: Mapping = {}, remarks: readonly Remark[] = []): Asked => ({ keys: present(keys), usual, measured: measuring(own), remarks });
const remark = (kind: Remark["kind"], key: string, text: string, advice = ""): Remark => ({ kind, path: [key], text, advice, stops: false });
const stop = (kind: "left" | "refused", key: string, text: string, advice: string): Remark => ({ kind, path: [key], text, advice, stops: true });

/** `host:port`, `[::1]:53`, `host`; null for anything else. */
function hostAndPort(text: string): { readonly host: string; readonly port: number | null } | null {
  const [, bracketed, plain, port] = /^(?:\[([\da-fA-F:.%]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) return null;
  return { host, port: port === undefined ? null : Number(port) };
}

type Ported = { readonly host: string; readonly port: number };

/** An address that must have a port. */
function ported(url: string): Ported | Remark {
  const rest = url.replace(/^\w+:\/\//, "");
  const read = hostAndPort(rest);
  if (read === null) return stop("left", "url", `\`${rest}\` is no address that Gatus could reach`, "write HOST:PORT, an IPv6 address in brackets");
  return read.port === null ? stop("left", "url", "it has no port: Gatus never reaches it", "add :PORT") : { host: read.host, port: read.port };
}

const isRemark = (value: object): value is Remark => "stops" in value;

/** The body with Gatus's placeholders filled in, and what is left of them. */
function filledBody(entry: Mapping): { readonly text: string; readonly remarks: readonly Remark[] } {
  const values: Mapping = { ENDPOINT_NAME: entry["name"], ENDPOINT_GROUP: entry["group"], ENDPOINT_URL: entry["url"] };
  const text = textOf(entry["body"]).replaceAll(/\[(ENDPOINT_NAME|ENDPOINT_GROUP|ENDPOINT_URL)\]/g, (_, name: string) => textOf(values[name]));
  const [changing] = /\[(RANDOM_STRING_\d+|LOCAL_ADDRESS)\]/.exec(text) ?? [];
  return { text, remarks: changing === undefined ? [] : [remark("differs", "body", `${changing} is sent as it stands`)] };
}

/** What is sent in a `dialogue`, in which a backslash begins an escape. */
const escapedText = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\r", "\\r").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\0", "\\0");

const base64 = (text: string): string => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCodePoint(byte)).join(""));

/** An address without the user and password in it, and what says them. */
function credentialsOf(address: string): { readonly url: string; readonly auth?: Mapping; readonly header?: string } {
  const [, before = "", credentials, after = ""] = /^(https?:\/\/)([^/?#]*)@([^/?#@]*.*)$/s.exec(address) ?? [];
  if (credentials === undefined) return { url: address };
  const [, user = "", password = ""] = /^([^:]*):?(.*)$/s.exec(credentials) ?? [];
  const url = before + after;
  // An empty password is none that `auth` takes.
  if (password === "" || user === "") return { url, header: `Basic ${base64(`${decoded(user)}:${decoded(password)}`)}` };
  return { url, auth: { user: decoded(user), password: decoded(password) } };
}

/** The keys of one web request, of a check or of a step. */
export function requestOf(entry: Mapping): { readonly keys: Mapping; readonly remarks: readonly Remark[] } {
  const { text, remarks } = filledBody(entry);
  const graphql = flag(entry["graphql"]) === true;
  const method = (some(entry["method"]) ?? "GET").toUpperCase();
  const said = Object.fromEntries(Object.entries(mappingOf(entry["headers"])).map(([name, value]) => [name, textOf(value)]));
  const names = new Set(Object.keys(said).map((name) => name.toLowerCase()));
  const { url, auth, header } = credentialsOf(textOf(entry["url"]));
  const signs = !names.has("authorization");
  const headers = { ...said, ...(graphql && !names.has("content-type") ? { "Content-Type": "application/json" } : {}), ...(signs && header !== undefined ? { Authorization: header } : {}) };
  const body = graphql ? JSON.stringify({ query: text }) : text;
  return {
    keys: { url, ...(signs && auth !== undefined ? { auth } : {}), ...(method === "GET" ? {} : { method }), ...(Object.keys(headers).length === 0 ? {} : { headers }), ...(body === "" ? {} : { body }) },
    remarks,
  };
}

const HTTP_MEASURED: { readonly [name in PlaceholderName]?: Measured } = { STATUS: fact("status", "number"), BODY: { kind: "body", fact: "body", json: "body.json", list: false }, CERTIFICATE_EXPIRATION: CERTIFICATE };
export const httpMeasured = measuring(HTTP_MEASURED);

function http(entry: Mapping, client: Client): AskedOrNot {
  if (!URL.canParse(textOf(entry["url"]))) return stop("refused", "url", "this is no web address", "write https://HOST/");
  const { keys, remarks } = requestOf(entry);
  return asked({ type: "http", ...keys, ...(client.follows ? {} : { redirects: 0 }), tls: client.tls, proxy: client.proxy }, HTTP_MEASURED, { status: "exists" }, remarks);
}

/** Something that comes back ends the dialogue, as the first read does in Gatus. */
const anything = "/[\\s\\S]/";
const BANNER: Measured = { kind: "body", fact: "banner", json: null, list: false };

function tcp(entry: Mapping): AskedOrNot {
  const address = ported(textOf(entry["url"]));
  if (isRemark(address)) return address;
  const { text, remarks } = filledBody(entry);
  return asked({ type: "tcp", ...address, ...(text === "" ? {} : { dialogue: [{ send: escapedText(text), expect: anything }] }) }, text === "" ? {} : { BODY: BANNER }, {}, remarks);
}

function tls(entry: Mapping, client: Client): AskedOrNot {
  const address = ported(textOf(entry["url"]));
  if (isRemark(address)) return address;
  const { text, remarks } = filledBody(entry);
  const expired = client.insecure ? { "certificate.days": null } : {};
  if (text === "") return asked({ type: "tls", ...address, tls: client.tls }, { CERTIFICATE_EXPIRATION: CERTIFICATE }, expired);
  return asked({ type: "tcp", ...address, tls: client.tls ?? true, dialogue: [{ send: escapedText(text), expect: anything }] }, { CERTIFICATE_EXPIRATION: CERTIFICATE, BODY: BANNER }, {}, remarks);
}

function starttls(entry: Mapping, client: Client): AskedOrNot {
  const address = ported(textOf(entry["url"]));
  if (isRemark(address)) return address;
  return asked({ type: "tls", ...address, starttls: "smtp", tls: client.insecure ? { verify: false } : undefined }, { CERTIFICATE_EXPIRATION: CERTIFICATE }, client.insecure ? { "certificate.days": null } : {});
}

function icmp(entry: Mapping, client: Client): AskedOrNot {
  const host = textOf(entry["url"]).replace("icmp://", "").replace(/^\[(.*)\]$/, "$1");
  if (host === "" || /[\s/]/.test(host)) return stop("left", "url", `\`${host}\` is no host that can be pinged`, "write icmp://HOST");
  return asked({ type: "icmp", host, count: 1, wait: durationText(client.timeoutMs), family: client.family }, { RESPONSE_TIME: fact("max", "ms") });
}

function websocket(entry: Mapping, client: Client): AskedOrNot {
  if (!URL.canParse(textOf(entry["url"]))) return stop("left", "url", "this is no address of a WebSocket", "write wss://HOST/");
  const { text, remarks } = filledBody(entry);
  const headers = Object.entries(mappingOf(entry["headers"])).map(([name, value]) => [name, textOf(value)] as const);
  const origin = headers.find(([name]) => name.toLowerCase() === "origin")?.[1] ?? "http://localhost/";
  const others = headers.filter(([name]) => name.toLowerCase() !== "origin");
  const keys = { type: "websocket", url: some(entry["url"]), origin, ...(others.length === 0 ? {} : { headers: Object.fromEntries(others) }), send: text, answer: anything, ping: false, tls: client.tls };
  return asked(keys, { BODY: { kind: "body", fact: "message", json: null, list: false } }, {}, remarks);
}

function grpc(entry: Mapping, client: Client): AskedOrNot {
  const url = textOf(entry["url"]);
  const address = ported(url);
  if (isRemark(address)) return address;
  const secure = url.startsWith("grpcs://");
  const made = asked({ type: "grpc", ...address, tls: secure ? (client.tls ?? true) : undefined }, {}, { serving: "exists" });
  const serving = fact("serving", "text");
  return { ...made, measured: (name, path) => (name === "BODY" ? (path === "status" ? serving : missing("only [BODY].status is there")) : made.measured(name, path)) };
}

/** What a login is asked for; a key that is new to us is taken as Gatus takes any. */
function ssh(entry: Mapping): AskedOrNot {
  const read = hostAndPort(textOf(entry["url"]).replace("ssh://", ""));
  if (read === null) return stop("left", "url", "this is no address that Gatus could reach", "write ssh://HOST:PORT");
  const { host, port } = read;
  const { username, password, "private-key": privateKey } = mappingOf(entry["ssh"]);
  const base = { type: "ssh", host, ...(port === null || port === 22 ? {} : { port }) };
  const [user, secret, key] = [some(username), some(password), some(privateKey)];
  if (user === undefined && secret === undefined && key === undefined) return asked({ ...base, until: "identification" });
  if (user === undefined || (secret ?? key) === undefined) return stop("refused", "ssh", user === undefined ? "it has no username" : "it has neither password nor private-key", "add it");
  const command = commandOf(textOf(entry["body"]));
  const learning = remark("differs", "ssh", "the host key that is seen first is learnt, and another one is down; a password is not sent before it is known", "`hostKey` in tocsin.yaml names it");
  const login = { ...base, user, password: secret, privateKey: key, hostKey: "learn" };
  if (command === undefined) return asked(login, { BODY: fixed("") }, {}, [learning, remark("differs", "body", "it names no command: the login decides; Gatus wants one in `body`", 'write body: {"command": "..."}')]);
  return asked({ ...login, command }, { STATUS: fact("exit", "number"), BODY: { kind: "body", fact: "output", json: "output.json", list: false } }, { exit: "exists" }, [learning]);
}

function commandOf(body: string): string | undefined {
  try {
    return some(mappingOf(JSON.parse(body) as unknown)["command"]);
  } catch {
    return undefined;
  }
}

/** Types whose answer Gatus shows as a name, with a final dot that is not written here. */
const NAMES: ReadonlySet<string> = new Set(["CNAME", "NS", "PTR", "MX"]);
const KNOWN_RECORDS: ReadonlySet<string> = new Set(["A", "AAAA", "TXT", ...NAMES]);
const RECORDS: ReadonlySet<string> = new Set([...KNOWN_RECORDS, "SOA", "HINFO", "SRV", "NAPTR", "DNAME", "DS", "SSHFP", "DNSKEY", "TLSA", "CAA"]);

function dnsBody(record: string): Measured {
  if (record === "SRV") return missing("priority and weight stand before the target here");
  if (!KNOWN_RECORDS.has(record)) return fixed("query type is not supported yet");
  return { kind: "body", fact: "answers", json: null, list: false, before: record === "MX" ? "\\d+ " : "", after: "" };
}

const undotted = (text: string): string => text.replace(/\.$/, "").toLowerCase();

/** Names are in small letters and without a final dot here. */
function asName(operand: Operand): Operand {
  if (operand.kind === "text") return { ...operand, text: undotted(operand.text) };
  if (operand.kind === "pattern") return { ...operand, glob: undotted(operand.glob) };
  return operand.kind === "any" ? { ...operand, choices: operand.choices.map(undotted) } : operand;
}

function dns(entry: Mapping): AskedOrNot {
  const { "query-name": name, "query-type": type } = mappingOf(entry["dns"]);
  const record = textOf(type);
  if (some(name) === undefined) return stop("refused", "dns", "it has no query-name", "add it");
  if (!/^[A-Z][A-Z\d-]*$/.test(record)) return stop("refused", "dns", `\`${record}\` is no query-type`, "write A, AAAA, CNAME, MX, NS, TXT, SRV or PTR");
  if (!RECORDS.has(record)) return stop("left", "dns", `records of type ${record} are not asked for by that name here`, "write a `dns` check with record: TYPE and its number");
  const server = hostAndPort(textOf(entry["url"]));
  if (server === null) return stop("left", "url", "this is no address of a name server", "write 8.8.8.8, or [2001:db8::1]:53");
  const keys = { type: "dns", name: textOf(name).replace(/(.)\.$/, "$1"), record, server: server.host, ...(server.port === null || server.port === 53 ? {} : { port: server.port }) };
  const made = asked(keys, { DNS_RCODE: fact("rcode", "text"), BODY: dnsBody(record), DOMAIN_EXPIRATION: missing("the address is that of the name server") }, { rcode: "exists" });
  return NAMES.has(record) ? { ...made, body: asName } : made;
}

const left = (text: string, advice: string) => (): AskedOrNot => stop("left", "url", text, advice);

const BY_SCHEME: { readonly [scheme: string]: (entry: Mapping, client: Client) => AskedOrNot } = {
  http,
  https: http,
  tcp,
  tls,
  starttls,
  icmp,
  ws: websocket,
  wss: websocket,
  grpc,
  grpcs: grpc,
  ssh,
  udp: left("nothing is sent over UDP to a port whose protocol is not known", "use dns, sntp, snmp, sip, openvpn or radius, which know theirs"),
  sctp: left("SCTP is not spoken here", "check by another port of the same service, or with a `script`"),
};

/** The scheme, `dns` for an endpoint that names a query; null for one that Gatus does not know. */
export function schemeOf(entry: Mapping): string | null {
  if (entry["dns"] !== undefined && entry["dns"] !== null) return "dns";
  const [, scheme = ""] = /^([a-z]+):\/\//.exec(textOf(entry["url"])) ?? [];
  return Object.hasOwn(BY_SCHEME, scheme) ? scheme : null;
}

/** What the endpoint's type becomes, or why it cannot be asked. */
export function askOf(entry: Mapping, client: Client): AskedOrNot {
  const scheme = schemeOf(entry);
  if (scheme === "dns") return dns(entry);
  return (scheme === null ? undefined : BY_SCHEME[scheme]?.(entry, client)) ?? stop("refused", "url", "Gatus knows no endpoint of this kind", "begin it with http://, https://, tcp://, icmp://, dns, tls://, starttls://, ssh://, ws://, wss://, grpc:// or grpcs://");
}
