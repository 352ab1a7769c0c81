import type { AnyChannel } from "../alert/channels/channel.ts";
import { createMask } from "../core/mask.ts";
import { hash128 } from "../core/ids.ts";
import type { Instant } from "../core/types.ts";
import type { AnyProbe } from "../probes/probe.ts";
import type { Files } from "../sys/ports.ts";
import { canonical } from "./canonical.ts";
import { readChannels } from "./channels.ts";
import { readChecks, readSiteDefaults } from "./checks.ts";
import { createConditionParser } from "./conditions.ts";
import { readConnectivity, withConnectivity } from "./connectivity.ts";
import { GAPS_FROM, makeDefinitions } from "./definitions.ts";
import { type Finding, sortProblems } from "./finding.ts";
import { type Foreign, type ForeignReader, foreignSources, goodHalf } from "./foreign.ts";
import { quoteAdvice } from "./issues.ts";
import { warnExposed } from "./literals.ts";
import { readMembership } from "./members.ts";
import { readProbeAccess } from "./probe.ts";
import { createPlaces, type Places } from "./places.ts";
import type { Problem } from "./problems.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { Report } from "./report.ts";
import { readRotations } from "./rotations.ts";
import { namedEntries } from "./sections.ts";
import type { ProbeAccess, Settings, Site } from "./site.ts";
import { type Document, type Environment, firstExposed, folderOf, isMapping, joinPath, readSources, type SourceSet } from "./sources.ts";
import { readSettings } from "./top.ts";
import { warnAll } from "./warnings.ts";
import { readWindows } from "./windows.ts";

/** What loading needs: the main file, where files and the environment are, and what may be configured. */
export interface LoadRequest {
  readonly path: string;
  readonly files: Files;
  readonly environment: Environment;
  readonly probes: readonly AnyProbe[];
  readonly channels: readonly AnyChannel[];
  /** Configurations of other systems; absent: only Tocsin's own is read. */
  readonly foreign?: ForeignReader;
  /** Of a foreign configuration: what is wrong is left out, with a warning, and the rest runs. */
  readonly keepGoing?: boolean;
  /** Checks run by what was loaded before: a file that names none, as one is in the middle of a save, does not end them. */
  readonly running?: boolean;
  /** The time, by which schedules are over that do not run any more; absent: the beginning of 2026. */
  readonly now?: Instant;
  /** More channels, asked for when a type is not among the others. */
  readonly providers?: () => Promise<readonly AnyChannel[]>;
}

/** A whole site with its warnings, or every problem at once, in the order of files and lines. */
export type Loading =
  | { readonly kind: "loaded"; readonly site: Site; readonly warnings: readonly Problem[] }
  | { readonly kind: "broken"; readonly problems: readonly Problem[]; readonly files: readonly string[] };

/** Reads and checks a configuration. Never throws for what its files hold. */
export async function loadSite(request: LoadRequest): Promise<Loading> {
  const foreign = (await request.foreign?.(request.path)) ?? null;
  if (foreign !== null) return loadForeign(request, foreign);
  const sources = await readSources(request.path, request.files, request.environment);
  const report = new Report();
  for (const finding of sources.findings) report.add(finding);
  return finish(sources, report, readSite(request, sources, await registryFor(sources, request), report));
}

/** The types that the files may name: the catalogue of providers is large, and most sites name none of it. */
async function registryFor({ documents }: SourceSet, { probes, channels, providers }: LoadRequest): Promise<Registry> {
  const known = new Set<unknown>(channels.map(({ type }) => type));
  const named = documents.flatMap(({ filled }) => Object.values(isMapping(filled["channels"]) ? filled["channels"] : {}));
  const others = new Set(named.flatMap((channel) => (isMapping(channel) && !known.has(channel["type"]) ? [channel["type"]] : [])));
  if (others.size === 0 || providers === undefined) return createRegistry(probes, channels);
  const all = await providers();
  const used = all.filter(({ type }) => others.has(type));
  // A type that nobody knows is answered with the nearest of all.
  return createRegistry(probes, [...channels, ...(used.length === others.size ? used : all)]);
}

function finish(sources: SourceSet, report: Report, site: Site | null): Loading {
  const problems = place(sources, report);
  if (site === null || problems.some((problem) => problem.severity === "error")) return { kind: "broken", problems, files: sources.files };
  return { kind: "loaded", site: deepFreeze(site), warnings: problems };
}

async function loadForeign(request: LoadRequest, whole: Foreign): Promise<Loading> {
  const { path, files, keepGoing = false } = request;
  const exposed = await firstExposed(files, whole.files);
  const registry = await registryFor(foreignSources(path, whole, exposed), request);
  const left: Finding[] = [];
  for (let foreign = whole; ; ) {
    const sources = foreignSources(path, foreign, exposed);
    const report = new Report();
    const site = readSite(request, sources, registry, report);
    const good = keepGoing ? goodHalf(foreign, report.findings) : null;
    if (good === null) {
      for (const finding of left) report.add({ ...finding, severity: "warning", right: `it is left out; ${finding.right}` });
      return finish(sources, report, site === null ? null : { ...site, carried: whole.state });
    }
    left.push(...good.dropped);
    foreign = good.foreign;
  }
}

