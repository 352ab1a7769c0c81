/** What an OPTIONS request says (RFC 3261, sections 8.1.1 and 11.1; RFC 3581, section 3). All parts are text that stands as it is. */
export interface SipOptions {
  /** Request-URI, and whom the request is to: `sip:pbx.example.com`. */
  readonly uri: string;
  readonly from: string;
  readonly transport: "UDP" | "TCP" | "TLS";
  /** Our address and port, an IPv6 address in brackets. */
  readonly sentBy: string;
  /** Random; the parts by which an answer is known as ours. */
  readonly branch: string;
  readonly callId: string;
  readonly fromTag: string;
}

export interface SipResponse {
  readonly status: number;
  readonly reason: string;
  /** Values of a field by its whole name in lower case, in the order in which they came. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

export type SipMessage =
  | ({ readonly kind: "response" } & SipResponse)
  | { readonly kind: "request"; readonly method: string; readonly fields: SipResponse["fields"] }
  | { readonly kind: "bad"; readonly reason: string };

/** More than any message has: a stranger's must not grow into more. */
export const SIP_LINES_MAX = 300;

/** RFC 3261, section 7.3.3, and the registry of header fields. */
const COMPACT: { readonly [letter: string]: string } = { c: "content-type", e: "content-encoding", f: "from", i: "call-id", k: "supported", l: "content-length", m: "contact", s: "subject", t: "to", v: "via" };
/** RFC 3261, section 8.1.1.7: it marks what follows as unique. */
export const SIP_BRANCH = "z9hG4bK";
/** No message of any kind is longer (RFC 3261, section 18.1.1); a longer body is not one. */
const CONTENT_MAX = 65_535;

/** The request as it goes over the wire. */
export function encodeSipOptions({ uri, from, transport, sentBy, branch, callId, fromTag }: SipOptions): string {
  const contact = `<sip:tocsin@${sentBy}${transport === "UDP" ? "" : `;transport=${transport.toLowerCase()}`}>`;
  const lines = [
    `OPTIONS ${uri} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${sentBy};branch=${branch};rport`,
    "Max-Forwards: 70",
    `From: <${from}>;tag=${fromTag}`,
    `To: <${uri}>`,
    `Call-ID: ${callId}`,
    "CSeq: 1 OPTIONS",
    `Contact: ${contact}`,
    "Accept: application/sdp",
    "User-Agent: Tocsin",
    "Content-Length: 0",
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A message up to its empty line, given as lines (RFC 3261, section 7): any case, compact names, fields that go on in the next line. */
export function parseSip(lines: readonly string[]): SipMessage {
  const [first = "", ...rest] = lines;
  const fields = fieldsOf(rest);
  if (fields === null) return { kind: "bad", reason: "a line that is no header field" };
  const [, status, reason = ""] = /^SIP\/2\.0 +(\d{3})(?: +(.*))?$/is.exec(first) ?? [];
  if (status !== undefined && Number(status) >= 100 && Number(status) < 700) return { kind: "response", status: Number(status), reason: reason.trim(), fields };
  const method = /^([!%'*+.`~\w-]{1,40}) +\S+ +SIP\/2\.0$/i.exec(first)?.[1];
  return method === undefined ? { kind: "bad", reason: "something that is no SIP message" } : { kind: "request", method, fields };
}

function fieldsOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> | null {
  const fields = new Map<string, string[]>();
  let values: string[] | null = null;
  for (const line of lines) {
    if (/^[ \t]/.test(line)) {
      if (values === null) return null;
      values.push(`${values.pop() ?? ""} ${line.trim()}`.trim());
      continue;
    }
    const [, written, value = ""] = /^([^\s:]{1,100})[ \t]*:(.*)$/s.exec(line) ?? [];
    if (written === undefined) return null;
    const lower = written.toLowerCase();
    const name = Object.hasOwn(COMPACT, lower) ? (COMPACT[lower] ?? lower) : lower;
    values = fields.get(name) ?? [];
    values.push(value.trim());
    fields.set(name, values);
  }
  return fields;
}

/** A datagram's message; one whose body is shorter than it says is to be thrown away (RFC 3261, section 18.3). */
export function parseSipDatagram(bytes: Uint8Array): SipMessage {
  // One sign for each octet, so that lengths are those of the wire. Empty lines before a message mean nothing (section 7.5).
  const message = Buffer.from(bytes).toString("latin1").replace(/^[\r\n]+/, "");
  const end = /\r?\n\r?\n/.exec(message);
  if (end === null) return { kind: "bad", reason: message === "" ? "nothing but empty lines" : "something that is no whole SIP message" };
  const lines = Buffer.from(message.slice(0, end.index), "latin1").toString("utf8").split(/\r?\n/);
  if (lines.length > SIP_LINES_MAX) return { kind: "bad", reason: `a message of more than ${SIP_LINES_MAX} lines` };
  const parsed = parseSip(lines);
  if (parsed.kind !== "response") return parsed;
  const length = contentLength(parsed);
  if (length === null) return { kind: "bad", reason: "an answer whose Content-Length is no length" };
  const body = message.length - end.index - end[0].length;
  return body < length ? { kind: "bad", reason: `an answer cut short, with ${body} of the ${length} bytes of its body` } : parsed;
}

/** Octets of the body; 0 where the message does not say, null where it says nonsense. */
export function contentLength({ fields }: Pick<SipResponse, "fields">): number | null {
  const values = fields.get("content-length") ?? [];
  const [written = "0"] = values;
  if (!/^\d{1,10}$/.test(written) || values.some((value) => value !== written)) return null;
  return Number(written) <= CONTENT_MAX ? Number(written) : null;
}

/** Null when a response is the answer to our request, or why it is not (RFC 3261, sections 8.1.3.3 and 17.1.3). */
export function strayAnswer({ fields }: SipResponse, { branch, callId }: Pick<SipOptions, "branch" | "callId">): string | null {
  const one = (name: string): string => fields.get(name)?.[0] ?? "";
  const [via = "", ...others] = fields.get("via") ?? [];
  if (others.length > 0 || via.includes(",")) return "an answer that was to go on to somebody else (more than one Via)";
  if (/;\s*branch\s*=\s*([^\s;,]+)/i.exec(via)?.[1]?.toLowerCase() !== branch.toLowerCase()) return "an answer to another request (branch in Via)";
  if (one("call-id") !== callId) return "an answer to another request (Call-ID)";
  return /^0*1\s+OPTIONS$/.test(one("cseq")) ? null : "an answer to another request (CSeq)";
}

/** Seconds for which the server wants to be left alone; null when it does not say (RFC 3261, section 20.33). */
export function retryAfter({ fields }: SipResponse): number | null {
  const seconds = /^(\d{1,9})(?=[\s;(]|$)/.exec(fields.get("retry-after")?.[0] ?? "")?.[1];
  return seconds === undefined ? null : Number(seconds);
}

/** Values of a list field, over all its lines: Allow. At most 100. */
export function listedIn({ fields }: SipResponse, name: string): readonly string[] {
  const values = (fields.get(name) ?? []).flatMap((value) => value.split(",")).map((value) => value.trim());
  return values.filter((value) => value !== "").slice(0, 100);
}
