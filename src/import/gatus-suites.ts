import { readClient } from "./gatus-client.ts";
import { type GatusCondition, type Operand, operandOf } from "./gatus-condition.ts";
import { conditionsOf, type Endpoint, endpointOf, expectOf, intervalOf, namesAreRight, readWindows, type Reading, tellMeaningless, tellRemarks, tellTelling, translateAll } from "./gatus-endpoints.ts";
import { httpMeasured, requestOf, schemeOf } from "./gatus-types.ts";
import { durationOf, flag, texts } from "./gatus-words.ts";
import type { Path } from "./importer.ts";
import { written } from "./json.ts";
import { durationText, listOf, mappingOf, textOf, type Mapping } from "./values.ts";

const SUITE: ReadonlySet<string> = new Set(["name", "group", "enabled", "interval", "timeout", "context", "endpoints"]);
const USUAL_INTERVAL_MS = 600_000;
const USUAL_TIMEOUT_MS = 300_000;
const CONTEXT = /\[CONTEXT\]\.([\w.-]+)/g;
/** How a value that is carried on is called. */
const carried = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");

/** The values of a suite: those that it begins with, and names of those that an earlier step takes. */
interface Context {
  readonly initial: Mapping;
  readonly taken: Set<string>;
}

/** The initial value at a dotted path; undefined when there is none. */
function initialAt(initial: Mapping, path: string): string | undefined {
  let value: unknown = initial;
  for (const step of path.split(".")) value = Object.hasOwn(mappingOf(value), step) ? mappingOf(value)[step] : undefined;
  return value === undefined || value === null ? undefined : written(value);
}

/** A text with values of the context: known ones as they are, taken ones as `{{NAME}}`; `lost` names those that nobody sets. */
function filled(text: string, { initial, taken }: Context, lost: Set<string>): string {
  return text.replaceAll(CONTEXT, (whole, name: string) => {
    if (taken.has(name)) return `{{${carried(name)}}}`;
    const value = initialAt(initial, name);
    if (value === undefined) lost.add(name);
    return value ?? whole;
  });
}

function filledEntry(entry: Mapping, context: Context, lost: Set<string>): Mapping {
  const headers = Object.entries(mappingOf(entry["headers"])).map(([name, value]) => [name, filled(textOf(value), context, lost)] as const);
  return { ...entry, url: filled(textOf(entry["url"]), context, lost), body: filled(textOf(entry["body"]), context, lost), headers: Object.fromEntries(headers) };
}

/** A side of a condition that is a value the suite begins with is that text. */
function known(operand: Operand, { initial, taken }: Context): Operand {
  if (operand.kind !== "placeholder" || operand.name !== "CONTEXT" || operand.call !== null || taken.has(operand.path)) return operand;
  const value = initialAt(initial, operand.path);
  return value === undefined ? operand : { kind: "text", text: value };
}

const inContext = ({ left, operator, right, rest }: GatusCondition, context: Context): GatusCondition => ({ left: known(left, context), operator, right: known(right, context), rest });

/** What a step takes for later ones; a text for what it cannot. */
function takeOf(placeholder: string): { readonly kind: "take"; readonly from: string } | { readonly kind: "not" } {
  const operand = operandOf(placeholder, false);
  if (operand.kind !== "placeholder" || operand.name !== "BODY" || operand.call !== null) return { kind: "not" };
  return { kind: "take", from: operand.path === "" ? "body" : `body.json${operand.path.startsWith("[") ? "" : "."}${operand.path}` };
}

interface Made {
  readonly steps: readonly Mapping[];
  readonly shared: Mapping;
  readonly whole: boolean;
}

