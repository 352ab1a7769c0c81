import { basename, dirname } from "node:path";
import type { diskFiles, ForeignChoice } from "../config/loader.ts";
import type { Problem } from "../config/problems.ts";
import type { Site } from "../config/site.ts";
import type { Doors } from "./doors.ts";

/** A site with its warnings, or null with the errors among the problems. */
export interface Configuration {
  readonly site: Site | null;
  readonly problems: readonly Problem[];
}

/** A file of `conf.d` that is not written yet. */
interface Part {
  readonly file: string;
  readonly text: string;
}

type DiskFiles = ReturnType<typeof diskFiles>;

/** The disk with that file on it. */
const withPart = (disk: DiskFiles, { file, text }: Part): DiskFiles => ({
  ...disk,
  read: (path) => (path === file ? Promise.resolve({ kind: "read", text }) : disk.read(path)),
  list: async (folder) => {
    const names = await disk.list(folder);
    return folder === dirname(file) ? [...new Set([...(names ?? []), basename(file)])].sort() : names;
  },
});

const ANY: ForeignChoice = { from: null, keepGoing: false };

/** Reads and checks a configuration in this process; what it takes is loaded only now. */
export async function readConfiguration(path: string, doors: Pick<Doors, "registry" | "environment" | "readForeign" | "now">, choice: ForeignChoice = ANY, more: Part | null = null): Promise<Configuration> {
  const [{ loadSite }, { diskFiles }, { probes, channels }] = await Promise.all([import("../config/load.ts"), import("../config/loader.ts"), doors.registry()]);
  const loaded = await loadSite({ path, files: more === null ? diskFiles() : withPart(diskFiles(), more), environment: doors.environment, probes, channels, foreign: (named) => doors.readForeign(named, choice), keepGoing: choice.keepGoing, now: doors.now() });
  return loaded.kind === "loaded" ? { site: loaded.site, problems: loaded.warnings } : { site: null, problems: loaded.problems };
}
