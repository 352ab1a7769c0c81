import type { Origin } from "./importer.ts";
import { isMapping, type Mapping } from "./values.ts";

/** A JSON text's value; undefined when it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** One row of Uptime Kuma's, read by column; it knows which columns nobody has asked for. */
export class Fields {
  readonly row: Mapping;
  /** Where a column stands; without one: the row. */
  readonly at: (column?: string) => Origin;
  readonly #asked = new Set<string>();

  constructor(row: Mapping, at: (column?: string) => Origin) {
    this.row = row;
    this.at = at;
  }

  /** The value as it is; undefined where there is none. */
  raw(column: string): unknown {
    this.#asked.add(column);
    return Object.hasOwn(this.row, column) ? (this.row[column] ?? undefined) : undefined;
  }

  /** A text without blanks around it, a number as text; empty where there is neither. */
  text(column: string): string {
    const value = this.raw(column);
    return typeof value === "string" ? value.trim() : typeof value === "number" || typeof value === "bigint" ? String(value) : "";
  }

  /** A text of which every sign counts. */
  exact(column: string): string {
    const value = this.raw(column);
    return typeof value === "string" ? value : this.text(column);
  }

  number(column: string): number | undefined {
    const value = this.raw(column);
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    return typeof number === "number" && Number.isFinite(number) ? number : undefined;
  }

  flag(column: string): boolean {
    const value = this.raw(column);
    return value === true || value === "true" || value === "1" || (typeof value === "number" && value !== 0);
  }

  /** A value that is written as JSON text in the database and as itself in a backup. */
  json(column: string): unknown {
    const value = this.raw(column);
    return typeof value === "string" ? parsed(value) : value;
  }

  /** Comma-separated words. */
  words(column: string): readonly string[] {
    return this.text(column).split(",").map((word) => word.trim()).filter((word) => word !== "");
  }

  /** Columns that mean nothing here, or that were looked at elsewhere. */
  pass(...columns: readonly string[]): void {
    for (const column of columns) this.#asked.add(column);
  }

  /** Columns that nobody asked for and that hold something else than what is usual, or than nothing. */
  rest(usual: Mapping): readonly string[] {
    return Object.entries(this.row).flatMap(([column, value]) => {
      if (this.#asked.has(column) || value === null || value === undefined) return [];
      const plain = typeof value === "boolean" ? Number(value) : value;
      const isUsual = Object.hasOwn(usual, column) ? (typeof plain === "string" || typeof plain === "number") && String(plain) === String(usual[column]) : isNothing(plain);
      return isUsual ? [] : [column];
    });
  }
}

function isNothing(value: unknown): boolean {
  if (value === "" || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMapping(value) && Object.keys(value).length === 0;
}
