import { createHash } from "node:crypto";

/** The WebSocket protocol (RFC 6455): the proof of the handshake, and frames. */

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Section 1.3: what the server must answer to our key. */
export const acceptOf = (key: string): string => createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

/** Section 5: one whole frame of a client; `mask` is four random bytes. */
export function encodeFrame(opcode: number, payload: Uint8Array, mask: Uint8Array): Uint8Array {
  const { length } = payload;
  const sizes = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127, 0, 0, 0, 0, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
  const [first = 0, ...more] = sizes;
  const masked = payload.map((octet, index) => octet ^ (mask[index % 4] ?? 0));
  return Uint8Array.from([0x80 | opcode, 0x80 | first, ...more, ...mask.subarray(0, 4), ...masked]);
}

export interface FrameHead {
  readonly kind: "frame";
  readonly last: boolean;
  readonly opcode: number;
  /** Bytes of payload. */
  readonly length: number;
}

export type FrameHeader = FrameHead | { readonly kind: "more"; /** Bytes the header has in all, as far as can be told. */ readonly header: number } | { readonly kind: "bad"; readonly reason: string };

const bad = (reason: string): FrameHeader => ({ kind: "bad", reason });

/** Section 5.2: the header of a server's frame: not masked, without extensions, lengths written as short as they can be. */
export function decodeHeader(bytes: Uint8Array): FrameHeader {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return { kind: "more", header: 2 };
  const opcode = first & 15;
  const last = (first & 0x80) !== 0;
  if ((first & 0x70) !== 0) return bad("a frame of an extension that was not agreed on");
  if ((second & 0x80) !== 0) return bad("a masked frame, which only clients send");
  if ((opcode > 2 && opcode < 8) || opcode > 10) return bad(`a frame of the unknown kind ${opcode}`);
  if (opcode >= 8 && (!last || second > 125)) return bad("a control frame that is cut or too long");
  const header = second === 126 ? 4 : second === 127 ? 10 : 2;
  if (bytes.length < header) return { kind: "more", header };
  const length = header === 2 ? second : bytes.subarray(2, header).reduce((sum, octet) => sum * 256 + octet, 0);
  if ((header === 4 && length < 126) || (header === 10 && (length < 65_536 || length > Number.MAX_SAFE_INTEGER))) return bad("a length that is not written as it must be");
  return { kind: "frame", last, opcode, length };
}

/** Section 7.4: code and reason of a close frame; 1005 for none. */
export function closeReason(payload: Uint8Array): { readonly code: number; readonly words: string } {
  if (payload.length < 2) return { code: 1005, words: "" };
  return { code: (payload[0] ?? 0) * 256 + (payload[1] ?? 0), words: new TextDecoder().decode(payload.subarray(2)) };
}

/** The payload of a close frame without words. */
export const closePayload = (code: number): Uint8Array => Uint8Array.of(code >> 8, code & 255);
