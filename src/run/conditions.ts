import { type Condition, describeCondition, evaluateFact, factAt, firstUnmet, type Matcher } from "../core/expect.ts";
import type { Terms } from "../core/state.ts";
import type { FactValue, FailureCode, Facts, Phases, Result, Verdict } from "../core/types.ts";

/** A check's own conditions: `expect` not met is down, `warn` not met is degraded; with `invert`, what is down then counts as up. */
export type Conditions = Pick<Terms, "expect" | "warn" | "invert">;

interface Named {
  readonly fact: string;
  readonly condition: Condition;
}

interface Judged {
  readonly verdict: Verdict;
  readonly code: FailureCode;
  readonly sentence: string;
}

interface Measured extends Judged {
  readonly phases: Phases;
  readonly facts: Facts;
  readonly material?: Facts;
}

const NO_FACTS: Facts = {};

/** What conditions may ask besides a probe's own facts; `tookMs` is the latency. */
const allFacts = ({ material = NO_FACTS, facts, phases }: Pick<Measured, "material" | "facts" | "phases">, tookMs: number): Facts => ({ ...material, ...facts, latency: Math.round(tookMs * 1000) / 1000, phase: phases });

function warnCode(fact: string): FailureCode {
  if (fact === "latency" || fact.startsWith("latency.")) return "slow";
  if (fact.startsWith("certificate.")) return "tls-expiring";
  return fact === "loss" ? "loss" : "warned";
}

/** Applies conditions to what was measured. */
export function applyConditions<Of extends Measured>({ expect, warn }: Conditions, outcome: Of, tookMs: number, match: Matcher): Of {
  if ((expect.length === 0 && warn.length === 0) || outcome.verdict === "down" || outcome.verdict === "unknown") return outcome;
  const other = judged({ expect, warn }, outcome, allFacts(outcome, tookMs), match);
  return other === null ? outcome : { ...outcome, ...other };
}

/** Null: all conditions are met. */
function judged({ expect, warn }: Conditions, { verdict }: Pick<Judged, "verdict">, facts: Facts, match: Matcher): Judged | null {
  const unmet = firstUnmet(expect, facts, match);
  if (unmet !== null) return { verdict: "down", code: unmet.code, sentence: unmet.reason };
  const warned = verdict === "up" ? firstUnmet(warn, facts, match) : null;
  return warned === null ? null : { verdict: "degraded", code: warned.slow ? "pattern-slow" : warnCode(warned.fact), sentence: warned.reason };
}

const NOT_UP = "not up, as it should be: ";
const UP = "up, and should not be: ";

/** Of a check that must not answer, what is down is well; what could not be told stays so. */
export function invertOutcome<Of extends Judged>({ invert }: Pick<Conditions, "invert">, outcome: Of): Of {
  if (invert === undefined || outcome.verdict === "unknown") return outcome;
  if (outcome.verdict === "down") return { ...outcome, verdict: "up", code: "ok", sentence: `${NOT_UP}${outcome.sentence}` };
  return { ...outcome, verdict: "down", code: "mismatch", sentence: `${UP}${outcome.sentence}` };
}

/** What was inverted as it was before; its code is not known any more. */
function asBefore({ warn }: Conditions, result: Result): Result {
  if (result.verdict === "up") return judgedAs(result, { verdict: "down", code: "mismatch", sentence: result.sentence.replace(NOT_UP, "") });
  const sentence = result.sentence.replace(UP, "");
  const warned = unmetBy(warn, { code: "warned", sentence }) >= 0;
  return judgedAs(result, warned ? { verdict: "degraded", code: "warned", sentence } : { verdict: "up", code: "ok", sentence });
}

const sameConditions = (one: Conditions, other: Conditions): boolean => JSON.stringify([one.expect, one.warn, one.invert]) === JSON.stringify([other.expect, other.warn, other.invert]);

/** What of its results would have been another: what the conditions say, or what the members make of their group; null: nothing. */
export function differenceOf(was: Terms, now: Terms): "conditions" | "group" | null {
  if (now.policy.group !== null && JSON.stringify(now.policy.group) !== JSON.stringify(was.policy.group)) return "group";
  return sameConditions(was, now) ? null : "conditions";
}

/** Whether as many runs in a row take it down and up again. */
export const sameThresholds = (one: Terms | undefined, other: Terms | undefined): boolean => one?.policy.failAfter === other?.policy.failAfter && one?.policy.recoverAfter === other?.policy.recoverAfter;

