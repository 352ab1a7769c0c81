import { expect, test } from "vitest";
import type { PingRequest, ProcessEnd, ProcessRequest, Processes } from "../ports.ts";
import { parsePing, pingByCommand } from "./command.ts";

const REQUEST: PingRequest = { ip: "192.0.2.1", family: 4, count: 3, intervalMs: 200, waitMs: 1500, size: 56, ttl: null, dontFragment: false, source: null, signal: new AbortController().signal };

function f(output: string, times: readonly (number | null)[], more: { reports?: readonly object[]; duplicates?: number } = {}): void {
  const { echoes, reports, duplicates } = parsePing(output, times.length);
  expect({ times: echoes.map((echo) => echo?.rttMs ?? null), reports, duplicates }, output).toEqual({ times, reports: [], duplicates: 0, ...more });
}

/** A process that ends like this, and the command it was asked to run. */
function ending(end: Partial<Extract<ProcessEnd, { kind: "ended" }>>): { readonly processes: Processes; readonly asked: ProcessRequest[] } {
  const asked: ProcessRequest[] = [];
  const run = async (request: ProcessRequest): Promise<ProcessEnd> => {
    asked.push(request);
    return { kind: "ended", exit: 2, signal: null, killed: false, stdout: "", stderr: "", cut: false, ...end };
  };
  return { processes: { environment: { LC_ALL: "C" }, run }, asked };
}

async function trouble(stderr: string, code: string, sentence: string): Promise<void> {
  const answer = await pingByCommand(ending({ stderr }).processes, REQUEST);
  expect(answer.kind === "failed" ? answer.failure : answer).toEqual({ code, sentence });
}

test("answers are read by their sequence, whatever their order", () => {
  f("64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=0.309 ms\n64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=12.5 ms\n", [12.5, 0.309, null]);
  f("64 bytes from fe80::1%eth0: icmp_seq=1 ttl=64 time=1.00 ms\n", [1]);
  f("64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time<1 ms", [1]);
  f("8 bytes from 192.0.2.1: icmp_seq=1 ttl=64\n", [null]);
  expect(parsePing("64 bytes from 192.0.2.1: icmp_seq=1 ttl=57 time=0.3 ms\n64 bytes from 192.0.2.1: icmp_seq=2 time=0.3 ms", 2).echoes).toEqual([{ rttMs: 0.3, ttl: 57 }, { rttMs: 0.3, ttl: null }]);
});

test("duplicates are counted, answers of another echo and damage are not", () => {
  f("64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=1.0 ms\n64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=9.0 ms (DUP!)", [1, null], { duplicates: 1 });
  f("64 bytes from 192.0.2.1: icmp_seq=3 ttl=64 time=1.0 ms\n64 bytes from 192.0.2.1: icmp_seq=0 ttl=64 time=1.0 ms", [null, null]);
});

test("what routers report is kept once", () => {
  const unreachable = { from: "192.0.2.254", sentence: "Destination Host Unreachable" };
  f("From 192.0.2.254 icmp_seq=1 Destination Host Unreachable\nFrom 192.0.2.254 icmp_seq=2 Destination Host Unreachable\n", [null, null], { reports: [unreachable] });
  f("From 192.0.2.254: icmp_seq=1 Time to live exceeded", [null], { reports: [{ from: "192.0.2.254", sentence: "Time to live exceeded" }] });
});

test("ping's own troubles become failures with advice", async () => {
  await trouble("ping: socket: Operation not permitted\n", "permission", "this user may not send ICMP as asked: set net.ipv4.ping_group_range, or give ping cap_net_raw (socket: Operation not permitted)");
  await trouble("ping: connect: Network is unreachable\n", "unreachable", "there is no route to it from here (connect: Network is unreachable)");
  await trouble("ping: bind: Cannot assign requested address\n", "resources", "the source address is none of this machine (bind: Cannot assign requested address)");
  await trouble("ping: usage error: Destination address required\n", "resources", "ping could not work: usage error: Destination address required");
  await trouble("", "resources", "ping could not work: it said nothing");
});

test("the command says all that was asked for", async () => {
  const { processes, asked } = ending({ exit: 1 });
  expect(await pingByCommand(processes, { ...REQUEST, family: 6, ip: "2001:db8::1", ttl: 3, source: "::1", dontFragment: true })).toMatchObject({ kind: "pinged", echoes: [null, null, null], by: "ping program" });
  expect(asked[0]?.command.join(" ")).toBe("ping -n -6 -c 3 -i 0.2 -W 1.5 -s 56 -t 3 -M do -I ::1 2001:db8::1");
});

test("answers that came before the deadline or a late trouble count", async () => {
  const stdout = "64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=1.0 ms\n";
  for (const end of [{ exit: null, killed: true, signal: "SIGKILL", stdout }, { exit: 2, stdout, stderr: "ping: sendmsg: No buffer space available" }]) {
    expect(await pingByCommand(ending(end).processes, REQUEST)).toMatchObject({ kind: "pinged", echoes: [{ rttMs: 1, ttl: 64 }, null, null] });
  }
});

test("a missing program is told with its package", async () => {
  const processes: Processes = { environment: {}, run: async () => ({ kind: "failed", failure: { code: "resources", sentence: "there is no program ping" } }) };
  expect(await pingByCommand(processes, REQUEST)).toEqual({ kind: "failed", failure: { code: "resources", sentence: "there is no program ping; install it: apt-get install iputils-ping" } });
});
