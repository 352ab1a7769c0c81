import { oneLine } from "../core/one-line.ts";

/** Something wrong in a configuration file, told as `FILE:LINE:COLUMN: what is wrong; what would be right`. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly file: string;
  /** 1-based; 0 when the whole file is meant. */
  readonly line: number;
  readonly column: number;
  readonly wrong: string;
  readonly right: string;
}

/** One line as `tocsin lint` prints it. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const kind = problem.severity === "warning" ? "warning: " : "";
  return oneLine(`${place}: ${kind}${problem.wrong}${problem.right === "" ? "" : `; ${problem.right}`}`);
}
