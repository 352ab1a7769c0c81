import { internetChecksum } from "./icmp.ts";

/** The little of TCP (RFC 9293, section 3.1) that a trace needs: SYN segments, and the front of what answers or quotes them. */

const PROTOCOL = 6;
const SYN = 2;
const RST = 4;
const ACK = 16;
const WINDOW = 64_240;
/** Maximum segment size, as every system says it in a SYN; some firewalls drop one without. */
const MSS_OPTION = [2, 4, 0x05, 0xb4];
/** With that option. */
export const SYN_OCTETS = 24;

export interface Syn {
  /** 4 or 16 octets, both alike. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
}

/** Writes a SYN segment with its checksum to the front of `into`, which has room for it. */
export function encodeSyn(into: Uint8Array, { source, destination, sourcePort, destinationPort, sequence }: Syn): void {
  const view = new DataView(into.buffer, into.byteOffset, SYN_OCTETS);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint32(4, sequence);
  view.setUint32(8, 0);
  view.setUint8(12, (SYN_OCTETS / 4) << 4);
  view.setUint8(13, SYN);
  view.setUint16(14, WINDOW);
  view.setUint32(16, 0);
  into.set(MSS_OPTION, 20);
  view.setUint16(16, internetChecksum(into.subarray(0, SYN_OCTETS), pseudoHeaderSum(source) + pseudoHeaderSum(destination) + PROTOCOL + SYN_OCTETS));
}

function pseudoHeaderSum(address: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < address.length; at += 2) sum += (address[at] ?? 0) * 256 + (address[at + 1] ?? 0);
  return sum;
}

export interface Segment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  /** Behind the first 8 octets, which is all that some routers quote: the number that is acknowledged, and whether a connection was granted or refused. */
  readonly answer: { readonly acknowledged: number; readonly kind: "open" | "closed" | "other" } | null;
}

/** Reads the front of a segment; null when there is less than 8 octets of it. */
export function decodeSegment(bytes: Uint8Array): Segment | null {
  if (bytes.length < 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const front = { sourcePort: view.getUint16(0), destinationPort: view.getUint16(2), sequence: view.getUint32(4) };
  if (bytes.length < 14) return { ...front, answer: null };
  const flags = view.getUint8(13);
  const kind = (flags & RST) !== 0 ? "closed" : (flags & (SYN | ACK)) === (SYN | ACK) ? "open" : "other";
  return { ...front, answer: { acknowledged: view.getUint32(8), kind } };
}
