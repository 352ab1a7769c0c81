/** Bytes before the text of a record: its length and its checksum, 32 bits each, little endian. */
const HEAD = 8;
/** Longer than any record that is written; a longer length is garbage. */
const LONGEST = 1 << 30;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** FNV-1a over the bytes, with the length mixed in so that a run of zeros is no record. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 ^ bytes.length;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** One record of the journal. */
export function encodeRecord(text: string): Uint8Array {
  const body = encoder.encode(text);
  const record = new Uint8Array(HEAD + body.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, body.length, true);
  view.setUint32(4, checksum(body), true);
  record.set(body, HEAD);
  return record;
}

/** The whole records at the beginning of the bytes, and how long they are together; what follows is torn or garbage. */
export function decodeRecords(bytes: Uint8Array): { readonly texts: readonly string[]; readonly length: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at + HEAD <= bytes.length) {
    const length = view.getUint32(at, true);
    if (length === 0 || length > LONGEST || at + HEAD + length > bytes.length) break;
    const body = bytes.subarray(at + HEAD, at + HEAD + length);
    if (view.getUint32(at + 4, true) !== checksum(body)) break;
    texts.push(decoder.decode(body));
    at += HEAD + length;
  }
  return { texts, length: at };
}
