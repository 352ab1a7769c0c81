import type { Duplex } from "node:stream";
import type { FailureCode, Instant, Millis } from "../core/types.ts";

/** The few things the world does to us. Real versions lie beside this file, simulated ones in `test/sim/`. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock; may step. */
  now(): Instant;
  /** Milliseconds, with fractions, since an arbitrary start; never steps. */
  monotonic(): Millis;
  /** Calls once after `delay` on the monotonic clock; delays beyond 24 days are cut to that. */
  timer(delay: number, run: () => void): Timer;
}

export interface Random {
  /** In [0, 1). */
  fraction(): number;
  bytes(count: number): Uint8Array;
}

/** An expected failure is a value: a stable code and one sentence without final stop. */
export interface Failure {
  readonly code: FailureCode;
  readonly sentence: string;
}

export type Family = 4 | 6;

export interface Address {
  readonly ip: string;
  readonly family: Family;
}

export type Resolution =
  | { readonly kind: "resolved"; readonly addresses: readonly Address[] }
  | { readonly kind: "failed"; readonly failure: Failure };

export interface ConnectOptions {
  readonly ip: string;
  readonly port: number;
  /** Source address; null for the system's choice. */
  readonly source: string | null;
  readonly signal: AbortSignal;
}

export type Connection =
  | { readonly kind: "connected"; readonly socket: Duplex }
  | { readonly kind: "failed"; readonly failure: Failure };

/** A datagram socket connected to one peer, so that refusals and strangers' packets are told apart. */
export interface DatagramSocket {
  /** Our own end, for protocols that want to be told it. */
  readonly local: { readonly ip: string; readonly port: number };
  send(bytes: Uint8Array): void;
  /** The next datagram, or the failure that ended waiting (also when `signal` aborts: code `timeout`). */
  receive(signal: AbortSignal): Promise<{ readonly kind: "received"; readonly bytes: Uint8Array } | { readonly kind: "failed"; readonly failure: Failure }>;
  close(): void;
}

export interface Network {
  /** A literal or a name (IDN is converted) to addresses in the order to be tried; never throws. `family` null: both. */
  resolve(host: string, family: Family | null, signal: AbortSignal): Promise<Resolution>;
  /** The name servers that `resolve` asks: configured ones, or the system's, best first. Absent where names come from elsewhere. */
  resolvers?(): Promise<readonly { readonly ip: string; readonly port: number }[]>;
  /** One TCP connection to one address. An aborted signal gives code `timeout` and leaves no socket behind. */
  connect(options: ConnectOptions): Promise<Connection>;
  /** One connection to a Unix socket of this machine; as `connect`. Absent where there is no such thing. */
  connectPath?(path: string, signal: AbortSignal): Promise<Connection>;
  /** Datagrams to a Unix socket of this machine, in order; waits while its queue is full, until `signal` aborts. Absent where there is no such thing. */
  sendToPath?(path: string, datagrams: readonly Uint8Array[], signal: AbortSignal): Promise<Handed>;
  /** `sourcePort`: our own port, where the protocol wants a certain one; it may be shared with others that share it. */
  datagram(ip: string, port: number, source: string | null, sourcePort?: number): Promise<OpenedDatagram>;
  /** Hears what `request.from` sends to a multicast group. Absent where there is no such thing. */
  listen?(request: ListenRequest): Promise<OpenedDatagram>;
}

/** How many datagrams are in the receiver's queue, and what kept the rest from it; null: nothing did. */
export interface Handed {
  readonly taken: number;
  readonly failure: Failure | null;
}

export type OpenedDatagram = { readonly kind: "opened"; readonly socket: DatagramSocket } | { readonly kind: "failed"; readonly failure: Failure };

export interface ListenRequest {
  /** IPv4 address of the only sender that counts. */
  readonly from: string;
  readonly group: string;
  readonly port: number;
  /** Address of this machine on the network of the group; null: the one from which `from` is reached. */
  readonly source: string | null;
}

/** Some ICMP echoes to one address. */
export interface PingRequest {
  readonly ip: string;
  readonly family: Family;
  readonly count: number;
  readonly intervalMs: number;
  /** How long the answer to each is waited for; one that comes later counts as lost, and as late. */
  readonly waitMs: number;
  /** Octets of payload. */
  readonly size: number;
  /** Hops that a packet may take; null for the system's default. */
  readonly ttl: number | null;
  /** No router may take a packet apart. */
  readonly dontFragment: boolean;
  /** Source address; null for the system's choice. */
  readonly source: string | null;
  readonly signal: AbortSignal;
}

/** An answered echo. */
export interface Echo {
  readonly rttMs: number;
  /** Hops that the answer could still have taken; null where that is not known. */
  readonly ttl: number | null;
}

/**
 * `echoes`: in the order of sending, null for a lost one. `late`: answers that came when nobody waited for them any more; `duplicates`: second answers to the same echo.
 * `reports`: what routers said about lost ones, each once. `by`: what sent them (`ping socket`, `raw socket`, `ping program`).
 * An aborted signal ends the waiting: what was not sent by then is not among the echoes.
 */
export type PingAnswer =
  | {
      readonly kind: "pinged";
      readonly echoes: readonly (Echo | null)[];
      readonly late: number;
      readonly duplicates: number;
      readonly reports: readonly { readonly from: string; readonly sentence: string }[];
      readonly by: string;
    }
  | { readonly kind: "failed"; readonly failure: Failure };

/** The way to one address: packets with a rising number of hops to live, all at once. */
export interface TraceRequest {
  readonly ip: string;
  readonly family: Family;
  readonly method: "icmp" | "udp" | "tcp";
  /** UDP: the first of the destination's ports; TCP: its port; ICMP: unused. */
  readonly port: number;
  /** Most hops that are looked for. */
  readonly hops: number;
  /** Packets to each hop. */
  readonly tries: number;
  readonly waitMs: number;
  /** Octets of payload. */
  readonly size: number;
  readonly source: string | null;
  readonly signal: AbortSignal;
}

