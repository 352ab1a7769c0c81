import { Draft } from "./draft.ts";
import { GatusAlerts } from "./gatus-alerts.ts";
import { clientFiles } from "./gatus-client.ts";
import { endpointOf, readEndpoint, readExternal, type Reading } from "./gatus-endpoints.ts";
import { type GatusFiles, readGatusFiles, relatedFiles } from "./gatus-files.ts";
import { readSuite } from "./gatus-suites.ts";
import { hasSomething, readConnectivity, readTop } from "./gatus-top.ts";
import { GatusWindows } from "./gatus-windows.ts";
import type { Glimpse, Importer, Origin, Source } from "./importer.ts";
import { listOf, mappingOf, type Mapping } from "./values.ts";

/** Every run counts, HTTP is spoken as Go does it unless told otherwise. */
const DEFAULTS = { failAfter: 1, flapping: "off", notify: [], http: { http2: false, redirects: 10 } };

const entriesOf = (site: Mapping, section: string): readonly Mapping[] => listOf(site[section]).map(mappingOf);

/** Endpoints of all kinds: whatever may have alerts or certificates. */
const allEntries = (site: Mapping): readonly Mapping[] => [...entriesOf(site, "endpoints"), ...entriesOf(site, "external-endpoints"), ...entriesOf(site, "suites").flatMap((suite) => entriesOf(suite, "endpoints"))];

function related(source: Source): readonly string[] {
  // A site with certificates says so in plain words.
  const shows = [...source.files.values()].some(({ bytes }) => new TextDecoder().decode(bytes).includes("certificate-file"));
  return [...relatedFiles(source), ...(shows ? clientFiles(allEntries(readGatusFiles(source).value)) : [])];
}

function tellFiles({ problems, filled, unset }: GatusFiles, nowhere: Origin, draft: Draft): void {
  for (const { origin, wrong, right } of problems) draft.note("refused", origin, "", wrong, right);
  for (const name of filled) draft.note("differs", nowhere, name, "its value is filled in from the environment as it is now", `write \${env:${name.replaceAll(/[${}]/g, "")}} into tocsin.yaml`);
  for (const name of unset) draft.note("ignored", nowhere, name, "it is not set, and empty as in Gatus", "set it where Tocsin is started, or write $$ for a dollar sign");
}

function read(source: Source): ReturnType<Importer["read"]> {
  const nowhere: Origin = { file: source.path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const files = readGatusFiles(source);
  tellFiles(files, nowhere, draft);
  const { value: site, at } = files;
  if (files.problems.length === 0 && !hasSomething(site)) draft.note("refused", nowhere, "", "it has neither endpoints nor suites", "add endpoints");
  readTop(site, draft, at, (path) => source.absolute(path));
  draft.put(["defaults"], DEFAULTS, nowhere);
  readConnectivity(site, draft, at);
  const alerts = new GatusAlerts(draft, mappingOf(site["alerting"]), allEntries(site), at);
  const reading: Reading = { draft, source, alerts, windows: new GatusWindows(draft, at), at, within: files.within, keys: new Map() };
  for (const [index, entry] of entriesOf(site, "endpoints").entries()) readEndpoint(endpointOf(entry, ["endpoints", index]), reading);
  for (const [index, entry] of entriesOf(site, "external-endpoints").entries()) readExternal(endpointOf(entry, ["external-endpoints", index]), reading);
  for (const [index, entry] of entriesOf(site, "suites").entries()) readSuite(endpointOf(entry, ["suites", index]), reading);
  const maintenance = mappingOf(site["maintenance"]);
  if (Object.keys(maintenance).length > 0) reading.windows.read(maintenance, "maintenance", "all", ["maintenance"]);
  alerts.finish();
  reading.windows.finish();
  return draft.done();
}

function recognises({ names, tables, text }: Glimpse): boolean {
  if (names !== null) return names.includes("config.yaml") || names.includes("config.yml");
  if (tables !== null) return false;
  // JSON is YAML.
  if (/^\s*\{/.test(text)) return /"(endpoints|suites)"\s*:/.test(text) && /"conditions"\s*:/.test(text) && !/"(checks|channels)"\s*:/.test(text);
  return /^["']?(endpoints|external-endpoints|suites)["']?\s*:/m.test(text) && !/^["']?(checks|channels|modules|scrape_configs)["']?\s*:/m.test(text);
}

/** Gatus: a file, or a folder whose files are merged. */
export const gatus: Importer = { format: "gatus", about: "Gatus's config.yaml, or the folder of several", recognises, related, read };
