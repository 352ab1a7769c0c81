import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FactValue } from "../../src/core/types.ts";
import type { PingAnswer, TraceAnswer } from "../../src/sys/ports.ts";
import { need } from "./ground.ts";
import { chain, joinSpaces, namespaceObstacle, type Rights, route, Space } from "./namespaces.ts";

const obstacle = need("iproute2", "fping", "traceroute", "nftables") ?? namespaceObstacle();
if (obstacle !== null) process.stderr.write(`paths through network namespaces: ${obstacle}\n`);
const skipped = obstacle === null ? "" : ` (${obstacle})`;

const TARGET = { 4: "10.77.3.2", 6: "fd77:3::2" } as const;
const PATH = { 4: ["10.77.0.2", "10.77.1.2", "10.77.2.2", TARGET[4]], 6: ["fd77::2", "fd77:1::2", "fd77:2::2", TARGET[6]] } as const;

/** `a/b > * > c`: who answered at each hop. */
const pathOf = (answer: TraceAnswer): string =>
  answer.kind === "failed" ? answer.failure.sentence : answer.hops.map(({ answers }) => [...new Set(answers.map((one) => (one === null ? "*" : one.ip)))].join("/")).join(" > ");
const times = (answer: PingAnswer): readonly number[] => (answer.kind === "pinged" ? answer.echoes.flatMap((echo) => (echo === null ? [] : [echo.rttMs])) : []);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Round trips of ours and of fping's, sent at the same time; null for a lost one. */
async function beside(space: Space, ip: string, count: number, intervalMs: number): Promise<{ readonly ours: PingAnswer; readonly theirs: readonly (number | null)[] }> {
  const command = ["fping", "-q", "-C", String(count), "-p", String(intervalMs), "-t", "1000", ip] as const;
  const [ours, said] = (await space.ask([{ ping: { ip, count, intervalMs, waitMs: 1000 } }, { beside: command }])) as [PingAnswer, string];
  const line = said.split("\n").find((one) => one.startsWith(ip) && !one.includes("duplicate")) ?? "";
  return { ours, theirs: line.slice(line.indexOf(" : ") + 3).trim().split(/\s+/).map((word) => (word === "-" ? null : Number(word))) };
}

/** How far the median of ours is from fping's beyond 5 % or 50 µs, ms; the best of some tries, since the machine may be busy for one of the two alone. */
async function offBy(space: Space, ip: string, count: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 5 && best > 0; tries++) {
    const { ours, theirs } = await beside(space, ip, count, 10);
    const [mine, other] = [median(times(ours)), median(theirs.filter((time) => time !== null))];
    best = Math.min(best, Math.max(0, Math.abs(mine - other) - Math.max(0.05, other * 0.05)));
  }
  return best;
}

/** The hops of traceroute, `*` for a silent one. */
async function traceroute(space: Space, ip: string, ...options: readonly string[]): Promise<string> {
  const { stdout } = await space.run(["traceroute", "-n", "-q", "1", "-w", "2", ...options, ip]);
  return stdout.split("\n").slice(1).flatMap((line) => /^\s*\d+\s+(\S+)/.exec(line)?.[1] ?? []).join(" > ");
}

