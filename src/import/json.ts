import { createPlaces, repeatedKeys } from "../config/places.ts";
import type { Origin, Path } from "./importer.ts";

/** A JSON text as Python's `json` reads it: of a key that stands twice the last one counts. */
export type ParsedJson =
  | { readonly kind: "parsed"; readonly value: unknown; readonly repeated: readonly { readonly key: string; readonly origin: Origin }[]; at(path: Path): Origin }
  | { readonly kind: "wrong"; readonly origin: Origin; readonly wrong: string };

/** Reads a JSON file; never throws. */
export function parseJson(file: string, bytes: Uint8Array): ParsedJson {
  const text = new TextDecoder().decode(bytes).replace(/^\uFEFF/, "");
  try {
    const value: unknown = JSON.parse(text);
    let places: ReturnType<typeof createPlaces> | null = null;
    return {
      kind: "parsed",
      value,
      repeated: repeatedKeys(text).map(({ key, place }) => ({ key, origin: { file, ...place } })),
      at(path) {
        places ??= createPlaces(text);
        return { file, ...places.find(path, "key") };
      },
    };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const [, atLine, column] = /\(line (\d+) column (\d+)\)/.exec(said) ?? [];
    const atEnd = /unexpected end/i.test(said);
    const lines = text.split("\n");
    const place = atLine !== undefined ? { line: Number(atLine), column: Number(column) } : atEnd ? { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 } : { line: 1, column: 1 };
    const clean = said.replace(/ in JSON at position.*$/s, "").replace(/, "?[\s\S]*" is not valid JSON$/, "");
    const line = lines[place.line - 1] ?? "";
    const before = `${lines[place.line - 2] ?? ""}\n${line.slice(0, place.column - 1)}`;
    const what = /,\s*$/.test(before) && /^[}\]]/.test(line.slice(place.column - 1)) ? "a comma stands before the closing bracket" : clean.slice(0, 100);
    return { kind: "wrong", origin: { file, ...place }, wrong: `this is no JSON: ${what}` };
  }
}

/** A value as a person wrote it: texts and numbers as they are, all else as JSON. */
export const written = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
