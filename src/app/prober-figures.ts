import type { Unmet } from "../core/expect.ts";
import type { FactValue, Facts } from "../core/types.ts";
import type { Outcome } from "../probes/probe.ts";
import { escapeLabel } from "../api/metrics.ts";

/** What came of a probe, beside its outcome. */
export interface Seen {
  readonly type: string;
  readonly outcome: Outcome;
  /** Conditions included. */
  readonly success: boolean;
  /** The condition that was not met. */
  readonly unmet: Unmet | null;
  readonly durationMs: number;
  readonly timeoutMs: number;
  /** Null when no name was looked up: the target could not be read. */
  readonly lookup: { readonly ms: number; readonly ip: string | null } | null;
  /** The deadline had passed. */
  readonly late: boolean;
  /** Of the options: what decides which figures there are. */
  readonly asked: { readonly dialogue: boolean; readonly soa: boolean; readonly verify: boolean };
}

/** Names and help texts of blackbox_exporter, which dashboards and rules go by. */
const HELP: { readonly [name: string]: string } = {
  probe_dns_additional_rrs: "Returns number of entries in the additional resource record list",
  probe_dns_answer_rrs: "Returns number of entries in the answer resource record list",
  probe_dns_authority_rrs: "Returns number of entries in the authority resource record list",
  probe_dns_duration_seconds: "Duration of DNS request by phase",
  probe_dns_lookup_time_seconds: "Returns the time taken for probe dns lookup in seconds",
  probe_dns_query_succeeded: "Displays whether or not the query was executed successfully",
  probe_dns_serial: "Returns the serial number of the zone",
  probe_duration_seconds: "Returns how long the probe took to complete in seconds",
  probe_failed_due_to_regex: "Indicates if probe failed due to regex",
  probe_grpc_duration_seconds: "Duration of gRPC request by phase",
  probe_grpc_healthcheck_response: "Response HealthCheck response",
  probe_grpc_ssl: "Indicates if SSL was used for the connection",
  probe_grpc_status_code: "Response gRPC status code",
  probe_http_content_length: "Length of http content response",
  probe_http_duration_seconds: "Duration of http request by phase, summed over all redirects",
  probe_http_last_modified_timestamp_seconds: "Returns the Last-Modified HTTP response header in unixtime",
  probe_http_redirects: "The number of redirects",
  probe_http_ssl: "Indicates if SSL was used for the final redirect",
  probe_http_status_code: "Response HTTP status code",
  probe_http_uncompressed_body_length: "Length of uncompressed response body",
  probe_http_version: "Returns the version of HTTP of the probe response",
  probe_icmp_duration_seconds: "Duration of icmp request by phase",
  probe_icmp_reply_hop_limit: "Replied packet hop limit (TTL for ipv4)",
  probe_ip_addr_hash: "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
  probe_ip_protocol: "Specifies whether probe ip protocol is IP4 or IP6",
  probe_ssl_earliest_cert_expiry: "Returns last SSL chain expiry in unixtime",
  probe_ssl_last_chain_expiry_timestamp_seconds: "Returns last SSL chain expiry in timestamp",
  probe_ssl_last_chain_info: "Contains SSL leaf certificate information",
  probe_success: "Displays whether or not the probe was a success",
  probe_timeout_seconds: "Returns how long the probe timeout is in seconds",
  probe_tls_cipher_info: "Returns the TLS cipher negotiated during handshake",
  probe_tls_version_info: "Returns the TLS version used or NaN when unknown",
  probe_websocket_connection_upgraded: "Indicates if the websocket connection was successfully upgraded",
  probe_websocket_duration_seconds: "Duration of websocket request by phase",
  probe_websocket_failed_due_to_regex: "Indicates if probe failed due to regex",
  probe_websocket_status_code: "Response HTTP status code",
};

/** The zero of Go's time, which stands there for a chain that was not verified. */
const NEVER_SECONDS = -62_135_596_800;
const SERVING = ["NOT_SERVING", "SERVICE_UNKNOWN", "SERVING", "UNKNOWN"] as const;

class Figures {
  readonly #samples = new Map<string, Map<string, number>>();

  set(name: string, value: number, labels: { readonly [label: string]: string } = {}): void {
    const text = Object.entries(labels)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, said]) => `${label}="${escapeLabel(said)}"`)
      .join(",");
    const family = this.#samples.get(name) ?? new Map<string, number>();
    // Nanoseconds are as exact as a clock is.
    this.#samples.set(name, family.set(text, Math.round(value * 1e9) / 1e9));
  }

  get text(): string {
    const families = [...this.#samples].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return families.map(([name, samples]) => `# HELP ${name} ${HELP[name] ?? ""}\n# TYPE ${name} gauge\n${[...samples].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([labels, value]) => `${name}${labels === "" ? "" : `{${labels}}`} ${value}\n`).join("")}`).join("");
  }
}

