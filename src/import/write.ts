import { CORE_SCHEMA, dump } from "js-yaml";
import { describeNote, NOTE_WORDS } from "./report.ts";
import type { Imported, Note, Path } from "./importer.ts";

/** Sections whose entries stand apart, each with the place that it comes from. */
const NAMED: ReadonlySet<string> = new Set(["channels", "checks"]);
/** What an entry of the written file is commented with; what was taken as it is needs no words. */
const COMMENTED: ReadonlySet<Note["kind"]> = new Set(["differs", "later", "left"]);
const WIDTH = 140;

const isMapping = (value: unknown): value is { readonly [key: string]: unknown } => typeof value === "object" && value !== null && !Array.isArray(value);

/** In a tocsin.yaml `${` begins a reference; `$${` are the characters themselves. */
function escaped(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("${", () => "$${");
  if (Array.isArray(value)) return value.map(escaped);
  return isMapping(value) ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, escaped(part)])) : value;
}

const yaml = (value: unknown, flowLevel = -1): string => dump(escaped(value), { schema: CORE_SCHEMA, lineWidth: WIDTH, noRefs: true, flowLevel });
const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, "  ");
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
const comment = (text: string): string => `# ${oneLine(text)}\n`;
const entryOf = (path: Path): string => JSON.stringify(path.slice(0, 2));

function entryText(section: string, name: string, value: unknown, imported: Imported, said: readonly Note[]): string {
  const { file, line } = imported.origin([section, name]);
  const comments = [comment(line > 0 ? `${file}:${line}` : file), ...said.map((note) => comment(`${NOTE_WORDS[note.kind]}: ${describeNote(note)}`))].join("");
  return `${comments}${yaml({ [name]: value })}`;
}

/** The document as a tocsin.yaml with comments; loading it gives the same site as the foreign files do. */
export function writeDocument(imported: Imported, format: string, path: string): string {
  const parts = [`# Written by \`tocsin import\` from ${oneLine(path)} (${format}).\n`];
  const notes = Map.groupBy(imported.notes.filter(({ kind }) => COMMENTED.has(kind)), (note) => (note.path === null ? null : entryOf(note.path)));
  for (const note of notes.get(null) ?? []) parts.push(comment(`${note.line > 0 ? `${note.file}:${note.line}` : note.file}: ${NOTE_WORDS[note.kind]}: ${describeNote(note)}`));
  for (const [section, value] of Object.entries(imported.document)) {
    parts.push("\n");
    if (!NAMED.has(section) || !isMapping(value)) parts.push(yaml({ [section]: value }));
    else parts.push(`${section}:\n`, Object.entries(value).map(([name, entry]) => indented(entryText(section, name, entry, imported, notes.get(entryOf([section, name])) ?? []))).join("\n"));
  }
  return parts.join("");
}
