import type { FactValue } from "../core/types.ts";

/** What is nested deeper is no document, but meant to exhaust the stack of whoever walks through it. */
const DEEPEST = 200;

/** A text read as JSON, for conditions; undefined when it is none, or nested more than 200 deep. */
export function jsonOf(text: string): FactValue | undefined {
  if (isDeep(text)) return undefined;
  try {
    return JSON.parse(text) as FactValue;
  } catch {
    return undefined;
  }
}

/** Counts brackets outside of texts. */
function isDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (quoted) {
      if (sign === "\\") at += 1;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === "[" || sign === "{") {
      depth += 1;
      if (depth > DEEPEST) return true;
    } else if (sign === "]" || sign === "}") depth -= 1;
  }
  return false;
}
