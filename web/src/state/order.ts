import { type CheckSummary, STATUS_MARKS, type StatusWord } from "../../../src/api/types.ts";

export const SORTS = ["trouble", "name", "latency", "since"] as const;
export type Sort = (typeof SORTS)[number];

/** What the reader asks the list for; lives in the address. */
export interface Filter {
  readonly text: string;
  readonly states: readonly StatusWord[];
  readonly tag: string;
  readonly sort: Sort;
}

export const EVERYTHING: Filter = { text: "", states: [], tag: "", sort: "trouble" };

/** States from the worst to well. */
export const STATES = (Object.keys(STATUS_MARKS) as StatusWord[]).sort((a, b) => STATUS_MARKS[b].trouble - STATUS_MARKS[a].trouble);

/** No verdict for too long ranks just under `disputed`: nobody knows how it is. */
const UNCHECKED_TROUBLE = 4.5;

/** How much a check needs somebody; 0 is well. */
export function trouble(check: CheckSummary): number {
  return Math.max(STATUS_MARKS[check.state].trouble, check.incidentKind === "unchecked" ? UNCHECKED_TROUBLE : 0);
}

/** Something is wrong with it now, and it is no mere consequence of another check. */
export function isWrong(check: CheckSummary): boolean {
  if (check.state === "blocked" || check.state === "paused") return false;
  return check.incident !== null || check.state === "down" || check.state === "disputed";
}

/** Worst first; what nobody has acknowledged before the rest; the newest trouble first; then by name. */
export function byTrouble(a: CheckSummary, b: CheckSummary): number {
  const worse = trouble(b) - trouble(a);
  if (worse !== 0) return worse;
  if (trouble(a) === 0) return byName(a, b);
  const acknowledged = Number(a.acknowledged !== null) - Number(b.acknowledged !== null);
  return acknowledged || b.since - a.since || byName(a, b);
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** `web2` comes before `web10`. */
export function byName(a: CheckSummary, b: CheckSummary): number {
  return collator.compare(a.name, b.name) || (a.name < b.name ? -1 : Number(a.name > b.name));
}

/** The last run's latency in ms; null where it says nothing: the run failed, or nothing is measured. */
export const measured = (check: CheckSummary): number | null => (check.recent.endsWith("d") || check.latencyMs === 0 ? null : check.latencyMs);

const ORDERS: { readonly [sort in Sort]: (a: CheckSummary, b: CheckSummary) => number } = {
  trouble: byTrouble,
  name: byName,
  latency: (a, b) => (measured(b) ?? -1) - (measured(a) ?? -1) || byName(a, b),
  since: (a, b) => b.since - a.since || byName(a, b),
};

/** Every word of the text must occur in the name, type, target, description, summary or a tag. */
export function matches(check: CheckSummary, filter: Filter): boolean {
  if (filter.states.length > 0 && !filter.states.includes(check.state)) return false;
  if (filter.tag !== "" && !check.tags.includes(filter.tag)) return false;
  const words = filter.text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return true;
  const hay = [check.name, check.type, check.target, check.description, check.summary, ...check.tags].join("\n").toLowerCase();
  return words.every((word) => hay.includes(word));
}

/** Names in the order and with the filter asked for. */
export function arrange(checks: Iterable<CheckSummary>, filter: Filter): string[] {
  return [...checks].filter((check) => matches(check, filter)).sort(ORDERS[filter.sort]).map((check) => check.name);
}

/** All tags in use, by name. */
export function tagsOf(checks: Iterable<CheckSummary>): string[] {
  const tags = new Set<string>();
  for (const check of checks) for (const tag of check.tags) tags.add(tag);
  return [...tags].sort(collator.compare);
}

/** Reads the filter from an address's query; what is not understood is left out. */
export function readFilter(query: URLSearchParams): Filter {
  const states = (query.get("state") ?? "").split(",").filter((word): word is StatusWord => STATES.includes(word as StatusWord));
  const sort = SORTS.find((known) => known === query.get("sort")) ?? EVERYTHING.sort;
  return { text: query.get("q") ?? "", states, tag: query.get("tag") ?? "", sort };
}

/** The shortest query that says the same; `""` for everything. */
export function writeFilter(filter: Filter): string {
  const query = new URLSearchParams();
  if (filter.text !== "") query.set("q", filter.text);
  if (filter.states.length > 0) query.set("state", filter.states.join(","));
  if (filter.tag !== "") query.set("tag", filter.tag);
  if (filter.sort !== EVERYTHING.sort) query.set("sort", filter.sort);
  const text = query.toString().replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}
