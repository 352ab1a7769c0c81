import { compareText } from "./shape.ts";
import type { Problem } from "./problems.ts";

/** Keys and indexes from the top of a document. */
export type Path = readonly (string | number)[];

/** A problem that does not know its line yet: which document, which node, its key or its value. */
export interface Finding {
  readonly severity: Problem["severity"];
  readonly document: number;
  readonly path: Path;
  readonly at: "key" | "value";
  readonly wrong: string;
  readonly right: string;
  /** The advice is to put the value in quotes, as it stands in the file. */
  readonly quote?: true;
  /** The other place that it is about. */
  readonly also?: { readonly document: number; readonly path: Path };
}

/** A finding inside a check or channel whose keys may come from several layers; the path begins at that thing. */
export type LocalFinding = Omit<Finding, "document" | "also">;

/** In the order of the files, lines and columns, without repetitions, errors before warnings of the same place. */
export function sortProblems(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const rank = new Map(files.map((file, index) => [file, index]));
  const sorted = [...problems].sort(
    (a, b) =>
      (rank.get(a.file) ?? files.length) - (rank.get(b.file) ?? files.length) ||
      a.line - b.line ||
      a.column - b.column ||
      compareText(a.severity, b.severity) ||
      compareText(a.wrong, b.wrong),
  );
  return sorted.filter((problem, index) => {
    const before = sorted[index - 1];
    return before === undefined || before.file !== problem.file || before.line !== problem.line || before.column !== problem.column || before.wrong !== problem.wrong;
  });
}
