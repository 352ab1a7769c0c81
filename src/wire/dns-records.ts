import { nameOctets, readName } from "./dns-names.ts";
import { formatIp4, formatIp6, parseIp4, parseIp6 } from "./ip.ts";
import { Reader } from "./reader.ts";

/** How a field of a record's data lies on the wire and reads as text. */
type Field = "u8" | "u16" | "u32" | "ip4" | "ip6" | "name" | "tag" | "string" | "quoted" | "hex" | "base64" | "strings";

/** RFC 1035 unless another document is named. */
const LAYOUTS: { readonly [type: string]: { readonly code: number; readonly fields: readonly Field[] } } = {
  A: { code: 1, fields: ["ip4"] },
  NS: { code: 2, fields: ["name"] },
  CNAME: { code: 5, fields: ["name"] },
  SOA: { code: 6, fields: ["name", "name", "u32", "u32", "u32", "u32", "u32"] },
  PTR: { code: 12, fields: ["name"] },
  HINFO: { code: 13, fields: ["string", "string"] },
  MX: { code: 15, fields: ["u16", "name"] },
  TXT: { code: 16, fields: ["strings"] },
  AAAA: { code: 28, fields: ["ip6"] }, // RFC 3596
  SRV: { code: 33, fields: ["u16", "u16", "u16", "name"] }, // RFC 2782
  NAPTR: { code: 35, fields: ["u16", "u16", "string", "string", "string", "name"] }, // RFC 3403
  DNAME: { code: 39, fields: ["name"] }, // RFC 6672
  DS: { code: 43, fields: ["u16", "u8", "u8", "hex"] }, // RFC 4034
  SSHFP: { code: 44, fields: ["u8", "u8", "hex"] }, // RFC 4255
  DNSKEY: { code: 48, fields: ["u16", "u8", "u8", "base64"] }, // RFC 4034
  TLSA: { code: 52, fields: ["u8", "u8", "u8", "hex"] }, // RFC 6698
  CAA: { code: 257, fields: ["u8", "tag", "quoted"] }, // RFC 8659
};
const NAMES = new Map(Object.entries(LAYOUTS).map(([name, { code }]) => [code, name]));
const ONLY_INTERNET = new Set<Field>(["ip4", "ip6"]);

/** Record types with a text form of their own; all others are written `TYPE123` with data as in RFC 3597. */
export const RECORD_TYPES: readonly string[] = Object.keys(LAYOUTS);

/** The number of `MX`, `mx` or `TYPE15`; null when it is no type. */
export function typeCode(text: string): number | null {
  const upper = text.toUpperCase();
  const generic = /^TYPE(\d{1,5})$/.exec(upper);
  if (generic) return Number(generic[1]) <= 65535 ? Number(generic[1]) : null;
  return LAYOUTS[upper]?.code ?? null;
}

/** `MX` for 15, `TYPE65` for a type without a text form of its own. */
export function typeName(code: number): string {
  return NAMES.get(code) ?? `TYPE${code}`;
}

function layoutOf(code: number, internet: boolean): readonly Field[] | null {
  const fields = LAYOUTS[typeName(code)]?.fields ?? null;
  return fields !== null && !internet && fields.some((field) => ONLY_INTERNET.has(field)) ? null : fields;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex").toUpperCase();

function escaped(bytes: Uint8Array): string {
  let text = "";
  for (const octet of bytes) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, "0")}`;
  }
  return text;
}

/** The octets behind `\"`, `\\` and `\DDD`. */
function unescaped(text: string): Uint8Array {
  const parts = text.split(/(\\\d{3}|\\.)/su).map((part, index) => {
    if (index % 2 === 0) return Buffer.from(part, "utf8");
    return /^\\\d{3}$/.test(part) ? Buffer.of(Number(part.slice(1)) & 255) : Buffer.from(part.slice(1), "utf8");
  });
  return Buffer.concat(parts);
}

/** RFC 8659, section 4.1. */
const TAG = /^[a-z0-9]{1,255}$/i;

function readTag(reader: Reader): string {
  const tag = escaped(reader.take(reader.u8())).toLowerCase();
  if (!TAG.test(tag)) reader.fail("a CAA record has a tag of other signs than letters and digits");
  return tag;
}

/** Strings joined without blanks: as they are when they are sound UTF-8 without control signs; else in quotes, odd octets as `\DDD`. */
function readStrings(reader: Reader): string {
  const parts: Uint8Array[] = [];
  do parts.push(reader.take(reader.u8()));
  while (reader.left > 0 && reader.bad === null);
  const bytes = Buffer.concat(parts);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!/\p{Cc}/u.test(text) && !text.startsWith('"')) return text;
  } catch {
    // not UTF-8: written octet by octet below
  }
  return `"${escaped(bytes)}"`;
}

function stringsOctets(text: string): Uint8Array | null {
  const words = text.startsWith('"') ? wordsOf(text) : [Buffer.from(text, "utf8")];
  if (words === null) return null;
  const chunks = words.flatMap((word) => Array.from({ length: Math.max(1, Math.ceil(word.length / 255)) }, (_, index) => word.subarray(index * 255, index * 255 + 255)));
  return Buffer.concat(chunks.flatMap((chunk) => [Uint8Array.of(chunk.length), chunk]));
}

