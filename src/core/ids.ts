import type { AlertId, AlertKind, ChannelName, CheckName, IncidentId, Instant } from "./types.ts";

const encoder = new TextEncoder();
const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");

function mix(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** MurmurHash3_x86_128 (Austin Appleby, SMHasher) of bytes as four unsigned 32-bit words. */
export function murmur128(bytes: Uint8Array, seed: number): readonly [number, number, number, number] {
  let h1 = seed | 0;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  // A missing byte counts as 0, so that the tail needs no switch of fifteen cases.
  const word = (at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  const whole = bytes.length - (bytes.length % 16);
  for (let at = 0; at < whole; at += 16) {
    h1 ^= Math.imul(rotate(Math.imul(word(at), C1), 15), C2);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotate(Math.imul(word(at + 4), C2), 16), C3);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotate(Math.imul(word(at + 8), C3), 17), C4);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotate(Math.imul(word(at + 12), C4), 18), C1);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  h4 ^= Math.imul(rotate(Math.imul(word(whole + 12), C4), 18), C1);
  h3 ^= Math.imul(rotate(Math.imul(word(whole + 8), C3), 17), C4);
  h2 ^= Math.imul(rotate(Math.imul(word(whole + 4), C2), 16), C3);
  h1 ^= Math.imul(rotate(Math.imul(word(whole), C1), 15), C2);
  h1 ^= bytes.length;
  h2 ^= bytes.length;
  h3 ^= bytes.length;
  h4 ^= bytes.length;
  const spread = (): void => {
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0;
    h3 = (h3 + h1) | 0;
    h4 = (h4 + h1) | 0;
  };
  spread();
  h1 = mix(h1);
  h2 = mix(h2);
  h3 = mix(h3);
  h4 = mix(h4);
  spread();
  return [h1 >>> 0, h2 >>> 0, h3 >>> 0, h4 >>> 0];
}

/** The four words of the text's hash, for spreading things evenly. */
export function murmur128Text(text: string): readonly [number, number, number, number] {
  return murmur128(encoder.encode(text), 0);
}

/** 32 hexadecimal digits: MurmurHash3_x86_128 of the text in UTF-8. Spreads well and is stable for ever; no defence against forgers. */
export function hash128(text: string): string {
  const [a, b, c, d] = murmur128Text(text);
  return hex(a) + hex(b) + hex(c) + hex(d);
}

/** 32 unsigned bits of the same hash, for spreading slots and jitter. */
export function hash32(text: string): number {
  return murmur128Text(text)[0];
}

/** What makes an alert this one and no other. `of`: the incident, or the slot of an alert that belongs to none. */
export interface AlertParts {
  readonly check: CheckName;
  readonly of: IncidentId | Instant;
  readonly kind: AlertKind;
  readonly step: number;
  readonly ordinal: number;
  readonly channel: ChannelName;
  readonly recipient: string;
}

/** The same parts give the same id on every node and after every restart. */
export function alertId(parts: AlertParts): AlertId {
  const { check, of, kind, step, ordinal, channel, recipient } = parts;
  return hash128(JSON.stringify(["alert", check, of, kind, step, ordinal, channel, recipient])) as AlertId;
}

/** An incident is named by its check, its kind, the start of its first failing run, and how many the check had before. */
export function incidentId(parts: { readonly check: CheckName; readonly kind: string; readonly firstSign: Instant; readonly before: number }): IncidentId {
  return hash128(JSON.stringify(["incident", parts.check, parts.kind, parts.firstSign, parts.before])) as IncidentId;
}
