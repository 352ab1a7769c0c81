import type { Failure, Processes } from "../sys/ports.ts";
import { printable } from "./outcome.ts";

/** Some ICMP echoes to one address. */
export interface EchoRequest {
  readonly ip: string;
  readonly family: 4 | 6;
  readonly count: number;
  readonly intervalMs: number;
  /** How long the answer to the last one is waited for. */
  readonly waitMs: number;
  /** Octets of payload. */
  readonly size: number;
  readonly ttl: number | null;
  readonly source: string | null;
  readonly signal: AbortSignal;
}

/** `times`: milliseconds of each echo in the order of sending, null for a lost one. `reports`: what routers said about lost ones. */
export type Echoed =
  | { readonly kind: "echoed"; readonly times: readonly (number | null)[]; readonly reports: readonly string[]; readonly transcript: string }
  | { readonly kind: "failed"; readonly failure: Failure; readonly transcript: string };

/** Sends echoes and waits for their answers; ends soon after its signal aborts; never rejects. */
export type Echo = (request: EchoRequest) => Promise<Echoed>;

const OUTPUT_MAX = 65_536;
const seconds = (ms: number): string => String(Math.max(ms, 1) / 1000);

/** Arguments of iputils' ping(8). */
function commandOf(request: EchoRequest): readonly [string, ...string[]] {
  const { count, intervalMs, waitMs, size, ttl, source } = request;
  const fixed = ["-n", `-${request.family}`, "-c", String(count), "-i", seconds(intervalMs), "-W", seconds(waitMs), "-s", String(size)] as const;
  return ["ping", ...fixed, ...(ttl === null ? [] : ["-t", String(ttl)]), ...(source === null ? [] : ["-I", source]), request.ip];
}

/** What ping says on standard error when it cannot send at all. */
const TROUBLES: readonly (readonly [RegExp, Failure["code"], string])[] = [
  [/operation not permitted|permission denied|cap_net_raw|minimal interval allowed/i, "permission", "this user may not send ICMP as asked: set net.ipv4.ping_group_range, or give ping cap_net_raw"],
  [/cannot assign requested address|unknown iface|bind|invalid source/i, "resources", "the source address is none of this machine"],
  [/network is unreachable|no route to host/i, "unreachable", "there is no route to it from here"],
  [/message too long/i, "too-large", "the packets are longer than the path takes"],
];

function troubleOf(stderr: string): Failure {
  const line = printable(stderr.trim().split("\n", 1)[0] ?? "").replace(/^ping: /, "");
  const known = TROUBLES.find(([pattern]) => pattern.test(stderr));
  return known === undefined ? { code: "resources", sentence: `ping could not work: ${line === "" ? "it said nothing" : line}` } : { code: known[1], sentence: `${known[2]} (${line})` };
}

/** Reads ping's output in the C locale; duplicates and foreign lines do not count. */
export function parsePing(output: string, count: number): { readonly times: readonly (number | null)[]; readonly reports: readonly string[] } {
  const times: (number | null)[] = Array.from({ length: count }, () => null);
  const reports = new Set<string>();
  for (const line of output.split("\n")) {
    const [, sequence, time] = /^\d+ bytes from .*icmp_seq=(\d+) .*time[=<]([\d.]+) ms/.exec(line) ?? [];
    const index = Number(sequence) - 1;
    if (time !== undefined && index >= 0 && index < count) times[index] ??= Number(time);
    const [, from, said] = /^From (\S+):? icmp_seq=\d+ (.+)$/.exec(line) ?? [];
    if (from !== undefined && said !== undefined) reports.add(`${said.trim()}, says ${from.replace(/:$/, "")}`);
  }
  return { times, reports: [...reports] };
}

/** Echoes by the system's ping: one process a run. A native engine can take its place. */
export function pingEcho(processes: Processes): Echo {
  return async (request) => {
    const command = commandOf(request);
    const end = await processes.run({ command, environment: processes.environment, folder: null, input: "", outputLimit: OUTPUT_MAX, signal: request.signal });
    if (end.kind === "failed") {
      const advice = end.failure.code === "resources" ? "; install it: apt-get install iputils-ping" : "";
      return { kind: "failed", failure: { code: end.failure.code, sentence: `${end.failure.sentence}${advice}` }, transcript: "" };
    }
    const transcript = printable(`${command.join(" ")}\n${end.stdout}${end.stderr}`);
    const parsed = parsePing(end.stdout, request.count);
    // exit code 1: no answers; 2: other trouble, which may also come after some answers
    const answered = parsed.times.some((time) => time !== null);
    if (end.killed || end.exit === 0 || end.exit === 1 || answered) return { kind: "echoed", ...parsed, transcript };
    return { kind: "failed", failure: troubleOf(end.stderr), transcript };
  };
}
