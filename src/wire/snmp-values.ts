import { BER, type BerElement, ber, integerOf } from "./ber.ts";

/** Names and values of SNMP in BER (RFC 2578, sections 3.5 and 7.1; RFC 3416, sections 2.5 and 3; RFC 2579 for octets that are no text). */

/** RFC 2578, section 3.5. */
const ARCS_MAX = 128;
const ARC_MAX = 0xffff_ffff;
const FIRST_ARC_MAX = 2;
const SECOND_ARC_MAX = 39;

/** An object identifier in dotted numbers, as `.1.3.6` or `1.3.6`; null when the text is none. Without the leading dot. */
export function parseOid(text: string): string | null {
  const plain = text.trim().replace(/^\./, "");
  if (!/^\d+(\.\d+)+$/.test(plain)) return null;
  const arcs = plain.split(".").map(Number);
  const [first = 0, second = 0] = arcs;
  if (arcs.length > ARCS_MAX || arcs.some((arc) => arc > ARC_MAX) || first > FIRST_ARC_MAX || (first < FIRST_ARC_MAX && second > SECOND_ARC_MAX)) return null;
  return arcs.join(".");
}

/** The element of an identifier that `parseOid` gave. */
export function oidElement(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split(".").map(Number);
  return ber(BER.oid, Uint8Array.from([first * 40 + second, ...rest].flatMap(septets)));
}

function septets(arc: number): readonly number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift(0x80 + (rest % 128));
  return octets;
}

/** The identifier that a content is; null when it is empty, cut, or has a number or length beyond what SNMP allows. */
export function oidOf(content: Uint8Array): string | null {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f);
    // the first number holds two arcs
    if (arc > ARC_MAX + (arcs.length === 0 ? 40 * FIRST_ARC_MAX : 0)) return null;
    if (octet >= 0x80) continue;
    if (arcs.length === 0) {
      const first = Math.min(FIRST_ARC_MAX, Math.floor(arc / 40));
      arcs.push(first, arc - 40 * first);
    } else arcs.push(arc);
    if (arcs.length > ARCS_MAX) return null;
    arc = 0;
  }
  return content.length === 0 || (content.at(-1) ?? 0) >= 0x80 ? null : arcs.join(".");
}

export type SnmpType = "INTEGER" | "OCTET STRING" | "OBJECT IDENTIFIER" | "IpAddress" | "Counter32" | "Gauge32" | "TimeTicks" | "Opaque" | "Counter64" | SnmpMissing;
/** Why there is no value: exceptions of versions 2c and 3, the error of version 1, and NULL, which no object has. */
export type SnmpMissing = "noSuchObject" | "noSuchInstance" | "endOfMibView" | "noSuchName" | "NULL";

/**
 * A value as conditions can use it. Numbers beyond 2^53 are exact as decimal text; TimeTicks are seconds; octets are text where they are
 * printable UTF-8, else hexadecimal pairs (`00:1b:21:0a`); floats in Opaque are numbers; null for what is missing.
 */
export interface SnmpValue {
  readonly type: SnmpType;
  readonly value: number | string | null;
}

export const isMissing = ({ value }: SnmpValue): boolean => value === null;

/** Reads one value; null when its type is none of SNMP's, or its content does not fit the type. */
export function snmpValue({ tag, content }: BerElement): SnmpValue | null {
  switch (tag) {
    case BER.integer:
      return numeric("INTEGER", integerOf(content));
    case BER.octets:
      return { type: "OCTET STRING", value: textOrHex(content) };
    case BER.null:
      return { type: "NULL", value: null };
    case BER.oid: {
      const value = oidOf(content);
      return value === null ? null : { type: "OBJECT IDENTIFIER", value };
    }
    case 0x40:
      return content.length === 4 ? { type: "IpAddress", value: content.join(".") } : null;
    case 0x41:
      return numeric("Counter32", unsigned(content, 32));
    case 0x42:
      return numeric("Gauge32", unsigned(content, 32));
    case 0x43: {
      const ticks = unsigned(content, 32);
      return ticks === null ? null : { type: "TimeTicks", value: Number(ticks) / 100 };
    }
    case 0x44:
      return { type: "Opaque", value: floatOf(content) ?? hexPairs(content) };
    case 0x46:
      return numeric("Counter64", unsigned(content, 64));
    case 0x80:
      return { type: "noSuchObject", value: null };
    case 0x81:
      return { type: "noSuchInstance", value: null };
    case 0x82:
      return { type: "endOfMibView", value: null };
    default:
      return null;
  }
}

function numeric(type: SnmpType, value: bigint | null): SnmpValue | null {
  if (value === null) return null;
  const number = Number(value);
  return { type, value: Number.isSafeInteger(number) ? number : String(value) };
}

/** Some agents leave out the zero octet before a high bit: what looks negative is read as unsigned. */
function unsigned(content: Uint8Array, bits: 32 | 64): bigint | null {
  const value = integerOf(content);
  if (value === null || value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits - 1))) return null;
  return BigInt.asUintN(bits, value);
}

// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOrHex(content: Uint8Array): string {
  // embedded agents end texts as C does
  const end = content.findLastIndex((octet) => octet !== 0) + 1;
  try {
    const text = UTF8.decode(content.subarray(0, end));
    return UNPRINTABLE.test(text) || (end === 0 && content.length > 0) ? hexPairs(content) : text;
  } catch {
    return hexPairs(content);
  }
}

const hexPairs = (content: Uint8Array): string => Array.from(content, (octet) => octet.toString(16).padStart(2, "0")).join(":");

/** Floats of Net-SNMP, which wraps them (draft-perkins-opaque): 9f 78, length, four octets; 9f 79 with eight. Null for anything else. */
function floatOf(content: Uint8Array): number | null {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const [wrapped, type, length] = content;
  if (wrapped !== 0x9f || length !== content.length - 3) return null;
  const value = type === 0x78 && length === 4 ? Number(view.getFloat32(3).toPrecision(7)) : type === 0x79 && length === 8 ? view.getFloat64(3) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}
