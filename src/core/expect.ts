import { factAt } from "./facts.ts";
import { parseDuration, formatDuration } from "./time.ts";
import type { FactValue, FailureCode, Facts } from "./types.ts";

export { factAt, wantedFacts } from "./facts.ts";

/** Unit of an amount: milliseconds, bytes, percent, or a plain number. */
export type Unit = "ms" | "bytes" | "percent" | "plain";

/** What a fact must be, as parsed while loading. Plain data. */
export type Condition =
  | { readonly kind: "compare"; readonly operator: "<" | "<=" | ">" | ">="; readonly amount: number; readonly unit: Unit }
  | { readonly kind: "equal"; readonly value: string | number | boolean; readonly negated: boolean }
  | { readonly kind: "ranges"; readonly ranges: readonly { readonly from: number; readonly to: number }[] }
  | { readonly kind: "pattern"; readonly source: string; readonly flags: string; readonly negated: boolean }
  | { readonly kind: "exists"; readonly present: boolean };

export type ParsedCondition = { readonly kind: "parsed"; readonly condition: Condition } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string };

/** Answers whether a pattern is found in one of the texts; `slow` when the time limit for all of them passed. */
export type Matcher = (pattern: { readonly source: string; readonly flags: string }, texts: readonly string[]) => boolean | "slow";

export interface Evaluation {
  readonly met: boolean;
  /** The pattern passed its time limit; not met then. */
  readonly slow: boolean;
  /** Whether met or not: `latency is 912 ms, wanted < 800 ms`. */
  readonly reason: string;
}

const SIZES: { readonly [unit: string]: number } = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };
/** Facts that are counted in another unit of time than milliseconds, by the last part of their name. */
const COUNTED_IN_MS: { readonly [name: string]: number } = { days: 86_400_000, seconds: 1000, ttl: 1000 };
/** Longest value that is quoted in a reason, in characters. */
const QUOTED_MAX = 80;

const parsed = (condition: Condition): ParsedCondition => ({ kind: "parsed", condition });
const wrong = (what: string, right: string): ParsedCondition => ({ kind: "wrong", wrong: what, right });

/** A number, duration, size or percentage; null for anything else. */
export function parseAmount(text: string): { readonly amount: number; readonly unit: Unit } | null {
  const [, digits = "", suffix = ""] = /^(-?\d+(?:\.\d+)?)\s*([a-z%]*)$/i.exec(text) ?? [];
  if (digits !== "") {
    if (suffix === "") return { amount: Number(digits), unit: "plain" };
    if (suffix === "%") return { amount: Number(digits), unit: "percent" };
    const size = SIZES[suffix.toLowerCase()];
    if (size !== undefined) return { amount: Number(digits) * size, unit: "bytes" };
  }
  const duration = parseDuration(text);
  return duration.kind === "parsed" ? { amount: duration.ms, unit: "ms" } : null;
}

