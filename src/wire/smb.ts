/** NetBIOS session service (RFC 1002, section 4.3) and the negotiation of SMB ([MS-SMB2] 2.2.1 to 2.2.4, [MS-CIFS] 2.2.4.52). SMB counts from the low end. */

export const DIALECTS = ["SMB1", "2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"] as const;
export type Dialect = (typeof DIALECTS)[number];

const REVISIONS: { readonly [dialect in Exclude<Dialect, "SMB1">]: number } = { "2.0.2": 0x0202, "2.1": 0x0210, "3.0": 0x0300, "3.0.2": 0x0302, "3.1.1": 0x0311 };
const NAMES = new Map(Object.entries(REVISIONS).map(([name, revision]) => [revision, name]));
/** The server speaks SMB 2.1 or later and wants to be asked again in its own form ([MS-SMB2] 3.2.5.2). */
const WILDCARD = 0x02ff;
/** 1601 to 1970 in ms: FILETIME counts from the former. */
const FILETIME_EPOCH_MS = 11_644_473_600_000;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

function bytesOf(...parts: readonly (number | Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === "number" ? part : Array.from(part))));
}

const u16 = (value: number): readonly number[] => [value & 0xff, value >> 8];
const u32 = (value: number): readonly number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0);

/** A message with its length before it: the same for both transports. */
export function frameSmb(message: Uint8Array): Uint8Array {
  return bytesOf(0, message.length >> 16, (message.length >> 8) & 0xff, message.length & 0xff, message);
}

/** Length of what follows the four octets, by packet type; a NetBIOS length has 17 bits, a direct one 24. */
export function frameLength(header: Uint8Array): { readonly type: number; readonly length: number } {
  const [type = 0, high = 0, middle = 0, low = 0] = header;
  return { type, length: high * 0x10000 + middle * 0x100 + low };
}

/** First-level encoding (RFC 1001, section 14.1): 15 letters and the suffix, each octet as two letters. */
function encodedName(name: string, suffix: number): Uint8Array {
  const octets = [...ascii(name.toUpperCase().padEnd(15, " ").slice(0, 15)), suffix];
  return bytesOf(0x20, octets.flatMap((octet) => [0x41 + (octet >> 4), 0x41 + (octet & 15)]), 0);
}

/** Asks for the file service (suffix 20) of the called name. */
export function encodeSessionRequest(called: string, calling: string): Uint8Array {
  const names = [...encodedName(called, 0x20), ...encodedName(calling, 0)];
  return bytesOf(0x81, 0, 0, names.length, names);
}

const SESSION_ERRORS: { readonly [code: number]: string } = {
  0x80: "not listening on the called name",
  0x81: "not listening for the calling name",
  0x82: "the called name is not there",
  0x83: "the called name is there, but has no resources left",
  0x8f: "an unspecified error",
};

/** What a server said to a session request (RFC 1002, section 4.3.3 to 4.3.5), null when it was accepted. */
export function sessionRefusal(type: number, content: Uint8Array): string | null {
  if (type === 0x82) return null;
  const [first = 0, second = 0, third = 0, fourth = 0, high = 0, low = 0] = content;
  if (type === 0x83) return SESSION_ERRORS[first] ?? `error ${first.toString(16)}`;
  return type === 0x84 ? `it sends sessions to ${first}.${second}.${third}.${fourth} port ${high * 256 + low}` : `a packet of type ${type.toString(16)}`;
}

/** The old form, which offers newer dialects by name; without those it asks for SMB1 alone. */
export function encodeSmb1Negotiate(dialects: readonly Dialect[]): Uint8Array {
  const later = dialects.some((dialect) => dialect !== "SMB1" && dialect !== "2.0.2");
  const names = [...(dialects.includes("SMB1") ? ["NT LM 0.12"] : []), ...(dialects.includes("2.0.2") ? ["SMB 2.002"] : []), ...(later ? ["SMB 2.???"] : [])];
  const list = names.flatMap((name) => Array.from(ascii(`\x02${name}\0`)));
  // flags: paths without case, canonical; flags2: long names, extended security, NT status codes, Unicode
  return bytesOf(0xff, ascii("SMB"), 0x72, u32(0), 0x18, u16(0xc801), zeros(12), u16(0xffff), u16(0), u16(0), u16(0), 0, u16(list.length), list);
}

export interface Smb2Negotiate {
  readonly dialects: readonly Dialect[];
  /** 16 random octets. */
  readonly guid: Uint8Array;
  /** 32 random octets. */
  readonly salt: Uint8Array;
  /** 0, or 1 after a wildcard answer. */
  readonly messageId: number;
}

