import { createPlaces, type Places } from "../config/places.ts";
import { joinPath } from "../config/sources.ts";
import { parseYaml } from "../config/yaml.ts";
import type { Draft } from "./draft.ts";
import type { Origin, Path, Source } from "./importer.ts";
import { isMapping, listOf, textOf, type Mapping } from "./values.ts";

export const textsOf = (value: unknown): readonly string[] => (typeof value === "string" ? [value] : listOf(value)).map(textOf).filter((text) => text !== "");

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 };

/** A duration of Prometheus (`1m30s`, `5d`) in ms; null when it is none. */
export function durationMs(value: unknown): number | null {
  const text = textOf(value);
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ms|[smhdwy]))+$/.test(text)) return null;
  let sum = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)) sum += Number(amount) * (UNITS[unit] ?? 0);
  return sum;
}

/** One YAML file, and where its parts stand. */
export interface YamlFile {
  readonly path: string;
  readonly value: Mapping | readonly unknown[];
  /** It cannot be read as YAML, which was told. */
  readonly broken: boolean;
  at(path: Path): Origin;
}

/** Reads a file that was gathered; what is wrong with it is noted. Null when there is nothing to read. */
export function yamlFile(source: Source, path: string, draft: Draft | null): YamlFile | null {
  const bytes = source.files.get(path)?.bytes;
  if (bytes === undefined) return null;
  const text = new TextDecoder().decode(bytes).replace(/^\uFEFF/, "");
  let places: Places | null = null;
  const at = (of: Path): Origin => ({ file: path, ...(places ??= createPlaces(text)).find(of, "key") });
  const parsed = parseYaml(text, { bytes: true });
  if (parsed.kind === "wrong") draft?.note("refused", { file: path, line: parsed.line, column: parsed.column }, "", parsed.wrong, parsed.right);
  if (parsed.kind === "huge") draft?.note("refused", at(parsed.path), "", parsed.wrong, parsed.right);
  if (parsed.kind !== "parsed") return { path, value: {}, broken: true, at };
  const { value } = parsed;
  if (!isMapping(value) && !Array.isArray(value)) draft?.note("refused", { file: path, line: 1, column: 1 }, "", "the file holds no mapping", "write `modules:` in blackbox.yml, `scrape_configs:` in prometheus.yml");
  return { path, value: isMapping(value) || Array.isArray(value) ? value : {}, broken: false, at };
}

const folderOf = (path: string): string => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) || "/" : ".");

/** The files of a configuration. */
export interface Layout {
  readonly modules: YamlFile | null;
  readonly prometheus: YamlFile | null;
}

const NAMES = { modules: ["blackbox.yml", "blackbox.yaml"], prometheus: ["prometheus.yml", "prometheus.yaml"] } as const;

/** Which file is which: by what is in it, wherever it was named; else by its name beside that. */
export function layoutOf(source: Source, draft: Draft | null): Layout {
  const named = yamlFile(source, source.path, draft);
  const folder = source.folders.has(source.path) ? source.path : folderOf(source.path);
  const beside = (kind: keyof typeof NAMES): YamlFile | null => {
    const path = NAMES[kind].map((name) => joinPath(folder, name)).find((name) => name !== source.path && source.files.has(name));
    return path === undefined ? null : yamlFile(source, path, draft);
  };
  if (named === null) return { modules: beside("modules"), prometheus: beside("prometheus") };
  const keys = Object.keys(named.value);
  return keys.includes("scrape_configs") || (!keys.includes("modules") && /prometheus/.test(source.path)) ? { modules: beside("modules"), prometheus: named } : { modules: named, prometheus: beside("prometheus") };
}

/** The two files by their usual names. */
export function besides(source: Source): readonly string[] {
  const folder = source.folders.has(source.path) ? source.path : folderOf(source.path);
  return [...NAMES.modules, ...NAMES.prometheus].map((name) => joinPath(folder, name));
}

/** A path in a file, from that file's folder. */
export const besideOf = (file: YamlFile, path: string): string => joinPath(folderOf(file.path), path);

/** Files that a pattern names (`*` in its last part), as far as folders are known; and the folder to look into. */
export function matching(source: Source, file: YamlFile, pattern: string): { readonly folder: string | null; readonly files: readonly string[] } {
  const path = besideOf(file, pattern);
  if (!/[*?[]/.test(path)) return { folder: null, files: [path] };
  const folder = folderOf(path);
  if (/[*?[]/.test(folder)) return { folder: null, files: [] };
  const last = path.slice(path.lastIndexOf("/") + 1);
  const shape = last.replaceAll(/[\\^$.+()|{}]/g, String.raw`\$&`).replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
  let matches: RegExp;
  try {
    matches = RegExp(`^${shape}$`);
  } catch {
    return { folder, files: [] };
  }
  return { folder, files: (source.folders.get(folder) ?? []).filter((name) => matches.test(name) && !name.startsWith(".")).map((name) => joinPath(folder, name)) };
}
