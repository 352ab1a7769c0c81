import type { FactValue } from "../core/types.ts";

/** A text read as JSON, for conditions; undefined when it is none. */
export function jsonOf(text: string): FactValue | undefined {
  try {
    return JSON.parse(text) as FactValue;
  } catch {
    return undefined;
  }
}
