import type { z } from "zod";
import type { LocalFinding, Path } from "./finding.ts";
import { explainIssues, valueAt } from "./issues.ts";
import { isReference } from "./secrets.ts";
import { isMapping } from "./sources.ts";
import { CONDITION_TEXT } from "./words.ts";

export type Mapping = { readonly [key: string]: unknown };

/** One place that says something about a check or channel: the site's defaults, a type's, a group's, or its own mapping. */
export interface Layer {
  readonly document: number;
  readonly path: Path;
  readonly written: Mapping;
  readonly filled: Mapping;
}

/** Keys that exclude each other: what a stronger layer says of one takes the other of a weaker one away. */
const RIVALS: { readonly [key: string]: string } = { every: "schedule", schedule: "every" };
/** Conditions are laid over each other fact by fact. */
const BY_FACT: ReadonlySet<string> = new Set(["expect", "warn"]);

/** `latency < 800ms` in a list is `latency: "< 800ms"` in a mapping, and two of one fact are a list; with one that is not to be read, the list stays for the schema to tell. */
function byFact(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const pairs = value.map((text: unknown) => (typeof text === "string" ? CONDITION_TEXT.exec(text.trim()) : null));
  if (pairs.includes(null)) return value;
  const facts = Map.groupBy(pairs, (pair) => pair?.[1] ?? "");
  return Object.fromEntries([...facts].map(([fact, said]) => [fact, said.length === 1 ? (said[0]?.[2] ?? "") : said.map((pair) => pair?.[2] ?? "")]));
}

/** Lays stronger mappings (later ones) over weaker ones, key by key; keys beginning with `x-` belong to nobody. */
export function overlay(mappings: readonly Mapping[]): Mapping {
  const result: { [key: string]: unknown } = {};
  for (const mapping of mappings) {
    for (const [key, value] of Object.entries(mapping)) {
      if (key.startsWith("x-")) continue;
      const before = result[key];
      const rival = RIVALS[key];
      if (rival !== undefined && mapping[rival] === undefined) delete result[rival];
      const own = BY_FACT.has(key) ? byFact(value) : value;
      put(result, key, BY_FACT.has(key) && isMapping(before) && isMapping(own) ? { ...before, ...own } : own);
    }
  }
  return result;
}

/** `__proto__` is a key like any other. */
function put(target: { [key: string]: unknown }, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

/** Where something about a layered thing was written: the strongest layer that says it, else the thing itself. */
export function locate(layers: readonly Layer[], path: Path): { readonly document: number; readonly path: Path } {
  for (let length = Math.min(path.length, 2); length > 0; length--) {
    const layer = layers.findLast((each) => valueAt(each.written, path.slice(0, length)) !== undefined);
    if (layer !== undefined) return { document: layer.document, path: [...layer.path, ...path] };
  }
  const own = layers.at(-1);
  return own === undefined ? { document: 0, path } : { document: own.document, path: [...own.path, ...path] };
}

export type Validated<T> =
  /** `numbers`: references that turned out to be numbers, such as ports, and are no secrets. */
  { readonly kind: "valid"; readonly value: T; readonly numbers: readonly string[] } | { readonly kind: "wrong"; readonly findings: readonly LocalFinding[] };

/**
 * Reads values with a schema. Two things are mended first: `x-` keys, which are ignored everywhere, and references whose text is a number
 * where one is wanted. `written` gives the values before references were filled in, for the findings.
 */
export function validate<T>(schema: z.ZodType<T>, value: Mapping, written: () => unknown, alsoKnown: readonly string[]): Validated<T> {
  const first = schema.safeParse(value);
  if (first.success) return { kind: "valid", value: first.data, numbers: [] };
  const source = written();
  const mended = mend(value, source, first.error.issues);
  const second = mended === null ? first : schema.safeParse(mended.value);
  if (second.success) return { kind: "valid", value: second.data, numbers: mended?.numbers ?? [] };
  return { kind: "wrong", findings: explainIssues(second.error.issues, { schema, written: source, alsoKnown }) };
}

function mend(value: unknown, written: unknown, issues: readonly z.core.$ZodIssue[]): { readonly value: unknown; readonly numbers: readonly string[] } | null {
  let mended = value;
  const numbers: string[] = [];
  for (const issue of issues) {
    const path = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) if (key.startsWith("x-")) mended = change(mended, [...path, key], () => undefined);
    } else if ((issue.code === "invalid_type" && issue.expected === "number") || issue.code === "invalid_union") {
      const text = valueAt(value, path);
      if (typeof text !== "string" || !isReference(valueAt(written, path)) || text.trim() === "" || !Number.isFinite(Number(text))) continue;
      mended = change(mended, path, Number);
      numbers.push(text);
    }
  }
  return mended === value ? null : { value: mended, numbers };
}

/** A copy with one part changed; `undefined` takes it away. */
function change(value: unknown, path: Path, by: (part: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by(value);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (index === key ? change(item, rest, by) : item));
  if (!isMapping(value)) return value;
  const entries = Object.entries(value).map(([name, part]) => [name, name === key ? change(part, rest, by) : part] as const);
  return Object.fromEntries(entries.filter(([, part]) => part !== undefined));
}
