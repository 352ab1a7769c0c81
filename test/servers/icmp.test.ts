import { readdirSync, readlinkSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { icmp } from "../../src/probes/icmp.ts";
import type { Outcome } from "../../src/probes/probe.ts";
import { pingByCommand } from "../../src/sys/icmp/command.ts";
import type { PingAnswer, PingRequest, Processes, Resolution } from "../../src/sys/ports.ts";
import { realProcesses } from "../../src/sys/processes.ts";
import { realPorts } from "../../src/sys/real.ts";
import { describeWith, need } from "./ground.ts";
import { namespaceObstacle, type Rights, Space } from "./namespaces.ts";

const ports = realPorts({ level: "error", mask: (text) => text, resolvers: () => [], processes: realProcesses() });

function run(options: object, more: { signal?: AbortSignal; resolution?: Resolution } = {}): Promise<Outcome> {
  const { resolution } = more;
  const network = resolution === undefined ? ports.network : { ...ports.network, resolve: async () => resolution };
  return icmp.run(icmp.options.parse(options), { ...ports, network, signal: more.signal ?? AbortSignal.timeout(60_000), wants: new Set() });
}

const REQUEST: PingRequest = { ip: "127.0.0.1", family: 4, count: 3, intervalMs: 10, waitMs: 2000, size: 56, ttl: null, dontFragment: false, source: null, signal: new AbortController().signal };

describeWith(["iputils-ping"], "icmp, by what this user may use", () => {
  it("measures round trips over IPv4 and IPv6", async () => {
    const outcome = await run({ host: "127.0.0.1", interval: "10ms" });
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ verdict: "up", code: "ok", facts: { loss: 0, sent: 3, received: 3, duplicates: 0, ttl: 64, address: "127.0.0.1" }, latencyMs: outcome.facts["avg"] });
    expect(outcome.sentence).toMatch(/^127\.0\.0\.1 answers in [\d.]+ ms$/);
    expect(outcome.facts).toHaveProperty("jitter");
    expect(outcome.phases).toEqual({ echo: outcome.facts["avg"] });
    expect(outcome.evidence[0]?.text).toContain("3 echoes of 56 octets to 127.0.0.1");
    expect(await run({ host: "::1", count: 1, source: "::1", ttl: 1, size: 1000 })).toMatchObject({ verdict: "up", facts: { sent: 1, received: 1, address: "::1" } });
  });

  it("resolves names itself", async () => {
    const outcome = await run({ host: "localhost", family: 6, count: 1 });
    expect(outcome).toMatchObject({ verdict: "up", facts: { address: "::1" } });
    expect(Object.keys(outcome.phases)).toEqual(["resolve", "echo"]);
    expect(await run({ host: "127.0.0.1", family: 6 })).toMatchObject({ verdict: "down", code: "unresolvable" });
    expect(await run({ host: "x.test" }, { resolution: { kind: "failed", failure: { code: "resolver", sentence: "the resolver gave no answer" } } })).toMatchObject({ verdict: "unknown", code: "resolver" });
  });

  it("tries the other family when the first has no answer", async () => {
    // an IPv4-mapped address has no way out over IPv6 anywhere, so nothing is sent
    const resolution: Resolution = { kind: "resolved", addresses: [{ ip: "::ffff:0:0", family: 6 }, { ip: "127.0.0.1", family: 4 }] };
    expect(await run({ host: "both.test", count: 1, wait: "100ms" }, { resolution })).toMatchObject({ verdict: "up", facts: { address: "127.0.0.1" } });
  });

  it("ends at the deadline with what it has", async () => {
    const outcome = await run({ host: "127.0.0.1", count: 100, interval: "1h" }, { signal: AbortSignal.timeout(500) });
    expect(outcome).toMatchObject({ verdict: "up", facts: { received: 1 } });
    expect(await run({ host: "127.0.0.1" }, { signal: AbortSignal.abort() })).toMatchObject({ verdict: "unknown", code: "late" });
  });

  it("says that a source address is not of this machine", async () => {
    expect(await run({ host: "127.0.0.1", source: "198.51.100.1", count: 1 })).toMatchObject({ verdict: "unknown", code: "resources", sentence: "127.0.0.1 could not be pinged: 198.51.100.1 is no IPv4 address of this machine" });
  });

  it("works by the system's ping where nothing else does", async () => {
    const answer = await pingByCommand(ports.processes, { ...REQUEST, ip: "::1", family: 6, count: 2 });
    expect(answer).toMatchObject({ kind: "pinged", echoes: [{ ttl: 64 }, { ttl: 64 }], by: "ping program" });
    const processes: Processes = { ...ports.processes, run: (request) => ports.processes.run({ ...request, environment: { PATH: "/nowhere" } }) };
    expect(await pingByCommand(processes, REQUEST)).toEqual({ kind: "failed", failure: { code: "resources", sentence: "there is no program ping; install it: apt-get install iputils-ping" } });
  });

  it("leaves nothing behind, however often it runs", async () => {
    await ports.pinger.ping(REQUEST);
    const busy = descriptors();
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 500 }, (_, index) => ports.pinger.ping({ ...REQUEST, ip: `127.0.${round}.${(index % 250) + 1}`, count: 1, signal: index % 10 === 0 ? AbortSignal.timeout(1) : REQUEST.signal })));
    }
    expect(descriptors()).toEqual(busy);
    // Idle sockets are closed after a while.
    await expect.poll(() => busy.length - descriptors().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  });
});

