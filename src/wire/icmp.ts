/** Echoes and errors of ICMP (RFC 792) and ICMPv6 (RFC 4443). */

type IpFamily = 4 | 6;

/** Type, code, checksum, identifier, sequence number. */
export const ECHO_HEADER_OCTETS = 8;
/** What tells our echoes from others', where the payload has room for it. */
export const TOKEN_OCTETS = 8;
/** Behind the token: what brings the sum of all that differs between echoes to one value. They have one checksum then, and routers that spread load by it send them one way. */
const BALANCE_OCTETS = 2;
const FILLING = 0x54;

const REQUEST = { 4: 8, 6: 128 } as const;
const REPLY = { 4: 0, 6: 129 } as const;

export interface EchoRequest {
  readonly family: IpFamily;
  readonly id: number;
  readonly sequence: number;
  /** 8 octets. */
  readonly token: Uint8Array;
  /** Octets of payload. */
  readonly size: number;
  /** Whether the checksum is ours to fill in: it is the kernel's on a ping socket, and for IPv6, where it covers addresses. */
  readonly sealed: boolean;
}

/** The Internet checksum of RFC 1071. */
export function internetChecksum(bytes: Uint8Array, seed = 0): number {
  let sum = seed;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

const write16 = (into: Uint8Array, at: number, value: number): void => {
  into[at] = (value >> 8) & 255;
  into[at + 1] = value & 255;
};

const read16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);

/** Writes an echo request to the front of `into`, which has room for it, and gives its length. */
export function encodeEcho(into: Uint8Array, { family, id, sequence, token, size, sealed }: EchoRequest): number {
  const length = ECHO_HEADER_OCTETS + size;
  into.fill(FILLING, ECHO_HEADER_OCTETS, length);
  into[0] = REQUEST[family];
  into[1] = 0;
  write16(into, 2, 0);
  write16(into, 4, id);
  write16(into, 6, sequence);
  if (size >= TOKEN_OCTETS) into.set(token, ECHO_HEADER_OCTETS);
  if (size >= TOKEN_OCTETS + BALANCE_OCTETS) write16(into, ECHO_HEADER_OCTETS + TOKEN_OCTETS, balanceOf(id + sequence, token));
  if (sealed) write16(into, 2, internetChecksum(into.subarray(0, length)));
  return length;
}

function balanceOf(others: number, token: Uint8Array): number {
  let sum = others;
  for (let at = 0; at < TOKEN_OCTETS; at += 2) sum += (token[at] ?? 0) * 256 + (token[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum;
}

export interface EchoMessage {
  readonly kind: "request" | "reply";
  readonly id: number;
  readonly sequence: number;
}

/** Reads an echo or its answer, or the front of one as errors quote it; null for anything else. */
export function decodeEcho(family: IpFamily, bytes: Uint8Array): EchoMessage | null {
  if (bytes.length < ECHO_HEADER_OCTETS || bytes[1] !== 0) return null;
  const kind = bytes[0] === REPLY[family] ? "reply" : bytes[0] === REQUEST[family] ? "request" : null;
  return kind === null ? null : { kind, id: read16(bytes, 4), sequence: read16(bytes, 6) };
}

/** Whether an echo bears the token; one that is too short for it (a `size` below 8, a short quotation) cannot contradict. */
export function hasToken(echo: Uint8Array, token: Uint8Array, size: number): boolean {
  if (size < TOKEN_OCTETS || echo.length < ECHO_HEADER_OCTETS + TOKEN_OCTETS) return true;
  for (let at = 0; at < TOKEN_OCTETS; at++) if (echo[ECHO_HEADER_OCTETS + at] !== token[at]) return false;
  return true;
}

/** What an IPv4 packet carries, as a raw socket gives it; null when its header is none. */
export function ip4Payload(packet: Uint8Array): Uint8Array | null {
  const [first = 0] = packet;
  const header = (first & 15) * 4;
  return first >> 4 === 4 && header >= 20 && packet.length >= header ? packet.subarray(header) : null;
}

const UNREACHABLE_4 = [
  "network unreachable",
  "host unreachable",
  "protocol unreachable",
  "port unreachable",
  "fragmentation needed",
  "source route failed",
  "network unknown",
  "host unknown",
  "source host isolated",
  "network prohibited",
  "host prohibited",
  "network unreachable for this type of service",
  "host unreachable for this type of service",
  "communication prohibited",
  "host precedence violation",
  "precedence cut off",
];
const UNREACHABLE_6 = ["no route", "communication prohibited", "beyond the scope of the source address", "address unreachable", "port unreachable", "source address not allowed", "route rejected"];

/** What an error says. `expired`: hops to live were used up, as a trace wants it; `port`: the host is there, and nobody at that port. */
export interface IcmpError {
  readonly kind: "expired" | "port" | "too-big" | "unreachable" | "other";
  readonly sentence: string;
}

/** An error by its type and code; null for a type that is no error. `mtu`: of a `too-big` one. */
export function describeError(family: IpFamily, type: number, code: number, mtu: number): IcmpError | null {
  return family === 4 ? describeError4(type, code, mtu) : describeError6(type, code, mtu);
}

const tooBig = (mtu: number): IcmpError => ({ kind: "too-big", sentence: mtu > 0 ? `the packet is too long: at most ${mtu} octets go on from here` : "the packet is too long to go on from here" });

function describeError4(type: number, code: number, mtu: number): IcmpError | null {
  switch (type) {
    case 3:
      if (code === 4) return tooBig(mtu);
      return { kind: code === 3 || code === 2 ? "port" : "unreachable", sentence: UNREACHABLE_4[code] ?? `unreachable (code ${code})` };
    case 4:
      return { kind: "other", sentence: "source quench" };
    case 11:
      return expired(code);
    case 12:
      return { kind: "other", sentence: "parameter problem" };
    default:
      return null;
  }
}

function describeError6(type: number, code: number, mtu: number): IcmpError | null {
  switch (type) {
    case 1:
      return { kind: code === 4 ? "port" : "unreachable", sentence: UNREACHABLE_6[code] ?? `unreachable (code ${code})` };
    case 2:
      return tooBig(mtu);
    case 3:
      return expired(code);
    case 4:
      // code 1, of a next header that is not known: the packet came to its end
      return { kind: code === 1 ? "port" : "other", sentence: "parameter problem" };
    default:
      return null;
  }
}

const expired = (code: number): IcmpError => (code === 0 ? { kind: "expired", sentence: "hop limit exceeded" } : { kind: "other", sentence: "reassembly took too long" });
