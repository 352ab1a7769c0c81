import { canonicalZone } from "../core/zone.ts";
import { allowedName, Draft } from "./draft.ts";
import { broker, publisher, readAction } from "./fletchck-actions.ts";
import { ASKING, NEEDS_HOST, type Translated } from "./fletchck-checks.ts";
import { fieldsOf, readTrigger } from "./fletchck-trigger.ts";
import type { Around, Glimpse, Importer, Origin, Path, Source } from "./importer.ts";
import { parseJson, written } from "./json.ts";
import { isMapping, mappingOf, type Mapping } from "./values.ts";

const names = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);
const whole = (value: unknown, usual: number): number => (typeof value === "number" && Number.isFinite(value) ? Math.max(0, Math.round(value)) : usual);

const TOP: ReadonlySet<string> = new Set(["base", "timezone", "webui", "mqtt", "actions", "checks", "log"]);
const CHECK: ReadonlySet<string> = new Set(["type", "subType", "trigger", "threshold", "retries", "priority", "paused", "failAction", "passAction", "publish", "remoteId", "options", "actions", "depends", "data", "checks"]);
/** Failing runs in a row, and tries of one run, that there can be here. */
const RUNS_MAX = 10_000;
const TRIES_MAX = 21;
/** An option of every type. */
const ZONE = "timezone";
const DEFAULTS = { every: "never", failAfter: 1, initial: "down", flapping: "off", notify: [] };

/** Keys of a check whose values count only when they are of this kind. */
const KINDS: { readonly [key: string]: "number" | "boolean" | "list" | "mapping" } = { threshold: "number", retries: "number", priority: "number", paused: "boolean", failAction: "boolean", passAction: "boolean", actions: "list", depends: "list", options: "mapping", data: "mapping" };
const IS = { number: Number.isFinite, boolean: (value: unknown) => typeof value === "boolean", list: Array.isArray, mapping: isMapping };
const IS_NOT = { number: "is no number", boolean: "is neither true nor false", list: "is no list", mapping: "is no object" };

/** What is known while one site is read. */
interface Reading {
  readonly draft: Draft;
  readonly checks: Mapping;
  /** The channel that each action became. */
  readonly channels: ReadonlyMap<string, string>;
  readonly mqtt: Mapping;
  /** Where its times are meant. */
  readonly zone: string;
  readonly around: Around | null;
  /** What each check waits for or runs so far. */
  readonly edges: Map<string, string[]>;
  /** The other way round: what waits for or runs each check so far. */
  readonly needed: Map<string, string[]>;
  readonly at: (path: Path) => Origin;
}

function readTop(site: Mapping, draft: Draft, at: (path: Path) => Origin): string {
  for (const key of Object.keys(site)) if (!TOP.has(key)) draft.note("ignored", at([key]), key, "Fletchck does not know this key");
  const zone = typeof site["timezone"] === "string" ? canonicalZone(site["timezone"]) : null;
  if (zone !== null) draft.put(["timezone"], zone, at(["timezone"]));
  else if (site["timezone"] !== undefined && site["timezone"] !== null) draft.note("refused", at(["timezone"]), "timezone", `\`${written(site["timezone"])}\` is no time zone`, "use a name of the IANA database, such as Europe/Berlin");
  const page = site["webui"];
  if (!isMapping(page)) {
    draft.put(["listen"], "off", at(["webui"]));
    return zone ?? "UTC";
  }
  const { name, cert, key, users } = page;
  if (typeof name === "string" && name.trim() !== "") draft.put(["name"], name.trim().slice(0, 100), at(["webui", "name"]));
  const host = [page["host"], page["hostname"]].find((one) => typeof one === "string" && one !== "") ?? "localhost";
  const port = whole(page["port"], 0);
  draft.put(["listen"], `${written(host).includes(":") ? `[${written(host)}]` : written(host)}:${port === 0 ? 2930 : port}`, at(["webui"]));
  if (port === 0) draft.note("differs", at(["webui"]), "webui", "it has no port, for which Fletchck takes any: the page listens on 2930", "", ["listen"]);
  if (typeof cert === "string" && typeof key === "string") draft.put(["tls"], { cert, key }, at(["webui", "cert"]));
  const people = Object.keys(mappingOf(users));
  if (people.length > 0) draft.note("later", at(["webui", "users"]), "webui users", `${people.join(", ")}: the page has the one user admin so far`, "sign in as admin; `tocsin passwd` sets the password");
  return zone ?? "UTC";
}

