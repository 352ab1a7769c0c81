import type { z } from "zod";
import type { LocalFinding, Path } from "./finding.ts";
import { nearest } from "./nearest.ts";
import { defOf, fieldOf, keysOf, schemaAt, typeWords } from "./shape.ts";

type Issue = z.core.$ZodIssue;

/** What the words of a finding need to know: the schema, what was written (references not filled in), and other keys that are allowed at its top. */
export interface IssueContext {
  readonly schema: z.core.$ZodType;
  readonly written: unknown;
  readonly alsoKnown: readonly string[];
}

const QUOTE = "put it in quotes";
const SHOWN_LENGTH = 60;
const SHOWN_KEYS = 40;

/** Zod's issues as findings in our words: what is wrong, and what would be right. */
export function explainIssues(issues: readonly Issue[], context: IssueContext): readonly LocalFinding[] {
  return issues.flatMap((issue) => explain(issue, issue.path.map(step), context));
}

const step = (key: PropertyKey): string | number => (typeof key === "number" ? key : String(key));

const error = (path: Path, at: "key" | "value", wrong: string, right: string): LocalFinding => ({ severity: "error", path, at, wrong, right });

function explain(issue: Issue, path: Path, context: IssueContext): readonly LocalFinding[] {
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(key, path, context));
    case "custom": {
      const right: unknown = issue.params?.["right"];
      return [error(path, "value", issue.message, typeof right === "string" ? right : `write ${wanted(path, context)}`)];
    }
    case "invalid_union":
      return explainUnion(issue, path, context);
    case "invalid_key":
    case "invalid_element":
      return issue.issues.flatMap((inner) => explain(inner, path, context)).map(({ severity, path: place, at, wrong, right }) => ({ severity, path: place, at: issue.code === "invalid_key" ? "key" : at, wrong, right }));
    case "too_small":
    case "too_big":
      return [wrongSize(issue, path, context)];
    case "invalid_format":
      return [wrongFormat(issue, path, context)];
    default:
      return [wrongValue(path, context)];
  }
}

function unknownKey(key: string, path: Path, context: IssueContext): LocalFinding {
  const schema = path.length === 0 ? context.schema : schemaAt(context.schema, path);
  const known = [...(schema === null ? [] : Object.keys(keysOf(schema))), ...(path.length === 0 ? context.alsoKnown : [])];
  return unknownName(key, known, [...path, key], "key");
}

/** An unknown key or name, with the nearest known one. */
export function unknownName(name: string, known: readonly string[], path: Path, at: "key" | "value"): LocalFinding {
  const near = nearest(name, known);
  const list = known.length === 0 ? "nothing is known here" : known.length > SHOWN_KEYS ? `${known.length} are known` : `known are ${known.map((key) => `\`${key}\``).join(", ")}`;
  return error(path, at, `\`${cut(name)}\` is not known here`, near === null ? list : `did you mean \`${near}\`?`);
}

/** Of the alternatives, the one that was meant: where only a part below is wrong, or only the content. */
function explainUnion(issue: Extract<Issue, { readonly code: "invalid_union" }>, path: Path, context: IssueContext): readonly LocalFinding[] {
  const branches = issue.errors.filter((branch) => branch.length > 0);
  const meant =
    branches.find((branch) => branch.every((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys")) ??
    branches.find((branch) => branch.every((inner) => inner.code === "custom" || inner.code === "too_small" || inner.code === "too_big"));
  if (meant === undefined) return [wrongValue(path, context)];
  return meant.flatMap((inner) => explain(inner, [...path, ...inner.path.map(step)], context));
}

function wrongSize(issue: Extract<Issue, { readonly code: "too_small" | "too_big" }>, path: Path, context: IssueContext): LocalFinding {
  const unit = issue.origin === "string" ? "characters" : issue.origin === "array" || issue.origin === "set" ? "items" : null;
  if (unit === null) return wrongValue(path, context);
  const name = nameOf(path);
  if (issue.code === "too_small") {
    if (Number(issue.minimum) <= 1) return error(path, "value", `${name} is empty`, `write ${wanted(path, context)}`);
    return error(path, "value", `${name} is too short`, `write at least ${String(issue.minimum)} ${unit}`);
  }
  return error(path, "value", `${name} is too long`, `write at most ${String(issue.maximum)} ${unit}`);
}

function wrongValue(path: Path, context: IssueContext): LocalFinding {
  const value = valueAt(context.written, path);
  if (value === undefined) {
    const words = wanted(path, context);
    return error(path.slice(0, -1), "key", `${nameOf(path)} is missing`, `add \`${String(path.at(-1))}: ...\` with ${words}`);
  }
  const schema = schemaAt(context.schema, path);
  const shown = schema !== null && fieldOf(schema).secret ? "this value" : showValue(value);
  const finding = error(path, "value", `${nameOf(path)} cannot be ${shown}`, advice(value, schema));
  return finding.right.startsWith(`${QUOTE}:`) ? { ...finding, quote: true } : finding;
}

/** The advice with the text as it stands in the file: of `+15550100` YAML keeps no sign. */
export const quoteAdvice = (source: string): string => `${QUOTE}: "${source}"`;

/** A text of another form: the schema's own words say which, where it has some. */
function wrongFormat(issue: Extract<Issue, { readonly code: "invalid_format" }>, path: Path, context: IssueContext): LocalFinding {
  const finding = wrongValue(path, context);
  return issue.message.startsWith("Invalid ") ? finding : { ...finding, right: issue.message };
}

function advice(value: unknown, schema: z.core.$ZodType | null): string {
  if (schema === null) return "see the reference of this key";
  const words = withArticle(typeWords(schema));
  const type = defOf(fieldOf(schema).core).type;
  if (type === "string" && (typeof value === "number" || typeof value === "boolean") && fieldOf(schema).unit === null) return fieldOf(schema).secret ? QUOTE : quoteAdvice(String(value));
  if (type === "number" && typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) return `write it without quotes, as ${words}`;
  return `write ${words}`;
}

function wanted(path: Path, context: IssueContext): string {
  const schema = schemaAt(context.schema, path);
  return schema === null ? "a value" : withArticle(typeWords(schema));
}

/** `whole number 1 to 5, or list of text` becomes `a whole number 1 to 5, or a list of text`. */
const withArticle = (words: string): string => words.replaceAll(/(^|, or )(duration|whole number|number|list|mapping|text|size|condition|network|web address)\b/g, "$1a $2");

/** The last key of a path that has a name, for sentences. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "this";
  if (typeof last === "string") return `\`${cut(last)}\``;
  const list = path.at(-2);
  return list === undefined ? `item ${last + 1}` : `item ${last + 1} of \`${String(list)}\``;
}

/** What was written at a path; undefined when nothing was. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as { readonly [key: string | number]: unknown })[key];
  }
  return current;
}

/** A value in a sentence: quoted, cut, never a whole structure. */
function showValue(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return `\`${cut(JSON.stringify(value) ?? "")}\``;
}

const cut = (text: string): string => (text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text);
