import { goDuration } from "../core/external-endpoint.ts";
import type { NoteKind, Path } from "./importer.ts";
import { textOf, type Mapping } from "./values.ts";

export const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).map(textOf).filter((text) => text !== "");

/** Comma separated, as addresses are. */
export const split = (value: unknown): readonly string[] => texts(value).flatMap((text) => text.split(",")).map((text) => text.trim()).filter((text) => text !== "");

/** A truth value, also in YAML 1.1's words, which Gatus takes. Null where none is said. */
export function flag(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" ? value.toLowerCase() : "";
  return ["true", "yes", "on", "y"].includes(word) ? true : ["false", "no", "off", "n"].includes(word) ? false : null;
}

export function whole(value: unknown): number | null {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : null;
}

/** A duration in ms; null where none is said, `wrong` for what Gatus would not take. A bare number is nanoseconds to Go. */
export function durationOf(value: unknown): number | "wrong" | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return value / 1e6;
  return typeof value === "string" ? (goDuration(value.trim()) ?? "wrong") : "wrong";
}

/** Without what is undefined. */
export const present = (keys: Mapping): Mapping => Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));

/** The text, or nothing where it is empty. */
export const some = (value: unknown): string | undefined => (textOf(value) === "" ? undefined : textOf(value));

/** Something to be said of an endpoint, with its place below it; `stops`: it cannot be asked. */
export interface Remark {
  readonly kind: NoteKind;
  readonly path: Path;
  readonly text: string;
  readonly advice: string;
  readonly stops: boolean;
}
