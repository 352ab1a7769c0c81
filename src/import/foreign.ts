import type { Foreign } from "../config/foreign.ts";
import type { ForeignChoice } from "../config/loader.ts";
import type { Problem } from "../config/problems.ts";
import type { Note } from "./importer.ts";
import { type ForeignDisk, openForeign } from "./open.ts";
import { describeNote } from "./report.ts";

/** What `tocsin lint` and the log tell of a note; what was taken needs no telling. */
function problemOf(note: Note, keepGoing: boolean): readonly Problem[] {
  if (note.kind === "taken") return [];
  const severity = note.kind === "refused" && !keepGoing ? "error" : "warning";
  return [{ severity, file: note.file, line: note.line, column: note.column, wrong: describeNote({ ...note, advice: "" }), right: note.advice }];
}

/** Reads a foreign configuration for loading; null when the file is Tocsin's own. */
export async function loadForeign(path: string, { from, keepGoing }: ForeignChoice, disk: ForeignDisk): Promise<Foreign | null> {
  const opened = await openForeign(path, from, disk);
  if (opened.kind === "own") return null;
  if (opened.kind === "wrong") {
    const problem: Problem = { severity: "error", file: path, line: 0, column: 0, wrong: opened.wrong, right: opened.right };
    return { document: {}, problems: [problem], files: [path], state: [], place: () => ({ file: path, line: 0, column: 0 }) };
  }
  opened.close();
  const { imported, files } = opened;
  return { document: imported.document, problems: imported.notes.flatMap((note) => problemOf(note, keepGoing)), files, state: imported.state, place: (at) => imported.origin(at) };
}
