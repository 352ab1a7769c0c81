import { z } from "zod";
import type { Path } from "./finding.ts";

/** What wrappers (optional, default, transform) and marks say about one field of a schema. */
export interface Field {
  /** The schema below all wrappers. */
  readonly core: z.core.$ZodType;
  readonly optional: boolean;
  /** As written in a configuration; undefined when there is none. */
  readonly default: unknown;
  readonly about: string;
  readonly unit: string | null;
  readonly secret: boolean;
  readonly hostPower: boolean;
  readonly source: string | null;
}

/** The definition of any built-in schema. */
export type Def = z.core.$ZodTypes["_zod"]["def"];

/** The definition as zod's own union, which is what every built-in schema holds. */
export const defOf = (schema: z.core.$ZodType): Def => (schema as z.ZodType).def as Def;

/** Alphabetical without regard to the machine's language. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const fields = new WeakMap<z.core.$ZodType, Field>();

/** Unwraps a schema; marks of the outside win over those of the inside. */
export function fieldOf(schema: z.core.$ZodType): Field {
  const known = fields.get(schema);
  if (known !== undefined) return known;
  const made = makeField(schema);
  fields.set(schema, made);
  return made;
}

function makeField(schema: z.core.$ZodType): Field {
  const meta = z.globalRegistry.get(schema) ?? {};
  const inner = innerOf(schema);
  const below = inner === null ? null : fieldOf(inner);
  const def = defOf(schema);
  const described = meta["default"];
  const given = def.type === "default" || def.type === "prefault" ? def.defaultValue : undefined;
  return {
    core: below?.core ?? schema,
    optional: def.type === "optional" || def.type === "default" || def.type === "prefault" || below?.optional === true,
    default: described ?? given ?? below?.default,
    about: meta.description ?? below?.about ?? "",
    unit: meta.unit ?? below?.unit ?? null,
    secret: meta.secret ?? below?.secret ?? false,
    hostPower: meta.hostPower ?? below?.hostPower ?? false,
    source: meta.source ?? below?.source ?? null,
  };
}

/** The schema of what is written, under one wrapper; null for a schema that wraps nothing. */
function innerOf(schema: z.core.$ZodType): z.core.$ZodType | null {
  const def = defOf(schema);
  switch (def.type) {
    case "optional":
    case "default":
    case "prefault":
    case "nullable":
    case "nonoptional":
    case "catch":
    case "readonly":
      return def.innerType;
    case "pipe":
      // `z.preprocess` is a pipe out of a transform: what is written is described by its far side.
      return defOf(def.in).type === "transform" ? def.out : def.in;
    case "lazy":
      return def.getter();
    default:
      return null;
  }
}

/** The keys of an object schema, below all wrappers; of alternatives those of all; empty for anything else. */
export function keysOf(schema: z.core.$ZodType): { readonly [key: string]: z.core.$ZodType } {
  const def = defOf(fieldOf(schema).core);
  if (def.type === "object") return def.shape;
  if (def.type === "intersection") return { ...keysOf(def.left), ...keysOf(def.right) };
  if (def.type !== "union") return {};
  const keys: { [key: string]: z.core.$ZodType } = {};
  for (const option of def.options) Object.assign(keys, keysOf(option));
  return keys;
}

/** The schemas one step below: of a key, an index, or every alternative. */
function below(schema: z.core.$ZodType, step: string | number): readonly z.core.$ZodType[] {
  const def = defOf(fieldOf(schema).core);
  switch (def.type) {
    case "object": {
      const shape: { readonly [key: string]: z.core.$ZodType } = def.shape;
      const field = Object.hasOwn(shape, step) ? shape[step] : undefined;
      return field === undefined ? [] : [field];
    }
    case "array":
      return [def.element];
    case "tuple":
      return [def.items[Number(step)] ?? def.rest].filter((item) => item !== null && item !== undefined);
    case "record":
      return [def.valueType];
    case "union":
      return def.options.flatMap((option) => below(option, step));
    case "intersection":
      return [...below(def.left, step), ...below(def.right, step)];
    default:
      return [];
  }
}

/** The schema that a path leads to; of alternatives the first that has it; null when none has. */
export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | null {
  let reached: readonly z.core.$ZodType[] = [schema];
  for (const step of path) reached = reached.flatMap((candidate) => below(candidate, step));
  return reached[0] ?? null;
}

/** Paths to options that hold secrets; `*` stands for every item or key. */
export function secretPaths(schema: z.core.$ZodType): readonly (readonly string[])[] {
  const found: string[][] = [];
  const walk = (current: z.core.$ZodType, path: readonly string[]): void => {
    if (path.length > 8) return;
    const field = fieldOf(current);
    if (field.secret) {
      found.push([...path]);
      return;
    }
    const def = defOf(field.core);
    if (def.type === "object") for (const [key, value] of Object.entries(keysOf(field.core))) walk(value, [...path, key]);
    else if (def.type === "array") walk(def.element, [...path, "*"]);
    else if (def.type === "record") walk(def.valueType, [...path, "*"]);
    else if (def.type === "union") for (const option of def.options) walk(option, path);
    else if (def.type === "tuple") for (const [index, item] of def.items.entries()) walk(item, [...path, String(index)]);
    else if (def.type === "intersection") for (const side of [def.left, def.right]) walk(side, path);
  };
  walk(schema, []);
  return found;
}

/** What may be written, in words: `duration`, `whole number 1 to 65535`, `one of a, b`, `list of text`. */
export function typeWords(schema: z.core.$ZodType): string {
  const field = fieldOf(schema);
  if (field.unit !== null) return unitWords(field.unit, field.core);
  const def = defOf(field.core);
  switch (def.type) {
    case "string":
      return "text";
    case "number":
      return numberWords(field.core);
    case "boolean":
      return "true or false";
    case "literal":
      return def.values.map((value) => `\`${String(value)}\``).join(" or ");
    case "enum":
      return `one of ${Object.values(def.entries).map((value) => `\`${value}\``).join(", ")}`;
    case "array":
      return `list of ${typeWords(def.element)}`;
    case "tuple":
      return "list";
    case "record":
      return `mapping of names to ${typeWords(def.valueType)}`;
    case "object":
      return `mapping with ${Object.keys(def.shape).map((key) => `\`${key}\``).join(", ")}`;
    case "union":
      return [...new Set(def.options.map(typeWords))].join(", or ");
    default:
      return "any value";
  }
}

function unitWords(unit: string, core: z.core.$ZodType): string {
  if (unit === "duration") return "duration (`500ms`, `30s`, `5m`, `1h30m`)";
  if (unit === "size") return "size (`100MB`, `2GB`)";
  if (unit === "off") return "`off`";
  return defOf(core).type === "number" ? `${numberWords(core)} (${unit})` : unit;
}

function numberWords(core: z.core.$ZodType): string {
  const number = core as z.ZodNumber;
  const kind = number.isInt ? "whole number" : "number";
  const least = number.minValue !== null && number.minValue > Number.MIN_SAFE_INTEGER ? number.minValue : null;
  const most = number.maxValue !== null && number.maxValue < Number.MAX_SAFE_INTEGER ? number.maxValue : null;
  if (least !== null && most !== null) return `${kind} ${least} to ${most}`;
  if (least !== null) return `${kind} of ${least} or more`;
  return most === null ? kind : `${kind} of ${most} or less`;
}