/** [MS-SMB2] 2.2.3; for 3.1.1 with the integrity context that it demands. */
export function encodeSmb2Negotiate({ dialects, guid, salt, messageId }: Smb2Negotiate): Uint8Array {
  const revisions = dialects.flatMap((dialect) => (dialect === "SMB1" ? [] : [REVISIONS[dialect]]));
  const header = [0xfe, ...ascii("SMB"), ...u16(64), ...zeros(6), ...u16(0), ...u16(1), ...zeros(8), ...u32(messageId), ...zeros(36)];
  const list = revisions.flatMap(u16);
  const newest = revisions.includes(REVISIONS["3.1.1"]);
  const padding = newest ? zeros((8 - ((header.length + 36 + list.length) % 8)) % 8) : [];
  const contexts = newest ? [...u16(1), ...u16(38), ...u32(0), ...u16(1), ...u16(32), ...u16(1), ...salt] : [];
  const where = newest ? [...u32(header.length + 36 + list.length + padding.length), ...u16(1), ...u16(0)] : zeros(8);
  // signing enabled; the capabilities of SMB 3 are only named where it is offered
  const capabilities = revisions.some((revision) => revision >= 0x0300) ? 0x7f : 0;
  return bytesOf(header, u16(36), u16(revisions.length), u16(1), u16(0), u32(capabilities), guid, where, list, padding, contexts);
}

export interface Negotiated {
  readonly kind: "negotiated";
  readonly dialect: string;
  readonly signing: "required" | "enabled" | "off";
  /** As Windows writes it; empty when the server has none. */
  readonly guid: string;
  /** The server's clock in ms since 1970; null when it does not tell. */
  readonly timeMs: number | null;
}

/** `refused`: SMB is spoken, but not this. `again`: to be asked in the form of SMB 2. */
export type SmbAnswer = Negotiated | { readonly kind: "refused"; readonly reason: string } | { readonly kind: "again" } | { readonly kind: "bad"; readonly reason: string };

const bad = (reason: string): SmbAnswer => ({ kind: "bad", reason });
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The answer to a negotiation, without its length. */
export function decodeNegotiated(bytes: Uint8Array, messageId: number): SmbAnswer {
  if (bytes.length < 4) return bad("no SMB message");
  const magic = viewOf(bytes).getUint32(0);
  if (magic === 0xfe534d42) return decodeSmb2(bytes, messageId);
  return magic === 0xff534d42 ? decodeSmb1(bytes) : bad("no SMB message");
}

const STATUSES: { readonly [status: number]: string } = { 0xc00000bb: "no dialect in common", 0xc000000d: "invalid parameter", 0xc0000022: "access denied", 0xc0000205: "not enough resources" };
const statusName = (status: number): string => STATUSES[status] ?? `status 0x${status.toString(16).padStart(8, "0")}`;

function decodeSmb2(bytes: Uint8Array, messageId: number): SmbAnswer {
  const view = viewOf(bytes);
  if (bytes.length < 66 || view.getUint16(4, true) !== 64) return bad("an SMB 2 message that is cut short");
  if (view.getUint16(12, true) !== 0 || (view.getUint32(16, true) & 1) === 0) return bad("an SMB 2 message that answers no negotiation");
  if (view.getUint32(24, true) !== messageId || view.getUint32(28, true) !== 0) return bad("an answer to another message");
  const status = view.getUint32(8, true);
  if (status !== 0) return { kind: "refused", reason: statusName(status) };
  if (bytes.length < 128 || view.getUint16(64, true) !== 65) return bad("a negotiation that is cut short");
  const revision = view.getUint16(68, true);
  if (revision === WILDCARD) return { kind: "again" };
  const dialect = NAMES.get(revision);
  if (dialect === undefined) return bad(`the dialect 0x${revision.toString(16).padStart(4, "0")}, which was not offered`);
  const mode = view.getUint16(66, true);
  return { kind: "negotiated", dialect, signing: (mode & 2) !== 0 ? "required" : (mode & 1) !== 0 ? "enabled" : "off", guid: guidText(bytes.subarray(72, 88)), timeMs: fileTime(view, 104) };
}

function decodeSmb1(bytes: Uint8Array): SmbAnswer {
  const view = viewOf(bytes);
  if (bytes.length < 37 || view.getUint8(4) !== 0x72 || (view.getUint8(9) & 0x80) === 0) return bad("an SMB message that answers no negotiation");
  const status = view.getUint32(5, true);
  if (status !== 0) return { kind: "refused", reason: statusName(status) };
  const words = view.getUint8(32);
  if (words >= 1 && view.getUint16(33, true) === 0xffff) return { kind: "refused", reason: "no dialect in common" };
  if (words !== 17 || bytes.length < 33 + 34 + 2) return bad("a negotiation of another kind than NT LM 0.12");
  const mode = view.getUint8(35);
  const extended = (view.getUint32(52, true) & 0x80000000) !== 0 && bytes.length >= 69 + 16;
  return { kind: "negotiated", dialect: "SMB1", signing: (mode & 8) !== 0 ? "required" : (mode & 4) !== 0 ? "enabled" : "off", guid: extended ? guidText(bytes.subarray(69, 85)) : "", timeMs: fileTime(view, 56) };
}

function fileTime(view: DataView, offset: number): number | null {
  const ticks = view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
  return ticks === 0 ? null : Math.round(ticks / 10_000) - FILETIME_EPOCH_MS;
}

function guidText(octets: Uint8Array): string {
  const hex = (from: number, to: number): string => Buffer.from(octets.subarray(from, to)).toString("hex");
  const turned = (from: number, to: number): string => Buffer.from(octets.slice(from, to).reverse()).toString("hex");
  return `${turned(0, 4)}-${turned(4, 6)}-${turned(6, 8)}-${hex(8, 10)}-${hex(10, 16)}`;
}
