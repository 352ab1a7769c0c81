import type { Path } from "./finding.ts";
import { unknownName } from "./issues.ts";
import type { Report } from "./report.ts";
import type { Entry } from "./sections.ts";

/** What one check refers to, and where that is written. */
export interface Reference {
  readonly key: "depends" | "members";
  readonly name: string;
  readonly path: Path;
}

/** The references of a check below one key; a single name may stand without a list. */
export function references(entry: { readonly filled: { readonly [key: string]: unknown } }, key: "depends" | "members"): readonly Reference[] {
  const value = entry.filled[key];
  if (typeof value === "string") return [{ key, name: value, path: [key] }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((name: unknown, index) => (typeof name === "string" ? [{ key, name, path: [key, index] }] : []));
}

/** Tells unknown names and names that stand twice; `self` refers to them and is never meant. Returns the names that are known, once each. */
export function knownNames(list: readonly Reference[], known: ReadonlySet<string>, tell: (reference: Reference, wrong: string, right: string) => void, self: string | null = null): readonly string[] {
  const found = new Set<string>();
  for (const reference of list) {
    if (!known.has(reference.name)) tell(reference, `there is no check \`${reference.name}\``, unknownName(reference.name, [...known].filter((name) => name !== self), [], "value").right);
    else if (found.has(reference.name)) tell(reference, `\`${reference.name}\` stands here twice`, "remove one of them");
    else found.add(reference.name);
  }
  return [...found];
}

/** Finds circles among dependencies and members; each is told once, at the reference that closes it. Returns whether there are any. */
export function findCircles(edges: ReadonlyMap<string, readonly Reference[]>, entries: ReadonlyMap<string, Entry>, report: Report): boolean {
  const state = new Map<string, "open" | "done">();
  let found = false;
  for (const root of edges.keys()) {
    if (state.has(root)) continue;
    // A stack of our own: chains may be longer than the engine's.
    const stack: { readonly name: string; next: number }[] = [{ name: root, next: 0 }];
    state.set(root, "open");
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const reference = edges.get(top.name)?.[top.next];
      if (reference === undefined) {
        state.set(top.name, "done");
        stack.pop();
        continue;
      }
      top.next += 1;
      const reached = state.get(reference.name);
      if (reached === undefined && edges.has(reference.name)) {
        state.set(reference.name, "open");
        stack.push({ name: reference.name, next: 0 });
      } else if (reached === "open") {
        found = true;
        const names = stack.map((frame) => frame.name);
        tellCircle([...names.slice(names.indexOf(reference.name)), reference.name], reference, entries.get(top.name), report);
      }
    }
  }
  return found;
}

const SHOWN = 8;

function tellCircle(names: readonly string[], reference: Reference, entry: Entry | undefined, report: Report): void {
  if (entry === undefined) return;
  const shown = names.length > SHOWN ? [...names.slice(0, SHOWN - 2), "…", names.at(-1)] : names;
  const wrong = names.length === 2 ? `\`${reference.name}\` refers to itself` : `these checks refer to each other in a circle: ${shown.join(" → ")}`;
  report.error([entry], reference.path, wrong, "remove one of these references");
}