/** Values to a site; null when something is wrong, which the report tells. */
function readSite({ path, running = false, now = GAPS_FROM }: LoadRequest, sources: SourceSet, registry: Registry, report: Report): Site | null {
  const { documents } = sources;
  const folder = folderOf(path);
  const settings = readSettings(documents, (file) => joinPath(folder, file), report);
  const channelEntries = namedEntries("channels", documents, report);
  const { connectivity, entries } = readConnectivity(documents[0], namedEntries("checks", documents, report), report);
  const channels = readChannels(channelEntries, registry, documents, settings.timezone, report);
  const channelNames = new Set(channelEntries.keys());
  const rotationEntries = namedEntries("rotations", documents, report);
  const rotations = readRotations(rotationEntries, { channels: channelNames, timezone: settings.timezone, report });
  const membership = readMembership(entries, registry, report);
  const site = readSiteDefaults(documents[0], registry, report);
  const around = { registry, documents, report, site, membership, channels: channelNames, rotations: new Set(rotationEntries.keys()), timezone: settings.timezone, conditions: createConditionParser() };
  const set = readChecks(entries, around);
  const parents = withConnectivity(set.drafts, set.parents, connectivity, report);
  const probe = readProbeAccess(documents[0], around);
  const maintenance = readWindows(documents, new Set(entries.keys()), settings.timezone, report);
  warnExposed(documents, report);
  // A file that could not be read has its own error.
  const isRead = sources.problems.every(({ severity }) => severity !== "error");
  if (running && isRead && entries.size === 0) refuseEmpty(documents, report);
  if (report.broken || !isRead) return null;
  const checks = makeDefinitions({ ...set, parents, membership, channels, rotations, site: settings.name });
  warnAll({ settings, drafts: set.drafts, membership, channels: channelEntries, rotations: rotationEntries, definitions: channels, checks, now }, report);
  const version = versionOf(settings, { channels, checks, maintenance }, probe);
  return { settings, channels, rotations: [...rotations].map(([name, rotation]) => ({ name, rotation })), checks, maintenance, version, files: sources.files, carried: [], secrets: secretsOf(sources, report), ...(probe === null ? {} : { probe }) };
}

/** Only who writes `checks: {}` wants none; the document of a foreign configuration has it for want of any. */
function refuseEmpty(documents: SourceSet["documents"], report: Report): void {
  const foreign = documents.some(({ place: elsewhere }) => elsewhere !== undefined);
  if (!foreign && documents.some(({ written: { checks } }) => isMapping(checks) && Object.keys(checks).length === 0)) return;
  const path = documents[0]?.written["checks"] === undefined ? [] : ["checks"];
  const right = foreign ? "bring them back; to end all that run, stop Tocsin" : "write them below `checks:`; to end all that run, write `checks: {}`";
  report.add({ severity: "error", document: 0, path, at: "key", wrong: "there are no checks any more", right });
}

/** Order of the file does not make another site; everything else does. */
function versionOf(settings: Settings, { channels, checks, maintenance }: Pick<Site, "channels" | "checks" | "maintenance">, probe: ProbeAccess | null): string {
  const parts = [...channels.map(({ name, hash }) => `channel ${name} ${hash}`), ...checks.map(({ name, hashes }) => `check ${name} ${hashes.target} ${hashes.judging} ${hashes.telling}`)].sort();
  return hash128([canonical(settings), canonical(maintenance), ...(probe === null ? [] : [canonical(probe)]), ...parts].join("\n"));
}

function secretsOf(sources: SourceSet, report: Report): readonly string[] {
  const filled = [...sources.secrets].filter((secret) => !report.numbers.has(secret));
  return [...new Set([...filled, ...report.secrets])].filter((secret) => secret !== "");
}

/** Gives every finding its line; this is the only time that positions are needed. */
function place(sources: SourceSet, report: Report): readonly Problem[] {
  if (report.findings.length === 0 && sources.problems.length === 0) return [];
  const mask = createMask(secretsOf(sources, report));
  const places = new Map<number, Places>();
  const find = (finding: Pick<Finding, "document" | "path" | "at">): { readonly file: string; readonly line: number; readonly column: number } => {
    const document = sources.documents[finding.document];
    if (document === undefined) return { file: sources.files[0] ?? "", line: 0, column: 0 };
    if (document.place !== undefined) return document.place(finding.path);
    const known = places.get(finding.document) ?? createPlaces(document.text);
    places.set(finding.document, known);
    return { file: document.file, ...known.find(finding.path, finding.at) };
  };
  const problems = report.findings.map((finding): Problem => {
    const other = finding.also === undefined ? null : find({ ...finding.also, at: "key" });
    const at = find(finding);
    const plain = finding.quote === true ? plainAt(sources.documents[finding.document], at) : null;
    const advice = plain === null ? finding.right : quoteAdvice(plain);
    const right = other === null ? advice : `${advice}; the other is at ${other.file}:${other.line}`;
    return { severity: finding.severity, ...at, wrong: mask(finding.wrong), right: mask(right) };
  });
  return sortProblems([...sources.problems, ...problems], sources.files);
}

/** The unquoted text that stands at this place of a document; null where that cannot be seen. */
function plainAt(document: Document | undefined, { line, column }: { readonly line: number; readonly column: number }): string | null {
  if (document === undefined || document.place !== undefined) return null;
  const text = document.text.split(/\r\n|\n|\r/)[line - 1] ?? "";
  return /^[^\s,#{}[\]&*!"'][^\s,#{}[\]"']*/.exec(text.slice(column - 1))?.[0] ?? null;
}

/** Nothing may change a site once it is loaded. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