function readActions(site: Mapping, draft: Draft, at: (path: Path) => Origin): ReadonlyMap<string, string> {
  const channels = new Map<string, string>();
  for (const [name, action] of Object.entries(mappingOf(site["actions"]))) {
    const origin = at(["actions", name]);
    const { keys, kind, text, advice } = readAction(mappingOf(action)["type"], mappingOf(mappingOf(action)["options"]));
    if (keys === null) {
      draft.note(kind, origin, `action ${name}`, text, advice);
      continue;
    }
    const channel = draft.add("channels", name, keys, origin);
    channels.set(name, channel);
    draft.note(kind, origin, `action ${name}`, text === "" ? "tells as before, and tries longer" : text, advice, ["channels", channel]);
  }
  return channels;
}

/** A sequence's members in the order in which it runs them, by priority and their place in its list; unknown ones, and sequences that run this one in turn, are passed over. */
function sequence(name: string, reading: Reading): readonly string[] {
  const { checks, draft, at } = reading;
  const origin = at(["checks", name, "options", "checks"]);
  const path = ["checks", allowedName(name)];
  const priority = (member: string): number => {
    const given = mappingOf(checks[member])["priority"];
    return typeof given === "number" && Number.isFinite(given) ? given : 0;
  };
  const kept: string[] = [];
  for (const member of new Set(names(mappingOf(mappingOf(checks[name])["options"])["checks"]))) {
    if (!Object.hasOwn(checks, member)) draft.note("ignored", origin, `${name} checks`, `there is no check \`${member}\``, draft.meant(member, () => Object.keys(checks)), path);
    else if (member === name || reaches(reading, member, name)) draft.note("left", origin, `${name} checks`, `\`${member}\` runs this sequence in turn`, "remove one of the two", path);
    else kept.push(member);
  }
  return kept.toSorted((a, b) => priority(a) - priority(b));
}

/** Sequences that run nothing, or nothing but such; they are members of no other one any more. */
function withoutMembers(sequences: readonly string[], { edges, needed }: Reading): readonly string[] {
  const empty = sequences.filter((name) => (edges.get(name) ?? []).length === 0);
  for (const name of empty) {
    for (const outer of needed.get(name) ?? []) {
      const left = (edges.get(outer) ?? []).filter((member) => member !== name);
      edges.set(outer, left);
      if (left.length === 0) empty.push(outer);
    }
  }
  return empty;
}

/** Fletchck takes what comes on the site's topics for the check whose name it bears. */
function remote(name: string, check: Mapping, { mqtt }: Reading): Translated {
  const options = mappingOf(check["options"]);
  const topic = written(mqtt["basetopic"] ?? "");
  const id = written(check["remoteId"] ?? options["remoteId"] ?? name);
  const within = typeof options["timeout"] === "number" && options["timeout"] > 0 ? `${options["timeout"]}s` : undefined;
  const to = broker(mqtt);
  const keys = { type: "remote", ...to, topic, name: id, ...(within === undefined ? {} : { within }), every: "30s" };
  const refused = to === null ? "the site names no MQTT server" : topic === "" ? "the site's `mqtt` has no `basetopic`" : undefined;
  return { keys, options: ["remoteId", "timeout"], differs: ["it is asked every 30 s for the last message of the broker"], ...(refused === undefined ? {} : { refused }) };
}

function translate(name: string, check: Mapping, reading: Reading): Translated | null {
  const { type } = check;
  if (type === "sequence") return { keys: { type: "group", require: "all", run: "turn", members: (reading.edges.get(name) ?? []).map(allowedName), renotify: true, memberThresholds: true }, options: ["checks"] };
  if (type === "remote") return remote(name, check, reading);
  const asking = typeof type === "string" && Object.hasOwn(ASKING, type) ? ASKING[type] : undefined;
  const options = mappingOf(check["options"]);
  const made = asking?.(options) ?? null;
  if (made !== null && NEEDS_HOST.has(written(type)) && (typeof options["hostname"] !== "string" || options["hostname"] === "")) return { ...made, refused: "it has no hostname" };
  return made;
}

