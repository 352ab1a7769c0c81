import type { Draft } from "./draft.ts";
import { type Around, MOST_TIMEOUT_S, Monitor, type Remark, seconds } from "./kuma-monitor.ts";
import { COLUMNS } from "./kuma-columns.ts";
import { idOf, type Kuma, type Tag } from "./kuma-source.ts";
import { rabbitmq, TYPES } from "./kuma-types.ts";
import type { Mapping } from "./values.ts";

const MOST_FAILS = 10_000;
const LEAST_REPEAT_S = 10;
const DESCRIPTION_MAX = 1000;
const EXPIRY_DAYS = 21;
/** From so many monitors on, the same difference is told once, and so many of them are named. */
const SHARED_LEAST = 3;
const SHARED_NAMED = 5;

/** What a monitor becomes: one check, or several of which one is the group of the others. */
type Asked = { readonly kind: "check"; readonly keys: Mapping } | { readonly kind: "any"; readonly members: readonly Mapping[] } | { readonly kind: "group" };

interface Reading {
  readonly kuma: Kuma;
  readonly channels: ReadonlyMap<string, string>;
  readonly draft: Draft;
  readonly monitors: ReadonlyMap<string, Monitor>;
  /** The names of the checks that monitors became, by their ids. */
  readonly names: Map<string, string>;
  /** Whether a monitor, or a group around it, is paused; filled as it is asked. */
  readonly paused: Map<string, boolean>;
  /** Tags that have a colour, each with the first monitor that has it. */
  readonly coloured: Map<string, Monitor>;
}

const titleOf = (monitor: Monitor): string => monitor.text("name") || `monitor ${monitor.id}`;
const whatOf = (monitor: Monitor, column: string): string => `monitor ${monitor.id} ${titleOf(monitor)}${column === "" ? "" : ` ${column}`}`;

function ask(monitor: Monitor): Asked | null {
  if (monitor.type === "group") return { kind: "group" };
  if (monitor.type === "rabbitmq") {
    const members = rabbitmq(monitor);
    if (members.length === 0) return monitor.refuse("it names no node that is an address of the web", "write such as https://rabbit.example.com:15672");
    return members[0] !== undefined && members.length === 1 ? { kind: "check", keys: members[0] } : { kind: "any", members };
  }
  const translate = Object.hasOwn(TYPES, monitor.type) ? TYPES[monitor.type] : undefined;
  if (translate === undefined) return monitor.refuse(`the type \`${monitor.type.slice(0, 40)}\` is unknown`, "write a check of your own for it");
  const keys = translate(monitor);
  return keys === null ? null : { kind: "check", keys };
}

/** How often it runs, and after how many failing runs it is down. */
function pace(monitor: Monitor): Mapping {
  const asked = monitor.raw("interval");
  if (asked !== undefined && monitor.number("interval") === undefined) monitor.left("interval", `this is no number of seconds: ${monitor.interval} s are taken`, "write a number");
  if (monitor.timeout === MOST_TIMEOUT_S) monitor.differs("timeout", "a run takes a day at most");
  const every = { every: seconds(monitor.interval) };
  const wanted = Math.max(0, Math.round(monitor.number("maxretries") ?? 0));
  const retries = Math.min(MOST_FAILS - 1, wanted);
  if (wanted > retries) monitor.differs("maxretries", `it is down after ${MOST_FAILS} failing runs at the latest`);
  if (retries === 0) return every;
  const pause = monitor.number("retry_interval") ?? 0;
  if (pause > monitor.interval) monitor.differs("retry_interval", `it is tried again after ${monitor.interval} s, as often as ever, and so told sooner`);
  const faster = pause > 0 && pause < monitor.interval;
  if (faster) monitor.differs("retry_interval", "it is asked so often while it is down as well, so its end is seen sooner");
  return { ...every, failAfter: retries + 1, ...(faster ? { failingEvery: seconds(pause) } : {}) };
}

/** Who is told, and how often again. */
function notifyOf(monitor: Monitor, { kuma, channels }: Reading): readonly unknown[] {
  const ids = kuma.told.get(monitor.id) ?? [];
  const to = [...new Set(ids.flatMap((id) => channels.get(id) ?? []))];
  const gone = ids.filter((id) => !channels.has(id));
  if (gone.length > 0) monitor.left("notification", gone.length === 1 ? "one of its notifications is not taken: nobody is told by it" : `${gone.length} of its notifications are not taken: nobody is told by them`, "see there");
  const times = Math.max(0, Math.round(monitor.number("resend_interval") ?? 0));
  if (times === 0 || to.length === 0) return to;
  const repeat = times * monitor.interval;
  if (repeat < LEAST_REPEAT_S) monitor.differs("resend_interval", `it is told again every ${LEAST_REPEAT_S} s, and not oftener`);
  return [{ after: 1, to, repeat: seconds(Math.max(LEAST_REPEAT_S, repeat)) }];
}

