import { expect, test } from "vitest";
import type { FactValue } from "../core/types.ts";
import { realClock } from "../sys/clock.ts";
import type { Hop, TraceAnswer, TraceRequest } from "../sys/ports.ts";
import type { Outcome, ProbeContext } from "./probe.ts";
import { trace } from "./trace.ts";
import { compareRoute, readKnownRoute, writeKnownRoute } from "./trace-route.ts";

/** `a > * > b/c` with round trips of 1 ms at the first hop, 2 ms at the second, and so on; a hop that names two answers with both. */
function hops(text: string): readonly Hop[] {
  return (text === "" ? [] : text.split(" > ")).map((hop, index) => ({ ttl: index + 1, answers: hop.split("/").map((ip) => (ip === "*" ? null : { ip, rttMs: index + 1, report: null })) }));
}

const traced = (text: string, more: Partial<Extract<TraceAnswer, { kind: "traced" }>> = {}): TraceAnswer => ({ kind: "traced", hops: hops(text), reached: true, mtu: null, ...more });

async function f(answer: TraceAnswer, options: object = {}, remembered: FactValue = null): Promise<Outcome & { readonly asked: TraceRequest | null }> {
  let asked: TraceRequest | null = null;
  const ask = async (request: TraceRequest): Promise<TraceAnswer> => {
    asked = request;
    return answer;
  };
  const network = { resolve: async (host: string) => ({ kind: "resolved", addresses: [{ ip: host === "name.test" ? "192.0.2.9" : host, family: 4 }] }) };
  const ctx = { signal: new AbortController().signal, clock: realClock(), pinger: { trace: ask }, network, wants: new Set(), remembered } as unknown as ProbeContext;
  return { ...(await trace.run(trace.options.parse({ host: "192.0.2.9", ...options }), ctx)), asked };
}

test("hops, path, round trips and MTU are facts", async () => {
  expect(await f(traced("192.0.2.1 > * > 192.0.2.9/*", { mtu: 1400 }), { host: "name.test" })).toMatchObject({
    verdict: "up",
    sentence: "name.test (192.0.2.9) is 3 hops away, 3 ms",
    latencyMs: 3,
    facts: {
      reached: true,
      hops: 3,
      path: ["192.0.2.1", "*", "192.0.2.9"],
      hop: { 1: { address: "192.0.2.1", avg: 1, max: 1, loss: 0 }, 2: { address: null, loss: 100 }, 3: { address: "192.0.2.9", avg: 3, loss: 50 } },
      loss: 50,
      mtu: 1400,
      route: "same",
      address: "192.0.2.9",
    },
    evidence: [{ label: "trace", text: "1: 192.0.2.1 1 ms\n2: *\n3: 192.0.2.9 3 ms, *\nMTU 1400" }],
    asked: { method: "icmp", hops: 30, tries: 3, waitMs: 1000, size: 32, port: 33_434 },
  });
  expect(await f(traced("192.0.2.9"), { method: "tcp" })).toMatchObject({ sentence: "192.0.2.9 is 1 hop away, 1 ms", asked: { port: 443 } });
  expect((await f(traced("192.0.2.9"), { method: "udp", port: 53 })).asked).toMatchObject({ port: 53 });
});

test("a target that is not reached is down, with the last hop that answers", async () => {
  const away = { reached: false };
  expect(await f(traced("192.0.2.1 > 192.0.2.2", away))).toMatchObject({ verdict: "down", code: "timeout", sentence: "192.0.2.9 does not answer: the last hop that does is 2, 192.0.2.2", facts: { reached: false, loss: 100 } });
  expect(await f(traced("", away))).toMatchObject({ verdict: "down", sentence: "no hop on the way to 192.0.2.9 answers" });
  const barred: readonly Hop[] = [{ ttl: 1, answers: [null, { ip: "192.0.2.1", rttMs: 1, report: "host unreachable" }] }];
  const outcome = await f({ kind: "traced", hops: barred, reached: false, mtu: null });
  expect(outcome).toMatchObject({ verdict: "down", code: "unreachable", sentence: "the way to 192.0.2.9 ends at hop 1: host unreachable, says 192.0.2.1" });
  expect(outcome.evidence[0]?.text).toBe("1: *, 192.0.2.1 1 ms (host unreachable)\nthe target was not reached");
  expect(outcome).not.toHaveProperty("remember");
  expect(outcome.facts).not.toHaveProperty("route");
  expect(await f({ kind: "failed", failure: { code: "permission", sentence: "no" } })).toMatchObject({ verdict: "unknown", code: "permission", sentence: "the way to 192.0.2.9 could not be traced: no" });
});

