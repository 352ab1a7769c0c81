import type { Path } from "./finding.ts";
import { CORE_SCHEMA, binaryTag, load, mergeTag, parseEvents, YAMLException } from "js-yaml";

/** Text as YAML 1.2 (or JSON) to values; `<<` merges, aliases share one value, duplicate keys are errors. */
export type ParsedYaml =
  | { readonly kind: "parsed"; readonly value: unknown }
  | { readonly kind: "wrong"; readonly line: number; readonly column: number; readonly wrong: string; readonly right: string }
  /** It can be read, and stands for more than can be held; `path` leads to the alias. */
  | { readonly kind: "huge"; readonly path: Path; readonly wrong: string; readonly right: string };

/** No configuration of a sane size passes this; a wrong file name (a log, an image) does. */
const LARGEST_TEXT = 64 * 1024 * 1024;
/** Values after aliases are followed; a few lines of nested aliases ("billion laughs") stand for more than a machine can hold. */
const MOST_VALUES = 5_000_000;
const MOST_MERGED_KEYS = 2_000_000;
const DEEPEST = 60;

const SCHEMA = CORE_SCHEMA.withTags(mergeTag);
const WITH_BYTES = SCHEMA.withTags(binaryTag);

/** What the parser says, by a part of its sentence, and what to do about it. */
const ADVICE: readonly (readonly [part: string, wrong: string | null, right: string])[] = [
  ["tab characters", "a tab is used for indentation", "indent with spaces"],
  ["deficient indentation", "a quote is not closed, or this line is not indented", "close the quote, or indent the line"],
  ["unidentified alias", "this alias stands for nothing", "define it before with &NAME, or put the text in quotes"],
  ["single document", "there is more than one document in this file", "remove the line `---`, or use two files"],
  ["bad indentation", "this does not fit the lines before it", "check the indentation, and quote texts that hold `: ` or begin with a special character"],
  ["end of the stream within", "a quote or bracket is not closed", "close it"],
  ["unknown", "this tag has no meaning here", "remove the `!`, or put the text in quotes"],
  ["cannot merge", "`<<` can only take in a mapping", "write `<<: *NAME` where NAME is a mapping"],
  ["complex keys", "a key must be a plain text", "put the key in quotes"],
  ["nesting", "this is nested too deeply", "make it flatter"],
  ["merge keys", "`<<` takes in too much", "use fewer merged mappings"],
];

/** Reads one configuration text; an empty one is an empty mapping. Line and column are 1-based, 0 when the whole is meant. `bytes`: `!!binary` is taken, as Uint8Array. */
export function parseYaml(text: string, { bytes = false }: { readonly bytes?: boolean } = {}): ParsedYaml {
  if (text.length > LARGEST_TEXT) return { kind: "wrong", line: 0, column: 0, wrong: "this file is larger than 64 MiB", right: "is it the right file?" };
  try {
    const value = load(text, { schema: bytes ? WITH_BYTES : SCHEMA, maxDepth: DEEPEST, maxTotalMergeKeys: MOST_MERGED_KEYS });
    return checkSize(value) ?? { kind: "parsed", value: value ?? {} };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    if (error.reason.includes("input is empty")) return { kind: "parsed", value: {} };
    const known = ADVICE.find(([part]) => error.reason.includes(part));
    const mark = placeOf(text, error);
    if (error.reason.includes("duplicated mapping key")) return { kind: "wrong", ...mark, ...twice(text, mark) };
    return { kind: "wrong", ...mark, wrong: known?.[1] ?? `this is no YAML: ${error.reason}`, right: known?.[2] ?? "correct this line or the one before it" };
  }
}

/** Which key stands at this place for the second time, and where for the first. */
function twice(text: string, { line, column }: { readonly line: number; readonly column: number }): { readonly wrong: string; readonly right: string } {
  const lines = text.split(/\r\n|\n|\r/);
  const key = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s:,{}[\]][^:,{}[\]\n]*?)\s*:/.exec((lines[line - 1] ?? "").slice(column - 1))?.[1];
  if (key === undefined) return { wrong: "a key stands here twice", right: "remove one of the two" };
  const wrong = `\`${key.slice(0, 60)}\` stands here twice`;
  for (let at = line - 2; at >= 0; at--) {
    const before = lines[at] ?? "";
    const indent = before.search(/[^\s-]/);
    if (before.trim() === "" || before.trimStart().startsWith("#") || indent > column - 1) continue;
    if (indent === column - 1 && before.slice(indent).startsWith(key) && /^\s*:/.test(before.slice(indent + key.length))) return { wrong, right: `remove one of the two; the other is in line ${at + 1}` };
    if (indent < column - 1) break;
  }
  return { wrong, right: "remove one of the two" };
}

/** An unmarked error (more than one document) is placed at the second document's first character. */
function placeOf(text: string, error: YAMLException): { readonly line: number; readonly column: number } {
  if (error.mark !== undefined) return { line: error.mark.line + 1, column: error.mark.column + 1 };
  if (!error.reason.includes("single document")) return { line: 1, column: 1 };
  const lines = text.split(/\r\n|\n|\r/);
  const second = lines.findIndex((line, index) => index > 0 && line.startsWith("---"));
  return { line: Math.max(second, 0) + 1, column: 1 };
}

/** Refuses what aliases make endless or huge; values that are shared are measured once. */
function checkSize(root: unknown): ParsedYaml | null {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  const path: (string | number)[] = [];
  let tooLarge: Path | null = null;
  const measure = (value: unknown): number => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) {
      tooLarge ??= [...path];
      return Infinity;
    }
    open.add(value);
    let size = 1;
    for (const [key, part] of Object.entries(value)) {
      path.push(Array.isArray(value) ? Number(key) : key);
      size += measure(part);
      if (size > MOST_VALUES) tooLarge ??= [...path];
      path.pop();
    }
    open.delete(value);
    sizes.set(value, size);
    return size;
  };
  const size = measure(root);
  if (size <= MOST_VALUES) return null;
  const wrong = size === Infinity ? "an alias stands inside of what it names" : "the aliases in this file stand for millions of values";
  return { kind: "huge", path: tooLarge ?? [], wrong, right: "write the parts out, or use fewer aliases" };
}

/** The parser's events with the offsets of every node, for `places.ts`; null when the text cannot be parsed. */
export function eventsOf(text: string): ReturnType<typeof parseEvents> | null {
  try {
    return parseEvents(text, { maxDepth: DEEPEST });
  } catch (error) {
    if (error instanceof YAMLException) return null;
    throw error;
  }
}
