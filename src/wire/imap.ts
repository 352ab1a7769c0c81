/** A piece of an IMAP response: an atom as written, the content of a quoted text or literal, or a list. */
export type ImapToken = string | readonly ImapToken[];

/** One whole response of an IMAP server (RFC 9051, section 7). */
export interface ImapResponse {
  /** `*` for untagged ones, `+` for a request to go on, else the tag of a command. */
  readonly tag: string;
  /** OK, NO, BAD, BYE or PREAUTH; null for data. */
  readonly status: string | null;
  /** What stands in brackets before the text of a status, as written: `CAPABILITY IMAP4rev2`. */
  readonly code: string | null;
  /** The human text of a status, or all of a request to go on. */
  readonly text: string;
  /** Data in its pieces: `["SEARCH", "3", "5"]`. */
  readonly tokens: readonly ImapToken[];
}

/** Deeper than any response nests. */
const DEPTH_MAX = 20;

/** Octets of the literal that a line announces at its end (`{12}`, also `{12+}` and `~{12}`); null when it announces none. */
export function literalLength(line: string): number | null {
  const digits = /\{(\d{1,10})\+?\}$/.exec(line)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Reads a response from its pieces: a line, the literal that it announced, the rest of the line, and so on. Null when it is none. */
export function parseImapResponse(pieces: readonly string[]): ImapResponse | null {
  const [, tag, rest = ""] = /^([^\s(){}%*"\\]+|\*)(?:[ ](.*))?$/s.exec(pieces[0] ?? "") ?? [];
  if (tag === undefined) return null;
  const nothing = { tag, status: null, code: null, text: "", tokens: [] };
  if (tag === "+") return { ...nothing, text: rest };
  const [, status, said = ""] = /^(OK|NO|BAD|BYE|PREAUTH)(?:[ ](.*))?$/is.exec(rest) ?? [];
  if (status !== undefined) {
    const [, code, text] = /^\[([^\]]*)\][ ]?(.*)$/s.exec(said) ?? [];
    return { ...nothing, status: status.toUpperCase(), code: code ?? null, text: (text ?? said).trim() };
  }
  if (tag !== "*") return null;
  const tokens = tokensOf([rest, ...pieces.slice(1)]);
  return tokens === null ? null : { ...nothing, tokens };
}

const LITERAL = /~?\{\d{1,10}\+?\}$/;

function tokensOf(pieces: readonly string[]): readonly ImapToken[] | null {
  const whole: ImapToken[] = [];
  const open: ImapToken[][] = [whole];
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 1) {
      open.at(-1)?.push(piece);
      continue;
    }
    const text = index < pieces.length - 1 ? piece.replace(LITERAL, "") : piece;
    for (const [token, quoted] of text.matchAll(/"((?:[^"\\]|\\.)*)"|[()]|[^\s()"]+/gs)) {
      if (token === "(") {
        if (open.length > DEPTH_MAX) return null;
        const list: ImapToken[] = [];
        open.at(-1)?.push(list);
        open.push(list);
      } else if (token === ")") {
        if (open.length === 1) return null;
        open.pop();
      } else open.at(-1)?.push(quoted === undefined ? token : quoted.replaceAll(/\\(.)/gs, "$1"));
    }
  }
  return open.length === 1 ? whole : null;
}

/** Numbers of mails in a SEARCH response (RFC 3501, section 7.2.5); null for another response. */
export function searchedNumbers({ tokens }: ImapResponse): readonly number[] | null {
  const [name, ...numbers] = tokens;
  if (typeof name !== "string" || name.toUpperCase() !== "SEARCH") return null;
  return numbers.flatMap((token) => (typeof token === "string" && /^[1-9]\d{0,9}$/.test(token) ? [Number(token)] : []));
}

/** Numbers of a STATUS response by name: `{messages: 3, unseen: 1}`; null for another response. */
export function statusNumbers({ tokens }: ImapResponse): { readonly [name: string]: number } | null {
  const [name, , list] = tokens;
  if (typeof name !== "string" || name.toUpperCase() !== "STATUS" || !isList(list)) return null;
  const found: [string, number][] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const [key, value] = [list[at], list[at + 1]];
    if (typeof key === "string" && typeof value === "string" && /^\d{1,15}$/.test(value)) found.push([key.toLowerCase(), Number(value)]);
  }
  return Object.fromEntries(found);
}

const isList = (token: ImapToken | undefined): token is readonly ImapToken[] => Array.isArray(token);

/** Part of a command: text as it goes, or octets that go as a literal. */
export type ImapPart = string | { readonly literal: Uint8Array };

/** A text as an argument: quoted where it is plain ASCII, as a literal else (RFC 9051, section 4.3). */
export function imapString(text: string): ImapPart {
  if (/^[\x20-\x7e]*$/.test(text) && text.length <= 1000) return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
  return { literal: new TextEncoder().encode(text) };
}

/** A folder's name in the modified UTF-7 of RFC 3501, section 5.1.3. */
export function folderName(name: string): string {
  return name.replaceAll(/&|[^\x20-\x7e]+/g, (part) => {
    if (part === "&") return "&-";
    const bytes = Buffer.from(part, "utf16le").swap16();
    return `&${bytes.toString("base64").replace(/=+$/, "").replaceAll("/", ",")}-`;
  });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** The UTC day of an instant as SEARCH wants it: `20-Nov-2026`. */
export function imapDay(at: number): string {
  const date = new Date(at);
  return `${date.getUTCDate()}-${MONTHS[date.getUTCMonth()] ?? ""}-${date.getUTCFullYear()}`;
}
