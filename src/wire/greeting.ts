import { decodeMysqlGreeting } from "./mysql.ts";

/** What a server's first words say: which service it is, what it calls itself, and how one takes leave of it. */
export interface Greeting {
  /** `ssh`, `smtp`, `ftp`, `mysql`, ...; empty when it could be several or is not known. */
  readonly service: string;
  /** The server about itself: `OpenSSH_9.2p1 Debian-2`, `10.11.19-MariaDB`; its first line where nothing else is known. */
  readonly product: string;
  /** What ends the conversation politely; empty where hanging up is all there is. */
  readonly farewell: string;
}

/** Longest part of a greeting that is looked at, octets. */
export const GREETING_MAX = 1024;
const PRODUCT_MAX = 200;
const LINES_MAX = 20;
const QUIT = "QUIT\r\n";
const MYSQL_HEAD = 4;

type Rule = readonly [pattern: RegExp, service: string, farewell?: string];

/** By one line; what the first group holds is the product. */
const RULES: readonly Rule[] = [
  [/^SSH-[\d.]+-(.*)/, "ssh"],
  [/^220[ -].*?((?:dictd) .*)/i, "dict", QUIT],
  [/^220[ -](.*ftp.*|.*filezilla.*)/i, "ftp", QUIT],
  [/^220[ -]\S+ (E?SMTP.*)/i, "smtp", QUIT],
  [/^220[ -](.*(?:smtp|postfix|exim|sendmail|mail).*)/i, "smtp", QUIT],
  [/^(?:421|554)[ -](.*)/, "smtp", QUIT],
  [/^20[01][ -](.*(?:nntp|news|inn).*)/i, "nntp", QUIT],
  [/^\+OK ?(.*)/, "pop3", QUIT],
  [/^\* (?:OK|PREAUTH|BYE) ?(?:\[CAPABILITY [^\]]*\] ?)?(.*)/, "imap", "a LOGOUT\r\n"],
  [/^"IMPLEMENTATION" "([^"]*)"/, "managesieve", "LOGOUT\r\n"],
  [/^RFB (\d{3}\.\d{3})/, "vnc"],
  [/^@RSYNCD: (.*)/, "rsync", "@RSYNCD: EXIT\n"],
  [/^OK (MPD .*)/, "mpd", "close\n"],
  [/^(Asterisk Call Manager.*)/, "ami", "Action: Logoff\r\n\r\n"],
  [/^(?::\S+ )?NOTICE (?:AUTH|\*|\S+) :(.*)/, "irc", QUIT],
  [/^-(?:DENIED|ERR) ?(.*)/, "redis"],
  [/^HTTP\/1\.[01] \d{3} ?(.*)/, "http"],
];

/** What a service on its usual port must be whose greeting (220, 200) could be of several. */
const BY_PORT: { readonly [port: number]: string } = { 21: "ftp", 25: "smtp", 119: "nntp", 465: "smtp", 563: "nntp", 587: "smtp", 990: "ftp", 2525: "smtp" };

const TELNET_IAC = 0xff;

/** Whether the greeting is all there: its last line, or its packet. */
export function isWholeGreeting(bytes: Uint8Array): boolean {
  if (bytes.length >= GREETING_MAX) return true;
  const [first = 0] = bytes;
  if (looksLikeMysql(bytes)) return bytes.length >= MYSQL_HEAD + first + (bytes[1] ?? 0) * 0x100;
  if (first === TELNET_IAC) return bytes.length >= 3;
  const text = textOf(bytes);
  // RFC 5321, section 4.2: a hyphen behind the code says that more lines follow.
  return /^\d{3}-/.test(text) ? /^\d{3}(?: .*)?\r?\n/m.test(text) : text.includes("\n");
}

/** Reads a server's first words; `port` tells apart what greets alike. Null when nothing came. */
export function readGreeting(bytes: Uint8Array, port: number): Greeting | null {
  if (bytes.length === 0) return null;
  if (looksLikeMysql(bytes)) return ofMysql(bytes.subarray(MYSQL_HEAD));
  if (bytes[0] === TELNET_IAC && (bytes[1] ?? 0) >= 0xf0) return { service: "telnet", product: "", farewell: "" };
  const lines = textOf(bytes).split(/\r?\n/, LINES_MAX);
  for (const line of lines) {
    for (const [pattern, service, farewell = ""] of RULES) {
      const [whole, product] = pattern.exec(line) ?? [];
      if (whole !== undefined) return { service, product: clean(product ?? ""), farewell };
    }
  }
  const [line = ""] = lines;
  const usual = /^2[02]\d[ -]/.test(line) ? (BY_PORT[port] ?? "") : "";
  return { service: usual, product: clean(line), farewell: usual === "" ? "" : QUIT };
}

/** Sequence 0 and protocol 10, or an error in place of the greeting. */
const looksLikeMysql = (bytes: Uint8Array): boolean => bytes.length > MYSQL_HEAD && bytes[2] === 0 && bytes[3] === 0 && (bytes[4] === 10 || bytes[4] === 0xff);

function ofMysql(payload: Uint8Array): Greeting {
  const packet = decodeMysqlGreeting(payload);
  return { service: "mysql", product: clean(packet.kind === "greeting" ? packet.version : packet.kind === "error" ? packet.text : ""), farewell: "" };
}

const textOf = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes.subarray(0, GREETING_MAX));
// oxlint-disable-next-line no-control-regex
const clean = (text: string): string => text.replaceAll(/[\0-\x1f\x7f-\x9f]+/g, " ").trim().slice(0, PRODUCT_MAX);
