import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { channels } from "../../src/alert/channels/index.ts";
import { providers } from "../../src/alert/providers/index.ts";
import { type Loading, loadSite } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problems.ts";
import { loadForeign } from "../../src/import/foreign.ts";
import { type ForeignDisk, openForeign } from "../../src/import/open.ts";
import { reportLines } from "../../src/import/report.ts";
import { writeDocument } from "../../src/import/write.ts";
import { probes } from "../../src/probes/index.ts";
import { openTables } from "../../src/store/sqlite/foreign.ts";
import { buildFrom } from "./kuma/build.ts";

/**
 * Foreign configurations with what is to come of them. A case is a folder `corpus/FORMAT/CASE` that holds what was named (`input`, a file of any
 * ending or a folder; from `input.sql` a database `kuma.db` is made), `expected.yaml` (the document as `tocsin import` writes it), `expected.txt`
 * (its report, then what `tocsin lint` says), and where variables are filled in `environment.json`.
 */
const CORPUS = join(import.meta.dirname, "corpus");
const EXPECTED = ["expected.yaml", "expected.txt"] as const;

export interface Case {
  readonly format: string;
  readonly name: string;
  readonly folder: string;
  /** The file or folder that a user would name. */
  readonly input: string;
}

/** Every case of the corpus, or of one format. */
export function cases(format = "*"): readonly Case[] {
  return globSync(`${format}/*`, { cwd: CORPUS }).toSorted().flatMap((path) => {
    const folder = join(CORPUS, path);
    const input = readdirSync(folder).find((name) => name === "input" || name.startsWith("input."));
    if (input === undefined) throw new Error(`${folder} has no input`);
    const [of = "", name = ""] = path.split("/");
    return [{ format: of, name, folder, input: join(folder, input) }];
  });
}

/** The path by which a case's input is named. */
export const pathOf = ({ format, folder, input }: Case): string => input.replace(folder, `/etc/${format}`).replace(/input\.sql$/, "kuma.db");

const databases = new Map<string, string>();

/** The database of a case, made once. */
function databaseOf(folder: string): string {
  const known = databases.get(folder);
  if (known !== undefined) return known;
  const place = mkdtempSync(join(tmpdir(), "tocsin-corpus-"));
  process.once("exit", () => rmSync(place, { recursive: true, force: true }));
  const made = join(place, "kuma.db");
  buildFrom(join(folder, "input.sql"), made);
  databases.set(folder, made);
  return made;
}

/** The disk as the case sees it: its folder is called `/etc/FORMAT`, wherever this checkout lies. */
export function diskOf({ format, folder }: Pick<Case, "format" | "folder">): ForeignDisk {
  const real = (path: string): string => (path === `/etc/${format}/kuma.db` ? databaseOf(folder) : path.replace(`/etc/${format}`, folder));
  return {
    async look(path) {
      if (!existsSync(real(path))) return { kind: "missing", sentence: "there is no such file" };
      const facts = statSync(real(path));
      // Git keeps no empty folder: a file called .keep holds its place.
      if (facts.isDirectory()) return { kind: "folder", names: readdirSync(real(path)).filter((name) => name !== ".keep").toSorted() };
      return { kind: "file", size: facts.size, executable: (facts.mode & 0o111) !== 0 };
    },
    read: async (path, most) => ({ kind: "read", bytes: readFileSync(real(path)).subarray(0, most) }),
    tables: async (path) => openTables(real(path)),
    absolute: (path) => path,
    hostName: "monitor.example.com",
    environment: existsSync(join(folder, "environment.json")) ? (JSON.parse(readFileSync(join(folder, "environment.json"), "utf8")) as { readonly [name: string]: string }) : {},
  };
}

/** What came of a case. */
export interface Came {
  readonly yaml: string;
  readonly text: string;
  /** The site that `tocsin run` makes of the foreign files, and the one it makes of the written document; null where there is none. */
  readonly direct: string | null;
  readonly written: string | null;
}

const versionOf = (loading: Loading): string | null => (loading.kind === "loaded" ? loading.site.version : null);
const linesOf = (loading: Loading): readonly string[] => (loading.kind === "loaded" ? loading.warnings : loading.problems).map(formatProblem);

/** Imports a case, loads it as it is, and loads what was written of it. */
export async function importCase(one: Case): Promise<Came> {
  const { format } = one;
  const disk = diskOf(one);
  const path = pathOf(one);
  const files = { read: async () => ({ kind: "failed" as const, sentence: "not here" }), list: async () => null };
  const common = { environment: {}, probes, channels: [...channels, ...providers] };
  const direct = await loadSite({ ...common, path, files, foreign: (named) => loadForeign(named, { from: format, keepGoing: false }, disk) });
  const opened = await openForeign(path, format, disk);
  if (opened.kind !== "opened") throw new Error(`${path} could not be opened`);
  const yaml = writeDocument(opened.imported, format, path);
  const text = [...reportLines(opened.imported), "", ...linesOf(direct), ""].join("\n");
  opened.close();
  const written = await loadSite({ ...common, path: "/etc/tocsin/tocsin.yaml", files: { ...files, read: async () => ({ kind: "read" as const, text: yaml }) } });
  return { yaml, text, direct: versionOf(direct), written: versionOf(written) };
}

/** What is expected of a case. */
export const expected = ({ folder }: Case): Pick<Came, "yaml" | "text"> => {
  const [yaml, text] = EXPECTED.map((name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : ""));
  return { yaml: yaml ?? "", text: text ?? "" };
};

if (import.meta.main && process.argv[2] === "--write") {
  for (const one of cases(process.argv[3])) {
    const { yaml, text } = await importCase(one);
    writeFileSync(join(one.folder, "expected.yaml"), yaml);
    writeFileSync(join(one.folder, "expected.txt"), text);
  }
}
