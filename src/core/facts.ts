import type { FactValue, Facts } from "./types.ts";

function isObject(value: FactValue): value is Facts {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function step(value: FactValue, key: string): FactValue | undefined {
  if (Array.isArray(value)) {
    if (key === "length") return value.length;
    return /^\d+$/.test(key) ? (value as readonly FactValue[])[Number(key)] : undefined;
  }
  if (typeof value === "string" && key === "length") return value.length;
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, key)) return value[key];
  // header names are kept in lower case and written in any
  const lower = key.toLowerCase();
  return Object.hasOwn(value, lower) ? value[lower] : undefined;
}

function walk(value: FactValue, keys: readonly string[]): FactValue | undefined {
  if (keys.length === 0) return value;
  // a key may hold dots itself: the longest one wins
  for (let taken = keys.length; taken >= 1; taken--) {
    const next = step(value, keys.slice(0, taken).join("."));
    const found = next === undefined ? undefined : walk(next, keys.slice(taken));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The fact at a dotted path (`certificate.days`, `answers.0`, `body.json.items[2].name`, `answers.length`; a text has a length as well); undefined when there is none. */
export function factAt(facts: Facts, path: string): FactValue | undefined {
  return walk(facts, path.replaceAll(/\[(\d+)\]/g, ".$1").split("."));
}

const NOTHING: ReadonlySet<string> = new Set();

/** What conditions ask for: every path and all that it steps through (`body`, `body.json`, `body.json.depth`). */
export function wantedFacts(conditions: readonly { readonly fact: string }[]): ReadonlySet<string> {
  if (conditions.length === 0) return NOTHING;
  const wanted = new Set<string>();
  for (const { fact } of conditions) {
    const keys = fact.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
    keys.forEach((_, index) => wanted.add(keys.slice(0, index + 1).join(".")));
    wanted.add(fact);
  }
  return wanted;
}
