import { parseIp4, parseIp6 } from "./ip.ts";
import type { Reader } from "./reader.ts";

/** RFC 1035, section 2.3.4: octets of a label, octets of a name on the wire, and the labels that fit into that. */
const LABEL_OCTETS_MAX = 63;
const NAME_OCTETS_MAX = 255;
const LABELS_MAX = 127;
const ESCAPED = new Set(Buffer.from(`."();@$\\`));

function labelText(label: Uint8Array): string {
  let text = "";
  for (const octet of label) {
    const lower = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
    if (ESCAPED.has(lower)) text += `\\${String.fromCharCode(lower)}`;
    else if (lower > 0x20 && lower < 0x7f) text += String.fromCharCode(lower);
    else text += `\\${String(lower).padStart(3, "0")}`;
  }
  return text;
}

/**
 * Reads a name, compressed or not, to its text: lower case, without final dot, the root as `.`, odd octets as `\DDD` (RFC 1035, section 5.1).
 * A pointer must go backward, before the start of the part that holds it, so that no loop can be built.
 */
export function readName(reader: Reader): string {
  const labels: string[] = [];
  let octets = 1;
  let limit = reader.offset;
  let after = -1;
  const end = reader.end;
  for (;;) {
    const length = reader.u8();
    if (reader.bad !== null || length === 0) break;
    if (length >= 0xc0) {
      const target = (length & 0x3f) * 256 + reader.u8();
      if (reader.bad !== null) break;
      if (after < 0) after = reader.offset;
      if (target >= limit) return broken(reader, "a compressed name does not point backward");
      limit = target;
      reader.end = reader.bytes.length;
      reader.offset = target;
      continue;
    }
    if (length > LABEL_OCTETS_MAX) return broken(reader, `a label begins with the reserved octet ${length}`);
    octets += length + 1;
    if (octets > NAME_OCTETS_MAX || labels.length >= LABELS_MAX) return broken(reader, "a name is longer than 255 octets");
    labels.push(labelText(reader.take(length)));
  }
  reader.end = end;
  if (reader.bad !== null) return "";
  if (after >= 0) reader.offset = after;
  return labels.length === 0 ? "." : labels.join(".");
}

function broken(reader: Reader, reason: string): string {
  reader.fail(reason);
  return "";
}

/** A name's octets, uncompressed; or what is wrong with it. A final dot, `\.` and `\DDD` are understood; IDN must be converted before. */
export function nameOctets(text: string): { readonly kind: "octets"; readonly octets: Uint8Array } | { readonly kind: "wrong"; readonly wrong: string } {
  if (text === ".") return { kind: "octets", octets: Uint8Array.of(0) };
  const octets: number[] = [];
  let label: number[] = [];
  const source = text.endsWith(".") && !/(^|[^\\])(\\\\)*\\\.$/.test(text) ? text : `${text}.`;
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at);
    if (code === 0x2e) {
      if (label.length === 0) return { kind: "wrong", wrong: `\`${text}\` has an empty part between its dots` };
      if (label.length > LABEL_OCTETS_MAX) return { kind: "wrong", wrong: `a part of \`${text}\` is longer than 63 octets` };
      octets.push(label.length, ...label);
      label = [];
    } else if (code === 0x5c) {
      const number = /^\d{3}/.exec(source.slice(at + 1, at + 4));
      const value = number ? Number(number[0]) : source.charCodeAt(at + 1);
      if (!(value <= 255)) return { kind: "wrong", wrong: `\`${text}\` has a broken escape` };
      label.push(value);
      at += number ? 3 : 1;
    } else if (code > 0x7e || code <= 0x20) {
      return { kind: "wrong", wrong: `\`${text}\` holds a sign that cannot stand in a DNS name` };
    } else label.push(code);
  }
  if (label.length > 0) return { kind: "wrong", wrong: `\`${text}\` has a broken escape` };
  if (octets.length + 1 > NAME_OCTETS_MAX) return { kind: "wrong", wrong: `\`${text}\` is longer than 255 octets` };
  return { kind: "octets", octets: Uint8Array.of(...octets, 0) };
}

/** The labels of an address in reverse (RFC 1035, section 3.5; RFC 3596, section 2.5; RFC 5782, section 2): `10.2.0.192`, or 32 single digits; null when it is no address. */
export function reverseLabels(text: string): { readonly labels: string; readonly family: 4 | 6 } | null {
  const four = parseIp4(text);
  if (four !== null) return { labels: four.toReversed().join("."), family: 4 };
  const six = parseIp6(text);
  return six === null ? null : { labels: Buffer.from(six).toString("hex").split("").toReversed().join("."), family: 6 };
}