/** What this process holds open, by kind. */
const descriptors = (): readonly string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, "N")];
    } catch {
      return [];
    }
  }).toSorted();

const obstacle = need("iproute2", "iputils-ping") ?? namespaceObstacle();
if (obstacle !== null) process.stderr.write(`icmp in network namespaces: ${obstacle}\n`);

describe.skipIf(obstacle !== null)(`icmp in a network namespace${obstacle === null ? "" : ` (${obstacle})`}`, () => {
  let space: Space;
  beforeAll(() => {
    space = new Space();
  });

  const pings = async (rights: Rights, ...requests: (Partial<PingRequest> & { ip: string })[]): Promise<readonly PingAnswer[]> => (await space.ask(requests.map((ping) => ({ ping })), rights)) as PingAnswer[];
  const received = (answer: PingAnswer | undefined): number => (answer?.kind === "pinged" ? answer.echoes.filter((echo) => echo !== null).length : -1);

  it.each([["none", "ping socket"], ["root", "ping socket"]] as const)("needs no rights where ping sockets are allowed (%s)", async (rights, by) => {
    const answers = await pings(rights, { ip: "127.0.0.1" }, { ip: "::1" }, { ip: "127.0.0.1", size: 0 }, { ip: "::1", size: 7 }, { ip: "127.0.0.1", size: 65_500, dontFragment: true }, { ip: "::1", size: 65_000 }, { ip: "127.0.0.1", source: "127.0.0.9", ttl: 1 });
    for (const answer of answers) expect(answer).toMatchObject({ kind: "pinged", late: 0, duplicates: 0, reports: [], by });
    expect(answers.map(received)).toEqual([3, 3, 3, 3, 3, 3, 3]);
  });

  it("takes a raw socket where CAP_NET_RAW is all there is", async () => {
    space.set("net.ipv4.ping_group_range", "1 0");
    const answers = await pings("raw", { ip: "127.0.0.1" }, { ip: "::1" }, { ip: "127.0.0.1", size: 3 }, { ip: "127.0.0.1", size: 60_001, ttl: 9 }, { ip: "::1", source: "::1", dontFragment: true });
    for (const answer of answers) expect(answer).toMatchObject({ kind: "pinged", duplicates: 0, by: "raw socket" });
    expect(answers.map(received)).toEqual([3, 3, 3, 3, 3]);
    space.set("net.ipv4.ping_group_range", "0 2147483647");
  });

  it("says what is missing where nothing is allowed", async () => {
    space.set("net.ipv4.ping_group_range", "1 0");
    const ask = async (path: string): Promise<PingAnswer | undefined> => (await space.ask([{ ping: { ip: "127.0.0.1", count: 1 } }], "none", path))[0] as PingAnswer;
    const answer = await ask("/nowhere");
    expect(answer?.kind === "failed" ? answer.failure : answer).toMatchObject({ code: "permission", sentence: expect.stringContaining('`sysctl -w net.ipv4.ping_group_range="0 2147483647"`, or give the process CAP_NET_RAW') });
    expect(await ask(process.env["PATH"] ?? ""), "Debian's ping has a right of its own").toMatchObject({ kind: "pinged", by: "ping program" });
    space.set("net.ipv4.ping_group_range", "0 2147483647");
  });

  it("asks 4,096 targets at once", async () => {
    const targets = Array.from({ length: 4096 }, (_, index) => ({ ip: `127.0.${index >> 8}.${(index & 255) === 0 ? 1 : index & 255}`, count: 3, intervalMs: 100 }));
    const answers = await pings("none", ...targets);
    expect(answers.map(received).filter((count) => count !== 3)).toEqual([]);
    expect(answers.every((answer) => answer.kind === "pinged" && answer.duplicates === 0 && answer.late === 0)).toBe(true);
  });
});
