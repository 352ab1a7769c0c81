import type { Duplex } from "node:stream";
import { berFrame } from "../wire/ber.ts";
import { decodeLdap, encodeStartTls, ldapResultName } from "../wire/ldap.ts";
import { decodeMysqlGreeting, encodeMysqlTls } from "../wire/mysql.ts";
import { encodeSslRequest } from "../wire/postgres.ts";
import type { Dialogue, Read } from "./dialogue.ts";
import { loginMysql, receiveMysql } from "./mysql.ts";
import { openXmppStream, requestXmppTls } from "./xmpp.ts";

/** Protocols that turn to TLS in the middle of a plain conversation. */
export const STARTTLS_PROTOCOLS = ["smtp", "imap", "pop3", "ftp", "nntp", "ldap", "xmpp", "xmpp-server", "postgres", "mysql"] as const;
export type StarttlsProtocol = (typeof STARTTLS_PROTOCOLS)[number];

const REPLY_LINES_MAX = 100;

interface Script {
  /** What is sent, and how its answer must begin; the first answer is the greeting. */
  readonly greeting: RegExp;
  readonly steps: readonly { readonly send: string; readonly answer: RegExp }[];
  /** Whether a line is the last one of an answer. */
  last(line: string): boolean;
}

/** RFC 5321, section 4.2.1; RFC 959, section 4.2: `250-` goes on, `250 ` ends. */
const numbered = (line: string): boolean => /^\d{3}(?!-)/.test(line);

const SCRIPTS: { readonly [protocol in "smtp" | "imap" | "pop3" | "ftp" | "nntp"]: Script } = {
  // RFC 3207
  smtp: { greeting: /^220/, steps: [{ send: "EHLO tocsin.invalid", answer: /^250/ }, { send: "STARTTLS", answer: /^220/ }], last: numbered },
  // RFC 3501, section 6.2.1
  imap: { greeting: /^\* (OK|PREAUTH)/i, steps: [{ send: "a1 STARTTLS", answer: /^a1 OK/i }], last: (line) => !line.startsWith("* ") || /^\* (OK|PREAUTH|BYE)/i.test(line) },
  // RFC 2595, section 4
  pop3: { greeting: /^\+OK/, steps: [{ send: "STLS", answer: /^\+OK/ }], last: () => true },
  // RFC 4217, section 4
  ftp: { greeting: /^220/, steps: [{ send: "AUTH TLS", answer: /^234/ }], last: numbered },
  // RFC 4642, section 2.2
  nntp: { greeting: /^20[01]/, steps: [{ send: "STARTTLS", answer: /^382/ }], last: () => true },
};

/**
 * Leads the plain conversation up to where TLS begins; `name` is the domain to ask for where the protocol wants one. Anything the server sent beyond its go-ahead is a failure: it would be taken for
 * something said under TLS (CVE-2011-0411).
 */
export async function requestTls(dialogue: Dialogue, protocol: StarttlsProtocol, name: string): Promise<Read<null>> {
  const asked = await ask(dialogue, protocol, name);
  if (asked.kind === "failed" || dialogue.surplus === 0) return asked;
  return { kind: "failed", failure: { code: "protocol", sentence: `the server sent ${dialogue.surplus} bytes more before TLS began (command injection, CVE-2011-0411)` } };
}

/** Goes as the protocol wants it, once TLS was looked at: MySQL and MariaDB shut out whoever leaves without a login (error 1129), so that one logs in as nobody. */
export async function leaveTls(dialogue: Dialogue, protocol: StarttlsProtocol, secured: Duplex): Promise<void> {
  if (protocol !== "mysql") return;
  dialogue.attach(secured);
  await loginMysql({ dialogue, secured: true }, { user: null, password: null }, { plugin: "mysql_native_password", salt: new Uint8Array(0) });
}

function ask(dialogue: Dialogue, protocol: StarttlsProtocol, name: string): Promise<Read<null>> {
  if (protocol === "ldap") return askLdap(dialogue);
  if (protocol === "xmpp" || protocol === "xmpp-server") return askXmpp(dialogue, protocol, name);
  if (protocol === "postgres") return askPostgres(dialogue);
  return protocol === "mysql" ? askMysql(dialogue) : askInLines(dialogue, protocol);
}

const NO_TLS: Read<null> = { kind: "failed", failure: { code: "tls-failed", sentence: "the server offers no TLS" } };