function readSteps(suite: Endpoint, endpoints: readonly Endpoint[], below: Path, reading: Reading): Made {
  const { draft, at, source } = reading;
  const context: Context = { initial: mappingOf(suite.entry["context"]), taken: new Set() };
  let [whole, shared] = [true, {} as Mapping];
  const steps = endpoints.map((endpoint, index): Mapping => {
    const { entry, path, title } = endpoint;
    const stop = (key: string, text: string, advice: string): void => {
      draft.note("left", at([...path, key]), title, text, advice);
      whole = false;
    };
    const lost = new Set<string>();
    const full = filledEntry(entry, context, lost);
    for (const name of lost) stop("url", `nothing before it sets [CONTEXT].${name}`, "add it to `context`, or to `store` of an endpoint before");
    if (/^https?:\/\/[^/?#]*\{\{/.test(textOf(full["url"]))) stop("url", "a value that is taken cannot be a part of the host", "write the host out");
    if (!["http", "https"].includes(schemeOf(full) ?? "")) stop("url", "the steps of a suite are web requests here", "make it an endpoint of its own");
    const client = readClient(mappingOf(entry["client"]), true, source);
    if (client.oauth2 !== null) stop("client", "within a suite no token is asked for", "ask for it in an endpoint of the suite, and store it");
    if (!tellRemarks(endpoint, client.remarks, reading, below)) whole = false;
    const own = { ...(client.tls === undefined ? {} : { tls: client.tls }), ...(client.proxy === undefined ? {} : { proxy: client.proxy }) };
    if (index === 0) shared = own;
    else if (JSON.stringify(own) !== JSON.stringify(shared)) draft.note("differs", at([...path, "client"]), title, "TLS and proxy are those of the first endpoint for the whole suite", "", below);
    const { keys, remarks } = requestOf(full);
    tellRemarks(endpoint, remarks, reading, below);
    const conditions = conditionsOf(endpoint, reading);
    if (conditions === null) whole = false;
    const readable = (conditions ?? []).map(({ text, path: place, condition }) => ({ text, path: place, condition: inContext(condition, context) }));
    const { expect, domain, inverted } = translateAll(endpoint, readable, { measured: httpMeasured }, reading, below);
    if (inverted) stop("conditions", "a step of a suite is to be reached", "make it an endpoint of its own");
    if (domain.length > 0) draft.note("left", at([...path, "conditions"]), title, "a suite asks no registry", "add a `domain` check", below);
    tellMeaningless(endpoint, true, reading, below);
    const take = takes(endpoint, context, reading, below);
    if (flag(entry["always-run"]) === true && index > 0) draft.note("left", at([...path, "always-run"]), `${title} always-run`, "the first step that fails ends the check: what cleans up after it does not run", "let the service expire what tests leave behind", below);
    return { name: endpoint.name, ...keys, ...(client.follows ? {} : { redirects: 0 }), ...(Object.keys(take).length === 0 ? {} : { take }), expect: expectOf({ expect }, { status: "exists" }) };
  });
  return { steps, shared, whole };
}

function takes({ entry, path, title }: Endpoint, { taken }: Context, { draft, at }: Reading, below: Path): Mapping {
  const take: { [name: string]: string } = {};
  for (const [name, placeholder] of Object.entries(mappingOf(entry["store"]))) {
    const read = takeOf(textOf(placeholder));
    if (read.kind === "take") {
      take[carried(name)] = read.from;
      taken.add(name);
    } else draft.note("left", at([...path, "store", name]), `${title} store.${name}`, `\`${textOf(placeholder)}\` is not carried on here`, "only [BODY] and paths into it are", below);
  }
  return take;
}

/** Everybody who is told of one of its endpoints is told of the suite, at the first of their thresholds. */
function tellingOf(suite: Endpoint, endpoints: readonly Endpoint[], reading: Reading, below: Path): Mapping {
  const alerted = endpoints.filter(({ entry }) => listOf(entry["alerts"]).length > 0);
  const [first] = alerted;
  if (first === undefined) return {};
  // The alerts of all, as if they were one's.
  const alerts = alerted.flatMap(({ entry }) => listOf(entry["alerts"]));
  const unique = [...new Map(alerts.map((alert) => [JSON.stringify({ ...mappingOf(alert), description: null }), alert])).values()];
  const telling = reading.alerts.read({ title: suite.title, group: suite.group, entry: { alerts: unique }, path: first.path });
  tellTelling({ ...telling, notes: telling.notes.filter(({ text }) => !text.includes("descriptions")) }, reading, below);
  const { description: _, ...keys } = telling.keys;
  if (alerted.length > 1 || endpoints.length > 1) reading.draft.note("differs", reading.at(suite.path), suite.title, "its endpoints are steps of one check: whoever is told of one of them is told of the suite, with the step that failed", "", below);
  return keys;
}

/** One of `suites`: a check of several requests. */
export function readSuite(suite: Endpoint, reading: Reading): void {
  const { draft, at } = reading;
  const { entry, path, title, group } = suite;
  if (!namesAreRight(suite, "suite", reading)) return;
  const endpoints = listOf(entry["endpoints"]).map((one, index) => endpointOf(mappingOf(one), [...path, "endpoints", index], group));
  if (endpoints.length === 0) draft.note("refused", at(path), title, "it has no endpoints", "add them");
  const interval = intervalOf(suite, USUAL_INTERVAL_MS, reading);
  const timeout = durationOf(entry["timeout"]);
  const wrong = timeout === "wrong" || (timeout !== null && timeout < 0);
  if (wrong) draft.note("refused", at([...path, "timeout"]), `${title} timeout`, `\`${written(entry["timeout"])}\` is no duration`, "write 5m");
  const named = endpoints.map((endpoint) => namesAreRight(endpoint, "endpoint of a suite", reading));
  if (endpoints.length === 0 || interval === null || wrong || named.includes(false)) return;
  const below = ["checks", title];
  const { steps, shared, whole } = readSteps(suite, endpoints, below, reading);
  if (!whole) {
    draft.note("left", at(path), title, "it is not taken: see the notes on its endpoints", "");
    return;
  }
  const timeoutMs = timeout === null || timeout === 0 ? USUAL_TIMEOUT_MS : timeout;
  const keys = { type: "http-steps", steps, ...shared, every: durationText(interval), timeout: durationText(timeoutMs), ...(group === "" ? {} : { tags: texts([group]) }), ...(flag(entry["enabled"]) === false ? { paused: true } : {}), ...tellingOf(suite, endpoints, reading, below) };
  const name = draft.add("checks", title, keys, at(path));
  for (const key of Object.keys(entry)) if (!SUITE.has(key)) draft.note("ignored", at([...path, key]), `${title} ${key}`, "Gatus does not know this key", "", ["checks", name]);
  draft.note("taken", at(path), title, endpoints.length === 1 ? "one request" : `${endpoints.length} requests in order`, "", ["checks", name]);
  for (const endpoint of endpoints) {
    if (listOf(endpoint.entry["maintenance-windows"]).length === 0) continue;
    draft.note("differs", at([...endpoint.path, "maintenance-windows"]), `${endpoint.title} maintenance-windows`, "they are for the whole suite", "", ["maintenance"]);
    readWindows(endpoint, [name], reading);
  }
}