export interface HopAnswer {
  readonly ip: string;
  readonly rttMs: number;
  /** What the hop said besides that the packet ended there (`host unreachable`), null for nothing. */
  readonly report: string | null;
}

/** `answers`: one for each packet in the order of sending, null for a lost one. */
export interface Hop {
  readonly ttl: number;
  readonly answers: readonly (HopAnswer | null)[];
}

/** `hops` ends with the target when it was `reached`, else with the last hop that answered. `mtu`: octets of the longest packet that the path takes whole, null when not known. */
export type TraceAnswer =
  | { readonly kind: "traced"; readonly hops: readonly Hop[]; readonly reached: boolean; readonly mtu: number | null }
  | { readonly kind: "failed"; readonly failure: Failure };

/** ICMP echoes and traces. Nothing here rejects; both end soon after their signal aborts and leave nothing behind. */
export interface Pinger {
  ping(request: PingRequest): Promise<PingAnswer>;
  trace(request: TraceRequest): Promise<TraceAnswer>;
}

export interface ProcessRequest {
  /** Program and arguments; no shell is involved. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment of the program. */
  readonly environment: { readonly [name: string]: string };
  readonly folder: string | null;
  readonly input: string;
  /** Kept bytes of each stream; the rest is read and dropped. */
  readonly outputLimit: number;
  /** When it aborts, the whole process group is killed. */
  readonly signal: AbortSignal;
}

export type ProcessEnd =
  | { readonly kind: "ended"; readonly exit: number | null; readonly signal: string | null; readonly killed: boolean; readonly stdout: string; readonly stderr: string; readonly cut: boolean }
  | { readonly kind: "failed"; readonly failure: Failure };

export interface Processes {
  run(request: ProcessRequest): Promise<ProcessEnd>;
  /** The environment that scripts inherit by default (PATH, HOME, LANG=C, TZ, ...), without Tocsin's own secrets. */
  readonly environment: { readonly [name: string]: string };
}

/** Time that the processors of this machine spent since it started, all together, in ms; differences of two readings tell the load between them. */
export interface ProcessorTimes {
  readonly count: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface MemoryUse {
  readonly totalBytes: number;
  /** What programs can still get without swapping: free memory, and caches that can be given up. */
  readonly availableBytes: number;
  /** Zeros without swap. */
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
}

export interface DiskUse {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** What others than root may still take. */
  readonly availableBytes: number;
  /** Places for files; both 0 where the file system has no limit. */
  readonly files: number;
  readonly filesFree: number;
}

export type DiskAnswer = { readonly kind: "told"; readonly use: DiskUse } | { readonly kind: "failed"; readonly failure: Failure };

/** One sensor of this machine. */
export interface SensorReading {
  /** `coretemp/Package id 0`: chip and sensor, or the type of a thermal zone; each stands once. */
  readonly name: string;
  readonly celsius: number;
}

export type SensorsAnswer = { readonly kind: "told"; readonly readings: readonly SensorReading[] } | { readonly kind: "failed"; readonly failure: Failure };

/** What this machine says of itself; nothing here throws, and nothing but `disk` and `temperatures` waits. */
export interface HostFacts {
  /** Since this machine started (in a container: since its host did). */
  uptimeMs(): number;
  /** Processes that run or wait to, as means over 1, 5 and 15 minutes; zeros where the system does not count them. */
  load(): readonly [number, number, number];
  processors(): ProcessorTimes;
  memory(): MemoryUse;
  /** The file system that a path lies on. One that hangs (a dead network share) is asked once, not again and again; `signal` ends the waiting. */
  disk(path: string, signal: AbortSignal): Promise<DiskAnswer>;
  /** Its temperature sensors, none in most virtual machines; asked once for all who wait: a bus may be slow. `signal` ends the waiting. */
  temperatures(signal: AbortSignal): Promise<SensorsAnswer>;
  /** Name and release of the system: `Linux`, `6.1.0-30-amd64`, `x86_64`. */
  system(): { readonly name: string; readonly release: string; readonly machine: string };
}

/** A user's pattern, already compiled while loading. Source and flags as in `/source/flags`. */
export interface Pattern {
  readonly source: string;
  readonly flags: string;
}

export interface Patterns {
  /** First match with groups, null for none, or `slow` when the time limit passed. Reads at most 1 MiB of text. */
  match(pattern: Pattern, text: string): readonly string[] | null | "slow";
  /** Whether it is found in one of the texts; one time limit and 1 MiB for all together. */
  matchesAny(pattern: Pattern, texts: readonly string[]): boolean | "slow";
}

export interface Log {
  debug(text: string, fields?: Record<string, unknown>): void;
  info(text: string, fields?: Record<string, unknown>): void;
  warn(text: string, fields?: Record<string, unknown>): void;
  error(text: string, fields?: Record<string, unknown>): void;
}

/** The files that configuration is read from. */
export interface Files {
  read(path: string): Promise<{ readonly kind: "read"; readonly text: string } | { readonly kind: "failed"; readonly sentence: string; readonly right?: string }>;
  /** Names in a folder, sorted; null when it is none. */
  list(path: string): Promise<readonly string[] | null>;
  /** Whether it is a file, and no program, that others than its owner and group can read; absent where nobody can tell. */
  exposed?(path: string): Promise<boolean>;
}

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly pinger: Pinger;
  readonly processes: Processes;
  readonly patterns: Patterns;
  readonly host: HostFacts;
  readonly log: Log;
}