/** PostgreSQL documentation, "SSL Session Encryption": one request, one letter. */
async function askPostgres(dialogue: Dialogue): Promise<Read<null>> {
  dialogue.write(encodeSslRequest(), "SSLRequest\n");
  const answer = await dialogue.take(1);
  if (answer.kind === "failed") return answer;
  if (answer.value[0] === 0x53) return { kind: "read", value: null };
  return answer.value[0] === 0x4e ? NO_TLS : { kind: "failed", failure: { code: "protocol", sentence: "the server does not speak the protocol of PostgreSQL" } };
}

/** MySQL internals, "SSLRequest": the greeting says whether TLS is offered, and the request has no answer. */
async function askMysql(dialogue: Dialogue): Promise<Read<null>> {
  const greeted = await receiveMysql({ dialogue }, decodeMysqlGreeting, 0);
  if (greeted.kind === "failed") return greeted;
  const { packet } = greeted.value;
  if (packet.kind === "error") return { kind: "failed", failure: { code: "status", sentence: `the server refused the connection: ${packet.text.slice(0, 200)} (${packet.code})` } };
  if (packet.kind !== "greeting") return { kind: "failed", failure: { code: "protocol", sentence: `the server sent ${packet.kind === "bad" ? packet.reason : "no greeting"}` } };
  if (!packet.tls) return NO_TLS;
  dialogue.write(encodeMysqlTls(), "SSLRequest\n");
  return { kind: "read", value: null };
}

async function askInLines(dialogue: Dialogue, protocol: keyof typeof SCRIPTS): Promise<Read<null>> {
  const script = SCRIPTS[protocol];
  const greeting = await answer(dialogue, script);
  if (greeting.kind === "failed") return greeting;
  if (!script.greeting.test(greeting.value)) return wrong(protocol, "the greeting", greeting.value);
  for (const step of script.steps) {
    dialogue.write(`${step.send}\r\n`);
    const said = await answer(dialogue, script);
    if (said.kind === "failed") return said;
    if (!step.answer.test(said.value)) return wrong(protocol, step.send, said.value);
  }
  return { kind: "read", value: null };
}

async function askXmpp(dialogue: Dialogue, protocol: "xmpp" | "xmpp-server", domain: string): Promise<Read<null>> {
  const opened = await openXmppStream(dialogue, { stream: protocol === "xmpp" ? "c2s" : "s2s", domain, from: null });
  if (opened.kind === "failed") return opened;
  return opened.value.starttls === "no" ? { kind: "failed", failure: { code: "protocol", sentence: "the server does not offer STARTTLS" } } : requestXmppTls(dialogue, opened.value, domain);
}

/** RFC 4511, section 4.14: one extended operation, one result. */
async function askLdap(dialogue: Dialogue): Promise<Read<null>> {
  dialogue.write(encodeStartTls(1), "StartTLS\n");
  let bytes: Uint8Array = new Uint8Array(0);
  for (let count = 2; ; ) {
    const more = await dialogue.take(count);
    if (more.kind === "failed") return more;
    bytes = Buffer.concat([bytes, more.value]);
    const frame = berFrame(bytes);
    if (frame.kind === "bad" || (frame.kind !== "more" && (frame.tag !== 0x30 || frame.total > LDAP_RESULT_MAX))) return wrong("ldap", "StartTLS", "no LDAP message");
    count = frame.kind === "more" ? 1 : frame.total - bytes.length;
    if (count === 0) break;
  }
  const result = decodeLdap(bytes);
  if (result.kind === "bad") return wrong("ldap", "StartTLS", result.reason);
  if (result.kind !== "result" || result.operation !== "extended") return wrong("ldap", "StartTLS", "the answer to another operation");
  return result.code === 0 ? { kind: "read", value: null } : wrong("ldap", "StartTLS", ldapResultName(result.code));
}

/** A result with its diagnostic message is some hundred bytes. */
const LDAP_RESULT_MAX = 4096;

const wrong = (protocol: string, what: string, said: string): Read<null> => {
  const sentence = what === "the greeting" ? `the server does not greet as ${protocol}: ${said.slice(0, 80)}` : `the server refused ${what}: ${said.slice(0, 80)}`;
  return { kind: "failed", failure: { code: "protocol", sentence } };
};

/** The last line of the next answer. */
async function answer(dialogue: Dialogue, script: Script): Promise<Read<string>> {
  for (let lines = 0; lines < REPLY_LINES_MAX; lines++) {
    const line = await dialogue.line();
    if (line.kind === "failed" || script.last(line.value)) return line;
  }
  return { kind: "failed", failure: { code: "protocol", sentence: `the server's answer has more than ${REPLY_LINES_MAX} lines` } };
}
