import { z } from "zod";
import { type Scope, scopeOf } from "../core/scope.ts";
import type { Draft } from "./draft.ts";
import { knownNames } from "./graph.ts";
import { CHECK_KEYS } from "./keys.ts";
import { type Layer, overlay, validate } from "./layers.ts";
import type { Report } from "./report.ts";
import type { Entry } from "./sections.ts";
import { type Document, isMapping } from "./sources.ts";
import { names } from "./words.ts";

/** The check that stands for this host's way to the outside; it is made from the witnesses. */
const OUTSIDE = "outside";
/** One witness that fails says nothing of this host. */
const WITNESSES_MIN = 2;

export const connectivitySchema = z.strictObject({
  gateway: z.string().min(1).describe("The check of this network's gateway: what is not on this host itself depends on it.").optional(),
  witnesses: names().describe("Checks of hosts outside that have nothing to do with each other, two or more: while most of them fail, what lies beyond the gateway cannot be judged.").optional(),
  notify: CHECK_KEYS.notify.unwrap().describe("Whom to tell that this host was cut off from the outside.").meta({ default: "that of `defaults`" }).optional(),
});

/** By what this host knows that it is cut off. */
export interface Connectivity {
  readonly gateway: string | null;
  /** Empty: nobody tells of the outside. */
  readonly witnesses: readonly string[];
}

export interface ReadConnectivity {
  readonly connectivity: Connectivity;
  /** All entries, with the check of the outside. */
  readonly entries: ReadonlyMap<string, Entry>;
}

/** Reads `connectivity` of the main file; what is wrong with its form is told with the other settings. */
export function readConnectivity(main: Document | undefined, entries: ReadonlyMap<string, Entry>, report: Report): ReadConnectivity {
  const nothing = { connectivity: { gateway: null, witnesses: [] }, entries };
  const { written, filled } = { written: main?.written["connectivity"], filled: main?.filled["connectivity"] };
  if (!isMapping(written) || !isMapping(filled)) return nothing;
  const layer: Layer = { document: 0, path: ["connectivity"], written, filled };
  const read = validate(connectivitySchema, overlay([filled]), () => overlay([written]), []);
  if (read.kind === "wrong") return nothing;
  const { gateway = null, witnesses = [] } = read.value;
  const known = new Set(entries.keys());
  const list = witnesses.map((name, at) => ({ key: "members" as const, name, path: Array.isArray(written["witnesses"]) ? ["witnesses", at] : ["witnesses"] }));
  const tell = (reference: { readonly path: Layer["path"] }, wrong: string, right: string): void => report.error([layer], reference.path, wrong, right);
  const [hop] = gateway === null ? [] : knownNames([{ key: "depends", name: gateway, path: ["gateway"] }], known, tell);
  const seers = knownNames(list, known, tell);
  if (hop !== undefined && seers.includes(hop)) report.error([layer], ["witnesses"], `the gateway \`${hop}\` is no witness of what lies beyond it`, "name checks of hosts outside");
  const connectivity = { gateway: hop ?? null, witnesses: seers.length < WITNESSES_MIN ? [] : seers };
  if (witnesses.length > 0 && seers.length < WITNESSES_MIN) report.warn([layer], ["witnesses"], "one witness cannot tell its own outage from this host's: it is not used", "name two or more that have nothing to do with each other, best three", "value");
  if (connectivity.witnesses.length === 0) return { connectivity, entries };
  const taken = entries.get(OUTSIDE);
  if (taken !== undefined) {
    report.error([taken], [], `\`${OUTSIDE}\` is the name of Tocsin's own check of this host's way to the outside`, "give this check another name", "key");
    return { connectivity, entries };
  }
  return { connectivity, entries: new Map([...entries, [OUTSIDE, outsideOf(layer, connectivity.witnesses)]]) };
}

/** A group that is down when most of its members fail. */
function outsideOf({ written, filled, ...layer }: Layer, members: readonly string[]): Entry {
  const group = { type: "group", members, run: "own", description: "This host's way to the outside" };
  const telling = (from: Layer["written"]): Layer["written"] => (from["notify"] === undefined ? group : { ...group, notify: from["notify"] });
  return { ...layer, name: OUTSIDE, written: telling(written), filled: telling(filled) };
}

/** Whether the check is the one that is made from the witnesses. */
export const isOfConnectivity = ({ path }: Layer): boolean => path[0] === "connectivity";

type Parents = ReadonlyMap<string, readonly string[]>;

/** The parents of every check with those that this host's own connectivity gives it. */
export function withConnectivity(drafts: ReadonlyMap<string, Draft>, parents: Parents, { gateway, witnesses }: Connectivity, report: Report): Parents {
  if (gateway === null && witnesses.length === 0) return parents;
  const before = gateway === null ? new Set<string>() : leadingTo(gateway, drafts, parents);
  const beyond = witnesses.length === 0 ? [gateway] : [gateway, OUTSIDE];
  const all = new Map<string, readonly string[]>();
  for (const [name, own] of parents) {
    const draft = drafts.get(name);
    const scope = draft === undefined || before.has(name) ? "host" : name === OUTSIDE ? "local" : scopeOfCheck(draft);
    if (draft !== undefined && witnesses.includes(name) && name !== gateway && before.has(name)) report.error(draft.layers, [], `the gateway depends on \`${name}\`: it is no witness of what lies beyond`, "name checks of hosts beyond the gateway as witnesses");
    else if (draft !== undefined && witnesses.includes(name) && scope !== "outside" && draft.kind.of.type !== "group") report.warn(draft.layers, [], `\`${name}\` is a witness of the outside and its target is not there`, "name a check of a host beyond the gateway, or write `scope: outside` in it");
    const added = scope === "outside" || witnesses.includes(name) ? beyond : scope === "local" ? [gateway] : [];
    all.set(name, [...new Set([...own, ...added.filter((parent) => parent !== null && parent !== name)])].filter((parent) => parent !== null));
  }
  return all;
}

/** Where a check's target is: what it says, what its type knows, or what the target looks like. Groups have their members' parents. */
function scopeOfCheck({ keys, kind, options }: Draft): Scope {
  return keys.scope ?? (kind.of.type === "group" ? "host" : (kind.of.reaches ?? scopeOf(kind.of.target(options))));
}

/** The gateway and all that it depends on itself: those cannot depend on it. */
function leadingTo(gateway: string, drafts: ReadonlyMap<string, Draft>, parents: Parents): ReadonlySet<string> {
  const met = new Set([gateway]);
  for (const name of met) {
    const members = drafts.get(name)?.keys.members ?? [];
    for (const next of [...(parents.get(name) ?? []), ...members]) met.add(next);
  }
  return met;
}