/** The figures of one probe, in the text format of Prometheus. */
export function figuresOf(seen: Seen): string {
  const figures = new Figures();
  figures.set("probe_success", seen.success ? 1 : 0);
  figures.set("probe_duration_seconds", seen.durationMs / 1000);
  figures.set("probe_timeout_seconds", seen.timeoutMs / 1000);
  if (seen.lookup !== null) {
    figures.set("probe_dns_lookup_time_seconds", seen.lookup.ms / 1000);
    figures.set("probe_ip_protocol", seen.lookup.ip === null ? 0 : seen.lookup.ip.includes(":") ? 6 : 4);
    figures.set("probe_ip_addr_hash", seen.lookup.ip === null ? 0 : hashOf(seen.lookup.ip));
  }
  OF_TYPE[seen.type]?.(figures, seen);
  return figures.text;
}

const OF_TYPE: { readonly [type: string]: (figures: Figures, seen: Seen) => void } = { http, tcp, dns, icmp, grpc, websocket };

/** Seconds of the phases that Tocsin calls otherwise. */
function phases(figures: Figures, name: string, { outcome, lookup }: Seen, names: { readonly [theirs: string]: readonly string[] }): void {
  figures.set(name, (lookup?.ms ?? 0) / 1000, { phase: "resolve" });
  for (const [theirs, ours] of Object.entries(names)) figures.set(name, ours.reduce((sum, phase) => sum + (outcome.phases[phase] ?? 0), 0) / 1000, { phase: theirs });
}

function http(figures: Figures, seen: Seen): void {
  const { outcome, unmet, lookup } = seen;
  const { facts, material = {} } = outcome;
  const header = mappingOf(material["header"]);
  const answered = typeof facts["status"] === "number";
  const resolved = lookup !== null && lookup.ip !== null;
  phases(figures, "probe_http_duration_seconds", seen, resolved ? { connect: ["connect"], tls: ["tls"], processing: ["firstByte"], transfer: ["transfer"] } : {});
  figures.set("probe_failed_due_to_regex", unmet !== null && /^(body|header\.)/.test(unmet.fact) ? 1 : 0);
  figures.set("probe_http_status_code", numberOf(facts["status"]));
  figures.set("probe_http_version", numberOf(facts["version"]));
  // One that was not followed counts there, and its body is not read.
  const stopped = [301, 302, 303, 307, 308].includes(numberOf(facts["status"])) && header["location"] !== undefined;
  figures.set("probe_http_redirects", numberOf(facts["redirects"]) + (stopped ? 1 : 0));
  const said = textOf(header["content-length"]);
  const length = /^\d+$/.test(said) ? Number(said) : -1;
  // RFC 9112, section 6.3: these have no body, whatever they say.
  const bodiless = !answered || facts["status"] === 204 || facts["status"] === 304;
  figures.set("probe_http_content_length", bodiless ? 0 : length);
  figures.set("probe_http_uncompressed_body_length", stopped ? 0 : bodyLength(seen.outcome, header, length));
  const modified = Date.parse(textOf(header["last-modified"]));
  if (answered && Number.isFinite(modified)) figures.set("probe_http_last_modified_timestamp_seconds", modified / 1000);
  const secured = answered && textOf(facts["url"]).startsWith("https:");
  figures.set("probe_http_ssl", secured ? 1 : 0);
  if (secured) certificate(figures, seen, true);
}

/** Of a body that was not read to its end, what the answer said of it. */
function bodyLength({ facts, material = {} }: Outcome, header: Facts, length: number): number {
  const body = material["body"];
  if (textOf(header["content-encoding"]) !== "" && typeof body === "string") return new TextEncoder().encode(body).length;
  return facts["cut"] === true ? length : numberOf(facts["bytes"]);
}

function tcp(figures: Figures, seen: Seen): void {
  const { outcome, asked, late } = seen;
  const silent = asked.dialogue && !late && (outcome.code === "mismatch" || outcome.code === "closed");
  figures.set("probe_failed_due_to_regex", silent ? 1 : 0);
  certificate(figures, seen, false);
}

function dns(figures: Figures, seen: Seen): void {
  const { facts, material = {} } = seen.outcome;
  const records = mappingOf(material["records"]);
  const answered = facts["rcode"] !== undefined;
  phases(figures, "probe_dns_duration_seconds", seen, { connect: ["connect", "tls"], request: ["answer"] });
  for (const section of ["answer", "authority", "additional"]) figures.set(`probe_dns_${section}_rrs`, Array.isArray(records[section]) ? records[section].length : 0);
  figures.set("probe_dns_query_succeeded", answered ? 1 : 0);
  if (answered && seen.asked.soa) figures.set("probe_dns_serial", numberOf(facts["serial"]));
}

