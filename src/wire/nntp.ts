/** The first line of an answer (RFC 3977, section 3.1). */
export interface NntpReply {
  /** Three digits. */
  readonly code: number;
  readonly text: string;
}

/** `211 1234 3000234 3002322 misc.test`; null for anything that does not begin with a code. */
export function parseNntpReply(line: string): NntpReply | null {
  const [, code, text = ""] = /^([1-5]\d\d)(?: (.*))?$/s.exec(line) ?? [];
  return code === undefined ? null : { code: Number(code), text: text.trim() };
}

/** What is told of a newsgroup: an estimate of its articles and its water marks (RFC 3977, section 6.1.1); null when it is not told. */
export function parseGroup(text: string): { readonly articles: number; readonly first: number; readonly last: number } | null {
  const [, articles, first, last] = /^(\d{1,15}) (\d{1,15}) (\d{1,15})(?:\s|$)/.exec(text) ?? [];
  return articles === undefined ? null : { articles: Number(articles), first: Number(first), last: Number(last) };
}
