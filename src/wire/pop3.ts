import { createHash } from "node:crypto";

/** The first line of an answer (RFC 1939, section 3). */
export interface Pop3Status {
  readonly ok: boolean;
  /** Response code in capitals where there is one (RFC 2449, section 8): `IN-USE`, `SYS/TEMP`. */
  readonly code: string | null;
  readonly text: string;
}

/** `+OK text` or `-ERR [CODE] text`; null for anything else. */
export function parsePop3Status(line: string): Pop3Status | null {
  const [, sign, text = ""] = /^(\+OK|-ERR)(?:[ \t](.*))?$/is.exec(line) ?? [];
  if (sign === undefined) return null;
  const code = /^\s*\[([A-Za-z0-9/._-]{1,60})\]/.exec(text)?.[1]?.toUpperCase() ?? null;
  return { ok: sign.startsWith("+"), code, text: text.trim() };
}

/** A line of a multi-line answer with its dot taken away; null for the lone dot that ends it. */
export function unstuffedLine(line: string): string | null {
  if (line === ".") return null;
  return line.startsWith(".") ? line.slice(1) : line;
}

/** How many mails, and octets of them, `STAT` tells; null when it tells neither. */
export function parseStat(text: string): { readonly messages: number; readonly bytes: number } | null {
  const [, messages, bytes] = /^(\d{1,15}) (\d{1,15})(?:\s|$)/.exec(text) ?? [];
  return messages === undefined ? null : { messages: Number(messages), bytes: Number(bytes) };
}

/** The timestamp in a greeting that allows APOP; null when there is none. */
export function apopTimestamp(greeting: string): string | null {
  return /<[^<>\s@]+@[^<>\s@]+>/.exec(greeting)?.[0] ?? null;
}

/** What APOP proves the password with (RFC 1939, section 7). */
export function apopDigest(timestamp: string, password: string): string {
  return createHash("md5").update(timestamp).update(password, "utf8").digest("hex");
}
