import { expect, test } from "vitest";
import { checkName, type Evidence, type Result } from "../core/types.ts";
import type { Hop, TraceAnswer, TraceRequest } from "../sys/ports.ts";
import { HOUR, MINUTE, SECOND, type Wish, World } from "./ground.ts";

const TRACED: Wish = { definition: { traced: "192.0.2.9" } };

/** `a > * > c`: hops as a trace gives them. */
const hops = (text: string): readonly Hop[] => (text === "" ? [] : text.split(" > ")).map((ip, index) => ({ ttl: index + 1, answers: [ip === "*" ? null : { ip, rttMs: 1.25, report: null }] }));
const traced = (text: string, reached: boolean): TraceAnswer => ({ kind: "traced", hops: hops(text), reached, mtu: null });

/** Traces that see what was put there last, each after so long. */
function tracing(world: World, tookMs = SECOND): { see: TraceAnswer; readonly asked: TraceRequest[]; most: number } {
  const state = { see: traced("", false), asked: [] as TraceRequest[], most: 0 };
  let running = 0;
  world.trace = (request) => {
    state.asked.push(request);
    running += 1;
    state.most = Math.max(state.most, running);
    const answer = state.see;
    return new Promise((resolve) => {
      const done = (last: TraceAnswer): void => {
        running -= 1;
        resolve(last);
      };
      const timer = world.clock.timer(tookMs, () => done(answer));
      request.signal.addEventListener("abort", () => {
        timer.cancel();
        done({ kind: "failed", failure: { code: "late", sentence: "no" } });
      }, { once: true });
    });
  };
  return state;
}

const labelled = (evidence: Evidence | undefined): readonly string[] => (evidence ?? []).map(({ label, text }) => `${label}: ${text.split("\n", 1)[0]}`);
const lastOf = (world: World, name = "shop"): Result | undefined => world.resultsOf(name).at(-1);
/** What was written of incidents: the change, and the evidence. */
const incidents = (world: World): readonly string[] => world.batches.flatMap((batch) => batch.incidents.map(({ change, evidence }) => `${change} | ${labelled(evidence).join(" | ")}`));

test("an outage is told with the trace that its first failing run began, beside the last good one", async () => {
  const world = await World.open();
  const traces = tracing(world);
  traces.see = traced("a > b > 192.0.2.9", true);
  world.add(["shop", { ...TRACED, policy: { failAfter: 2 } }]);
  await world.pass(15 * MINUTE);
  expect(traces.asked.map(({ ip, method, tries }) => [ip, method, tries]), "one look at the good way").toEqual([["192.0.2.9", "icmp", 2]]);
  traces.see = traced("a", false);
  world.set("shop", "down");
  await world.pass(2 * MINUTE);
  const expected = ["trace: to 192.0.2.9: broken behind hop 1, a; b came next", expect.stringMatching(/^last good trace, \d+m.* before: 1: a 1.25 ms$/)];
  expect(labelled(lastOf(world)?.evidence)).toEqual(expected);
  expect(lastOf(world)?.evidence[1]?.text).toBe("1: a 1.25 ms\n2: b 1.25 ms\n3: 192.0.2.9 1.25 ms");
  const alert = world.batches.flatMap(({ alerts }) => alerts).at(-1);
  expect(labelled(alert?.evidence)).toEqual(expected);
  expect(incidents(world).filter((line) => line.startsWith("evidence")), "nothing came late").toEqual([]);
  expect(traces.asked.length, "one trace for each outage").toBe(2);
});

test("no alert waits for a trace: what comes late is added to the incident", async () => {
  const world = await World.open();
  const traces = tracing(world, 3 * SECOND);
  traces.see = traced("a", false);
  world.set("shop", "down");
  world.add(["shop", TRACED]);
  await world.pass(SECOND);
  expect(world.status("shop")).toBe("down");
  expect(incidents(world)).toEqual(["opened | "]);
  await world.pass(3 * SECOND);
  expect(incidents(world)).toEqual(["opened | ", "evidence | trace: to 192.0.2.9: broken behind hop 1, a"]);
  await world.pass(2 * MINUTE);
  expect(labelled(lastOf(world)?.evidence)).toEqual(["trace: to 192.0.2.9: broken behind hop 1, a"]);
});

