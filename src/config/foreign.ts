import type { Carried } from "../core/carried.ts";
import type { Finding, Path } from "./finding.ts";
import type { Problem } from "./problems.ts";
import type { Document, SourceSet } from "./sources.ts";

/** A configuration of another system, turned into what a tocsin.yaml would hold. */
export interface Foreign {
  /** Literal values only: `${` has no meaning in it. */
  readonly document: { readonly [key: string]: unknown };
  /** What is to be said of the foreign files themselves. */
  readonly problems: readonly Problem[];
  /** Every file and folder it was read from. */
  readonly files: readonly string[];
  /** What the other system believed of its checks. */
  readonly state: readonly Carried[];
  /** Where a part of the document comes from. */
  place(path: Path): { readonly file: string; readonly line: number; readonly column: number };
}

/** Reads a foreign configuration; null when the file is Tocsin's own. */
export type ForeignReader = (path: string) => Promise<Foreign | null>;

/** The one document of a foreign configuration, as the sources that everything else is read from. */
export function foreignSources(path: string, foreign: Foreign, exposed: string | null): SourceSet {
  const { document, problems, files } = foreign;
  const only: Document = { file: path, text: "", written: document, filled: document, exposed, place: (at) => foreign.place(at) };
  return { documents: [only], problems, findings: [], secrets: new Set(), files };
}

/** The document without the checks and channels that findings of errors name; null when none of them is about such an entry. */
export function goodHalf(foreign: Foreign, findings: readonly Finding[]): { readonly foreign: Foreign; readonly dropped: readonly Finding[] } | null {
  const dropped = findings.filter(({ severity, path }) => severity === "error" && (path[0] === "checks" || path[0] === "channels") && path.length > 1);
  if (dropped.length === 0) return null;
  const bad = new Set(dropped.map(({ path }) => JSON.stringify(path.slice(0, 2))));
  const kept = Object.entries(foreign.document).map(([section, value]): [string, unknown] => {
    if ((section !== "checks" && section !== "channels") || typeof value !== "object" || value === null) return [section, value];
    return [section, Object.fromEntries(Object.entries(value).filter(([name]) => !bad.has(JSON.stringify([section, name]))))];
  });
  return { foreign: { ...foreign, document: Object.fromEntries(kept) }, dropped };
}
