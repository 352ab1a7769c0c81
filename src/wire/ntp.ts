import { formatIp4 } from "./ip.ts";
import { Reader } from "./reader.ts";

/** Packets of NTP version 4 (RFC 5905, section 7.3) as far as an SNTP client needs them (section 14). Bytes <-> values. */

const PACKET_OCTETS = 48;
const MODE_CLIENT = 3;
const VERSION = 4;
/** 1900 to 1970 in seconds. */
const UNIX_EPOCH_S = 2_208_988_800;
const ERA_S = 2 ** 32;
const LEAPS = ["none", "insert", "delete", "unknown"] as const;

export interface NtpPacket {
  readonly kind: "packet";
  /** What is announced for the last minute of the day; `unknown`: the clock is not set. */
  readonly leap: (typeof LEAPS)[number];
  readonly version: number;
  /** 3 is a client, 4 a server. */
  readonly mode: number;
  /** 0: not set, or a kiss-o'-death; 1: has a reference clock; 16: not set. */
  readonly stratum: number;
  /** The packet's, log2 of seconds. */
  readonly poll: number;
  /** Resolution of the clock, log2 of seconds. */
  readonly precision: number;
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  readonly referenceId: Uint8Array;
  /** When the clock was last set, ms since 1970; null when never. */
  readonly referenceMs: number | null;
  /** The client's transmit timestamp, as it was sent. */
  readonly origin: Uint8Array;
  /** When the question came, ms since 1970 with fractions; null for zero. */
  readonly receiveMs: number | null;
  /** When the answer left. */
  readonly transmitMs: number | null;
}

export type DecodedNtp = NtpPacket | { readonly kind: "bad"; readonly reason: string };

/** A client's question. `transmit`: eight octets that come back as `origin`; random ones tell nobody our time and cannot be guessed. */
export function encodeNtpRequest(transmit: Uint8Array): Uint8Array {
  if (transmit.length !== 8) throw new RangeError("a timestamp has eight octets");
  const packet = new Uint8Array(PACKET_OCTETS);
  packet[0] = (VERSION << 3) | MODE_CLIENT;
  packet.set(transmit, PACKET_OCTETS - 8);
  return packet;
}

/** A timestamp in ms since 1970, in the era that lies nearest to `nowMs` (section 6: the seconds wrap in 2036); null for zero, which is none. */
function timestamp(reader: Reader, nowMs: number): number | null {
  const seconds = reader.u32();
  const fraction = reader.u32();
  if (seconds === 0 && fraction === 0) return null;
  const era = Math.round((nowMs / 1000 + UNIX_EPOCH_S - seconds) / ERA_S);
  return (seconds + era * ERA_S - UNIX_EPOCH_S) * 1000 + (fraction / ERA_S) * 1000;
}

const signed = (octet: number): number => (octet << 24) >> 24;
/** 16 bits of seconds and 16 of their fraction. */
const shortMs = (value: number): number => (value / 65_536) * 1000;

/** Decodes a packet; what follows the first 48 octets (extensions, digest) is ignored. Never throws. */
export function decodeNtp(bytes: Uint8Array, nowMs: number): DecodedNtp {
  const reader = new Reader(bytes);
  const first = reader.u8();
  const stratum = reader.u8();
  const poll = signed(reader.u8());
  const precision = signed(reader.u8());
  const rootDelayMs = shortMs(reader.u32());
  const rootDispersionMs = shortMs(reader.u32());
  const referenceId = reader.take(4);
  const referenceMs = timestamp(reader, nowMs);
  const origin = reader.take(8);
  const receiveMs = timestamp(reader, nowMs);
  const transmitMs = timestamp(reader, nowMs);
  if (reader.bad !== null) return { kind: "bad", reason: `${bytes.length} octets, which are no NTP packet` };
  const leap = LEAPS[first >> 6] ?? "unknown";
  return { kind: "packet", leap, version: (first >> 3) & 7, mode: first & 7, stratum, poll, precision, rootDelayMs, rootDispersionMs, referenceId, referenceMs, origin, receiveMs, transmitMs };
}

/** The code of a kiss-o'-death packet (section 7.4): `RATE`, `DENY`, `RSTR`, ...; null when it is none. */
export function kissCode({ stratum, referenceId }: Pick<NtpPacket, "stratum" | "referenceId">): string | null {
  const text = Buffer.from(referenceId).toString("latin1");
  return stratum === 0 && /^[A-Z]{3,4}\0?$/.test(text) ? text.replace(/\0$/, "") : null;
}

/** Where the server has its time from: the name of its clock with stratum 1 (`GPS`), else an IPv4 address or four octets of a digest, dotted. */
export function referenceName({ stratum, referenceId }: Pick<NtpPacket, "stratum" | "referenceId">): string {
  const name = Buffer.from(referenceId).toString("latin1").replace(/\0+$/, "");
  return stratum <= 1 && /^[\x21-\x7e]{1,4}$/.test(name) ? name : formatIp4(referenceId);
}
