/** Basic Encoding Rules (ITU-T X.690), as far as LDAP and SNMP use them: tags of one octet and definite lengths (RFC 4511, section 5.1; RFC 3417, section 8). */

export interface BerElement {
  /** The identifier octet as it stands: class, constructed bit and number. */
  readonly tag: number;
  readonly content: Uint8Array;
}

export const BER = { boolean: 0x01, integer: 0x02, octets: 0x04, null: 0x05, oid: 0x06, enumerated: 0x0a, sequence: 0x30, set: 0x31 } as const;

/** A longer element than this is not sent by any honest server to what we ask. */
const LENGTH_OCTETS_MAX = 4;

/** Where the first element of the bytes ends: `more` while its header is not whole, `bad` when it is none; `total` may lie beyond the bytes. */
export type BerFrame = { readonly kind: "frame"; readonly tag: number; readonly header: number; readonly total: number } | { readonly kind: "more" } | { readonly kind: "bad"; readonly reason: string };

const bad = (reason: string): BerFrame => ({ kind: "bad", reason });

/** Reads identifier and length at `offset`; both counts are from there on. Long forms with leading zeros are accepted: Active Directory always sends them. */
export function berFrame(bytes: Uint8Array, offset = 0): BerFrame {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined) return { kind: "more" };
  if ((tag & 0x1f) === 0x1f) return bad("a tag of several octets");
  if (first === undefined) return { kind: "more" };
  if (first < 0x80) return { kind: "frame", tag, header: 2, total: 2 + first };
  const count = first & 0x7f;
  if (count === 0) return bad("an indefinite length");
  if (count > LENGTH_OCTETS_MAX) return bad(`a length of ${count} octets`);
  if (bytes.length < offset + 2 + count) return { kind: "more" };
  let length = 0;
  for (let at = offset + 2; at < offset + 2 + count; at++) length = length * 256 + (bytes[at] ?? 0);
  return { kind: "frame", tag, header: 2 + count, total: 2 + count + length };
}

/** The elements that the bytes consist of, without gaps and without a rest; null when they do not. Contents are views into the bytes. */
export function berElements(bytes: Uint8Array): readonly BerElement[] | null {
  const elements: BerElement[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const frame = berFrame(bytes, offset);
    if (frame.kind !== "frame" || offset + frame.total > bytes.length) return null;
    elements.push({ tag: frame.tag, content: bytes.subarray(offset + frame.header, offset + frame.total) });
    offset += frame.total;
  }
  return elements;
}

/** An element of the parts one after the other. */
export function ber(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = [tag, ...lengthOctets(length)];
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  let offset = header.length;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 + octets.length, ...octets];
}

/** A text as an octet string in UTF-8. */
export const berText = (text: string, tag: number = BER.octets): Uint8Array => ber(tag, new TextEncoder().encode(text));

export const berBoolean = (value: boolean, tag: number = BER.boolean): Uint8Array => ber(tag, Uint8Array.of(value ? 0xff : 0));

/** A whole number in the fewest octets of two's complement (X.690, section 8.3). */
export function berInteger(value: number | bigint, tag: number = BER.integer): Uint8Array {
  let rest = BigInt(value);
  const octets: number[] = [];
  do {
    octets.unshift(Number(rest & 0xffn));
    rest >>= 8n;
  } while (!((rest === 0n && (octets[0] ?? 0) < 0x80) || (rest === -1n && (octets[0] ?? 0) >= 0x80)));
  return ber(tag, Uint8Array.from(octets));
}

/** The whole number that a content is, up to 9 octets (an unsigned number of 64 bits may have a zero before it); null when it is empty or longer. */
export function integerOf(content: Uint8Array): bigint | null {
  if (content.length === 0 || content.length > 9) return null;
  return content.reduce((value, octet) => (value << 8n) | BigInt(octet), (content[0] ?? 0) >= 0x80 ? -1n : 0n);
}
