import { CORE_SCHEMA, dump } from "js-yaml";
import { hash128 } from "../core/ids.ts";
import { oneLine } from "../core/one-line.ts";
import { describeNote, NOTE_WORDS } from "./report.ts";
import type { Imported, Note, Path } from "./importer.ts";
import { isMapping } from "./values.ts";

/** Sections whose entries stand apart, each with the place that it comes from. */
const NAMED: ReadonlySet<string> = new Set(["channels", "checks"]);
/** What an entry of the written file is commented with; what was taken as it is needs no words. */
const COMMENTED: ReadonlySet<Note["kind"]> = new Set(["differs", "later", "left"]);
const WIDTH = 140;

/** The writer's search for the best quotes takes a stack that a longer text would overflow. */
const LONGEST_PLAIN = 200_000;

/** In a tocsin.yaml `${` begins a reference; `$${` are the characters themselves. Texts that are too long for the writer go to `long`, and a mark stands for each. */
function escaped(value: unknown, long: Map<string, string>): unknown {
  if (typeof value === "string") {
    const text = value.replaceAll("${", () => "$${");
    if (text.length <= LONGEST_PLAIN) return text;
    const mark = `long-text-${long.size + 1}-${hash128(text)}`;
    long.set(mark, text);
    return mark;
  }
  if (Array.isArray(value)) return value.map((part) => escaped(part, long));
  return isMapping(value) ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, escaped(part, long)])) : value;
}

function yaml(value: unknown): string {
  const long = new Map<string, string>();
  let written = dump(escaped(value, long), { schema: CORE_SCHEMA, lineWidth: WIDTH, noRefs: true });
  // A JSON text is a double-quoted one of YAML.
  for (const [mark, text] of long) written = written.replace(mark, () => JSON.stringify(text));
  return written;
}
const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, "  ");
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
