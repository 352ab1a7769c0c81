import { expect, test } from "vitest";
import { Bench, MINUTE, type PolicyWish, resultOf, story, T0 } from "./ground.ts";
import { millis, type Origin } from "./types.ts";

function f(script: string, wish: PolicyWish, expected: string): void {
  expect(story(script, wish)).toBe(expected);
}

test("a check is down after failAfter failing runs in a row", () => {
  f("u d", {}, "1 up, 2 down, 2 down!ops");
  f("u d d", { failAfter: 2 }, "1 up, 3 down, 3 down!ops");
  f("u d d u d d u d d d", { failAfter: 3 }, "1 up, 10 down, 10 down!ops");
  f("d d", { failAfter: 2 }, "2 down, 2 down!ops");
});

test("a check is up after recoverAfter passing runs in a row", () => {
  f("u d u", {}, "1 up, 2 down, 2 down!ops, 3 up, 3 recovered!ops");
  f("u d u u", { recoverAfter: 2 }, "1 up, 2 down, 2 down!ops, 4 up, 4 recovered!ops");
  f("u d u d u u", { recoverAfter: 2 }, "1 up, 2 down, 2 down!ops, 6 up, 6 recovered!ops");
  f("u", { recoverAfter: 3 }, "1 up");
});

test("runs without a verdict neither fail nor pass", () => {
  f("u d ? d", { failAfter: 2 }, "1 up, 4 down, 4 down!ops");
  f("u d u ? u", { recoverAfter: 2 }, "1 up, 2 down, 2 down!ops, 5 up, 5 recovered!ops");
  f("? ? u", {}, "3 up");
});

test("only scheduled runs and the start run count", () => {
  f("u m:d m:d c:d r:d", { failAfter: 2 }, "1 up");
  f("u d m:d c:d", { failAfter: 2 }, "1 up");
  f("s:d d", { failAfter: 2 }, "1 down, 1 down!ops");
  f("u d m:u c:u", {}, "1 up, 2 down, 2 down!ops");
  f("u d m:u d", { failAfter: 2 }, "1 up, 3 down, 3 down!ops");
});

test("runs begun before the count begins do not count", () => {
  const bench = new Bench({ failAfter: 1 }).play("u pause +5m resume");
  bench.result("down", "scheduled", 1000);
  expect(bench.state.belief.status).toBe("pending");
  bench.result("down", "scheduled", 0);
  expect(bench.state.belief.status).toBe("down");
});

test("conditions not met make it degraded, told by the first steps", () => {
  f("u g", {}, "1 up, 2 degraded, 2 degraded!ops");
  f("u g g", { failAfter: 2 }, "1 up, 3 degraded, 3 degraded!ops");
  f("u g u", {}, "1 up, 2 degraded, 2 degraded!ops, 3 up, 3 recovered!ops");
  f("u g u u", { recoverAfter: 2 }, "1 up, 2 degraded, 2 degraded!ops, 4 up, 4 recovered!ops");
  f("u d g", { failAfter: 2 }, "1 up, 3 degraded, 3 degraded!ops");
  f("u g g g +60m", { steps: "1:ops 2:boss 10m:sms" }, "1 up, 2 degraded, 2 degraded!ops");
});

test("degraded has a threshold of its own", () => {
  f("u g g g", { failAfter: 1, warnAfter: 3 }, "1 up, 4 degraded, 4 degraded!ops");
  f("u g g u g g g", { failAfter: 1, warnAfter: 3 }, "1 up, 7 degraded, 7 degraded!ops");
  f("u g d d", { failAfter: 2, warnAfter: 1 }, "1 up, 2 degraded, 2 degraded!ops, 4 down, 4 down!ops");
  f("u d g", { failAfter: 3, warnAfter: 2 }, "1 up, 3 degraded, 3 degraded!ops");
});

