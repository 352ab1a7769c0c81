import { networkInterfaces } from "node:os";
import { formatIp4, formatIp6, parseIp4, parseIp6 } from "../../wire/ip.ts";
import type { Family } from "../ports.ts";
import type { Block } from "../libc.ts";

/** An Internet address as the kernel takes it. */
export interface SocketAddress {
  readonly family: Family;
  /** 4 or 16 octets. */
  readonly octets: Uint8Array;
  /** The interface that a link-local address belongs to; 0 for none. */
  readonly scope: number;
}

export const AF_INET = 2;
export const AF_INET6 = 10;
/** Octets of the longer one, `sockaddr_in6`, rounded up. */
export const ADDRESS_OCTETS = 32;

/** Reads an address, `fe80::1%eth0` too; null when it is none. */
export function socketAddress(ip: string, family: Family): SocketAddress | null {
  const [address = "", zone = ""] = ip.split("%", 2);
  const octets = family === 4 ? parseIp4(ip) : parseIp6(address);
  const scope = family === 4 || zone === "" ? 0 : scopeOf(zone);
  return octets === null || scope === null ? null : { family, octets, scope };
}

function scopeOf(zone: string): number | null {
  if (/^\d{1,9}$/.test(zone)) return Number(zone);
  const scope = networkInterfaces()[zone]?.find((address) => address.family === "IPv6" && address.scopeid !== 0);
  return scope === undefined || !("scopeid" in scope) ? null : (scope.scopeid ?? null);
}

/** Writes `sockaddr_in` or `sockaddr_in6`; octets written. */
export function writeAddress({ view, bytes }: Block, at: number, { family, octets, scope }: SocketAddress, port: number): number {
  view.setUint16(at, family === 4 ? AF_INET : AF_INET6, true);
  view.setUint16(at + 2, port);
  view.setUint32(at + 4, 0);
  if (family === 4) {
    bytes.set(octets, at + 4);
    return 16;
  }
  bytes.set(octets, at + 8);
  view.setUint32(at + 24, scope, true);
  return 28;
}

/** Octets of the address that lies there; 0 when it is no Internet address. */
export function addressLength({ view }: Block, at: number): number {
  const domain = view.getUint16(at, true);
  return domain === AF_INET ? 4 : domain === AF_INET6 ? 16 : 0;
}

/** The octets of the address that lies there, as a view. */
export function readAddress(block: Block, at: number): Uint8Array {
  const length = addressLength(block, at);
  const start = at + (length === 16 ? 8 : 4);
  return block.bytes.subarray(start, start + length);
}

export const readPort = ({ view }: Block, at: number): number => view.getUint16(at + 2);

export function sameOctets(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

export const addressText = (octets: Uint8Array): string => (octets.length === 4 ? formatIp4(octets) : formatIp6(octets));
