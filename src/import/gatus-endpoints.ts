import type { FactValue } from "../core/types.ts";
import { endpointKey, externalToken } from "../core/external-endpoint.ts";
import type { Draft } from "./draft.ts";
import type { GatusAlerts, Telling } from "./gatus-alerts.ts";
import { type Client, readClient } from "./gatus-client.ts";
import { type GatusCondition, parseGatusCondition } from "./gatus-condition.ts";
import { type Expected, translate } from "./gatus-expect.ts";
import { type Asked, askOf, schemeOf } from "./gatus-types.ts";
import type { GatusWindows } from "./gatus-windows.ts";
import { stepsWithToken } from "./gatus-steps.ts";
import { durationOf, flag, type Remark, some } from "./gatus-words.ts";
import type { Origin, Path, Source } from "./importer.ts";
import { written } from "./json.ts";
import { durationText, listOf, mappingOf, textOf, type Mapping } from "./values.ts";

/** What is known while one site is read. */
export interface Reading {
  readonly draft: Draft;
  readonly source: Source;
  readonly alerts: GatusAlerts;
  readonly windows: GatusWindows;
  readonly at: (path: Path) => Origin;
  readonly within: (path: Path, offset: number) => Origin;
  /** Keys of endpoints and suites so far, with what has them. */
  readonly keys: Map<string, string>;
}

/** An endpoint, one of a suite, or one that is told from outside. */
export interface Endpoint {
  readonly entry: Mapping;
  readonly path: Path;
  readonly name: string;
  readonly group: string;
  /** `GROUP/NAME`. */
  readonly title: string;
}

const ENDPOINT: ReadonlySet<string> = new Set(["enabled", "name", "group", "url", "method", "body", "graphql", "headers", "extra-labels", "interval", "conditions", "alerts", "maintenance-windows", "dns", "ssh", "client", "ui", "store", "always-run"]);
const EXTERNAL: ReadonlySet<string> = new Set(["enabled", "name", "group", "token", "alerts", "maintenance-windows", "heartbeat"]);
const USUAL_MS = 60_000;
const SHORTEST_MS = 100;
const LONGEST_MS = 365 * 86_400_000;
/** Gatus asks registries no oftener. */
const DOMAIN_MS = 300_000;
const DOMAIN_EVERY = { every: "6h", failingEvery: "1h" };
const SHORTEST_HEARTBEAT_MS = 10_000;
/** Without a heartbeat silence is no failure. */
const NEVER = "10y";

export function endpointOf(entry: Mapping, path: Path, group = textOf(entry["group"])): Endpoint {
  const name = textOf(entry["name"]);
  return { entry, path, name, group, title: group === "" ? name : `${group}/${name}` };
}

