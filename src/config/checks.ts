import { readDefaults, filledOf, type Defaults } from "./defaults.ts";
import { type Around, type Draft, readDraft } from "./draft.ts";
import { findCircles, knownNames, type Reference, references } from "./graph.ts";
import type { Registry } from "./registry.ts";
import type { Report } from "./report.ts";
import type { Entry } from "./sections.ts";
import { isMapping, type Document } from "./sources.ts";

/** Every valid check, and what each depends on. */
export interface CheckSet {
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly parents: ReadonlyMap<string, readonly string[]>;
}

/** The site's `defaults`, which stand in the main file. */
export function readSiteDefaults(main: Document | undefined, registry: Registry, report: Report): Defaults | null {
  const { written, filled } = { written: main?.written["defaults"], filled: main?.filled["defaults"] };
  if (written === undefined || written === null) return null;
  if (isMapping(written) && isMapping(filled)) return readDefaults({ document: 0, path: ["defaults"], written, filled }, registry, report);
  report.add({ severity: "error", document: 0, path: ["defaults"], at: "value", wrong: "`defaults` is no mapping", right: "write keys such as `every: 1m` below it" });
  return null;
}

/** Reads every check and what they refer to. */
export function readChecks(entries: ReadonlyMap<string, Entry>, around: Around): CheckSet {
  const drafts = new Map<string, Draft>();
  for (const entry of entries.values()) {
    const draft = readDraft(entry, around);
    if (draft !== null) drafts.set(entry.name, draft);
  }
  const known = new Set(entries.keys());
  const edges = new Map<string, readonly Reference[]>();
  const parents = new Map<string, readonly string[]>();
  for (const entry of entries.values()) {
    const draft = drafts.get(entry.name);
    const depends = references({ filled: draft === undefined ? entry.filled : filledOf(draft.layers) }, "depends").filter((reference) => entry.filled["depends"] !== undefined || reference.name !== entry.name);
    const layers = draft?.layers ?? [entry];
    parents.set(entry.name, knownNames(depends, known, (reference, wrong, right) => around.report.error(layers, reference.path, wrong, right), entry.name));
    const members = entry.filled["type"] === "group" ? references(entry, "members") : [];
    if (depends.length + members.length > 0) edges.set(entry.name, [...depends, ...members]);
    checkMembers(draft, members.length, around.report);
    checkFormerName(draft, known, around.report);
  }
  tellSharedFormerNames(drafts, around.report);
  tellSharedTokens(drafts, around.report);
  findCircles(edges, entries, around.report);
  return { drafts, parents };
}

function checkMembers(draft: Draft | undefined, members: number, report: Report): void {
  if (draft === undefined || draft.kind.of.type !== "group") return;
  const need = draft.keys.require;
  if (members === 0) return report.error(draft.layers, ["members"], "a group needs at least one member", "name the checks it is made of");
  if (typeof need !== "number" || need <= members) return;
  report.error(draft.layers, ["require"], `${need} members must be well, and there are ${members}`, `write all, any, or a number up to ${members}`);
}

function checkFormerName(draft: Draft | undefined, known: ReadonlySet<string>, report: Report): void {
  const was = draft?.keys.was;
  if (draft === undefined || was === undefined) return;
  if (was === draft.entry.name) report.error(draft.layers, ["was"], "`was` is the name that it has", "write the former name, or remove it");
  else if (known.has(was)) report.error(draft.layers, ["was"], `there still is a check \`${was}\``, "remove that one, or remove `was`");
}

/** A heartbeat must belong to one check. */
function tellSharedTokens(drafts: ReadonlyMap<string, Draft>, report: Report): void {
  const taken = new Map<string, Draft>();
  for (const draft of drafts.values()) {
    const token = draft.kind.of.passive?.token(draft.options);
    if (token === undefined) continue;
    const before = taken.get(token);
    if (before === undefined) taken.set(token, draft);
    else report.add({ severity: "error", document: draft.entry.document, path: draft.entry.path, at: "key", wrong: `\`${draft.entry.name}\` has the same token as \`${before.entry.name}\``, right: "give each check a token of its own", also: before.entry });
  }
}

function tellSharedFormerNames(drafts: ReadonlyMap<string, Draft>, report: Report): void {
  const taken = new Map<string, Draft>();
  for (const draft of drafts.values()) {
    const { was } = draft.keys;
    if (was === undefined) continue;
    const before = taken.get(was);
    if (before === undefined) taken.set(was, draft);
    else report.add({ severity: "error", document: draft.entry.document, path: [...draft.entry.path, "was"], at: "value", wrong: `\`${before.entry.name}\` takes over the history of \`${was}\` already`, right: "remove one of the two", also: before.entry });
  }
}