/** What it depends on, without what would close a circle: Fletchck lives with circles, and would wait in them for ever. */
function dependsOf(name: string, check: Mapping, reading: Reading): readonly string[] {
  const { draft, checks, around, at } = reading;
  const origin = at(["checks", name, "depends"]);
  const kept: string[] = [];
  for (const parent of new Set(names(check["depends"]))) {
    if (parent !== name && !Object.hasOwn(checks, parent) && around?.checks.has(parent) === true) kept.push(parent);
    else if (parent === name || !Object.hasOwn(checks, parent)) draft.note("ignored", origin, `${name} depends`, `there is no other check \`${parent}\``, parent === name ? "" : draft.meant(parent, () => Object.keys(checks)), ["checks", allowedName(name)]);
    else if (reaches(reading, parent, name)) draft.note("left", origin, `${name} depends`, `\`${parent}\` depends on it in turn: neither could ever be judged`, "remove one of the two", ["checks", allowedName(name)]);
    else {
      kept.push(parent);
      join(name, [parent], reading);
    }
  }
  return kept;
}

function join(name: string, others: readonly string[], { edges, needed }: Reading): void {
  const add = (to: Map<string, string[]>, from: string, other: string): void => {
    const known = to.get(from);
    if (known === undefined) to.set(from, [other]);
    else known.push(other);
  };
  for (const other of others) {
    add(edges, name, other);
    add(needed, other, name);
  }
}

/** Whether one waits for the other, looked for from both ends: thousands in a chain are not walked again for each. */
function reaches({ edges, needed }: Reading, from: string, to: string): boolean {
  const ahead = walk(edges, from, to);
  const back = walk(needed, to, from);
  for (;;) {
    for (const way of [ahead, back]) {
      const step = way.next();
      if (step.done === true) return step.value;
    }
  }
}

/** One check a step, until the wanted one is met or none is left. */
function* walk(edges: ReadonlyMap<string, readonly string[]>, from: string, wanted: string): Generator<undefined, boolean> {
  const seen = new Set([from]);
  const look = [from];
  for (let at = look.pop(); at !== undefined; at = look.pop()) {
    if (at === wanted) return true;
    for (const next of edges.get(at) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      look.push(next);
    }
    yield;
  }
  return false;
}

/** Threshold, tries, order, switches: what every check has. */
function common(name: string, check: Mapping, reading: Reading): Mapping {
  const { draft, channels, around, at } = reading;
  const channelOf = (action: string): string | null => channels.get(action) ?? (around?.channels.has(action) === true ? action : null);
  const told = names(check["actions"]).flatMap((action) => channelOf(action) ?? []);
  for (const action of names(check["actions"])) if (channelOf(action) === null) draft.note("ignored", at(["checks", name, "actions"]), `${name} actions`, `there is no action \`${action}\` that tells anybody`, draft.meant(action, () => [...channels.keys(), ...(around?.channels ?? [])]), ["checks", name]);
  const depends = dependsOf(name, check, reading);
  const most = (key: string, value: number, limit: number): number => {
    if (value > limit) draft.note("differs", at(["checks", name, key]), `${name} ${key}`, `${value} is more than the ${limit} that there can be here, and counts as ${limit}`, "", ["checks", allowedName(name)]);
    return Math.min(limit, value);
  };
  const threshold = most("threshold", Math.max(1, whole(check["threshold"], 1)), RUNS_MAX);
  const retries = most("retries", Math.max(1, whole(check["retries"], 1)), TRIES_MAX) - 1;
  return {
    ...(threshold === 1 ? {} : { failAfter: threshold }),
    ...(retries === 0 ? {} : { retries }),
    ...(check["paused"] === true ? { paused: true } : {}),
    ...(check["failAction"] === false ? { onFail: false } : {}),
    ...(check["passAction"] === false ? { onPass: false } : {}),
    ...(depends.length === 0 ? {} : { depends: depends.map(allowedName) }),
    ...(told.length === 0 ? {} : { notify: told }),
  };
}