/** Words of a record's text; quoted ones may hold blanks. Null when a quote is not closed. */
function wordsOf(text: string): readonly Uint8Array[] | null {
  const words: Uint8Array[] = [];
  for (const [, quoted, bare, broken] of text.matchAll(/"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+)|(\S)/gsu)) {
    if (broken !== undefined) return null;
    words.push(unescaped(quoted ?? bare ?? ""));
  }
  return words;
}

function counted(bytes: Uint8Array): Uint8Array | null {
  return bytes.length > 255 ? null : Uint8Array.of(bytes.length, ...bytes);
}

function numberOctets(text: string, size: number): Uint8Array | null {
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value >= 256 ** size) return null;
  return Uint8Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** (size - 1 - index)) & 255);
}

function writeName(text: string): Uint8Array | null {
  const name = nameOctets(text);
  return name.kind === "octets" ? name.octets : null;
}

/** `word` is the field's word without quotes and escapes, `raw` as written. */
interface FieldCodec {
  read(reader: Reader): string;
  write(word: Uint8Array, raw: string): Uint8Array | null;
}

const CODECS: { readonly [field in Field]: FieldCodec } = {
  u8: { read: (reader) => String(reader.u8()), write: (_, raw) => numberOctets(raw, 1) },
  u16: { read: (reader) => String(reader.u16()), write: (_, raw) => numberOctets(raw, 2) },
  u32: { read: (reader) => String(reader.u32()), write: (_, raw) => numberOctets(raw, 4) },
  ip4: { read: (reader) => formatIp4(reader.take(4)), write: (_, raw) => parseIp4(raw) },
  ip6: { read: (reader) => formatIp6(reader.take(16)), write: (_, raw) => parseIp6(raw) },
  name: { read: readName, write: (_, raw) => writeName(raw) },
  tag: { read: readTag, write: (_, raw) => (TAG.test(raw) ? counted(Buffer.from(raw)) : null) },
  string: { read: (reader) => `"${escaped(reader.take(reader.u8()))}"`, write: counted },
  quoted: { read: (reader) => `"${escaped(reader.take(reader.left))}"`, write: (word) => word },
  hex: {
    read: (reader) => hexOf(reader.take(reader.left)),
    write: (_, raw) => (/^([0-9a-f]{2})*$/i.test(raw) ? Buffer.from(raw, "hex") : null),
  },
  base64: {
    read: (reader) => Buffer.from(reader.take(reader.left)).toString("base64"),
    write: (_, raw) => (/^[a-z0-9+/]*={0,2}$/i.test(raw) ? Buffer.from(raw, "base64") : null),
  },
  strings: { read: readStrings, write: (_, raw) => stringsOctets(raw) },
};

/** A record's data, up to `reader.end`, as its canonical text: addresses as RFC 5952, names lower case without final dot, TXT strings joined. */
export function readData(reader: Reader, code: number, internet = true): string {
  const fields = layoutOf(code, internet);
  if (fields === null) {
    const bytes = reader.take(reader.left);
    return bytes.length === 0 ? "\\# 0" : `\\# ${bytes.length} ${hexOf(bytes)}`;
  }
  const parts = fields.map((field) => CODECS[field].read(reader));
  if (reader.left > 0) reader.fail(`the data of a ${typeName(code)} record is longer than its fields`);
  return parts.join(" ");
}

/** The octets of a record's data written as text, as zone files and `dig` write it; null when it does not fit the type. */
export function dataOctets(code: number, text: string): Uint8Array | null {
  const generic = /^\s*\\#\s+(\d+)\s*([0-9a-f\s]*)$/i.exec(text);
  if (generic) {
    const bytes = Buffer.from((generic[2] ?? "").replaceAll(/\s/g, ""), "hex");
    return bytes.length === Number(generic[1]) ? bytes : null;
  }
  const fields = layoutOf(code, true);
  if (fields === null) return null;
  if (fields[0] === "strings") return stringsOctets(text);
  const words = wordsOf(text);
  const raws = text.match(/"(?:[^"\\]|\\.)*"|(?:[^\s"\\]|\\.)+/gs) ?? [];
  const last = fields.length - 1;
  // hex and base64 at the end may be broken by blanks, or empty
  const spread = fields[last] === "hex" || fields[last] === "base64";
  if (words === null || raws.length !== words.length || (spread ? words.length < last : words.length !== fields.length)) return null;
  const parts = fields.map((field, index) => CODECS[field].write(words[index] ?? new Uint8Array(0), index === last && spread ? raws.slice(last).join("") : (raws[index] ?? "")));
  return parts.includes(null) ? null : Buffer.concat(parts.filter((part) => part !== null));
}

/** What a user wrote as a record's data in the form that decoding gives; null when it does not fit the type. */
export function canonicalData(code: number, text: string): string | null {
  const octets = dataOctets(code, text);
  if (octets === null) return null;
  const reader = new Reader(octets);
  const canonical = readData(reader, code);
  return reader.bad === null ? canonical : null;
}
