/** What stands in place of a secret. */
export const MASK = "***";
/** Shorter secrets are masked only where they stand alone: `ab` must not eat half of every sentence. */
const SHORTEST_INSIDE = 4;
/** Lines of a longer secret (a private key) are secrets as well, from this length on. */
const SHORTEST_LINE = 8;
/** What comes after the host of an address that is a secret: the whole of it from eight characters on, a part of it from this length on. */
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([/?#].*)$/i;
const SHORTEST_PART = 16;
/** Slots of the filter that says where a secret may begin; a power of two. */
const FILTER_SIZE = 1 << 16;

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEADERS = /\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?["']?\s*:[ \t]*)((?:(?:basic|bearer|digest)[ \t]+(?=\S))?)("(?:[^"\\\r\n]|\\.)*"|[^\r\n]*)/gi;

/** Masks every secret in a text, in all the forms it may have taken on its way; linear in the text. */
export type Mask = (text: string) => string;

/**
 * Builds the mask of a set of secrets: plain, percent-encoded, base64 and base64url (also inside `user:password`, and percent-encoded in turn), JSON-escaped, HTML-escaped
 * and hexadecimal. Values of `Authorization:`, `Cookie:` and `Set-Cookie:` are masked whether they are known or not.
 */
export function createMask(secrets: readonly string[]): Mask {
  const inside = new Set<string>();
  const alone = new Set<string>();
  for (const secret of secrets) {
    if (secret === "") continue;
    for (const whole of wholes(secret)) {
      const target = whole.length < SHORTEST_INSIDE ? alone : inside;
      for (const form of forms(whole)) (form.length < SHORTEST_INSIDE ? alone : target).add(form);
    }
  }
  const search = createSearch(inside);
  const words = alone.size === 0 ? null : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${[...alone].sort(longestFirst).map(escapePattern).join("|")})(?![\\p{L}\\p{N}_])`, "gu");
  return (text) => {
    const headers = text.replace(HEADERS, (whole, name: string, colon: string, scheme: string, value: string) => (value.trim() === "" ? whole : `${name}${colon}${scheme}${MASK}`));
    const searched = search(headers);
    return words === null ? searched : searched.replace(words, MASK);
  };
}

/** The secret itself, without the white space around it, its longer lines, and of an address what a receiver knows of it: its path, and what in there looks like a token. */
function wholes(secret: string): readonly string[] {
  const found = new Set([secret, secret.trim()]);
  const lines = secret.split(/\r?\n/);
  if (lines.length > 1) for (const line of lines) if (line.trim().length >= SHORTEST_LINE) found.add(line.trim());
  const [, target = ""] = ADDRESS.exec(secret.trim()) ?? [];
  if (target.length >= SHORTEST_LINE) found.add(target);
  for (const part of target.split(/[/?&=#]/)) if (part.length >= SHORTEST_PART) found.add(part);
  found.delete("");
  return [...found];
}

/** Every form in which the secret may stand in a text. */
function forms(secret: string): readonly string[] {
  const wellFormed = secret.toWellFormed();
  const bytes = new TextEncoder().encode(wellFormed);
  const percent = encodeURIComponent(wellFormed);
  const strict = percent.replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const json = JSON.stringify(secret).slice(1, -1);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const found = new Set([secret, percent, strict, percent.replaceAll("%20", "+"), strict.replaceAll("%20", "+"), encodeURI(wellFormed)]);
  for (const encoded of found) found.add(lowerCodes(encoded));
  found.add(json).add(json.replaceAll("/", "\\/"));
  found.add(json.replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`));
  found.add(secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"));
  found.add(hex).add(hex.toUpperCase());
  for (const core of base64Cores(bytes)) {
    const inAddress = encodeURIComponent(core);
    found.add(core).add(core.replaceAll("+", "-").replaceAll("/", "_")).add(inAddress).add(lowerCodes(inAddress));
  }
  return [...found];
}

const lowerCodes = (text: string): string => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

/** The characters of a base64 text that the bytes alone decide, for each of the three places they can begin at. */
function base64Cores(bytes: Uint8Array): readonly string[] {
  const cores: string[] = [];
  for (let before = 0; before < 3; before++) {
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    let core = "";
    for (let at = first; at < end; at++) core += BASE64[sixBits(bytes, at * 6 - before * 8)] ?? "";
    if (core.length >= SHORTEST_INSIDE) cores.push(core);
  }
  return cores;
}

function sixBits(bytes: Uint8Array, bit: number): number {
  const byte = bit >> 3;
  const pair = ((bytes[byte] ?? 0) << 8) | (bytes[byte + 1] ?? 0);
  return (pair >> (10 - (bit & 7))) & 63;
}

/** Finds all of many strings in one pass: a filter over four characters says where one may begin. */
function createSearch(patterns: ReadonlySet<string>): Mask {
  if (patterns.size === 0) return (text) => text;
  const filter = new Uint8Array(FILTER_SIZE);
  // By the first four characters the lengths that may begin so, longest first: a thousand secrets with one prefix cost no more than one.
  const lengths = new Map<string, Set<number>>();
  for (const pattern of [...patterns].sort(longestFirst)) {
    const start = pattern.slice(0, SHORTEST_INSIDE);
    filter[slotOf(pattern, 0)] = 1;
    const known = lengths.get(start);
    if (known === undefined) lengths.set(start, new Set([pattern.length]));
    else known.add(pattern.length);
  }
  const lengthAt = (text: string, at: number): number => {
    for (const length of lengths.get(text.slice(at, at + SHORTEST_INSIDE)) ?? []) if (patterns.has(text.slice(at, at + length))) return length;
    return 0;
  };
  return (text) => {
    let out = "";
    let copied = 0;
    for (let at = 0; at <= text.length - SHORTEST_INSIDE; at++) {
      if (filter[slotOf(text, at)] === 0) continue;
      const length = lengthAt(text, at);
      if (length === 0) continue;
      out += text.slice(copied, at) + MASK;
      copied = at + length;
      at = copied - 1;
    }
    return copied === 0 ? text : out + text.slice(copied);
  };
}

function slotOf(text: string, at: number): number {
  const mixed = (text.charCodeAt(at) * 0x9e3779b1) ^ (text.charCodeAt(at + 1) * 0x85ebca6b) ^ (text.charCodeAt(at + 2) * 0xc2b2ae35) ^ (text.charCodeAt(at + 3) * 0x27d4eb2f);
  return (mixed ^ (mixed >>> 16)) & (FILTER_SIZE - 1);
}

const longestFirst = (a: string, b: string): number => b.length - a.length;

const escapePattern = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
