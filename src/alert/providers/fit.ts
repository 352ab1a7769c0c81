import type { Message } from "../channels/channel.ts";

/** What a provider takes at most, in UTF-16 units (never more characters than that) or in bytes of UTF-8. */
export interface Limits {
  readonly title?: number;
  /** Of the details alone as well as of the title with them. */
  readonly text?: number;
  /** Lengths are bytes. */
  readonly bytes?: true;
  /** What is written for the text, when it counts by that. */
  readonly escape?: (text: string) => string;
  /** Units of an SMS; 160 when missing. */
  readonly sms?: number;
}

const ELLIPSIS = "…";
const DEFAULT_TITLE = 250;
const DEFAULT_TEXT = 60_000;

/** Length of a text as the limits count it. */
export function lengthOf(text: string, { bytes, escape }: Limits): number {
  const written = escape === undefined ? text : escape(text);
  return bytes === true ? Buffer.byteLength(written) : written.length;
}

/** The beginning of a text within a length, by `measure`; what is cut ends with `…`. Never parts a surrogate pair. */
export function cut(text: string, most: number, measure: (text: string) => number): string {
  if (measure(text) <= most) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(whole(text, middle) + ELLIPSIS) <= most) low = middle;
    else high = middle - 1;
  }
  return whole(text, low).trimEnd() + ELLIPSIS;
}

function whole(text: string, end: number): string {
  const code = text.charCodeAt(end - 1);
  return text.slice(0, code >= 0xd800 && code <= 0xdbff ? end - 1 : end);
}

/** As many whole lines as fit, and how many were left out. */
function cutLines(lines: readonly string[], most: number, measure: (text: string) => number): string {
  let low = 0;
  let high = lines.length;
  const shown = (count: number): string => [...lines.slice(0, count), `${ELLIPSIS} and ${lines.length - count} more`].join("\n");
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(shown(middle)) <= most) low = middle;
    else high = middle - 1;
  }
  return shown(low);
}

/** The first line within the limit of titles. */
export const fitTitle = (line: string, limits: Limits): string => cut(line, limits.title ?? DEFAULT_TITLE, (text) => lengthOf(text, limits));

/** A text in the owner's own words need not begin with the first line. */
export const isOwn = ({ subject, text }: Pick<Message, "subject" | "text">): boolean => !text.startsWith(subject);

/**
 * What follows the first line, within `room`: all of it; of many troubles their first lines, so that evidence of the first does not push the
 * others out; of one trouble, and of the owner's own words, the beginning.
 */
export function fitDetails(message: Pick<Message, "subject" | "text" | "items">, room: number, limits: Limits): string {
  const measure = (text: string): number => lengthOf(text, limits);
  const own = isOwn(message);
  const all = own ? message.text.trim() : message.text.slice(message.subject.length).trim();
  if (measure(all) <= room) return all;
  if (own || message.items.length <= 1) return cut(all, room, measure);
  const lines = message.items.map((item) => item.headline);
  const listed = lines.join("\n");
  return measure(listed) <= room ? listed : cutLines(lines, room, measure);
}

/** Room for text by the limits. */
export const roomOf = (limits: Limits): number => limits.text ?? DEFAULT_TEXT;
