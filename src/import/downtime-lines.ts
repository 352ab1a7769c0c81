import type { Origin } from "./importer.ts";

/** A value of a pair: a word, a number, a quoted text, or a tuple of them. */
export type Value = string | readonly string[];

/** A line with nothing nested below it, with all that the lines around it say. */
export interface Leaf {
  readonly origin: Origin;
  readonly pairs: ReadonlyMap<string, { readonly value: Value; readonly origin: Origin }>;
}

export interface LineProblem {
  readonly origin: Origin;
  readonly wrong: string;
  readonly right: string;
}

interface Open {
  readonly depth: number;
  readonly leaf: Leaf;
  nested: boolean;
}

const TAB = 8;
const KEY = /^([A-Za-z]\w*)(?:\s+(.*))?$/s;

/** Columns of the blanks before a line's first sign; a tab goes on to the next multiple of eight. */
function depthOf(line: string): number {
  let depth = 0;
  for (const sign of line) {
    if (sign === " ") depth += 1;
    else if (sign === "\t") depth += TAB - (depth % TAB);
    else break;
  }
  return depth;
}

/** The parts between commas that stand neither in quotes nor in parentheses, without a comment; null when one of these is not closed. */
function partsOf(line: string): readonly { readonly text: string; readonly at: number }[] | null {
  const parts: { text: string; at: number }[] = [];
  let start = 0;
  let open = 0;
  let quoted = false;
  let end = line.length;
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at];
    if (sign === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (sign === "(") open += 1;
    else if (sign === ")") open -= 1;
    else if (sign === "#") {
      end = at;
      break;
    } else if (sign === "," && open === 0) {
      parts.push({ text: line.slice(start, at), at: start });
      start = at + 1;
    }
  }
  parts.push({ text: line.slice(start, end), at: start });
  return quoted || open !== 0 ? null : parts;
}

const unquoted = (text: string): string => (/^".*"$/s.test(text) ? text.slice(1, -1) : text);

function valueOf(text: string): Value {
  const inside = /^\((.*)\)$/s.exec(text)?.[1];
  return inside === undefined ? unquoted(text) : inside.split(",").map((part) => unquoted(part.trim())).filter((part) => part !== "");
}

/** Reads downtime's blocks: a line is a list of `key value` pairs, lines that are nested inherit, a line with nothing below it is one check. */
export function readLines(file: string, text: string): { readonly leaves: readonly Leaf[]; readonly problems: readonly LineProblem[] } {
  const leaves: Leaf[] = [];
  const problems: LineProblem[] = [];
  const stack: Open[] = [];
  const close = (depth: number): void => {
    for (let last = stack.at(-1); last !== undefined && last.depth >= depth; last = stack.at(-1)) {
      stack.pop();
      if (!last.nested) leaves.push(last.leaf);
    }
  };
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const origin: Origin = { file, line: index + 1, column: 1 };
    if (/^\s*(#|$)/.test(line)) continue;
    const depth = depthOf(line);
    close(depth);
    const around = stack.at(-1);
    if (around !== undefined) around.nested = true;
    const pairs = new Map(around?.leaf.pairs);
    const parts = partsOf(line);
    if (parts === null) problems.push({ origin, wrong: "a quote or parenthesis is not closed", right: "close it on the same line" });
    for (const { text: part, at } of parts ?? []) {
      const trimmed = part.trim();
      const place = { ...origin, column: at + part.length - part.trimStart().length + 1 };
      const [, key, rest = ""] = KEY.exec(trimmed) ?? [];
      if (trimmed === "") continue;
      if (key === undefined || rest === "") problems.push({ origin: place, wrong: `\`${trimmed.slice(0, 60)}\` is no pair of a key and a value`, right: "write `key value`, pairs separated by commas" });
      else pairs.set(key.toLowerCase(), { value: valueOf(rest.trim()), origin: place });
    }
    stack.push({ depth, leaf: { origin, pairs }, nested: false });
  }
  close(0);
  return { leaves: leaves.toSorted((a, b) => a.origin.line - b.origin.line), problems };
}
