import { dirname, join } from "node:path";
import type { SiteDiff } from "../config/diff.ts";
import { ANY_FORMAT, type ForeignChoice, type LoaderResult, loadInWorker } from "../config/loader.ts";
import { formatProblem, type Problem } from "../config/problems.ts";
import type { CheckDefinition, Site } from "../config/site.ts";
import type { Instant } from "../core/types.ts";
import type { Log } from "../sys/ports.ts";
import type { Update } from "./roster.ts";

const MODULES = {
  probes: new URL("../probes/index.ts", import.meta.url).href,
  channels: new URL("../alert/channels/index.ts", import.meta.url).href,
  foreign: new URL("./foreign.ts", import.meta.url).href,
  providers: new URL("../alert/providers/index.ts", import.meta.url).href,
};

/** Loads a configuration file beside the running one; `now` is the time, by which schedules are over. */
export function loadConfiguration(path: string, environment: { readonly [name: string]: string | undefined }, previous: Site | null, foreign: ForeignChoice = ANY_FORMAT, now?: Instant): Promise<LoaderResult> {
  return loadInWorker({ path, foreign, environment, modules: MODULES, previous, ...(now === undefined ? {} : { now }) });
}

/** Everything whose change may change the configuration: its files, secrets' files, and the folder for more. */
export const watchedPaths = (path: string, files: readonly string[]): readonly string[] => [path, join(dirname(path), "conf.d"), ...files];

/** Writes each problem as a line of the log. */
export function logProblems(log: Log, problems: readonly Problem[]): void {
  for (const problem of problems) {
    if (problem.severity === "error") log.error(formatProblem(problem));
    else log.warn(formatProblem(problem));
  }
}

/** A new site and its differences as the monitor takes them. */
export function updateOf(site: Site, diff: SiteDiff): Update {
  const byName = new Map(site.checks.map((check) => [check.name, check]));
  const definition = (name: CheckDefinition["name"]): CheckDefinition => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`the new site has no check ${name}`);
    return found;
  };
  const what = new Map(diff.changed.map((change) => [change.name, change.what]));
  const renamedTo = new Set(diff.renamed.map((rename) => rename.to));
  const { settings, channels, rotations, maintenance, version, secrets } = site;
  return {
    settings,
    channels,
    rotations,
    maintenance,
    version,
    secrets,
    added: diff.added.map(definition),
    changed: diff.changed.filter((change) => !renamedTo.has(change.name)).map((change) => ({ definition: definition(change.name), what: change.what })),
    renamed: diff.renamed.map(({ from, to }) => ({ from, definition: definition(to), what: what.get(to) ?? null })),
    removed: diff.removed,
  };
}