function tagsOf(monitor: Monitor, { kuma, coloured }: Reading): readonly string[] {
  const tags: readonly Tag[] = kuma.tags.get(monitor.id) ?? [];
  for (const { name, color } of tags) if (color !== "" && !coloured.has(name)) coloured.set(name, monitor);
  return [...new Set(tags.map(({ name, value }) => (value.trim() === "" ? name.trim() : `${name.trim()}: ${value.trim()}`)))].filter((tag) => tag !== "");
}

/** A group that is paused pauses what is in it. */
function isPaused(monitor: Monitor, { monitors, paused }: Reading): boolean {
  const seen = new Set<string>();
  let is = false;
  for (let one: Monitor | undefined = monitor; one !== undefined && !is && !seen.has(one.id); one = monitors.get(one.text("parent"))) {
    const known = paused.get(one.id);
    is = known ?? (one.raw("active") !== undefined && !one.flag("active"));
    if (known !== undefined) break;
    seen.add(one.id);
  }
  for (const id of seen) paused.set(id, is);
  return is;
}

function invertOf(monitor: Monitor): Mapping {
  if (!monitor.flag("upside_down")) return {};
  if (monitor.type !== "group" && monitor.type !== "rabbitmq") return { invert: true };
  monitor.left("upside_down", "a group is judged by its members, and cannot be turned upside down", "invert the members");
  return {};
}

