/** What a foreign document holds, as it was read. */
export type Mapping = { readonly [key: string]: unknown };

export const isMapping = (value: unknown): value is Mapping => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
export const mappingOf = (value: unknown): Mapping => (isMapping(value) ? value : {});
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A text as Go's YAML reads one: numbers and truth values are texts too. Empty for anything else. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "");

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000]] as const;

/** A duration in Tocsin's words: `90000` is `90s`. */
export function durationText(ms: number): string {
  const size = Math.round(ms);
  for (const [unit, length] of UNITS) if (size > 0 && size % length === 0) return `${size / length}${unit}`;
  return `${size}ms`;
}