/** A stored result as other conditions would have judged it, or the fact that was not kept for that. */
export type Rejudged = { readonly kind: "judged"; readonly result: Result } | { readonly kind: "unkept"; readonly fact: string };

/**
 * Applies conditions `now` to a result that was judged by `was`, as far as its facts were kept: of one that was not, a condition that was
 * there before says how it was met.
 */
export function rejudge(result: Result, was: Conditions, now: Conditions, match: Matcher): Rejudged {
  if (result.verdict === "unknown") return { kind: "judged", result };
  const rejudged = again(was.invert === undefined ? result : asBefore(was, result), was, now, match);
  if (rejudged.kind === "unkept" || now.invert === undefined) return rejudged;
  const { verdict, code, sentence } = rejudged.result;
  return { kind: "judged", result: judgedAs(rejudged.result, invertOutcome(now, { verdict, code, sentence })) };
}

function again(result: Result, was: Conditions, now: Conditions, match: Matcher): Rejudged {
  const { verdict } = result;
  const failed = verdict === "down" ? unmetBy(was.expect, result) : -1;
  const warned = verdict === "degraded" ? unmetBy(was.warn, result) : -1;
  // The probe itself found it down: conditions were not asked.
  if (verdict === "down" && failed < 0) return { kind: "judged", result };
  const seen = keptFacts(result);
  const bare: Judged = failed < 0 && warned < 0 ? result : { verdict: "up", code: "ok", sentence: "all that is expected is met" };
  const asked: (Named & { readonly known: boolean | null })[] = [
    ...now.expect.map((named) => ({ ...named, known: knownOf(named, was.expect, failed < 0 ? Number.POSITIVE_INFINITY : failed) })),
    ...(bare.verdict === "up" ? now.warn.map((named) => ({ ...named, known: failed >= 0 ? null : knownOf(named, was.warn, warned < 0 ? Number.POSITIVE_INFINITY : warned) })) : []),
  ];
  for (const [index, { fact, condition, known }] of asked.entries()) {
    const expected = index < now.expect.length;
    if (!isKept(seen, fact)) {
      if (known === null) return { kind: "unkept", fact };
      if (known) continue;
      return { kind: "judged", result };
    }
    const one: Named = { fact, condition };
    if (evaluateFact(one, seen, match).met) continue;
    const of = judged(expected ? { expect: [one], warn: [] } : { expect: [], warn: [one] }, bare, seen, match);
    return { kind: "judged", result: judgedAs(result, of ?? bare) };
  }
  return { kind: "judged", result: bare === result ? result : judgedAs(result, bare) };
}

const UNMET: ReadonlySet<FailureCode> = new Set(["mismatch", "status", "slow", "tls-expiring", "loss", "warned"]);

/** Which of the conditions made the result what it is; -1: none of them. */
function unmetBy(conditions: readonly Named[], { code, sentence }: Pick<Result, "code" | "sentence">): number {
  const isOf = ({ fact }: Named): boolean => (code === "pattern-slow" ? sentence.endsWith(` took too long on ${fact}`) : UNMET.has(code) && sentence.startsWith(`${fact} `));
  // A fact may have several conditions.
  const exact = conditions.findIndex((one) => isOf(one) && sentence.includes(describeCondition(one.condition).replace(/^not /, "")));
  return exact >= 0 ? exact : conditions.findIndex(isOf);
}

/** Whether the same condition was met before, where they were asked up to `unmet`; null: it was not asked. */
function knownOf({ fact, condition }: Named, before: readonly Named[], unmet: number): boolean | null {
  const text = JSON.stringify(condition);
  const index = before.findIndex((one) => one.fact === fact && JSON.stringify(one.condition) === text);
  return index < 0 || index > unmet ? null : index < unmet;
}

/** What a stored result still tells; its phases are read when they are asked for. */
function keptFacts(result: Result): Facts {
  const { facts, latencyMs } = result;
  return { ...facts, latency: Math.round(latencyMs * 1000) / 1000, get phase(): FactValue { return result.phases; } };
}

/** Of a fact that is not there at all nobody can say whether it was. */
const isKept = (facts: Facts, fact: string): boolean => factAt(facts, fact) !== undefined || Object.hasOwn(facts, fact.split(/[.[]/)[0] ?? "");

/** Field by field: a stored result reads some only when they are asked for. */
function judgedAs(result: Result, { verdict, code, sentence }: Judged): Result {
  const { check, vantage, slot, started, origin, latencyMs, facts, evidence, tries } = result;
  return { check, vantage, slot, started, origin, verdict, code, sentence, latencyMs, facts, evidence, tries, get phases(): Phases { return result.phases; } };
}
