import { type Defaults, readDefaults } from "./defaults.ts";
import { knownNames, references } from "./graph.ts";
import type { Registry } from "./registry.ts";
import type { Report } from "./report.ts";
import type { Entry } from "./sections.ts";
import { isMapping } from "./sources.ts";

/** Who is a member of what. */
export interface Membership {
  /** Known members of each group, in order. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** Groups that each check is a member of, in the order of the configuration. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Groups whose members run in turn. */
  readonly turn: ReadonlySet<string>;
  /** Defaults that groups give to a check, from the outermost group inward. */
  defaultsOf(name: string): readonly Defaults[];
}

/** Reads membership from the entries, before any check is validated: defaults depend on it. */
export function readMembership(entries: ReadonlyMap<string, Entry>, registry: Registry, report: Report): Membership {
  const known = new Set(entries.keys());
  const members = new Map<string, readonly string[]>();
  const groups = new Map<string, string[]>();
  const turn = new Set<string>();
  const defaults = new Map<string, Defaults>();
  for (const entry of entries.values()) {
    if (entry.filled["type"] !== "group") continue;
    const list = knownNames(references(entry, "members"), known, (reference, wrong, right) => report.error([entry], reference.path, wrong, right));
    members.set(entry.name, list);
    for (const member of list) {
      const of = groups.get(member);
      if (of === undefined) groups.set(member, [entry.name]);
      else of.push(entry.name);
    }
    if (runsInTurn(entry)) turn.add(entry.name);
    const { written, filled } = { written: entry.written["defaults"], filled: entry.filled["defaults"] };
    if (isMapping(written) && isMapping(filled)) defaults.set(entry.name, readDefaults({ document: entry.document, path: [...entry.path, "defaults"], written, filled }, registry, report));
  }
  warnOfTwoDefaults(entries, groups, defaults, report);
  return { members, groups, turn, defaultsOf: (name) => chain(name, groups, defaults, new Set()) };
}

/** A group with a schedule of its own runs its members, unless it says otherwise. */
function runsInTurn(entry: Entry): boolean {
  if (entry.filled["run"] === "turn") return true;
  const { every, schedule } = entry.filled;
  return entry.filled["run"] !== "own" && (schedule !== undefined || (every !== undefined && every !== "never"));
}

function chain(name: string, groups: ReadonlyMap<string, readonly string[]>, defaults: ReadonlyMap<string, Defaults>, seen: Set<string>): readonly Defaults[] {
  for (const group of groups.get(name) ?? []) {
    if (seen.has(group)) continue;
    seen.add(group);
    const own = defaults.get(group);
    const outer = chain(group, groups, defaults, seen);
    if (own !== undefined || outer.length > 0) return own === undefined ? outer : [...outer, own];
  }
  return [];
}

function warnOfTwoDefaults(entries: ReadonlyMap<string, Entry>, groups: ReadonlyMap<string, readonly string[]>, defaults: ReadonlyMap<string, Defaults>, report: Report): void {
  for (const [member, of] of groups) {
    const [first, second] = of.filter((group) => defaults.has(group));
    const entry = entries.get(member);
    if (first === undefined || second === undefined || entry === undefined) continue;
    report.warn([entry], [], `\`${member}\` is a member of \`${first}\` and \`${second}\`, and both have defaults for it`, `those of \`${first}\` hold; take the others away`);
  }
}
