/** A reply of an FTP server (RFC 959, section 4.2). */
export interface FtpReply {
  readonly code: number;
  readonly lines: readonly string[];
}

/** A reply may go on: `opening` is its code until the line that begins with the same code and a blank. */
export type FtpLine = { readonly kind: "more"; readonly reply: FtpReply } | { readonly kind: "whole"; readonly reply: FtpReply } | { readonly kind: "bad" } | { readonly kind: "long" };

const LINES_MAX = 100;

/** Adds a line to the reply so far, null before the first; lines between may begin with anything, other digits as well. */
export function addFtpLine(soFar: FtpReply | null, line: string): FtpLine {
  const [, digits = "", sign = "", text = ""] = /^([1-5]\d\d)([ -]|$)(.*)$/s.exec(line) ?? [];
  if (soFar === null) {
    if (digits === "") return { kind: "bad" };
    return { kind: sign === "-" ? "more" : "whole", reply: { code: Number(digits), lines: [text] } };
  }
  if (soFar.lines.length >= LINES_MAX) return { kind: "long" };
  const last = Number(digits) === soFar.code && sign !== "-";
  return { kind: last ? "whole" : "more", reply: { code: soFar.code, lines: [...soFar.lines, last ? text : line] } };
}

/** Names of what FEAT lists (RFC 2389, section 3.2): each on a line that begins with a blank. */
export const featuresOf = ({ lines }: FtpReply): readonly string[] => lines.slice(1, -1).flatMap((line) => (line.startsWith(" ") ? [line.trim()] : [])).slice(0, 50);

/** `530 Login incorrect.` */
export const shownFtpReply = ({ code, lines }: FtpReply): string => `${code} ${lines.join(" ").trim().slice(0, 200)}`.trim();
