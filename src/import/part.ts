import { isMapping } from "../config/sources.ts";
import type { Around, Imported, Note, NoteKind, Path } from "./importer.ts";

type Mapping = { readonly [key: string]: unknown };

/** What files besides the main one may hold. */
const SECTIONS = ["channels", "rotations", "checks", "maintenance"] as const;
/** Keys of the top that go into each check, or say nothing where there is a main file. */
const TAKEN: ReadonlySet<string> = new Set([...SECTIONS, "defaults", "timezone", "listen"]);

/** A foreign configuration as a part of another one: what the foreign defaults say stands at each check, and what the other one has already is left out. */
export function partOf(imported: Imported, around: Around): Imported {
  const { document } = imported;
  const gone = (path: Path | null): boolean => path !== null && (path[0] === "checks" || path[0] === "channels") && around[path[0]].has(String(path[1]));
  const notes: Note[] = imported.notes.filter(({ path }) => !gone(path));
  const note = (kind: NoteKind, path: Path, what: string, text: string, advice: string): void => void notes.push({ kind, ...imported.origin(path), what, text, advice, path: null });
  for (const key of Object.keys(document)) if (!TAKEN.has(key)) note("left", [key], key, "this belongs in the main file", "write it there, if it is wanted");
  const entriesOf = (section: string): readonly [string, unknown][] => Object.entries(isMapping(document[section]) ? document[section] : {});
  const free = (section: "channels" | "checks", advice: string): readonly [string, unknown][] =>
    entriesOf(section).filter(([name]) => {
      if (!gone([section, name])) return true;
      note("left", [section, name], name, "there is one of this name already, which stays as it is", advice);
      return false;
    });
  const defaults = isMapping(document["defaults"]) ? document["defaults"] : {};
  const channels = free("channels", "");
  const checks = free("checks", "rename one of the two");
  const parts: readonly (readonly [string, unknown])[] = [
    ["channels", Object.fromEntries(channels)],
    ["rotations", document["rotations"]],
    ["checks", Object.fromEntries(checks.map(([name, check]) => [name, isMapping(check) ? whole(check, defaults, document["timezone"]) : check]))],
    ["maintenance", document["maintenance"]],
  ];
  return { ...imported, document: Object.fromEntries(parts.filter(([, part]) => part !== undefined && !(isMapping(part) && Object.keys(part).length === 0))), notes };
}

/** A check that says itself what the defaults said for it. */
function whole(check: Mapping, defaults: Mapping, timezone: unknown): Mapping {
  const scheduled = check["schedule"] !== undefined;
  const said = Object.entries(defaults).filter(([key]) => !(key in check) && !(key === "every" && scheduled));
  return { ...check, ...Object.fromEntries(said), ...(scheduled && timezone !== undefined && check["timezone"] === undefined ? { timezone } : {}) };
}
