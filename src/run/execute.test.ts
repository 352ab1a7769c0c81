import { expect, test } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import type { CheckDefinition, FactCondition } from "../config/site.ts";
import { wantedFacts } from "../core/expect.ts";
import type { FactValue, Result } from "../core/types.ts";
import type { AnyProbe, Outcome } from "../probes/probe.ts";
import { execute } from "./execute.ts";
import { definitionOf, outcomeOf, T0, World } from "./ground.ts";

type Answer = (signal: AbortSignal, clock: LifeClock) => Promise<Outcome>;

interface Ran {
  readonly result: Result | null;
  readonly remember: FactValue | undefined;
  readonly tries: number;
  readonly at: number;
  readonly errors: readonly string[];
}

const answer = (outcome: Outcome, tookMs = 5): Answer => (signal, clock) =>
  new Promise((resolve) => {
    const timer = clock.timer(tookMs, () => resolve(outcome));
    signal.addEventListener("abort", () => {
      timer.cancel();
      resolve(outcomeOf("down", { code: "timeout", sentence: "no answer within 10 s" }));
    });
  });

/** Runs a check whose tries answer so, one after the other; the last one's answer is given again. */
async function run(answers: readonly Answer[], wish: Partial<CheckDefinition> = {}, stopAfterMs: number | null = null): Promise<Ran> {
  const world = await World.open();
  const time = new VirtualTime(T0);
  const clock = new LifeClock(time);
  let tries = 0;
  const probe = { type: "fake", run: (_: unknown, ctx: { readonly signal: AbortSignal }) => (answers[Math.min(tries++, answers.length - 1)] ?? answer(outcomeOf("up")))(ctx.signal, clock) } as unknown as AnyProbe;
  const definition = { ...definitionOf("shop", { definition: wish }), ...wish };
  const stop = new AbortController();
  if (stopAfterMs !== null) clock.timer(stopAfterMs, () => stop.abort());
  const bench = { ...world.bench, ports: { ...world.bench.ports, clock } };
  let at = -1;
  const ran = execute(bench, { definition, probe, wants: wantedFacts([...definition.expect, ...definition.warn]), slot: T0, origin: "scheduled", stop: stop.signal }).then((done) => {
    at = time.monotonic;
    return done;
  });
  await time.runUntil(600_000);
  const done = await ran;
  return { result: done?.result ?? null, remember: done?.remember, tries, at, errors: world.errors };
}

const up = answer(outcomeOf("up"));
const down = answer(outcomeOf("down"));

test("a result says what was seen, when, and how long it took", async () => {
  const { result } = await run([answer(outcomeOf("up", { phases: { connect: 3 }, facts: { status: 200 } }), 40)]);
  expect(result).toMatchObject({ check: "shop", vantage: "here", slot: T0, started: T0, origin: "scheduled", verdict: "up", code: "ok", latencyMs: 40, phases: { connect: 3 }, facts: { status: 200 }, tries: 1 });
  expect((await run([answer(outcomeOf("up", { latencyMs: 7 }), 40)])).result?.latencyMs).toBe(7);
});

test("a failed try is repeated at once, as often as configured, each under its own deadline", async () => {
  const f = async (answers: readonly Answer[], retries: number, verdict: string, tries: number): Promise<void> => {
    const ran = await run(answers, { retries });
    expect([ran.result?.verdict, ran.result?.tries, ran.tries]).toEqual([verdict, tries, tries]);
  };
  await f([down], 0, "down", 1);
  await f([down, up], 1, "up", 2);
  await f([down], 2, "down", 3);
  await f([answer(outcomeOf("unknown"))], 2, "unknown", 1);
  await f([answer(outcomeOf("degraded"))], 2, "degraded", 1);
  await f([answer(outcomeOf("down", { code: "mismatch", final: true })), up], 2, "down", 1);
  // A certificate is the same a moment later.
  await f([answer(outcomeOf("down", { code: "tls-expired" }))], 2, "down", 1);
  expect((await run([answer(outcomeOf("up"), 60_000)], { retries: 1 })).at).toBe(20_000);
});

test("the deadline ends a run", async () => {
  const ran = await run([answer(outcomeOf("up"), 60_000)]);
  expect([ran.result?.verdict, ran.result?.code, ran.at]).toEqual(["down", "timeout", 10_000]);
});

test("a probe that does not end at its deadline, or throws, is a bug and no outage", async () => {
  const stuck = await run([() => new Promise(() => undefined)]);
  expect([stuck.result?.verdict, stuck.result?.code, stuck.result?.sentence, stuck.at]).toEqual(["unknown", "bug", "the fake probe did not end at its deadline", 12_000]);
  for (const broken of [() => Promise.reject(new Error("broken")), (): never => { throw new Error("broken"); }]) {
    const ran = await run([broken], { retries: 3 });
    expect([ran.result?.verdict, ran.result?.code, ran.tries, ran.errors.length]).toEqual(["unknown", "bug", 1, 1]);
  }
});

test("a condition that throws is a bug and no outage, and is recorded", async () => {
  const hostile = outcomeOf("up", { facts: { get status(): never { throw new Error("broken"); } } });
  const { result, errors } = await run([answer(hostile)], { expect: [{ fact: "status", condition: { kind: "exists", present: true } }], invert: true });
  expect([result?.verdict, result?.code, result?.facts, errors]).toEqual(["unknown", "bug", {}, ["a run failed by itself; this is a bug in Tocsin"]]);
});