/** Whether Gatus takes its name; told where it does not. */
export function namesAreRight({ name, group, title, path }: Endpoint, what: string, { draft, at, keys }: Reading): boolean {
  const key = endpointKey(group, name);
  const before = keys.get(key);
  if (name === "") draft.note("refused", at(path), what, "it has no name", "add it");
  else if (/["\\]/.test(name + group)) draft.note("refused", at([...path, "name"]), title, 'name and group may hold neither " nor \\', "write it without");
  else if (before !== undefined) draft.note("refused", at([...path, "name"]), title, `${before} has the same name and group`, "rename one of the two");
  else {
    keys.set(key, title);
    return true;
  }
  return false;
}

/** The interval in ms; null, with a note, when Gatus would not take it. */
export function intervalOf({ entry, path, title }: Endpoint, usual: number, { draft, at }: Reading): number | null {
  const time = durationOf(entry["interval"]);
  if (time === "wrong" || (time !== null && time < 0)) {
    draft.note("refused", at([...path, "interval"]), `${title} interval`, `\`${written(entry["interval"])}\` is no duration`, "write 60s, 5m or 1h30m");
    return null;
  }
  if (time === null || time === 0) return usual;
  if (time < SHORTEST_MS) draft.note("differs", at([...path, "interval"]), `${title} interval`, `it runs every ${durationText(SHORTEST_MS)}, the shortest here`, "", ["checks", title]);
  return Math.min(LONGEST_MS, Math.max(time, SHORTEST_MS));
}

/** The conditions of an endpoint, read; null, with notes, when Gatus would not start with them. */
export function conditionsOf({ entry, path, title }: Endpoint, { draft, at, within }: Reading): readonly { readonly text: string; readonly path: Path; readonly condition: GatusCondition }[] | null {
  const list = listOf(entry["conditions"]);
  if (list.length === 0) draft.note("refused", at(path), title, "it has no conditions", 'add conditions: ["[STATUS] == 200"]');
  let sound = list.length > 0;
  const read = list.flatMap((one, index) => {
    const text = textOf(one);
    const place = [...path, "conditions", index];
    const parsed = parseGatusCondition(text);
    if (parsed.kind === "wrong") {
      sound = false;
      draft.note("refused", within(place, parsed.at), `${title} \`${text}\``, parsed.wrong, parsed.right);
      return [];
    }
    if (parsed.condition.rest !== "") draft.note("ignored", at(place), `${title} \`${text}\``, `Gatus does not look at what stands behind the second ${parsed.condition.operator}`);
    return [{ text, path: place, condition: parsed.condition }];
  });
  return sound ? read : null;
}

/** Conditions on facts as a check's `expect` has them, those of the domain apart. */
export interface Conditions {
  readonly expect: Map<string, string[]>;
  readonly domain: readonly string[];
  /** Every condition is taken. */
  readonly whole: boolean;
  /** It is well when it cannot be reached. */
  readonly inverted: boolean;
}

const isAboutBody = ({ left, right }: GatusCondition): boolean => [left, right].some((side) => side.kind === "placeholder" && side.name === "BODY");

/** Translates what an endpoint expects, with a note for each that is not the same. */
export function translateAll(endpoint: Endpoint, conditions: NonNullable<ReturnType<typeof conditionsOf>>, { measured, body }: Pick<Asked, "measured" | "body">, reading: Reading, below: Path): Conditions {
  const { draft, at } = reading;
  const expect = new Map<string, string[]>();
  const domain: string[] = [];
  let [whole, inverted] = [true, false];
  for (const { text, path, condition } of conditions) {
    const what = `${endpoint.title} \`${text}\``;
    const said: Expected = translate(body !== undefined && isAboutBody(condition) ? { ...condition, left: body(condition.left), right: body(condition.right) } : condition, measured);
    whole &&= said.kind !== "left" && said.kind !== "never";
    if (said.kind === "left") draft.note("left", at(path), what, said.why, said.advice, below);
    else if (said.kind === "never") draft.note("left", at(path), what, `Gatus never finds it met: ${said.why}`, "correct it", below);
    else if (said.kind === "inverted") {
      // The others are about an answer that is not to come.
      inverted = conditions.length === 1;
      whole &&= inverted;
      if (!inverted) draft.note("left", at(path), what, "with other conditions it is not said here that something must not be reached", "make it an endpoint of its own", below);
    } else if (said.kind !== "always") {
      if (said.differs !== "") draft.note("differs", at(path), what, said.differs, "", below);
      if (said.kind === "domain") domain.push(...said.conditions);
      else expect.set(said.fact, [...new Set([...(expect.get(said.fact) ?? []), ...said.conditions])]);
    }
  }
  return { expect, domain, whole, inverted };
}

/** A whole number is written as one. */
const plain = (text: string): FactValue => (/^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text);
const isChoice = (text: string): boolean => /^\d[\d,-]*$/.test(text);
/** Two choices on one number are met by nothing, and so is what Gatus was told. */
const asPattern = (text: string): string => `/^(${text.replaceAll(",", "|")})$/`;

/** `expect` of a check or step: what was said, and the usual where nothing was. */
export function expectOf({ expect }: Pick<Conditions, "expect">, usual: Mapping): Mapping {
  const said = [...expect].map(([fact, all]) => {
    const choices = all.filter(isChoice);
    const texts = choices.length > 1 && (fact === "status" || fact === "exit") ? all.map((text) => (isChoice(text) ? asPattern(text) : text)) : all;
    return [fact, texts.length === 1 ? plain(texts[0] ?? "") : texts.map(plain)] as const;
  });
  return { ...Object.fromEntries(Object.entries(usual).filter(([fact]) => !expect.has(fact))), ...Object.fromEntries(said) };
}

/** Notes what is said of an endpoint; whether it can be asked. */
export function tellRemarks({ path, title }: Endpoint, remarks: readonly Remark[], { draft, at }: Reading, below: Path | null): boolean {
  for (const { kind, path: own, text, advice } of remarks) draft.note(kind, at([...path, ...own]), `${title} ${own.join(".")}`, text, advice, kind === "refused" || remarks.some(({ stops }) => stops) ? null : below);
  return !remarks.some(({ stops }) => stops);
}

export function tellTelling({ notes }: Telling, { draft }: Reading, below: Path): void {
  for (const { origin, what, text, advice } of notes) draft.note("differs", origin, what, text, advice, below);
}

/** Keys that Gatus does not know, and those that are about its page and its metrics. */
function tellKeys({ entry, path, title }: Endpoint, known: ReadonlySet<string>, { draft, at }: Reading, below: Path): void {
  const note = (kind: "ignored" | "left", key: string, text: string, advice = ""): void => draft.note(kind, at([...path, key]), `${title} ${key}`, text, advice, below);
  for (const key of Object.keys(entry)) if (!known.has(key)) note("ignored", key, "Gatus does not know this key");
  if (Object.keys(mappingOf(entry["ui"])).length > 0) note("left", "ui", "it is about the look of Gatus's page");
  if (Object.keys(mappingOf(entry["extra-labels"])).length > 0) note("left", "extra-labels", "labels of metrics are the check's name and type here", "`tags` in tocsin.yaml group checks");
}

/** What a type looks at of what it may be asked with; of web requests everything but `ssh`. */
const LOOKED_AT: { readonly [scheme: string]: readonly string[] } = { tcp: ["body"], tls: ["body"], ws: ["body", "headers"], wss: ["body", "headers"], ssh: ["body", "ssh"], http: ["method", "body", "graphql", "headers"], https: ["method", "body", "graphql", "headers"] };

function tellIdle({ entry, path, title }: Endpoint, { draft, at }: Reading, below: Path): void {
  const looked = LOOKED_AT[schemeOf(entry) ?? ""] ?? [];
  for (const key of ["method", "body", "graphql", "headers", "ssh"]) if (entry[key] !== undefined && !looked.includes(key)) draft.note("ignored", at([...path, key]), `${title} ${key}`, "Gatus does not look at it for an endpoint of this kind", "", below);
}

/** What of an endpoint's keys has no meaning where it stands. */
export function tellMeaningless(endpoint: Endpoint, inSuite: boolean, reading: Reading, below: Path): void {
  const { entry, path, title } = endpoint;
  tellKeys(endpoint, ENDPOINT, reading, below);
  if (!inSuite) tellIdle(endpoint, reading, below);
  const words = inSuite ? (["enabled", "group", "interval"] as const) : (["store", "always-run"] as const);
  for (const key of words) if (entry[key] !== undefined) reading.draft.note("ignored", reading.at([...path, key]), `${title} ${key}`, inSuite ? "the suite's own counts" : "it has a meaning in suites only", "", below);
}

/** What every check of an endpoint has. */
const common = ({ entry, group }: Endpoint, telling: Telling): Mapping => ({ ...(group === "" ? {} : { tags: [group] }), ...(flag(entry["enabled"]) === false ? { paused: true } : {}), ...telling.keys });

/** The windows of an endpoint, for these checks. */
export function readWindows({ entry, path, title }: Endpoint, names: readonly string[], { windows }: Reading): void {
  const list = listOf(entry["maintenance-windows"]);
  for (const [index, window] of list.entries()) windows.read(mappingOf(window), list.length === 1 ? `${title} maintenance` : `${title} maintenance ${index + 1}`, names, [...path, "maintenance-windows", index]);
}

/** The host of an address, whose domain is asked for. */
function domainOf(entry: Mapping): string | null {
  const url = textOf(entry["url"]).replace(/^\w+:\/\//, "http://");
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return /^[a-z\d-]+(\.[a-z\d-]+)+$/i.test(host) && !/^[\d.]+$/.test(host) ? host : null;
}

function addDomain(endpoint: Endpoint, conditions: readonly string[], telling: Telling, { draft, at }: Reading): readonly string[] {
  const { entry, path, title } = endpoint;
  const origin = at([...path, "conditions"]);
  const host = domainOf(entry);
  if (host === null) {
    draft.note("left", origin, `${title} [DOMAIN_EXPIRATION]`, "its address names no domain", "add a `domain` check");
    return [];
  }
  const name = draft.add("checks", `${title} domain`, { type: "domain", name: host, ...DOMAIN_EVERY, timeout: "30s", ...common(endpoint, telling), expect: { days: conditions.length === 1 ? conditions[0] : conditions } }, origin);
  const below = ["checks", name];
  draft.note("differs", origin, `${title} [DOMAIN_EXPIRATION]`, `a check of its own, \`${name}\`, asks the registry every 6 h, by RDAP only`, "", below);
  if (host.split(".").length > 2) draft.note("differs", origin, `${title} [DOMAIN_EXPIRATION]`, `${host} is asked for as it stands`, "where the registered domain is shorter, write that into `name`", below);
  return [name];
}

function keysOf(endpoint: Endpoint, client: Client, asked: Asked, conditions: Conditions): Mapping {
  const expect = expectOf(conditions, asked.usual);
  if (client.oauth2 !== null) return stepsWithToken(client.oauth2, endpoint.name, asked.keys, expect);
  return { ...asked.keys, ...(Object.keys(expect).length === 0 ? {} : { expect }) };
}

/** One of `endpoints`. */
export function readEndpoint(endpoint: Endpoint, reading: Reading): void {
  const { draft, at, alerts, source } = reading;
  const { entry, path, title } = endpoint;
  if (!namesAreRight(endpoint, "endpoint", reading)) return;
  const what = some(entry["url"]);
  if (what === undefined) draft.note("refused", at(path), title, "it has no url", "add it");
  const interval = intervalOf(endpoint, USUAL_MS, reading);
  const conditions = conditionsOf(endpoint, reading);
  if (what === undefined || interval === null || conditions === null) return;
  if (interval < DOMAIN_MS && conditions.some(({ text }) => /\[DOMAIN_EXPIRATION\]/i.test(text))) {
    draft.note("refused", at([...path, "interval"]), title, "[DOMAIN_EXPIRATION] wants an interval of 5m or more", "write interval: 1h");
    return;
  }
  const client = readClient(mappingOf(entry["client"]), ["http", "https"].includes(schemeOf(entry) ?? ""), source);
  const asked = askOf(entry, client);
  const remarks = [...client.remarks, ...("stops" in asked ? [asked] : asked.remarks)];
  if ("stops" in asked || remarks.some(({ stops }) => stops)) {
    tellRemarks(endpoint, remarks, reading, null);
    return;
  }
  const telling = alerts.read({ title, group: endpoint.group, entry, path });
  const below = ["checks", title];
  const translated = translateAll(endpoint, conditions, asked, reading, below);
  const keys = keysOf(endpoint, client, asked, translated);
  const name = draft.add("checks", title, { ...keys, ...(interval === USUAL_MS ? {} : { every: durationText(interval) }), ...(translated.inverted ? { invert: true } : {}), ...client.keys, ...common(endpoint, telling) }, at(path));
  tellRemarks(endpoint, remarks, reading, below);
  if (client.oauth2 !== null) draft.note("differs", at([...path, "client", "oauth2"]), `${title} client.oauth2`, "a token is asked for at each run", "", below);
  tellTelling(telling, reading, below);
  tellMeaningless(endpoint, false, reading, below);
  draft.note("taken", at(path), title, flag(entry["enabled"]) === false ? "it is not enabled: paused" : translated.whole ? "checks as before" : "checks what is taken of its conditions", "", ["checks", name]);
  const more = translated.domain.length === 0 ? [] : addDomain(endpoint, translated.domain, telling, reading);
  readWindows(endpoint, [name, ...more], reading);
}

/** One of `external-endpoints`: a push check. */
export function readExternal(endpoint: Endpoint, reading: Reading): void {
  const { draft, at, alerts } = reading;
  const { entry, path, title, name, group } = endpoint;
  if (!namesAreRight(endpoint, "external endpoint", reading)) return;
  const token = some(entry["token"]);
  const heartbeat = durationOf(mappingOf(entry["heartbeat"])["interval"]);
  if (token === undefined) draft.note("refused", at(path), title, "it has no token", "add it");
  const wrong = heartbeat === "wrong" || (heartbeat !== null && heartbeat !== 0 && heartbeat < SHORTEST_HEARTBEAT_MS);
  if (wrong) draft.note("refused", at([...path, "heartbeat"]), `${title} heartbeat`, "its interval is no duration of 10s or more", "write interval: 30m");
  if (token === undefined || wrong) return;
  const telling = alerts.read({ title, group, entry, path });
  const within = heartbeat === null || heartbeat === 0 ? NEVER : durationText(heartbeat);
  const check = draft.add("checks", title, { type: "push", within, token: externalToken(endpointKey(group, name), token), ...common(endpoint, telling) }, at(path));
  const below = ["checks", check];
  tellTelling(telling, reading, below);
  tellKeys(endpoint, EXTERNAL, reading, below);
  draft.note("taken", at(path), title, `told by POST /api/v1/endpoints/${endpointKey(group, name)}/external with its bearer token`, "", below);
  readWindows(endpoint, [check], reading);
}
