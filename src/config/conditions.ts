import { type Condition, type ParsedCondition, parseCondition } from "../core/expect.ts";
import { unfitForNumber, unitOf } from "../core/number-facts.ts";
import type { AnyProbe } from "../probes/probe.ts";
import type { Around } from "./draft.ts";
import type { CheckKeys } from "./keys.ts";
import { type Layer, overlay } from "./layers.ts";
import { nearest } from "./nearest.ts";
import type { FactCondition } from "./site.ts";
import { isMapping } from "./sources.ts";

/** Reads the text of a condition; the same text is read once. */
export type ConditionParser = (value: string | number | boolean) => ParsedCondition;

/** A reader that remembers. */
export function createConditionParser(): ConditionParser {
  const known = new Map<string | number | boolean, ParsedCondition>();
  return (value) => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const parsed = parseCondition(value);
    known.set(value, parsed);
    return parsed;
  };
}

/** Facts that every run has: `latency` in ms, `phase.NAME` in ms. */
const COMMON_FACTS = ["latency", "phase"];

/** Whose facts conditions are about; `named`: facts that its options name, null when those are wrong. */
export interface FactsOf {
  readonly probe: AnyProbe;
  readonly named: readonly string[] | null;
}

/** The conditions of a check, those of its probe for facts that it says nothing of included; null when one is wrong. */
export function readConditions(key: "expect" | "warn", written: NonNullable<CheckKeys["expect"]>, of: FactsOf, layers: readonly Layer[], around: Around): readonly FactCondition[] | null {
  // A list that could not be read: the schema told why.
  if (Array.isArray(written)) return null;
  const conditions: FactCondition[] = [];
  let wrong = false;
  const values = key === "expect" ? { ...of.probe.expect, ...written } : written;
  for (const [fact, value] of Object.entries(values)) {
    if (value === null) {
      wrong = !takesAway(key, fact, of, layers, around) || wrong;
      continue;
    }
    const said = Array.isArray(value) ? value : [value];
    const unit = of.named?.includes(fact) === true ? null : unitOf(fact, of.probe.facts);
    if (unit !== null && said.filter((one) => /^\d[\d,-]*$/.test(String(one))).length > 1) {
      around.report.error(layers, [key, fact], `\`${fact}\` is one number, and every condition of a list must be met`, `write a choice as one text: \`"${said.join(",")}"\``);
      wrong = true;
      continue;
    }
    for (const one of said) {
      const parsed = around.conditions(one);
      const unfit = parsed.kind === "wrong" ? parsed : unit === null ? null : unfitForNumber(fact, unit, one, parsed.condition);
      if (unfit !== null) around.report.error(layers, [key, fact], unfit.wrong, unfit.right);
      if (parsed.kind === "parsed") conditions.push({ fact, condition: parsed.condition satisfies Condition });
      wrong ||= unfit !== null;
    }
    warnUnknownFact(key, fact, of, layers, around);
  }
  return wrong ? null : conditions;
}

/** An empty value takes away what weaker layers or the type say of the fact; a check's own that finds nothing there is meant as a condition. */
function takesAway(key: "expect" | "warn", fact: string, { probe }: FactsOf, layers: readonly Layer[], { report }: Around): boolean {
  const own = layers.at(-1)?.filled[key];
  const below = overlay(layers.slice(0, -1).map(({ filled }) => filled))[key];
  if (!isMapping(own) || !Object.hasOwn(own, fact) || (isMapping(below) && Object.hasOwn(below, fact)) || (key === "expect" && Object.hasOwn(probe.expect ?? {}, fact))) return true;
  report.error(layers, [key, fact], `\`${fact}\` says no condition, and there is none to take away`, "write `absent` where it must not be there, `exists` where it must, or a condition");
  return false;
}

/** A fact that no run can have is never met; but a plugin names its own, so only what looks like a slip is told. */
function warnUnknownFact(key: "expect" | "warn", fact: string, { probe, named }: FactsOf, layers: readonly Layer[], { report }: Around): void {
  if (named === null) return;
  const facts = [...COMMON_FACTS, ...Object.keys(probe.facts), ...named];
  if (facts.some((known) => known === fact || fact.startsWith(`${known}.`) || known.startsWith(`${fact}.`))) return;
  const near = nearest(fact, facts);
  const right = near === null ? `known are ${facts.map((known) => `\`${known}\``).join(", ")}` : `did you mean \`${near}\`?`;
  report.warn(layers, [key, fact], `a run of type ${probe.type} has no fact \`${fact}\``, right);
}