describe.skipIf(obstacle !== null)(`three routers in a row${skipped}`, () => {
  let [here, first, second, third]: Space[] = [];
  const spaces = (): readonly [Space, Space, Space, Space] => {
    if (here === undefined || first === undefined || second === undefined || third === undefined) throw new Error("no spaces");
    return [here, first, second, third];
  };
  beforeAll(async () => {
    [here, first, second, third] = await chain(5);
  });
  afterEach(() => {
    for (const space of spaces()) space.tryTo("nft", "flush", "ruleset");
  });
  const rule = (space: Space, hook: "forward" | "output" | "input", ...words: readonly string[]): void => {
    space.do("nft", "add", "table", "inet", "t");
    space.do("nft", "add", "chain", "inet", "t", hook, `{ type filter hook ${hook} priority 0; }`);
    space.do("nft", "add", "rule", "inet", "t", hook, ...words);
  };

  it.each([
    ["icmp", 4, "none", ["-I"]],
    ["icmp", 6, "none", ["-I"]],
    ["icmp", 4, "root", ["-I"]],
    ["udp", 4, "none", ["-U", "-p", "33434"]],
    ["udp", 6, "none", ["-U", "-p", "33434"]],
    ["tcp", 4, "none", ["-T", "-p", "443"]],
    ["tcp", 6, "none", ["-T", "-p", "443"]],
    ["tcp", 4, "raw", ["-T", "-p", "443"]],
    ["tcp", 6, "raw", ["-T", "-p", "443"]],
  ] as const)("%s over IPv%s as %s finds the hops that traceroute finds", async (method, family, rights, options) => {
    const [from] = spaces();
    const [answer, theirs] = [await from.trace({ ip: TARGET[family], method, port: method === "tcp" ? 443 : 33_434 }, rights), await traceroute(from, TARGET[family], `-${family}`, ...options)];
    expect(pathOf(answer)).toBe(PATH[family].join(" > "));
    expect(theirs).toBe(pathOf(answer));
    expect(answer).toMatchObject({ reached: true, mtu: 1500 });
    if (answer.kind === "traced") for (const { answers } of answer.hops) expect(answers.length).toBe(3);
  });

  it("reads routers with raw sockets as well", async () => {
    const [from] = spaces();
    from.set("net.ipv4.ping_group_range", "1 0");
    for (const family of [4, 6] as const) expect(pathOf(await from.trace({ ip: TARGET[family] }, "raw"))).toBe(PATH[family].join(" > "));
    const unreachable = await from.ping({ ip: "10.77.9.9", count: 1, waitMs: 500 }, "raw");
    from.set("net.ipv4.ping_group_range", "0 2147483647");
    expect(unreachable).toMatchObject({ kind: "failed", failure: { code: "unreachable" } });
  });

  it("measures round trips and loss as fping does", async () => {
    const [from, router] = spaces();
    for (const family of [4, 6] as const) expect(await offBy(from, TARGET[family], 100), "ms beyond 5 % or 50 µs").toBe(0);
    rule(router, "forward", "ip", "protocol", "icmp", "icmp", "type", "echo-request", "numgen", "inc", "mod", "4", "<", "1", "drop");
    const ours = await from.ping({ ip: TARGET[4], count: 40, waitMs: 1000 });
    expect(times(ours).length).toBe(30);
    // One after the other, so that each has every fourth of its own lost.
    const theirs = await from.run(["fping", "-q", "-C", "40", "-p", "10", "-t", "1000", TARGET[4]]);
    expect(theirs.stderr.split(" - ").length + (theirs.stderr.trim().endsWith(" -") ? 1 : 0) - 1).toBe(10);
  });

  it("tells a hop that says nothing from one that is broken", async () => {
    const [from, , middle] = spaces();
    rule(middle, "output", "icmp", "type", "time-exceeded", "drop");
    expect(pathOf(await from.trace({ ip: TARGET[4], tries: 2, waitMs: 500 }))).toBe("10.77.0.2 > * > 10.77.2.2 > 10.77.3.2");
    middle.do("nft", "flush", "ruleset");
    rule(middle, "forward", "drop");
    const answer = await from.trace({ ip: TARGET[4], tries: 2, waitMs: 500 });
    expect([pathOf(answer), answer.kind === "traced" && answer.reached]).toEqual(["10.77.0.2 > 10.77.1.2", false]);
    middle.do("nft", "flush", "ruleset");
    rule(middle, "forward", "reject", "with", "icmpx", "type", "host-unreachable");
    const barred = await from.trace({ ip: TARGET[4], tries: 2, waitMs: 500 });
    expect(pathOf(barred)).toBe("10.77.0.2 > 10.77.1.2 > 10.77.1.2");
    expect(barred.kind === "traced" && barred.hops.at(-1)?.answers.map((one) => one?.report)).toEqual(["host unreachable", "host unreachable"]);
    expect(await from.probe("trace", { host: TARGET[4], wait: "500ms" })).toMatchObject({ verdict: "down", code: "unreachable", sentence: "the way to 10.77.3.2 ends at hop 3: host unreachable, says 10.77.1.2" });
    expect(await from.probe("icmp", { host: TARGET[4], interval: "10ms" })).toMatchObject({ verdict: "down", code: "unreachable", sentence: "10.77.3.2 does not answer: host unreachable, says 10.77.1.2" });
  });

  it("finds the shortest MTU of the way", async () => {
    const [from, , middle, last] = spaces();
    middle.ip("link", "set", "d2", "mtu", "1300");
    last.ip("link", "set", "u2", "mtu", "1300");
    for (const method of ["icmp", "udp"] as const) for (const family of [4, 6] as const) expect(await from.trace({ ip: TARGET[family], method }), `${method} ${family}`).toMatchObject({ reached: true, mtu: 1300 });
    const tooLong = await from.probe("icmp", { host: TARGET[4], size: 1400, dontFragment: true, interval: "10ms" });
    expect(tooLong).toMatchObject({ verdict: "down", code: "unreachable", sentence: "10.77.3.2 does not answer: the packet is too long: at most 1300 octets go on from here, says 10.77.1.2" });
    expect(await from.probe("icmp", { host: TARGET[4], size: 1272, dontFragment: true, interval: "10ms" })).toMatchObject({ verdict: "up" });
    expect(await from.probe("icmp", { host: TARGET[4], size: 1500, dontFragment: true, interval: "10ms" })).toMatchObject({ verdict: "down", code: "too-large" });
    middle.ip("link", "set", "d2", "mtu", "1500");
    last.ip("link", "set", "u2", "mtu", "1500");
  });

  it("tells an old route from a new one", async () => {
    const [from, router, , last] = spaces();
    const detour = new Space();
    detour.set("net.ipv4.ip_forward", "1");
    joinSpaces(router, detour, 11);
    joinSpaces(detour, last, 12);
    route(detour, 3, 12, "near");
    route(detour, 0, 11, "far");
    route(last, 0, 12, "far");
    let remembered: FactValue = null;
    const run = async (): Promise<string> => {
      const outcome = await from.probe("trace", { host: TARGET[4], changedFor: 1, wait: "500ms" }, remembered);
      remembered = outcome.remember ?? remembered;
      return outcome.sentence.replace(/[\d.]+ ms/, "N ms");
    };
    expect(await run()).toBe("10.77.3.2 is 4 hops away, N ms");
    router.ip("route", "replace", "10.77.3.0/24", "via", "10.77.11.2");
    expect(await run()).toBe("10.77.3.2 is 4 hops away, N ms; the route changed at hop 2: 10.77.11.2 instead of 10.77.1.2");
    expect(await run()).toBe("10.77.3.2 is 4 hops away, N ms");
    route(router, 3, 1, "near");
    route(last, 0, 2, "far");
    detour.remove();
  });

  it("keeps one flow for all packets, and for all traces to a target", async () => {
    const [from, router] = spaces();
    const flows = async (method: "icmp" | "udp" | "tcp", rights: Rights, ...match: readonly string[]): Promise<number> => {
      rule(router, "input", "counter");
      router.do("nft", "add", "set", "inet", "t", "flows", "{ typeof ip saddr . ip daddr . @th,0,32; size 1000; flags dynamic; }");
      router.do("nft", "add", "chain", "inet", "t", "early", "{ type filter hook prerouting priority -300; }");
      router.do("nft", "add", "rule", "inet", "t", "early", "ip", "daddr", TARGET[4], ...match, "update", "@flows", "{ ip saddr . ip daddr . @th,0,32 }");
      for (let round = 0; round < 2; round++) await from.trace({ ip: TARGET[4], method, port: 443 }, rights);
      const listed = router.do("nft", "-j", "list", "set", "inet", "t", "flows");
      router.do("nft", "flush", "ruleset");
      return (JSON.parse(listed) as { nftables: { set?: { elem?: unknown[] } }[] }).nftables.flatMap(({ set }) => set?.elem ?? []).length;
    };
    // Type, code and checksum of ICMP; ports of UDP and TCP. The echo that looks for the MTU is another flow.
    expect(await flows("icmp", "none", "ip", "length", "<", "100")).toBe(1);
    expect(await flows("udp", "none", "ip", "protocol", "udp")).toBe(1);
    expect(await flows("tcp", "raw", "ip", "protocol", "tcp")).toBe(1);
  });

  it("traces many targets at once", async () => {
    const [from, , , last] = spaces();
    last.ip("addr", "add", "10.77.200.1/32", "dev", "lo");
    const jobs = Array.from({ length: 20 }, () => ({ trace: { ip: TARGET[4], method: "icmp" as const } }));
    const answers = (await from.ask(jobs)) as TraceAnswer[];
    expect(new Set(answers.map(pathOf))).toEqual(new Set([PATH[4].join(" > ")]));
  });
});

