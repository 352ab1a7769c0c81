/** One whole reply of an SMTP server (RFC 5321, section 4.2). */
export interface SmtpReply {
  readonly code: number;
  /** The text of each line, without the code. */
  readonly lines: readonly string[];
  /** Enhanced status code (RFC 3463) where the reply has one: `5.7.1`. */
  readonly enhanced: string | null;
}

export type AddedLine =
  | { readonly kind: "more"; readonly reply: SmtpReply }
  | { readonly kind: "whole"; readonly reply: SmtpReply }
  | { readonly kind: "wrong"; readonly reason: string };

/** More lines than any server needs for one reply. */
const LINES_MAX = 100;

/** Adds a line, without its line end, to what has come of a reply; `so far` null for its first line. The last line has a blank, or nothing, after the code. */
export function addReplyLine(soFar: SmtpReply | null, line: string): AddedLine {
  const [, digits = "", sign = "", text = ""] = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(line) ?? [];
  if (digits === "") return { kind: "wrong", reason: `no reply of SMTP: ${line.slice(0, 80)}` };
  const code = Number(digits);
  if (soFar !== null && soFar.code !== code) return { kind: "wrong", reason: `a reply that begins with ${soFar.code} and goes on with ${code}` };
  const lines = [...(soFar?.lines ?? []), text];
  if (lines.length > LINES_MAX) return { kind: "wrong", reason: `a reply of more than ${LINES_MAX} lines` };
  const reply = { code, lines, enhanced: soFar?.enhanced ?? enhancedIn(digits, text) };
  return { kind: sign === "-" ? "more" : "whole", reply };
}

/** RFC 3463, section 2: its class is the reply code's first digit, or it is just some number. */
function enhancedIn(code: string, text: string): string | null {
  const found = /^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(text)?.[1];
  return found?.[0] === code[0] ? (found ?? null) : null;
}

/** `550 5.1.1 no such user`, on one line and not too long, for sentences. */
export function shownReply({ code, lines }: SmtpReply): string {
  return `${code} ${lines.join(" ").replaceAll(/\s+/g, " ").trim()}`.trim().slice(0, 200);
}

/** Servers that put off what they would never take say so; Postfix does by default: `454 4.7.1 Relay access denied`. */
export const deniesRelay = (reply: SmtpReply): boolean => /\brelay/i.test(reply.lines.join(" "));

/** Whether a recipient, or a whole mail, is put off: 450 and 451 as by greylisting (RFC 6647, section 2), 452 for a mailbox that is full just now. */
export const putsOff = (reply: SmtpReply): boolean => [450, 451, 452].includes(reply.code) && !deniesRelay(reply);

/** What a reply to EHLO offers (RFC 5321, section 4.1.1.1): keywords in capitals, with their parameters as written. */
export function capabilitiesOf({ lines }: SmtpReply): ReadonlyMap<string, string> {
  const offered = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const [, keyword = "", parameters = ""] = /^\s*([^\s=]+)[\s=]*(.*?)\s*$/s.exec(line) ?? [];
    const name = keyword.toUpperCase();
    // Old servers say `AUTH=LOGIN` besides `AUTH PLAIN LOGIN`.
    if (keyword !== "") offered.set(name, [offered.get(name), parameters].filter((part) => part !== undefined && part !== "").join(" "));
  }
  return offered;
}

/** A mail as it goes over the wire after DATA (RFC 5321, section 4.5.2): lines end in CR LF, a dot at the beginning of one is doubled, a lone dot ends it. */
export function dotStuffed(mail: string): string {
  const lines = mail.replaceAll(/\r\n|\r|\n/g, "\r\n").replaceAll(/(^|\r\n)\./g, "$1..");
  return `${lines}${lines.endsWith("\r\n") || lines === "" ? "" : "\r\n"}.\r\n`;
}
