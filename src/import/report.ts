import type { Imported, Note, NoteKind } from "./importer.ts";

/** The kinds of notes in the words of the report. */
export const NOTE_WORDS: { readonly [kind in NoteKind]: string } = {
  taken: "as it is",
  differs: "different",
  later: "not yet",
  left: "not taken",
  ignored: "ignored",
  refused: "error",
};

/** What a note says, without its place: `[Check_web] expect: ...; do this`. */
export const describeNote = ({ what, text, advice }: Note): string => `${what === "" ? "" : `${what}: `}${text}${advice === "" ? "" : `; ${advice}`}`;

const byPlace = (a: Note, b: Note): number => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1);

/** The report of an import, line by line in the order of the files, with a sum at the end. */
export function reportLines({ notes }: Imported): readonly string[] {
  const lines = [...notes].sort(byPlace).map((note) => {
    const place = note.line > 0 ? `${note.file}:${note.line}${note.column > 0 ? `:${note.column}` : ""}` : note.file;
    return `${place}: ${NOTE_WORDS[note.kind]}: ${describeNote(note)}`;
  });
  const sums = Object.entries(NOTE_WORDS).flatMap(([kind, word]) => {
    const count = notes.filter((note) => note.kind === kind).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return [...lines, sums.join(", ")];
}
