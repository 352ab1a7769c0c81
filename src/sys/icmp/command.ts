import type { Echo, Failure, PingAnswer, PingRequest, Processes } from "../ports.ts";

const OUTPUT_MAX = 65_536;
const LINE_MAX = 200;
const seconds = (ms: number): string => String(Math.max(ms, 1) / 1000);

/** Arguments of iputils' ping(8). */
function commandOf(request: PingRequest): readonly [string, ...string[]] {
  const { count, intervalMs, waitMs, size, ttl, dontFragment, source } = request;
  const fixed = ["-n", `-${request.family}`, "-c", String(count), "-i", seconds(intervalMs), "-W", seconds(waitMs), "-s", String(size)] as const;
  return ["ping", ...fixed, ...(ttl === null ? [] : ["-t", String(ttl)]), ...(dontFragment ? ["-M", "do"] : []), ...(source === null ? [] : ["-I", source]), request.ip];
}

/** What ping says on standard error when it cannot send at all. */
const TROUBLES: readonly (readonly [RegExp, Failure["code"], string])[] = [
  [/operation not permitted|permission denied|cap_net_raw|minimal interval allowed/i, "permission", "this user may not send ICMP as asked: set net.ipv4.ping_group_range, or give ping cap_net_raw"],
  [/cannot assign requested address|unknown iface|bind|invalid source/i, "resources", "the source address is none of this machine"],
  [/network is unreachable|no route to host/i, "unreachable", "there is no route to it from here"],
  [/message too long/i, "too-large", "the packets are longer than the path takes"],
];

// oxlint-disable-next-line no-control-regex
const shown = (line: string): string => line.slice(0, LINE_MAX).replaceAll(/[\0-\x1f\x7f-\x9f]/g, " ").trim();

function troubleOf(stderr: string): Failure {
  const line = shown(stderr.trim().split("\n", 1)[0] ?? "").replace(/^ping: /, "");
  const known = TROUBLES.find(([pattern]) => pattern.test(stderr));
  return known === undefined ? { code: "resources", sentence: `ping could not work: ${line === "" ? "it said nothing" : line}` } : { code: known[1], sentence: `${known[2]} (${line})` };
}

/** What ping's output says of the echoes. */
export type PingOutput = Pick<Extract<PingAnswer, { kind: "pinged" }>, "echoes" | "duplicates" | "reports">;

/** Reads ping's output in the C locale; foreign lines do not count. */
export function parsePing(output: string, count: number): PingOutput {
  const echoes: (Echo | null)[] = Array.from({ length: count }, () => null);
  const reports = new Map<string, { readonly from: string; readonly sentence: string }>();
  let duplicates = 0;
  for (const line of output.split("\n")) {
    const [, sequence, rest = "", time] = /^\d+ bytes from .*icmp_seq=(\d+) (.*)time[=<]([\d.]+) ms/.exec(line) ?? [];
    const index = Number(sequence) - 1;
    if (time !== undefined && index >= 0 && index < count) {
      const ttl = /\bttl=(\d+)/.exec(rest)?.[1];
      if (echoes[index] === null) echoes[index] = { rttMs: Number(time), ttl: ttl === undefined ? null : Number(ttl) };
      else duplicates += 1;
    }
    const [, from, said] = /^From (\S+):? icmp_seq=\d+ (.+)$/.exec(line) ?? [];
    if (from !== undefined && said !== undefined) reports.set(line.replace(/icmp_seq=\d+/, ""), { from: shown(from.replace(/:$/, "")), sentence: shown(said) });
  }
  return { echoes, duplicates, reports: [...reports.values()] };
}

/** Echoes by the system's ping, one process a run: for a machine where this process may open no socket for them. */
export async function pingByCommand(processes: Processes, request: PingRequest): Promise<PingAnswer> {
  const end = await processes.run({ command: commandOf(request), environment: processes.environment, folder: null, input: "", outputLimit: OUTPUT_MAX, signal: request.signal });
  if (end.kind === "failed") {
    const advice = end.failure.code === "resources" ? "; install it: apt-get install iputils-ping" : "";
    return { kind: "failed", failure: { code: end.failure.code, sentence: `${end.failure.sentence}${advice}` } };
  }
  const parsed = parsePing(end.stdout, request.count);
  // exit code 1: no answers; 2: other trouble, which may also come after some answers
  const answered = parsed.echoes.some((echo) => echo !== null);
  if (end.killed || end.exit === 0 || end.exit === 1 || answered) return { kind: "pinged", ...parsed, late: 0, by: "ping program" };
  return { kind: "failed", failure: troubleOf(end.stderr) };
}
