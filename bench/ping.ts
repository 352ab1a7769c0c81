import { spawn, spawnSync } from "node:child_process";
import { realPinger } from "../src/sys/icmp/pinger.ts";
import { realProcesses } from "../src/sys/processes.ts";
import { type Figure, type Measure, median, percentile } from "./figure.ts";

/**
 * Echoes against fping over the same loopback addresses, both in turns (A B A B, medians of the ratios): answered echoes a second of wall time, CPU
 * (ours: this whole process; fping's: what the system counts of it), loss and round trips. A process `ping` for each address stands beside them.
 */
const TARGETS = 1024;
const ECHOES = 20;
const TURNS = 7;
/** The first turns of a young process cost more than those of one that runs for days. */
const WARM_UP = 5;
const SPAWNED = 64;

const ADDRESSES = Array.from({ length: TARGETS }, (_, at) => `127.0.${1 + (at >> 8)}.${at & 255}`).map((ip) => (ip.endsWith(".0") || ip.endsWith(".255") ? ip.replace(/\.\d+$/, ".77") : ip));

/** What one turn came to. */
interface Turn {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly answered: number;
  readonly lost: number;
  /** Median round trip, ms. */
  readonly median: number;
}

const now = (): number => performance.now() / 1000;

async function ours(): Promise<Turn> {
  const pinger = realPinger(realProcesses());
  const { signal } = new AbortController();
  const begun = now();
  const before = process.cpuUsage();
  const answers = await Promise.all(ADDRESSES.map((ip) => pinger.ping({ ip, family: 4, count: ECHOES, intervalMs: 1, waitMs: 500, size: 56, ttl: null, dontFragment: false, source: null, signal })));
  const { user, system } = process.cpuUsage(before);
  const seconds = now() - begun;
  const echoes = answers.flatMap((answer) => {
    if (answer.kind === "failed") throw new Error(answer.failure.sentence);
    return answer.echoes;
  });
  const times = echoes.flatMap((echo) => (echo === null ? [] : [echo.rttMs]));
  return { seconds, cpuSeconds: (user + system) / 1e6, answered: times.length, lost: echoes.length - times.length, median: median(times) };
}

/** `/usr/bin/time` is not everywhere: a shell's `times` tells the CPU of its children. */
function fping(): Turn {
  const begun = now();
  const { stdout, stderr, error } = spawnSync("sh", ["-c", `fping -q -C ${ECHOES} -i 0 -p 1 -t 500 -f -; times >&1`], { input: `${ADDRESSES.join("\n")}\n`, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (error !== undefined) throw error;
  const seconds = now() - begun;
  const cpu = [...(stdout.trim().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0);
  const times = stderr.split("\n").flatMap((line) => line.split(" : ")[1]?.trim().split(" ") ?? []);
  const answered = times.filter((time) => time !== "-").map(Number);
  return { seconds, cpuSeconds: cpu, answered: answered.length, lost: times.length - answered.length, median: median(answered) };
}

/** Pings a second with a process for each, as many at once as there are addresses to ask. */
async function spawned(): Promise<number> {
  const begun = now();
  await Promise.all(ADDRESSES.slice(0, SPAWNED).map((ip) => new Promise((resolve) => spawn("ping", ["-n", "-q", "-c", "5", "-i", "0.002", ip], { stdio: "ignore" }).once("close", resolve))));
  return (SPAWNED * 5) / (now() - begun);
}

export const ping: Measure = async (say) => {
  if (spawnSync("fping", ["-v"]).error !== undefined) {
    say("fping is not installed; on Debian: apt-get install fping");
    return [];
  }
  for (let turn = 0; turn < WARM_UP; turn += 1) await ours();
  const mine: Turn[] = [];
  const theirs: Turn[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    mine.push(await ours());
    theirs.push(fping());
    say(`turn ${turn + 1} of ${TURNS}`);
  }
  const rate = ({ answered, seconds }: Turn): number => answered / seconds;
  const cost = ({ answered, cpuSeconds }: Turn): number => (1e6 * cpuSeconds) / answered;
  const ratios = (of: (turn: Turn) => number): number => median(mine.map((turn, at) => of(turn) / of(theirs[at] ?? turn)));
  const share = (turns: readonly Turn[]): number => (100 * turns.reduce((sum, { lost }) => sum + lost, 0)) / turns.reduce((sum, { lost, answered }) => sum + lost + answered, 0);
  const figure = (name: string, value: number, unit: string, goal: number | null = null, atLeast = false): Figure => ({ name: `ping ${name}`, value, unit, goal, ...(atLeast ? { atLeast } : {}) });
  return [
    figure("rate-ratio", ratios(rate), "times", 1, true),
    figure("rate", median(mine.map(rate)), "/s"),
    figure("rate-fping", median(theirs.map(rate)), "/s"),
    figure("cpu-ratio", ratios(cost), "times", 1),
    figure("cpu", median(mine.map(cost)), "µs"),
    figure("cpu-fping", median(theirs.map(cost)), "µs"),
    figure("loss", share(mine), "%", share(theirs)),
    figure("loss-fping", share(theirs), "%"),
    figure("round-trip-beyond-fping", 1000 * percentile(mine.map((turn, at) => turn.median - (theirs[at]?.median ?? 0)), 0.5), "µs", 20),
    figure("round-trip", 1000 * median(mine.map((turn) => turn.median)), "µs"),
    figure("round-trip-fping", 1000 * median(theirs.map((turn) => turn.median)), "µs"),
    figure("rate-process-each", await spawned(), "/s"),
  ];
};
