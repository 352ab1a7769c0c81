import type { Instant } from "../../core/types.ts";
import type { Sending } from "./channel.ts";

/** Client errors that pass with time: 408 Request Timeout, 421 Misdirected, 423 Locked, 425 Too Early, 429 Too Many Requests (RFC 9110, 8470, 6585). */
const PASSING: ReadonlySet<number> = new Set([408, 421, 423, 425, 429]);
const QUOTED_MAX = 200;

/** `Retry-After` (RFC 9110, 10.2.3) in ms from `now`: seconds or a date; undefined when it is neither. */
export function retryAfterMs(header: string | undefined, now: Instant): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

export interface HttpReply {
  readonly status: number;
  readonly reason: string;
  /** First value of each header, names in small letters. */
  readonly headers: { readonly [name: string]: string };
  /** The beginning of the body. */
  readonly body: string;
}

/** What a receiver's answer means for a message; the one table that all channels over HTTP share. The receiver answered, so nothing is in doubt. */
export function judgeReply(reply: HttpReply, now: Instant): Sending {
  const { status } = reply;
  const quoted = reply.body.replaceAll(/\s+/g, " ").trim().slice(0, QUOTED_MAX);
  const answer = `HTTP ${status}${reply.reason === "" ? "" : ` ${reply.reason}`}${quoted === "" ? "" : `: ${quoted}`}`;
  if (status >= 200 && status < 300) return { kind: "sent", detail: answer };
  if (status >= 300 && status < 400) {
    const to = reply.headers["location"];
    return { kind: "refused", reason: `${answer}; ${to === undefined ? "redirects are not followed" : `redirects are not followed: set url to ${to.slice(0, QUOTED_MAX)}`}` };
  }
  if (status >= 500 || PASSING.has(status)) {
    const afterMs = retryAfterMs(reply.headers["retry-after"], now);
    return { kind: "retry", reason: answer, doubt: false, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  return { kind: "refused", reason: answer };
}