function parsePattern(text: string, negated: boolean): ParsedCondition {
  const [, source = "", flags = ""] = /^\/(.+)\/([a-z]*)$/is.exec(text) ?? [];
  const literal = `write \`== ${text}\` for the text itself`;
  if (/[^imsu]/.test(flags) || new Set(flags).size !== flags.length) return wrong(`\`${flags}\` are no flags of a pattern`, `use i, m, s or u after the last slash, or ${literal}`);
  try {
    RegExp(source, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : "";
    return wrong(`\`${text}\` is no regular expression (${reason})`, `put a backslash before signs that stand for themselves, or ${literal}`);
  }
  return parsed({ kind: "pattern", source, flags, negated });
}

function parseRanges(text: string): ParsedCondition {
  const ranges = text.split(",").map((part) => {
    const [from = "", to = from] = part.split("-");
    return { from: Number(from), to: Number(to) };
  });
  const backward = ranges.find(({ from, to }) => from > to);
  if (backward) return wrong(`the range ${backward.from}-${backward.to} runs backward`, `write ${backward.to}-${backward.from}, or \`== ${text}\` for the text itself`);
  return parsed({ kind: "ranges", ranges });
}

/**
 * Reads a condition: `< 800ms`, `>= 100`, `> 2MiB`, `== text`, `!= text`, `200-299,404`, `/pattern/i`, `!/pattern/`, `exists`, `absent`;
 * any other text, number or boolean must be equal to the fact.
 */
export function parseCondition(value: string | number | boolean): ParsedCondition {
  if (typeof value !== "string") return Number.isNaN(value) ? wrong("the condition is not a number", "write a number") : parsed({ kind: "equal", value, negated: false });
  const text = value.trim();
  if (text === "exists" || text === "absent") return parsed({ kind: "exists", present: text === "exists" });
  const [, sign, rest = ""] = /^(==|!=|<=|>=|<|>|=|!)\s*(.*)$/s.exec(text) ?? [];
  switch (sign) {
    case "==":
    case "!=":
      return parsed({ kind: "equal", value: rest, negated: sign === "!=" });
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const amount = parseAmount(rest);
      if (amount === null) return wrong(`\`${rest}\` cannot be compared with ${sign}`, `write a number, a duration (800ms, 5m) or a size (20kB, 2MiB): \`${sign} 800ms\`, or \`== ${text}\` for the text itself`);
      return parsed({ kind: "compare", operator: sign, ...amount });
    }
    case "=":
      return wrong(`\`${text}\` begins with a single =`, `write \`== ${rest.replace(/^[~<>]\s*/, "")}\`, \`<=\`, \`>=\` or a /pattern/`);
    case "!":
      if (/^\/.+\/[a-z]*$/is.test(rest)) return parsePattern(rest, true);
      return wrong(`\`${text}\` begins with a single !`, `write \`!= ${rest}\`, or \`!/${rest}/\` for a pattern that must not match`);
    default:
  }
  if (/^\/.+\/[a-z]*$/is.test(text)) return parsePattern(text, false);
  if (/^\d+(\.\d+)?(-\d+(\.\d+)?)?(,\s*\d+(\.\d+)?(-\d+(\.\d+)?)?)*$/.test(text) && /[-,]/.test(text)) return parseRanges(text);
  return parsed({ kind: "equal", value: text, negated: false });
}

function formatNumber(value: number, against: number | null): string {
  const whole = Math.round(value);
  const rounded = Math.abs(value) >= 10 && whole !== against ? whole : Math.round(value * 1000) / 1000;
  return String(rounded);
}

function formatAmount(value: number, unit: Unit, against: number | null = null): string {
  switch (unit) {
    case "ms":
      return Math.abs(value) < 10_000 ? `${formatNumber(value, against)} ms` : formatDuration(value);
    case "bytes":
      return Math.abs(value) < 10_000 ? `${formatNumber(value, against)} bytes` : `${Math.round(value / 10) / 100} kB`;
    case "percent":
      return `${formatNumber(value, against)} %`;
    default:
      return formatNumber(value, against);
  }
}

/** A condition in words as short as it was written: `< 800 ms`, `200-299, 404`, `not /error/i`. */
export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case "compare":
      return `${condition.operator} ${formatAmount(condition.amount, condition.unit)}`;
    case "equal":
      return `${condition.negated ? "not " : ""}${quoted(condition.value)}`;
    case "ranges":
      return condition.ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
    case "pattern":
      return `${condition.negated ? "not " : ""}/${condition.source}/${condition.flags}`;
    default:
      return condition.present ? "that it exists" : "that it is absent";
  }
}

function quoted(value: FactValue): string {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  const text = startOf(value);
  return text.length > QUOTED_MAX ? `\`${text.slice(0, QUOTED_MAX)}...\`` : `\`${text}\``;
}

function textOf(value: FactValue): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    // What is nested deeper than the engine's stack.
    return "(nested too deeply)";
  }
}

const listOf = (value: FactValue): readonly FactValue[] | null => (Array.isArray(value) ? (value as readonly FactValue[]) : null);

/** The text of a value, of a long list only so much that it is longer than what is quoted. */
const startOf = (value: FactValue): string => textOf(listOf(value)?.slice(0, QUOTED_MAX) ?? value);

/** A number, or a text that is one in decimal digits; null for anything else. */
export function numberOf(value: FactValue): number | null {
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  return typeof value === "string" && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : null;
}

function equals(wanted: string | number | boolean, value: FactValue): boolean {
  if (wanted === value || textOf(value) === String(wanted)) return true;
  const left = typeof wanted === "boolean" ? null : numberOf(wanted);
  const right = numberOf(value);
  return left !== null && left === right;
}