/** What every type has. */
function common(monitor: Monitor, reading: Reading): Mapping {
  const description = monitor.text("description");
  if (description.length > DESCRIPTION_MAX) monitor.differs("description", `it is cut after ${DESCRIPTION_MAX} characters`);
  const tags = tagsOf(monitor, reading);
  return {
    ...invertOf(monitor),
    ...(description === "" ? {} : { description: description.slice(0, DESCRIPTION_MAX) }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(isPaused(monitor, reading) ? { paused: true } : {}),
    notify: notifyOf(monitor, reading),
  };
}

function put(monitor: Monitor, asked: Exclude<Asked, { readonly kind: "group" }>, reading: Reading): void {
  const { draft, names } = reading;
  const own = common(monitor, reading);
  const title = titleOf(monitor);
  if (asked.kind === "check") {
    const { keys } = asked;
    names.set(monitor.id, draft.add("checks", title, { ...typeFirst(keys), ...(keys["type"] === "push" ? {} : pace(monitor)), ...keys, ...own }, monitor.at()));
    return;
  }
  const times = pace(monitor);
  const { notify, ...more } = own;
  const members = asked.members.map((keys, index) => draft.add("checks", `${title}, node ${index + 1}`, { ...typeFirst(keys), ...times, ...keys, ...more, notify: [] }, monitor.at("rabbitmq_nodes")));
  names.set(monitor.id, draft.add("checks", title, { type: "group", require: "any", run: "own", members, ...own, notify }, monitor.at()));
}

/** The type stands first in what is written. */
const typeFirst = ({ type }: Mapping): Mapping => ({ type });

/** Groups from the innermost outwards, so that the names of their members are known. */
function groupsInside(reading: Reading): readonly Monitor[] {
  const depth = (monitor: Monitor): number => {
    const seen = new Set([monitor.id]);
    let parent = reading.monitors.get(monitor.text("parent"));
    for (; parent !== undefined && !seen.has(parent.id); parent = reading.monitors.get(parent.text("parent"))) seen.add(parent.id);
    return seen.size;
  };
  return [...reading.monitors.values()].filter(({ type }) => type === "group").map((monitor) => ({ monitor, depth: depth(monitor) })).toSorted((a, b) => b.depth - a.depth).map(({ monitor }) => monitor);
}

/** `done`: the groups that had their turn before; one that did not, and is in this one, is also around it. */
function putGroup(monitor: Monitor, children: readonly Monitor[], done: ReadonlySet<string>, reading: Reading): void {
  const { draft, names } = reading;
  for (const child of children) if (child.type === "group" && !done.has(child.id)) child.left("parent", "groups are in each other in a circle, which is cut here: it is in no group", "choose another group for it");
  const members = children.flatMap(({ id }) => names.get(id) ?? []);
  if (members.length === 0) {
    monitor.refuse("no monitor in it is taken", "add members");
    return;
  }
  if ((monitor.number("maxretries") ?? 0) > 0) monitor.differs("maxretries", "it is told as soon as a member is down, which waits for its own retries");
  names.set(monitor.id, draft.add("checks", titleOf(monitor), { type: "group", require: "all", run: "own", members, ...common(monitor, reading) }, monitor.at()));
}

const wording = ({ kind, column, text }: Remark): string => JSON.stringify([kind, column, text]);

/** What is different in the same way for many monitors is told once, at the first of them; what was told so. */
function tellShared(monitors: readonly Monitor[], draft: Draft): ReadonlySet<string> {
  const all = monitors.flatMap((monitor) => monitor.remarks.filter(({ kind }) => kind === "differs").map((remark) => ({ monitor, remark })));
  const shared = new Set<string>();
  for (const [words, them] of Map.groupBy(all, ({ remark }) => wording(remark))) {
    const [first] = them;
    if (first === undefined || them.length < SHARED_LEAST) continue;
    shared.add(words);
    const { column, text, advice } = first.remark;
    const named = them.slice(0, SHARED_NAMED).map(({ monitor }) => titleOf(monitor)).join(", ");
    draft.note("differs", first.monitor.at(column === "" ? undefined : column), `${them.length} monitors${column === "" ? "" : ` ${column}`}`, `${text} (${named}${them.length > SHARED_NAMED ? ", ..." : ""})`, advice);
  }
  return shared;
}

function tell(monitor: Monitor, shared: ReadonlySet<string>, { draft, names }: Reading): void {
  const check = names.get(monitor.id);
  const path = check === undefined ? null : ["checks", check];
  if (check !== undefined) draft.note("taken", monitor.at(), whatOf(monitor, ""), "checks as before", "", path);
  for (const remark of monitor.remarks) {
    const { kind, column, text, advice } = remark;
    if (!shared.has(wording(remark))) draft.note(kind, monitor.at(column === "" ? undefined : column), whatOf(monitor, column), text, advice, path);
  }
}

/** Columns of a later Uptime Kuma, or of nobody; each is told once. */
function tellUnknown(monitors: readonly Monitor[], draft: Draft): void {
  const unknown = new Map<string, { readonly first: Monitor; count: number }>();
  for (const monitor of monitors) {
    const strange = Object.keys(monitor.row).filter((column) => !COLUMNS.has(column));
    for (const column of strange.length === 0 ? [] : monitor.rest({}).filter((one) => strange.includes(one))) {
      const known = unknown.get(column);
      if (known === undefined) unknown.set(column, { first: monitor, count: 1 });
      else known.count += 1;
    }
  }
  for (const [column, { first, count }] of unknown) draft.note("left", first.at(column), count === 1 ? whatOf(first, column) : `${count} monitors ${column}`, "this column is not known here");
}

/** Adds a check for every monitor that has a counterpart; their names by the ids of the monitors. */
export function readMonitors(kuma: Kuma, channels: ReadonlyMap<string, string>, draft: Draft): ReadonlyMap<string, string> {
  const days = [...(kuma.settings.get("tlsExpiryNotifyDays") ?? "").matchAll(/\d+/g)].map(Number);
  const around: Around = { dockers: kuma.dockers, proxies: kuma.proxies, expiryDays: days.length === 0 ? EXPIRY_DAYS : Math.max(...days) };
  const monitors = new Map<string, Monitor>();
  for (const { row, at } of kuma.monitors) {
    const id = idOf(row["id"]);
    if (!monitors.has(id)) monitors.set(id, new Monitor(row, at, around));
    else draft.note("left", at("id"), `monitor ${id}`, "another monitor before it has the same id", "give it an id of its own");
  }
  const reading: Reading = { kuma, channels, draft, monitors, names: new Map(), paused: new Map(), coloured: new Map() };
  const children = Map.groupBy(monitors.values(), (monitor) => monitor.text("parent"));
  for (const monitor of monitors.values()) {
    const asked = ask(monitor);
    if (asked !== null && asked.kind !== "group") put(monitor, asked, reading);
  }
  const done = new Set<string>();
  for (const monitor of groupsInside(reading)) {
    putGroup(monitor, children.get(monitor.id) ?? [], done, reading);
    done.add(monitor.id);
  }
  for (const monitor of monitors.values()) {
    const parent = monitor.text("parent");
    if (parent !== "" && monitors.get(parent)?.type !== "group") monitor.left("parent", `monitor ${parent} is no group: it is in no group`, "choose another group for it");
  }
  const shared = tellShared([...monitors.values()], draft);
  for (const monitor of monitors.values()) tell(monitor, shared, reading);
  tellUnknown([...monitors.values()], draft);
  tellOfMany([...monitors.values()].filter(({ id }) => reading.names.has(id)), reading);
  return reading.names;
}

const counted = (count: number): string => `${count} monitor${count === 1 ? "" : "s"}`;

/** What holds of several monitors is told once. */
function tellOfMany(monitors: readonly Monitor[], { coloured, draft }: Reading): void {
  const [[tag, first] = []] = coloured;
  if (tag !== undefined && first !== undefined) draft.note("differs", first.at("tags"), coloured.size === 1 ? `tag ${tag}` : `${coloured.size} tags`, "tags have no colour here");
  const [domain, ...domains] = monitors.filter((monitor) => monitor.flag("domain_expiry_notification") && ["http", "keyword", "json-query", "real-browser", "port", "ping", "dns"].includes(monitor.type));
  if (domain !== undefined) draft.note("left", domain.at("domain_expiry_notification"), `${counted(domains.length + 1)} domain_expiry_notification`, "when a domain expires is not watched by them", "add a check for each domain: {type: domain, name: example.com, expect: {days: \"> 21\"}}");
  const [push, ...pushes] = monitors.filter(({ type }) => type === "push");
  if (push !== undefined) draft.note("differs", push.at("push_token"), `${counted(pushes.length + 1)} push`, "the addresses /api/push/TOKEN go on working where Tocsin listens", "let Tocsin listen where Uptime Kuma did, such as `listen: 0.0.0.0:3001`, or lead its address there");
}
