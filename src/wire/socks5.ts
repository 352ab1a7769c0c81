import { formatIp6, parseIp4, parseIp6 } from "./ip.ts";

/** SOCKS version 5 (RFC 1928) with user name and password (RFC 1929): what a client sends, and its answers. */

export const METHOD = { none: 0, password: 2, refused: 0xff } as const;

const ADDRESS = { ip4: 1, name: 3, ip6: 4 } as const;

/** RFC 1928, section 3. */
export const encodeMethods = (methods: readonly number[]): Uint8Array => Uint8Array.of(5, methods.length, ...methods);

const lengthAnd = (text: string): Uint8Array => {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.of(bytes.length, ...bytes);
};

/** RFC 1929, section 2; each at most 255 bytes. The version is that of the sub-negotiation, 1. */
export const encodeLogin = (user: string, password: string): Uint8Array => Uint8Array.of(1, ...lengthAnd(user), ...lengthAnd(password));

/** RFC 1928, section 4: CONNECT; a name is sent as it stands and resolved by the proxy. */
export function encodeConnect(host: string, port: number): Uint8Array {
  const ip4 = parseIp4(host);
  const ip6 = ip4 === null ? parseIp6(host) : null;
  const address = ip4 !== null ? [ADDRESS.ip4, ...ip4] : ip6 !== null ? [ADDRESS.ip6, ...ip6] : [ADDRESS.name, ...lengthAnd(host)];
  return Uint8Array.of(5, 1, 0, ...address, port >> 8, port & 255);
}

/** How many bytes the reply to a request has, told by its first five; null when they begin no reply. */
export function replyLength(head: Uint8Array): number | null {
  const [version, , , type, first = 0] = head;
  if (head.length < 5 || version !== 5) return null;
  if (type === ADDRESS.ip4) return 10;
  if (type === ADDRESS.ip6) return 22;
  return type === ADDRESS.name ? 7 + first : null;
}

export interface SocksReply {
  /** 0: succeeded. */
  readonly code: number;
  /** Where the proxy connects from; often 0.0.0.0:0. */
  readonly bound: string;
}

/** RFC 1928, section 6: one whole reply; null for anything else. */
export function decodeReply(bytes: Uint8Array): SocksReply | null {
  if (replyLength(bytes) !== bytes.length) return null;
  const address = bytes.subarray(4, -2);
  const port = (bytes.at(-2) ?? 0) * 256 + (bytes.at(-1) ?? 0);
  const host = bytes[3] === ADDRESS.ip4 ? address.join(".") : bytes[3] === ADDRESS.ip6 ? `[${formatIp6(address)}]` : new TextDecoder().decode(address.subarray(1));
  return { code: bytes[1] ?? 0xff, bound: `${host}:${port}` };
}

const NAMES = ["succeeded", "general failure of the proxy", "not allowed by its rules", "network unreachable", "host unreachable", "connection refused", "time to live expired", "command not supported", "kind of address not supported"];

export const replyName = (code: number): string => NAMES[code] ?? `reply ${code}`;
