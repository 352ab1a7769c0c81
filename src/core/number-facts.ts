import { type Condition, numberOf, parseAmount } from "./expect.ts";

/** What is known of a fact: one with a unit is a number, one without only where that is said. */
interface Known {
  readonly about: string;
  readonly unit?: string;
  readonly number?: true;
}

/** The unit of a fact that is always a number, empty for one that has none; null for a fact that may be anything. `facts` are those of its probe. */
export function unitOf(fact: string, facts: { readonly [fact: string]: Known }): string | null {
  if (fact === "latency" || fact.startsWith("phase.")) return "ms";
  const known = Object.hasOwn(facts, fact) ? facts[fact] : undefined;
  if (known === undefined) return null;
  return known.unit ?? (known.number === true ? "" : null);
}

/** A condition that no number can meet, or that one meets by chance only, and what is meant by it; null for any other. `written` is its text, `unit` the number's. */
export function unfitForNumber(fact: string, unit: string, written: string | number | boolean, condition: Condition): { readonly wrong: string; readonly right: string } | null {
  if (condition.kind !== "equal") return null;
  const { value, negated } = condition;
  const number = typeof value === "boolean" ? null : numberOf(value);
  if (number === null) return { wrong: `\`${fact}\` is a number, and never \`${String(value)}\``, right: negated ? "write a number: `!= 200`" : meant(String(value).trim(), unit) };
  const bare = typeof written !== "string" || !/^\s*[!=]=/.test(written);
  return bare && unit === "ms" ? { wrong: `\`${fact}\` is measured, and hardly ever exactly ${number} ms`, right: `write \`< ${number}ms\`` } : null;
}

const EXAMPLES: { readonly [unit: string]: string } = { ms: "`< 800ms`", days: "`> 14`", "%": "`< 20%`", bytes: "`< 2MiB`", s: "`> 5m`" };

function meant(text: string, unit: string): string {
  const classes = text.split(/\s*,\s*/);
  if (classes.every((part) => /^[1-5]xx$/i.test(part))) return `write \`${classes.map((part) => `${part[0] ?? ""}00-${part[0] ?? ""}99`).join(",")}\``;
  const [, amount = "", sign = ""] = /^(.*[^<>=\s])\s*(<=|>=|<|>)$/s.exec(text) ?? [];
  if (sign !== "" && parseAmount(amount) !== null) return `write \`${sign} ${amount}\``;
  if (parseAmount(text) !== null) return `write \`${unit === "days" ? ">" : "<"} ${text}\``;
  return `write ${EXAMPLES[unit] ?? "a number (`200`), a range (`200-299`) or a comparison (`< 300`)"}`;
}
