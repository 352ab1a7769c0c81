import type { Carried } from "../core/carried.ts";
import type { Finding, Path } from "./finding.ts";
import type { Problem } from "./problems.ts";
import { type Document, isMapping, type SourceSet } from "./sources.ts";

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

/** The document without the checks and channels that findings of errors name, and without what refers to them; null when none of the findings is about such an entry. */
export function goodHalf(foreign: Foreign, findings: readonly Finding[]): { readonly foreign: Foreign; readonly dropped: readonly Finding[] } | null {
  const dropped = findings.filter(({ severity, path }) => severity === "error" && (path[0] === "checks" || path[0] === "channels") && path.length > 1);
  if (dropped.length === 0) return null;
  const named = (section: string): ReadonlySet<unknown> => new Set(dropped.flatMap(({ path }) => (path[0] === section ? [String(path[1])] : [])));
  const gone: Gone = { checks: named("checks"), channels: named("channels") };
  const { checks, channels, defaults, ...rest } = foreign.document;
  const entries = (value: unknown, names: ReadonlySet<unknown>): readonly [string, unknown][] => (isMapping(value) ? Object.entries(value).filter(([name]) => !names.has(name)) : []);
  const document = {
    ...rest,
    ...(defaults === undefined ? {} : { defaults: withoutGone(defaults, gone) }),
    ...(channels === undefined ? {} : { channels: Object.fromEntries(entries(channels, gone.channels)) }),
    ...(checks === undefined ? {} : { checks: Object.fromEntries(entries(checks, gone.checks).map(([name, check]) => [name, withoutGone(check, gone)])) }),
  };
  return { foreign: { ...foreign, document }, dropped };
}

interface Gone {
  readonly checks: ReadonlySet<unknown>;
  readonly channels: ReadonlySet<unknown>;
}

/** A check, or the defaults, that refer to nothing that is gone: one that waited for it waits no more, and tells the others. */
function withoutGone(entry: unknown, { checks, channels }: Gone): unknown {
  if (!isMapping(entry)) return entry;
  const kept = (value: unknown, gone: ReadonlySet<unknown>): unknown => (Array.isArray(value) ? value.filter((name) => !gone.has(name)) : value);
  const step = (value: unknown): unknown => (isMapping(value) ? { ...value, to: kept(value["to"], channels) } : value);
  const tells = (value: unknown): boolean => !isMapping(value) || !Array.isArray(value["to"]) || value["to"].length > 0;
  const { depends, members, notify } = entry;
  return {
    ...entry,
    ...(depends === undefined ? {} : { depends: kept(depends, checks) }),
    ...(members === undefined ? {} : { members: kept(members, checks) }),
    ...(notify === undefined ? {} : { notify: Array.isArray(notify) ? notify.filter((name) => !channels.has(name)).map(step).filter(tells) : notify }),
  };
}