function compares(operator: "<" | "<=" | ">" | ">=", left: number, right: number): boolean {
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    default:
      return left >= right;
  }
}

function evaluateNumber(condition: Extract<Condition, { kind: "compare" | "ranges" }>, value: FactValue, fact: string): Evaluation {
  const number = numberOf(value);
  const wanted = `wanted ${describeCondition(condition)}`;
  if (number === null) return { met: false, slow: false, reason: `${fact} is ${quoted(value)}, no number, ${wanted}` };
  if (condition.kind === "ranges") {
    const met = condition.ranges.some(({ from, to }) => number >= from && number <= to);
    return { met, slow: false, reason: `${fact} is ${formatNumber(number, null)}, ${wanted}` };
  }
  const scale = condition.unit === "ms" ? (COUNTED_IN_MS[fact.split(".").at(-1)?.toLowerCase() ?? ""] ?? 1) : 1;
  const scaled = number * scale;
  return { met: compares(condition.operator, scaled, condition.amount), slow: false, reason: `${fact} is ${formatAmount(scaled, condition.unit, condition.amount)}, ${wanted}` };
}

/** Of a list it is enough that one element is equal or matches; a negated condition wants that none is or does. */
function evaluateText(condition: Extract<Condition, { kind: "equal" | "pattern" }>, value: FactValue, fact: string, match: Matcher): Evaluation {
  const elements = listOf(value) ?? [value];
  const wanted = `wanted ${describeCondition(condition)}`;
  if (condition.kind === "equal") {
    const found = elements.some((element) => equals(condition.value, element));
    return { met: found !== condition.negated, slow: false, reason: `${fact} is ${quoted(value)}, ${wanted}` };
  }
  const found = match(condition, elements.map(textOf));
  if (found === "slow") return { met: false, slow: true, reason: `the pattern /${condition.source}/ took too long on ${fact}` };
  if (startOf(value).length <= QUOTED_MAX) return { met: found !== condition.negated, slow: false, reason: `${fact} is ${quoted(value)}, ${wanted}` };
  return { met: found !== condition.negated, slow: false, reason: `${fact} ${found ? "matches" : "does not match"} /${condition.source}/${condition.flags}` };
}

/** Whether a fact (undefined: there is none) is as wanted. A missing fact meets only `absent` and the negated conditions. */
export function evaluate(condition: Condition, value: FactValue | undefined, fact: string, match: Matcher): Evaluation {
  const missing = value === undefined || value === null;
  if (condition.kind === "exists") return { met: missing !== condition.present, slow: false, reason: `${fact} is ${missing ? "missing" : quoted(value)}, wanted ${describeCondition(condition)}` };
  if (missing) {
    const negated = (condition.kind === "equal" || condition.kind === "pattern") && condition.negated;
    return { met: negated, slow: false, reason: `${fact} is missing, wanted ${describeCondition(condition)}` };
  }
  if (condition.kind === "compare" || condition.kind === "ranges") return evaluateNumber(condition, value, fact);
  return evaluateText(condition, value, fact, match);
}

/** A named fact against its condition; the fact is looked up with `factAt`. */
export function evaluateFact(named: { readonly fact: string; readonly condition: Condition }, facts: Facts, match: Matcher): Evaluation {
  return evaluate(named.condition, factAt(facts, named.fact), named.fact, match);
}

const EXPECT_CODES: { readonly [fact: string]: FailureCode } = { status: "status" };

/** A condition that is not met. */
export interface Unmet {
  readonly fact: string;
  readonly reason: string;
  readonly slow: boolean;
  /** What it is called where it was expected. */
  readonly code: FailureCode;
}

/** The first condition, in their order, that the facts do not meet; null when they meet all. */
export function firstUnmet(conditions: readonly { readonly fact: string; readonly condition: Condition }[], facts: Facts, match: Matcher): Unmet | null {
  for (const named of conditions) {
    const { met, reason, slow } = evaluateFact(named, facts, match);
    if (!met) return { fact: named.fact, reason, slow, code: slow ? "pattern-slow" : (EXPECT_CODES[named.fact] ?? "mismatch") };
  }
  return null;
}

/** A matcher over the port where patterns run. */
export const matcherOf =
  (patterns: { readonly matchesAny: Matcher }): Matcher =>
  (pattern, texts) => patterns.matchesAny(pattern, texts);
