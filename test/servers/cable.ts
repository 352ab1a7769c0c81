import { openSync, read, writeSync } from "node:fs";
import koffi from "koffi";
import { internetChecksum } from "../../src/wire/icmp.ts";

/**
 * A cable between two networks that does with packets what real ones do: `node cable.ts NAME NAME '{"delayMs": 5}'` makes two TUN devices, says so, and carries packets from the
 * one to the other until it is ended. Not every kernel has netem, which would do the same.
 */
export interface CablePlan {
  /** Each way. */
  readonly delayMs?: number;
  /** Every n-th packet towards the second device goes twice. */
  readonly twice?: number;
  /** Every n-th packet towards the second device waits until the next one has overtaken it. */
  readonly swap?: number;
  /** ICMP errors lose what they quote behind 8 octets of the transport's header, as old routers have it. */
  readonly shortQuotes?: boolean;
}

const TUNSETIFF = 0x400454ca;
const IFF_TUN_NO_PI = 0x1001;
const PACKET_MAX = 65_536;

function openTun(name: string): number {
  const fd = openSync("/dev/net/tun", "r+");
  const ioctl = koffi.load(null).func("int ioctl(int, uint64_t, void *)") as (fd: number, request: number, of: Uint8Array) => number;
  const request = Buffer.alloc(40);
  request.write(name, "latin1");
  request.writeUInt16LE(IFF_TUN_NO_PI, 16);
  if (ioctl(fd, TUNSETIFF, request) !== 0) throw new Error(`no TUN device: error ${koffi.errno()}`);
  return fd;
}

/** Cuts the quotation of an IPv4 ICMP error. */
function shortQuote(packet: Buffer): Buffer {
  const header = ((packet[0] ?? 0) & 15) * 4;
  const isError = (packet[0] ?? 0) >> 4 === 4 && packet[9] === 1 && [3, 11].includes(packet[header] ?? 0);
  if (!isError) return packet;
  const quoted = ((packet[header + 8] ?? 0) & 15) * 4;
  const short = Buffer.from(packet.subarray(0, header + 8 + quoted + 8));
  short.writeUInt16BE(short.length, 2);
  short.writeUInt16BE(0, 10);
  short.writeUInt16BE(internetChecksum(short.subarray(0, header)), 10);
  short.writeUInt16BE(0, header + 2);
  short.writeUInt16BE(internetChecksum(short.subarray(header)), header + 2);
  return short;
}

function carry(from: number, to: number, { delayMs = 0, twice = 0, swap = 0, shortQuotes = false }: CablePlan): void {
  const buffer = Buffer.alloc(PACKET_MAX);
  let count = 0;
  let held: Buffer | null = null;
  const put = (packet: Buffer): void => {
    try {
      writeSync(to, packet);
    } catch {
      // the device is down: so is the cable
    }
  };
  const deliver = (packet: Buffer): void => {
    count += 1;
    if (swap > 0 && count % swap === 0) {
      held = packet;
      return;
    }
    put(packet);
    if (twice > 0 && count % twice === 0) put(packet);
    if (held !== null) put(held);
    held = null;
  };
  const next = (): void =>
    read(from, buffer, 0, PACKET_MAX, null, (error, length) => {
      if (error === null) {
        const packet = shortQuotes ? shortQuote(Buffer.from(buffer.subarray(0, length))) : Buffer.from(buffer.subarray(0, length));
        if (delayMs > 0) setTimeout(() => deliver(packet), delayMs);
        else deliver(packet);
      }
      setImmediate(next);
    });
  next();
}

if (process.argv[1] === import.meta.filename) {
  const [, , near = "", far = "", plan = "{}"] = process.argv;
  const [one, two] = [openTun(near), openTun(far)];
  const { delayMs, twice, swap, shortQuotes } = JSON.parse(plan) as CablePlan;
  carry(one, two, { ...(delayMs === undefined ? {} : { delayMs }), ...(twice === undefined ? {} : { twice }), ...(swap === undefined ? {} : { swap }) });
  carry(two, one, { ...(delayMs === undefined ? {} : { delayMs }), ...(shortQuotes === undefined ? {} : { shortQuotes }) });
  process.stdout.write("ready\n");
}