function timing(name: string, check: Mapping, { draft, at, zone }: Reading): Mapping {
  const { timezone } = mappingOf(check["options"]);
  const own = typeof timezone === "string" ? canonicalZone(timezone) : null;
  if (own === null && timezone !== undefined && timezone !== null) draft.note("ignored", at(["checks", name, "options", "timezone"]), `${name} timezone`, `\`${written(timezone)}\` is no time zone`, "use a name of the IANA database, such as Europe/Berlin", ["checks", allowedName(name)]);
  const trigger = readTrigger(check["trigger"], own ?? zone);
  if (trigger.kind === "never") return {};
  const origin = at(["checks", name, "trigger"]);
  if (trigger.kind === "wrong") {
    draft.note("refused", origin, `${name} trigger`, trigger.wrong, "correct it, or leave it out: then it runs in sequences and on demand", ["checks", name]);
    return {};
  }
  for (const field of trigger.unknown) draft.note("refused", origin, `${name} trigger`, `APScheduler knows no field \`${field}\` here`, draft.meant(field, () => fieldsOf(trigger.cron), "remove it"), ["checks", name]);
  return { schedule: trigger.text, ...(trigger.cron ? { daylightSaving: "apscheduler" } : {}), ...(own === null ? {} : { timezone: own }) };
}

function publish(name: string, check: Mapping, reading: Reading): readonly unknown[] {
  const topic = check["publish"];
  if (typeof topic !== "string" || topic === "") return [];
  const { draft, mqtt, at } = reading;
  const origin = at(["checks", name, "publish"]);
  const keys = publisher(mqtt, topic);
  if (keys === null) {
    draft.note("left", origin, `${name} publish`, "the site names no MQTT server", "add `mqtt` with `hostname`", ["checks", name]);
    return [];
  }
  const channel = draft.has("channels", `mqtt ${topic}`) ? `mqtt ${topic}` : draft.add("channels", `mqtt ${topic}`, { ...keys, nameInTopic: false }, origin);
  return [{ after: 0, to: [channel] }];
}

/** The state in which Fletchck left the check. */
function carry(name: string, check: Mapping, draft: Draft): void {
  const data = mappingOf(check["data"]);
  if (Object.keys(data).length === 0) return;
  const instant = (value: unknown): number | null => {
    const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
    return Number.isFinite(at) ? at : null;
  };
  const failing = data["failState"] !== false && data["failState"] !== "" && data["failState"] !== null;
  const log = Array.isArray(data["log"]) ? data["log"].filter((line) => typeof line === "string") : [];
  draft.carry({
    check: name,
    status: failing ? "down" : "up",
    fails: whole(data["failCount"], 0),
    since: instant(failing ? data["lastFail"] : data["lastPass"]),
    lastRun: instant(data["lastCheck"]),
    sentence: (log.at(-1) ?? "").slice(0, 500),
  });
}

function readCheck(name: string, check: Mapping, reading: Reading): void {
  const { draft, at } = reading;
  const origin = at(["checks", name]);
  const made = translate(name, check, reading);
  if (made === null) return draft.note("ignored", origin, name, check["type"] === undefined ? "it has no type" : `the type \`${written(check["type"])}\` is unknown to Fletchck too`, draft.meant(written(check["type"]), () => [...Object.keys(ASKING), "remote", "sequence"], "use cert, smtp, submit, imap, https, ssh, dns, ups, disk, memory, cpu, temp, remote or sequence"));
  if (made.refused !== undefined) return draft.note("left", origin, name, `${made.refused}: it can only fail`, "complete its options");
  const steps = publish(name, check, reading);
  const basic = common(name, check, reading);
  const notify = [...(Array.isArray(basic["notify"]) ? basic["notify"] : []), ...steps];
  const times = timing(name, check, reading);
  const { every, ...asked } = made.keys;
  const checkName = draft.add("checks", name, { ...asked, ...(every === undefined || "schedule" in times ? times : { every }), ...basic, ...(notify.length === 0 ? {} : { notify }) }, origin);
  const path = ["checks", checkName];
  for (const text of made.differs ?? []) draft.note("differs", origin, name, text, "", path);
  for (const key of Object.keys(check)) if (!CHECK.has(key)) draft.note("ignored", at(["checks", name, key]), `${name} ${key}`, "Fletchck does not know this key", key === ZONE ? "write it below `options`" : draft.meant(key, () => [...CHECK]), path);
  for (const [key, kind] of Object.entries(KINDS)) {
    const value = check[key];
    if (value !== undefined && value !== null && !IS[kind](value)) draft.note("ignored", at(["checks", name, key]), `${name} ${key}`, `\`${written(value).slice(0, 60)}\` ${IS_NOT[kind]}, and counts as if it were not there`, "", path);
  }
  for (const option of Object.keys(mappingOf(check["options"]))) {
    if (!made.options.includes(option) && option !== ZONE) draft.note("ignored", at(["checks", name, "options", option]), `${name} ${option}`, "this type has no such option", draft.meant(option, () => made.options), path);
  }
  draft.note("taken", origin, name, "checks as before", "", path);
  carry(checkName, check, draft);
}