describe.skipIf(obstacle !== null)(`a cable that delays, doubles and reorders${skipped}`, () => {
  it("gives each answer to its echo, as fping does", async () => {
    const [here] = await chain(3, { 1: { delayMs: 20, twice: 5, swap: 7 } });
    if (here === undefined) throw new Error("no space");
    const ip = "10.77.1.2";
    expect(await offBy(here, ip, 70), "ms beyond 5 % or 50 µs").toBe(0);
    const ours = await here.ping({ ip, count: 70, intervalMs: 10 });
    expect([times(ours).length, ours.kind === "pinged" && ours.duplicates > 0]).toEqual([70, true]);
    // timers fire up to a millisecond early
    expect(Math.min(...times(ours))).toBeGreaterThan(38);
    const late = await here.ping({ ip, count: 3, intervalMs: 100, waitMs: 20 });
    expect(late).toMatchObject({ kind: "pinged", echoes: [null, null, null], late: 2 });
  });

  it("finds hops that quote the least, one by one", async () => {
    const [here] = await chain(4, { 0: { shortQuotes: true } });
    if (here === undefined) throw new Error("no space");
    for (const method of ["udp", "icmp"] as const) expect(pathOf(await here.trace({ ip: "10.77.2.2", method, hops: 8, waitMs: 500 })), method).toBe("10.77.0.2 > 10.77.1.2 > 10.77.2.2");
    for (const rights of ["none", "raw"] as const) expect(pathOf(await here.trace({ ip: "10.77.2.2", method: "tcp", port: 443, hops: 8, waitMs: 500 }, rights)), `tcp as ${rights}`).toBe("10.77.0.2 > 10.77.1.2 > 10.77.2.2");
  });
});