test("degraded that becomes down is told again, from its own first sign on", () => {
  f("u g d", {}, "1 up, 2 degraded, 2 degraded!ops, 3 down, 3 down!ops");
  const bench = new Bench().play("u g g g d u");
  const [degraded, down, recovered] = bench.alerts;
  expect(down?.incident).toBe(degraded?.incident);
  expect((down?.since ?? 0) - (degraded?.since ?? 0)).toBe(180_000);
  expect(recovered?.outageFrom).toBe(down?.since);
});

test("down that becomes degraded ends the outage for those who were told, once", () => {
  f("u d g", {}, "1 up, 2 down, 2 down!ops, 3 degraded, 3 degraded!ops");
  f("u d g u", {}, "1 up, 2 down, 2 down!ops, 3 degraded, 3 degraded!ops, 4 up, 4 recovered!ops");
  f("u d d d g", { steps: "1:ops 3:boss" }, "1 up, 2 down, 2 down!ops, 4 down!boss, 5 degraded, 5 degraded!ops, 5 degraded!boss");
  f("u d g g", { recoverAfter: 2 }, "1 up, 2 down, 2 down!ops, 4 degraded, 4 degraded!ops");
  f("u d g u", { recoverAfter: 2 }, "1 up, 2 down, 2 down!ops");
  f("u d window g windowend", {}, "1 up, 2 down, 2 down!ops, 3 degraded, 3 degraded!ops, 3 again");
  f("u window d g windowend s:g", {}, "1 up, 2 down, 3 degraded, 3 again, 3 degraded!ops");
});

test("initial: down is silent until it first was well, and tells that", () => {
  f("u", { initial: "down" }, "1 up, 1 recovered!ops");
  f("d", { initial: "down" }, "");
  f("d u", { initial: "down" }, "2 up, 2 recovered!ops");
  f("d d d u", { initial: "down", failAfter: 2 }, "4 up, 4 recovered!ops");
  f("d u d", { initial: "down" }, "2 up, 2 recovered!ops, 3 down, 3 down!ops");
  f("d u", { initial: "down", onPass: false }, "2 up");
  f("d u", { initial: "down", onFail: false }, "2 up, 2 recovered!ops");
  f("pause resume u", { initial: "down" }, "0 paused, 0 down, 1 up, 1 recovered!ops");
  f("u u", { initial: "down", recoverAfter: 2 }, "2 up, 2 recovered!ops");
  f("d d d +20m u", { initial: "down", steps: "1:ops*2m 3:boss 10m:sms" }, "24 up, 24 recovered!ops");
  f("d gw:answer u", { initial: "down", parents: ["gw"], failAfter: 3 }, "1 ask gw, 2 up, 2 recovered!ops");
  f("d +20m", { initial: "down", parents: ["gw"], failAfter: 3 }, "1 ask gw");
  f("gw:down d gw:up d gw:answer", { initial: "down", parents: ["gw"] }, "1 blocked, 2 ask gw, 2 down");
});

test("onFail: false tells the pass alone, onPass: false the fail alone", () => {
  f("u d u", { onFail: false }, "1 up, 2 down, 3 up, 3 recovered!ops");
  f("u d u", { onPass: false }, "1 up, 2 down, 2 down!ops, 3 up");
  f("u d u", { onFail: false, onPass: false }, "1 up, 2 down, 3 up");
  f("u d g", { onPass: false }, "1 up, 2 down, 2 down!ops, 3 degraded, 3 degraded!ops");
});

test("an alert tells the state with its true start, and the recovery how long it was", () => {
  const bench = new Bench({ failAfter: 3 }).play("u d d d u");
  const [down, recovered] = bench.alerts;
  expect(down).toMatchObject({ kind: "down", status: "down", sentence: "saw down", code: "refused", since: T0 + 2 * MINUTE, at: T0 + 4 * MINUTE });
  expect(recovered).toMatchObject({ kind: "recovered", status: "up", code: "ok", outageFrom: down?.since, incident: down?.incident });
});