function icmp(figures: Figures, seen: Seen): void {
  const { facts } = seen.outcome;
  phases(figures, "probe_icmp_duration_seconds", seen, { setup: [], rtt: ["echo"] });
  if (typeof facts["ttl"] === "number") figures.set("probe_icmp_reply_hop_limit", facts["ttl"]);
}

function grpc(figures: Figures, seen: Seen): void {
  const { facts, code } = seen.outcome;
  const secured = facts["tls"] !== undefined && !code.startsWith("tls-");
  phases(figures, "probe_grpc_duration_seconds", seen, { check: ["connect", "tls", "call"] });
  figures.set("probe_grpc_ssl", secured ? 1 : 0);
  // 14 is UNAVAILABLE: nobody answered.
  figures.set("probe_grpc_status_code", typeof facts["grpcStatus"] === "number" ? facts["grpcStatus"] : 14);
  for (const status of SERVING) figures.set("probe_grpc_healthcheck_response", facts["serving"] === status ? 1 : 0, { serving_status: status });
  certificate(figures, seen, false);
}

function websocket(figures: Figures, seen: Seen): void {
  const { facts, code } = seen.outcome;
  const status = numberOf(facts["status"]);
  phases(figures, "probe_websocket_duration_seconds", seen, { connect: ["connect"], processing: ["tls", "handshake"], ...(seen.asked.dialogue ? { transfer: ["answer"] } : {}) });
  figures.set("probe_websocket_status_code", status);
  figures.set("probe_websocket_connection_upgraded", status === 101 ? 1 : 0);
  figures.set("probe_websocket_failed_due_to_regex", seen.asked.dialogue && code === "mismatch" ? 1 : 0);
}

/** What the certificate says, where there was a handshake that was not broken off. */
function certificate(figures: Figures, { outcome: { facts, code }, asked }: Seen, cipher: boolean): void {
  const shown = mappingOf(facts["certificate"]);
  const tls = mappingOf(facts["tls"]);
  if (tls["protocol"] === undefined || code.startsWith("tls-")) return;
  const expiry = Date.parse(textOf(shown["notAfter"])) / 1000;
  figures.set("probe_ssl_earliest_cert_expiry", expiry);
  figures.set("probe_ssl_last_chain_expiry_timestamp_seconds", asked.verify ? expiry : NEVER_SECONDS);
  figures.set("probe_tls_version_info", 1, { version: versionOf(textOf(tls["protocol"])) });
  if (cipher) figures.set("probe_tls_cipher_info", 1, { cipher: textOf(tls["cipher"]) });
  const names = Array.isArray(shown["names"]) ? shown["names"].map(textOf).filter((name) => !/^[\d.]+$|:/.test(name)) : [];
  figures.set("probe_ssl_last_chain_info", 1, { fingerprint_sha256: textOf(shown["fingerprint"]), subject: distinguished(shown["subject"]), issuer: distinguished(shown["issuer"]), subjectalternative: names.join(","), serialnumber: textOf(shown["serial"]) });
}

/** `TLSv1.3` as `TLS 1.3`, `TLSv1` as `TLS 1.0`. */
const versionOf = (protocol: string): string => protocol.replace(/^TLSv(\d)$/, "TLS $1.0").replace(/^TLSv/, "TLS ");

/** The common name first, then the rest from the last part on (RFC 4514). */
function distinguished(text: FactValue | undefined): string {
  const [name = "", ...rest] = textOf(text).split(", ");
  return [name, ...rest.toReversed()].join(",");
}

/** FNV-1a over the octets of an address, 32 bits. */
function hashOf(ip: string): number {
  let hash = 0x811c9dc5;
  for (const octet of octetsOf(ip)) hash = Math.imul(hash ^ octet, 0x01000193) >>> 0;
  return hash;
}

function octetsOf(ip: string): readonly number[] {
  if (!ip.includes(":")) return ip.split(".").map(Number);
  const [head = "", tail] = ip.replace(/%.*$/, "").split("::");
  const words = (text: string | undefined): readonly number[] => (text === undefined || text === "" ? [] : text.split(":").flatMap((part) => (part.includes(".") ? twoWords(part) : [Number.parseInt(part, 16)])));
  const [front, back] = [words(head), words(tail)];
  const middle = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => 0);
  return [...front, ...middle, ...back].flatMap((word) => [word >> 8, word & 255]);
}

function twoWords(dotted: string): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}

const mappingOf = (value: FactValue | undefined): Facts => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Facts) : {});
const textOf = (value: FactValue | undefined): string => (typeof value === "string" ? value : "");
const numberOf = (value: FactValue | undefined): number => (typeof value === "number" || typeof value === "string" ? Number(value) || 0 : 0);