function read(source: Source): ReturnType<Importer["read"]> {
  const { path } = source;
  const nowhere: Origin = { file: path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const file = source.files.get(path);
  if (file === undefined) {
    draft.note("refused", nowhere, "", source.missing.get(path) ?? "this is no file", "name the site's configuration file");
    return draft.done();
  }
  const parsed = parseJson(path, file.bytes);
  if (parsed.kind === "wrong") {
    draft.note("refused", parsed.origin, "", parsed.wrong, "correct it");
    return draft.done();
  }
  if (!isMapping(parsed.value)) {
    draft.note("refused", nowhere, "", "the file holds no JSON object", "write {\"actions\": {}, \"checks\": {}}");
    return draft.done();
  }
  const at = (where: Path): Origin => parsed.at(where);
  for (const { key, origin } of parsed.repeated) draft.note("ignored", origin, key, "this key stands again further down, and the last one counts", "remove one of the two");
  readEntries(parsed.value, { zone: readTop(parsed.value, draft, at), draft, around: source.around, at });
  return draft.done();
}

/** The actions and checks of a site as Fletchck's JSON holds them. */
export function readEntries(site: Mapping, { zone, draft, around, at }: Pick<Reading, "zone" | "draft" | "around" | "at">): void {
  draft.put(["defaults"], DEFAULTS, { ...at([]), line: 0, column: 0 });
  const channels = readActions(site, draft, at);
  const checks: Record<string, unknown> = { ...mappingOf(site["checks"]) };
  const reading: Reading = { draft, checks, channels, mqtt: mappingOf(site["mqtt"]), zone, around, edges: new Map(), needed: new Map(), at };
  if (reading.mqtt["autoadd"] === true) draft.note("left", at(["mqtt", "autoadd"]), "mqtt autoadd", "checks of other places are not added by themselves", "add a `remote` check for each");
  const sequences = Object.keys(checks).filter((name) => mappingOf(checks[name])["type"] === "sequence");
  for (const name of sequences) join(name, sequence(name, reading), reading);
  for (const name of withoutMembers(sequences, reading)) {
    delete checks[name];
    draft.note("left", at(["checks", name]), name, "it runs no check, and so there is nothing to judge", "name some in its `options`");
  }
  for (const [name, check] of Object.entries(checks)) readCheck(name, mappingOf(check), reading);
}

function recognises({ text }: Glimpse): boolean {
  if (!/^\s*\{/.test(text)) return false;
  // Whether the whole is JSON is for `read` to say; here its words decide.
  const words = /"(actions|passAction|failAction|trigger|webui)"\s*:/.test(text) || (/"checks"\s*:/.test(text) && /"type"\s*:\s*"(cert|submit|https|sequence|temp)"/.test(text));
  return words && !/"(channels|endpoints|monitorList|notificationList)"\s*:/.test(text);
}

/** Fletchck: a site in one JSON file, versions 1.0 and 1.1. */
export const fletchck: Importer = { format: "fletchck", about: "A Fletchck site, 1.0 or 1.1: one JSON file", recognises, related: () => [], read };