test("a deadline that this process was late for itself says nothing of the other side", async () => {
  class LateClock extends LifeClock {
    override timer(delay: number, call: () => void): ReturnType<LifeClock["timer"]> {
      return super.timer(delay === 10_000 ? delay + 101 : delay, call);
    }
  }
  const world = await World.open();
  const time = new VirtualTime(T0);
  const clock = new LateClock(time);
  const hanging = { type: "fake", run: (_: unknown, { signal }: { readonly signal: AbortSignal }) => answer(outcomeOf("up"), 60_000)(signal, clock) } as unknown as AnyProbe;
  const ran = execute({ ...world.bench, ports: { ...world.bench.ports, clock } }, { definition: definitionOf("shop"), probe: hanging, wants: new Set(), slot: T0, origin: "scheduled", stop: new AbortController().signal });
  await time.runUntil(20_000);
  expect((await ran)?.result).toMatchObject({ verdict: "unknown", code: "late" });
});

test("a run that is stopped gives no result", async () => {
  const ran = await run([answer(outcomeOf("up"), 5000)], { retries: 3 }, 1000);
  expect([ran.result, ran.at, ran.tries]).toEqual([null, 1000, 1]);
});

test("conditions: expect not met is down, warn not met is degraded, down stays down", async () => {
  const below = (fact: string, value: number): FactCondition => ({ fact, condition: { kind: "compare", operator: "<", amount: value, unit: "plain" } });
  const f = async (outcome: Outcome, wish: Partial<CheckDefinition>, verdict: string, code: string): Promise<void> => {
    const { result } = await run([answer(outcome, 40)], wish);
    expect([result?.verdict, result?.code]).toEqual([verdict, code]);
  };
  const at500 = outcomeOf("up", { facts: { status: 500 }, material: { size: 9 } });
  await f(at500, { expect: [below("status", 600)] }, "up", "ok");
  await f(at500, { expect: [below("status", 400)] }, "down", "status");
  await f(at500, { expect: [below("size", 5)] }, "down", "mismatch");
  await f(at500, { warn: [below("size", 5)] }, "degraded", "warned");
  await f(at500, { warn: [below("latency", 10)] }, "degraded", "slow");
  await f(outcomeOf("down"), { expect: [below("status", 400)], warn: [below("latency", 10)] }, "down", "refused");
  await f(outcomeOf("unknown", { code: "resolver" }), { expect: [below("status", 400)] }, "unknown", "resolver");
  await f(outcomeOf("degraded", { code: "slow" }), { warn: [below("latency", 10)] }, "degraded", "slow");
});

test("an inverted check is down while it is answered as asked, also by its conditions; what cannot be told stays so", async () => {
  const f = async (outcome: Outcome, wish: Partial<CheckDefinition>, verdict: string, sentence: string, tries = 1): Promise<void> => {
    const { result } = await run([answer(outcome)], { ...wish, invert: true });
    expect([result?.verdict, result?.sentence, result?.tries]).toEqual([verdict, sentence, tries]);
  };
  await f(outcomeOf("up", { sentence: "port 23 is open" }), {}, "down", "up, and should not be: port 23 is open");
  await f(outcomeOf("down", { sentence: "refused" }), {}, "up", "not up, as it should be: refused");
  await f(outcomeOf("degraded", { sentence: "slow" }), {}, "down", "up, and should not be: slow");
  await f(outcomeOf("unknown", { sentence: "late" }), {}, "unknown", "late");
  await f(outcomeOf("up", { facts: { status: 500 } }), { expect: [{ fact: "status", condition: { kind: "compare", operator: "<", amount: 400, unit: "plain" } }] }, "up", "not up, as it should be: status is 500, wanted < 400");
  // What should not be up is asked again before it counts, and what is down not.
  await f(outcomeOf("up", { sentence: "open" }), { retries: 2 }, "down", "up, and should not be: open", 3);
  await f(outcomeOf("down", { sentence: "refused" }), { retries: 2 }, "up", "not up, as it should be: refused", 1);
});

test("secrets are masked before anything is cut, everywhere", async () => {
  const text = `${"x".repeat(4090)}s3cret`;
  const { result } = await run([answer(outcomeOf("down", { sentence: "no s3cret", facts: { header: { cookie: "s3cret", list: ["s3cret"] } }, evidence: [{ label: "sent", text }, { label: "received", text: "more" }] }))]);
  expect(JSON.stringify(result)).not.toContain("s3c");
  expect(result?.sentence).toBe("no ***");
  expect(result?.facts).toEqual({ header: { cookie: "***", list: ["***"] } });
  expect(result?.evidence.map(({ label, text: kept }) => [label, kept.length])).toEqual([["sent", 4093], ["received", 3]]);
  expect(result?.evidence[1]?.text).toBe("mo…");
});

test("what was measured for a condition only is not kept", async () => {
  const { result } = await run([answer(outcomeOf("up", { material: { body: "long" } }))]);
  expect(JSON.stringify(result)).not.toContain("long");
});

test("what a probe learnt comes with the result, the last try's, and not when it is too much", async () => {
  const f = async (remember: FactValue): Promise<FactValue | undefined> => (await run([answer(outcomeOf("down", { remember: "first try" })), answer(outcomeOf("up", { remember }))], { retries: 1 })).remember;
  expect(await f({ key: "k" })).toEqual({ key: "k" });
  expect(await f(null)).toBeNull();
  expect((await run([up])).remember).toBeUndefined();
  // 4,096 bytes as JSON, quotes included; each é is two.
  expect(await f("é".repeat(2047))).toBe("é".repeat(2047));
  const tooMuch = await run([answer(outcomeOf("up", { remember: "é".repeat(2048) }))]);
  expect([tooMuch.remember, tooMuch.result?.verdict, tooMuch.errors]).toEqual([undefined, "up", ["a probe wants too much remembered; this is a bug in Tocsin"]]);
});
