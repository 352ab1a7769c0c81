import { expect, test } from "vitest";
import { matcherOf, parseCondition } from "../core/expect.ts";
import { checkName, type Facts, instant, type Result } from "../core/types.ts";
import { applyConditions, type Conditions, invertOutcome, rejudge } from "./conditions.ts";

const match = matcherOf({ matchesAny: ({ source, flags }, texts) => texts.some((text) => new RegExp(source, flags).test(text)) });

type Wish = { readonly [fact: string]: string };

const listOf = (wish: Wish = {}): Conditions["expect"] =>
  Object.entries(wish).map(([fact, text]) => {
    const parsed = parseCondition(text);
    if (parsed.kind === "wrong") throw new Error(parsed.wrong);
    return { fact, condition: parsed.condition };
  });

const conditions = (expected: Wish = {}, warned: Wish = {}): Conditions => ({ expect: listOf(expected), warn: listOf(warned) });

interface Seen {
  readonly facts?: Facts;
  readonly material?: Facts;
  readonly latencyMs?: number;
  readonly verdict?: Result["verdict"];
}

/** What a run stores: the material is gone. */
function stored({ facts = {}, material = {}, latencyMs = 20, verdict = "up" }: Seen, by: Conditions): Result {
  const said = verdict === "down" ? { code: "refused" as const, sentence: "the connection was refused" } : { code: "ok" as const, sentence: "HTTP 200 OK" };
  const outcome = invertOutcome(by, applyConditions(by, { verdict, ...said, phases: { connect: 3.5 }, facts, material, evidence: [] }, latencyMs, match));
  return { check: checkName("shop"), vantage: "", slot: instant(0), started: instant(0), origin: "scheduled", verdict: outcome.verdict, code: outcome.code, sentence: outcome.sentence, latencyMs, phases: outcome.phases, facts, evidence: [], tries: 1 };
}

/** How it is judged now: `verdict code`, or the fact that is missing. */
function now(seen: Seen, was: Conditions, other: Conditions): string {
  const rejudged = rejudge(stored(seen, was), was, other, match);
  return rejudged.kind === "unkept" ? `unkept ${rejudged.fact}` : `${rejudged.result.verdict} ${rejudged.result.code}`;
}

const none = conditions();
const page = { facts: { status: 200, certificate: { days: 20 } }, material: { body: "Welcome" }, latencyMs: 300 };

test("what was well is judged by other conditions as a run would have been", () => {
  const f = (other: Conditions, expected: string): void => {
    expect(now(page, none, other)).toBe(expected);
    expect(expected).toBe(`${stored(page, other).verdict} ${stored(page, other).code}`);
  };
  f(none, "up ok");
  f(conditions({ status: "200-299" }), "up ok");
  f(conditions({ status: "404" }), "down status");
  f(conditions({ latency: "< 200ms" }), "down mismatch");
  f(conditions({}, { latency: "< 200ms" }), "degraded slow");
  f(conditions({}, { "certificate.days": "> 30" }), "degraded tls-expiring");
  f(conditions({ "phase.connect": "< 1ms" }), "down mismatch");
  f(conditions({ "certificate.issuer": "exists" }), "down mismatch");
});

test("what conditions made is taken back", () => {
  const f = (was: Conditions, other: Conditions, expected: string): void => expect(now(page, was, other)).toBe(expected);
  f(conditions({ latency: "< 200ms" }), none, "up ok");
  f(conditions({ latency: "< 200ms" }), conditions({}, { latency: "< 200ms" }), "degraded slow");
  f(conditions({}, { latency: "< 200ms" }), conditions({}, { latency: "< 500ms" }), "up ok");
  f(conditions({ status: "404" }), conditions({ status: "200-299" }), "up ok");
  expect(rejudge(stored(page, conditions({ status: "404" })), conditions({ status: "404" }), none, match)).toMatchObject({ result: { sentence: "all that is expected is met" } });
});

test("what the probe itself found stays", () => {
  const f = (verdict: Result["verdict"], other: Conditions, expected: string): void => expect(now({ ...page, verdict }, conditions({ status: "200-299" }), other)).toBe(expected);
  f("down", none, "down refused");
  f("unknown", conditions({ status: "404" }), "unknown ok");
  f("degraded", conditions({}, { latency: "< 200ms" }), "degraded ok");
  f("degraded", conditions({ status: "404" }), "down status");
});

test("of what was not kept a condition that was there before tells, and no other", () => {
  const body = { body: "/Welcome/" };
  const f = (was: Conditions, other: Conditions, expected: string): void => expect(now(page, was, other)).toBe(expected);
  f(none, conditions(body), "unkept body");
  f(conditions(body), conditions(body, { latency: "< 200ms" }), "degraded slow");
  f(conditions(body), conditions({ body: "/Goodbye/" }), "unkept body");
  // Failed by it, or before it was asked.
  f(conditions({ body: "/Goodbye/" }), conditions({ body: "/Goodbye/", latency: "< 500ms" }), "down mismatch");
  f(conditions({ body: "/Goodbye/" }), none, "up ok");
  f(conditions({ status: "404", ...body }), conditions(body), "unkept body");
  f(conditions({}, { ...body, latency: "< 200ms" }), conditions({}, body), "up ok");
  f(conditions({ status: "404" }, body), conditions({}, body), "unkept body");
  // What fails before needs none of it.
  f(none, conditions({ status: "404", ...body }), "down status");
});

test("several conditions on one fact are told apart by what they want", () => {
  const two: Conditions = { expect: [...listOf({ body: "/Welcome/" }), ...listOf({ body: "!/come/" })], warn: [] };
  expect(now(page, two, { expect: two.expect.slice(1), warn: [] })).toBe("down mismatch");
  expect(now(page, two, { expect: two.expect.slice(0, 1), warn: [] })).toBe("up ok");
});

test("what must not answer: inverted before, now, or both", () => {
  const inverted = (expected: Wish = {}, warned: Wish = {}): Conditions => ({ ...conditions(expected, warned), invert: true });
  const f = (was: Conditions, other: Conditions, expected: string, verdict: Result["verdict"] = "up"): void => expect(now({ ...page, verdict }, was, other)).toBe(expected);
  f(none, inverted(), "down mismatch");
  f(inverted(), none, "up ok");
  f(inverted(), none, "down mismatch", "down");
  f(none, inverted(), "up ok", "down");
  f(inverted(), inverted({ status: "404" }), "up ok");
  f(inverted({ status: "404" }), inverted(), "down mismatch");
  f(inverted({}, { latency: "< 200ms" }), conditions({}, { latency: "< 500ms" }), "up ok");
  f(inverted({}, { latency: "< 200ms" }), conditions({ "phase.connect": "< 1ms" }), "down mismatch");
  f(inverted(), inverted(), "unknown ok", "unknown");
  expect(rejudge(stored({ ...page, verdict: "down" }, inverted()), inverted(), none, match)).toMatchObject({ result: { sentence: "the connection was refused" } });
});
