import { FOREIGN_TYPES } from "../import/formats.ts";

/** So many names are listed to choose from. */
const LISTED = 10;

/** What to say of a type that nobody knows: the nearest one, or the one that stands for another system's word. */
export async function unknownType(type: string, known: readonly string[]): Promise<string> {
  const { nearest } = await import("../config/nearest.ts");
  const own = Object.hasOwn(FOREIGN_TYPES, type) ? (FOREIGN_TYPES[type] ?? null) : null;
  if (own !== null) return `there is no type \`${type}\`; here it is \`${own}\``;
  const close = nearest(type, known);
  return `there is no type \`${type}\`; ${close === null ? "`tocsin types` lists them" : `did you mean \`${close}\`?`}`;
}

/** What to say of a name that the configuration has not: the nearest one, or the first ones. */
export async function unknownName(noun: string, name: string, known: readonly string[]): Promise<string> {
  const { nearest } = await import("../config/nearest.ts");
  const close = nearest(name, known);
  if (close !== null) return `there is no ${noun} \`${name}\`; did you mean \`${close}\`?`;
  const listed = [...known.slice(0, LISTED), ...(known.length > LISTED ? [`${known.length - LISTED} more`] : [])];
  return `there is no ${noun} \`${name}\`; the configuration has ${listed.length === 0 ? "none" : listed.join(", ")}`;
}