test("another way is told for as many runs as wanted, and then it is the known one", async () => {
  let remembered: FactValue = null;
  const routes: string[] = [];
  for (const path of ["a > b > t", "a > * > t", "a > x > t", "a > x > t", "a > x > t", "a > y > t", "a > x > t", "a > y > t", "a > z > t"]) {
    const outcome = await f(traced(path), {}, remembered);
    remembered = outcome.remember ?? remembered;
    routes.push(JSON.stringify(outcome.facts["route"]));
  }
  expect(routes.map((route) => route.slice(1, -1))).toEqual(["same", "same", "changed at hop 2: x instead of b", "changed at hop 2: x instead of b", "same", "changed at hop 2: y instead of x", "same", "changed at hop 2: y instead of x", "changed at hop 2: z instead of x"]);
});

test("a changed way is told with the old one beside it", async () => {
  const before = writeKnownRoute({ to: "icmp 192.0.2.9", known: [["a"], ["b"], ["t"]], cut: false, newer: null });
  const outcome = await f(traced("a > x > y > t"), {}, before);
  expect(outcome.sentence).toBe("192.0.2.9 is 4 hops away, 4 ms; the route changed at hop 2: x instead of b");
  expect(outcome.evidence.slice(1)).toEqual([{ label: "route before", text: "a > b > t" }, { label: "route now", text: "a > x > y > t" }]);
  expect((await f(traced("a > x > t"), { method: "udp" }, before)).facts["route"], "the way of other packets").toBe("same");
  expect((await f(traced("a > x > t"), { host: "192.0.2.10" }, before)).facts["route"], "the way to another address").toBe("same");
});

test("what is remembered fits, and damage is nothing remembered", () => {
  const long = Array.from({ length: 64 }, (_, index) => Array.from({ length: 4 }, (_, other) => `2001:db8:ffff:ffff:ffff:ffff:${index}:${other}fff`));
  const value = writeKnownRoute({ to: "icmp x", known: long, cut: false, newer: { path: long, runs: 1 } });
  expect(JSON.stringify(value).length).toBeLessThan(4096);
  const read = readKnownRoute(value, "icmp x");
  expect(read?.known.length).toBeGreaterThan(30);
  expect(compareRoute(read, "icmp x", long, 2).route).toBe("same");
  expect(compareRoute(read, "icmp x", long.with(3, ["::1"]), 2).route).toMatch(/^changed at hop 4: ::1 instead/);
  for (const damaged of [null, undefined, "x", [], { known: 1, newer: null, to: "t" }, { known: [["a"]], newer: null, to: "other" }, { known: [[1]], newer: null, to: "t" }] as const) expect(readKnownRoute(damaged, "t")).toBeNull();
  expect(readKnownRoute({ to: "t", known: [["a"]], newer: { path: 3, runs: 1 } }, "t")).toEqual({ to: "t", known: [["a"]], cut: false, newer: null });
});

test("options have bounds, and echoes no port", () => {
  const wrong = (options: object): boolean => !trace.options.safeParse({ host: "a.test", ...options }).success;
  expect([wrong({ hops: 65 }), wrong({ tries: 0 }), wrong({ wait: "1ms" }), wrong({ size: 1401 }), wrong({ method: "x" }), wrong({})]).toEqual([true, true, true, true, true, false]);
  const check = (options: object): string | undefined => trace.check?.(trace.options.parse({ host: "a.test", ...options }))?.wrong;
  expect([check({ port: 80 }), check({ port: 80, method: "tcp" }), check({})]).toEqual(["echoes have no port", undefined, undefined]);
});