test("a trace that comes after the recovery is nobody's", async () => {
  const world = await World.open();
  const traces = tracing(world, 9 * SECOND);
  traces.see = traced("a", false);
  world.set("shop", "down");
  world.add(["shop", { ...TRACED, schedule: { kind: "every", ms: 5000 as never } }]);
  await world.pass(SECOND);
  world.set("shop", "up");
  await world.pass(HOUR / 60);
  expect(incidents(world).map((line) => line.split(" ", 1)[0])).toEqual(["opened", "closed"]);
});

test("what a trace says is put in words", async () => {
  const f = async (good: TraceAnswer | null, now: TraceAnswer, words: string): Promise<void> => {
    const world = await World.open();
    const traces = tracing(world);
    traces.see = good ?? { kind: "failed", failure: { code: "unreachable", sentence: "no" } };
    world.add(["shop", TRACED]);
    await world.pass(15 * MINUTE);
    traces.see = now;
    world.set("shop", "down");
    await world.pass(3 * MINUTE);
    expect(labelled(lastOf(world)?.evidence)[0]).toBe(`trace: to 192.0.2.9: ${words}`);
  };
  await f(null, traced("a > b", false), "broken behind hop 2, b");
  await f(null, traced("", false), "broken behind this machine: no hop answers");
  await f(traced("a > 192.0.2.9", true), traced("a > 192.0.2.9", true), "the host is reached, 2 hops away");
  await f(traced("a > b > 192.0.2.9", true), traced("a > x > 192.0.2.9", true), "the host is reached, 3 hops away; another way than before from hop 2 on: x instead of b");
  await f(traced("a > b > c > 192.0.2.9", true), traced("a > x", false), "broken behind hop 2, x; c came next; another way than before from hop 2 on: x instead of b");
  await f(traced("a > b", false), traced("a > b", false), "answers end at hop 2, b, as they did before");
  await f(traced("a > b", false), traced("a", false), "broken behind hop 1, a; b came next");
});

test("few traces are under way at once, more than enough wait for none, and checks of one host share one", async () => {
  const world = await World.open({ runs: 1000, perTarget: 1000 });
  const traces = tracing(world);
  traces.see = traced("a", false);
  const names = Array.from({ length: 200 }, (_, index) => `check-${index}`);
  for (const name of names) world.set(name, "down");
  world.add(...names.map((name, index): [string, Wish] => [name, { definition: { traced: `192.0.2.${index % 100}` }, schedule: { kind: "every", ms: 20_000 as never } }]));
  await world.pass(10);
  expect([traces.most, traces.asked.length]).toEqual([2, 2]);
  await world.pass(4 * MINUTE);
  expect(traces.most).toBe(2);
  const hosts = traces.asked.map(({ ip }) => ip);
  expect(new Set(hosts).size, "all in the end").toBe(100);
  expect(hosts.length, "hardly one of them twice").toBeLessThan(120);
  for (const name of names) expect(labelled(lastOf(world, name)?.evidence).length, name).toBe(1);
});

test("where echoes are not allowed, datagrams are sent", async () => {
  const world = await World.open();
  const traces = tracing(world);
  traces.see = { kind: "failed", failure: { code: "permission", sentence: "no" } };
  world.set("shop", "down");
  world.add(["shop", TRACED]);
  await world.pass(10 * SECOND);
  expect(traces.asked.map(({ method }) => method)).toEqual(["icmp", "udp"]);
});

test("good ways are looked at again, seldom, and those nobody asks for any more are forgotten", async () => {
  const world = await World.open();
  const traces = tracing(world);
  traces.see = traced("a > 192.0.2.9", true);
  world.add(["shop", TRACED], ["other", {}]);
  await world.pass(6 * HOUR);
  expect(traces.asked.length).toBe(6);
  world.engine.remove(checkName("shop"));
  await world.pass(24 * HOUR);
  expect(traces.asked.length).toBeLessThanOrEqual(9);
});

test("nothing is traced on this machine itself, for checks without a host, or after the end", async () => {
  const world = await World.open();
  const traces = tracing(world);
  for (const name of ["local", "none", "late"]) world.set(name, "down");
  world.add(["local", { definition: { traced: "127.0.0.1" } }], ["none", {}]);
  await world.pass(HOUR);
  world.paths.stop();
  world.add(["late", TRACED]);
  await world.pass(HOUR);
  expect(traces.asked).toEqual([]);
});