test("what became less says which outage it ends, and when that began", () => {
  const { alerts } = new Bench({ failAfter: 2 }).play("u d d g g u");
  const [down, degraded, recovered] = alerts;
  expect(degraded).toMatchObject({ kind: "degraded", ends: down?.incident, outageFrom: down?.since, since: T0 + 4 * MINUTE });
  expect([degraded?.incident === down?.incident, recovered?.incident === degraded?.incident, recovered?.ends]).toEqual([false, true, undefined]);
});

test("a transition says whether somebody was told, and why not", () => {
  const telling = (script: string, wish: PolicyWish = {}): string | undefined => {
    let last: string | undefined;
    const bench = new Bench(wish);
    const feed = bench.feed.bind(bench);
    bench.feed = (input) => {
      const decision = feed(input);
      last = decision.transitions.at(-1)?.telling ?? last;
      return decision;
    };
    bench.play(script);
    return last;
  };
  expect(telling("u")).toBe("none");
  expect(telling("u d")).toBe("told");
  expect(telling("u d u")).toBe("told");
  expect(telling("u window d")).toBe("muted");
  expect(telling("u window d u")).toBe("unheard");
  expect(telling("u window d u", { onFail: false })).toBe("muted");
  expect(telling("u d u", { steps: "" })).toBe("nobody");
  expect(telling("u d u", { steps: "0:log" })).toBe("nobody");
  expect(telling("u d", { steps: "0:log" })).toBe("nobody");
  expect(telling("u d silence u")).toBe("silenced");
  expect(telling("u d", { onFail: false })).toBe("off");
  expect(telling("u d u", { onPass: false })).toBe("off");
  expect(telling("u d", { steps: "" })).toBe("nobody");
  expect(telling("u d", { steps: "10m:ops" })).toBe("later");
  expect(telling("gw:down d gw:up d gw:answer", { initial: "down", parents: ["gw"] })).toBe("initial");
  expect(telling("u d u d", { flapping: { changes: 1, withinMs: millis(3_600_000) }, failAfter: 1 })).toBe("told");
  expect(telling("u d u d u", { flapping: { changes: 1, withinMs: millis(3_600_000) }, failAfter: 1 })).toBe("unheard");
  expect(telling("u d u d u d", { flapping: { changes: 1, withinMs: millis(3_600_000) }, failAfter: 1 })).toBe("flapping");
});

test("a passing run of a check that is well writes nothing", () => {
  const bench = new Bench().play("u");
  const { belief } = bench.state;
  bench.play("u u ? m:u");
  expect(bench.state.belief).toBe(belief);
  bench.feed({ kind: "neighbour", around: bench.around });
  bench.play("unsilence windowend");
  expect(bench.state.belief).toBe(belief);
});

test("what a probe learnt stays through everything, of counted runs only, and the same again changes nothing", () => {
  const bench = new Bench();
  const learn = (value: string, origin: Origin = "scheduled"): string | undefined => {
    bench.feed({ kind: "result", result: resultOf("up", bench.now, origin), expectBy: null, remember: { of: "ssh shop:22", value }, around: bench.around });
    return bench.state.belief.remembered?.value as string | undefined;
  };
  expect(learn("manual", "manual")).toBeUndefined();
  expect(learn("one")).toBe("one");
  const { belief } = bench.state;
  expect([learn("one"), bench.state.belief === belief]).toEqual(["one", true]);
  expect(learn("confirm", "confirm")).toBe("one");
  bench.play("d d pause");
  expect(learn("paused")).toBe("one");
  bench.play("resume u");
  for (const action of [{ kind: "reload", changed: "target", expectBy: null }, { kind: "restart", expectBy: null }, { kind: "remove" }] as const) bench.act(action);
  expect(bench.state.belief.remembered).toEqual({ of: "ssh shop:22", value: "one" });
  expect(learn("two", "start")).toBe("two");
});
