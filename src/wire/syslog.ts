/** Messages of syslog: RFC 5424, its framing on streams (RFC 6587, section 3.4.1), and what programs say to the daemon of their own machine. */

export const FACILITIES = ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"] as const;
export type SyslogFacility = (typeof FACILITIES)[number];
const SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;
export type SyslogSeverity = (typeof SEVERITIES)[number];

export interface SyslogRecord {
  readonly facility: SyslogFacility;
  readonly severity: SyslogSeverity;
  /** ISO 8601 in UTC, at most six decimals. */
  readonly timestamp: string;
  readonly hostname: string;
  readonly application: string;
  readonly messageId: string;
  /** One element: its id (`name@NUMBER`), and pairs in order. */
  readonly data: { readonly id: string; readonly values: readonly (readonly [name: string, value: string])[] };
  readonly text: string;
}

/** RFC 5424, section 6.1: what every receiver ought to take. */
const OCTETS_MAX = 2048;

const priority = ({ facility, severity }: SyslogRecord): string => `<${FACILITIES.indexOf(facility) * 8 + SEVERITIES.indexOf(severity)}>`;

/** Printable ASCII of a bounded length; `-` for nothing (section 6). */
function word(text: string, most: number): string {
  const plain = text.replaceAll(/[^\x21-\x7e]+/g, "-").slice(0, most);
  return plain === "" ? "-" : plain;
}

const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim();

/** Section 6.3.3: a value's quote, backslash and bracket are escaped. */
const quoted = (value: string): string => `"${oneLine(value).replaceAll(/["\\\]]/g, (sign) => `\\${sign}`)}"`;

function cut(text: string, octets: number): Uint8Array {
  const bytes = Buffer.from(text);
  if (bytes.length <= octets) return bytes;
  let end = octets;
  // not in the middle of a sign
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** Section 6, at most 2048 octets: what is too long loses its end. The text is UTF-8 without a mark, which most receivers would show. */
export function encodeSyslog(record: SyslogRecord): Uint8Array {
  const { timestamp, hostname, application, messageId, data, text } = record;
  const values = data.values.map(([name, value]) => ` ${word(name.replaceAll(/[=\]"]/g, "-"), 32)}=${quoted(value)}`).join("");
  const head = `${priority(record)}1 ${timestamp} ${word(hostname, 255)} ${word(application, 48)} - ${word(messageId, 32)} [${data.id}${values}]`;
  return cut(`${head} ${oneLine(text)}`, OCTETS_MAX);
}

/** As `syslog(3)` says it to the daemon of the same machine, which knows host and time; the pairs follow the text. */
export function encodeLocalSyslog(record: SyslogRecord): Uint8Array {
  const values = record.data.values.map(([name, value]) => ` ${name}=${quoted(value)}`).join("");
  return cut(`${priority(record)}${word(record.application, 48)}: ${oneLine(record.text)}${values}`, OCTETS_MAX);
}

/** Octet counting: the length, a blank, the message. */
export const syslogFrame = (message: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(`${message.length} `), message]);
