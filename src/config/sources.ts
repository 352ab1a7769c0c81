import type { Files } from "../sys/ports.ts";
import type { Finding, Path } from "./finding.ts";
import { createPlaces } from "./places.ts";
import type { Problem } from "./problems.ts";
import { fileReferences, fillReferences } from "./secrets.ts";
import { parseYaml } from "./yaml.ts";

type Mapping = { readonly [key: string]: unknown };

/** One file of the configuration. */
export interface Document {
  readonly file: string;
  readonly text: string;
  /** As written, for showing and for telling literals from references. */
  readonly written: Mapping;
  /** With its references filled in. */
  readonly filled: Mapping;
  /** A file of it that everybody can read, or null. */
  readonly exposed: string | null;
  /** Of a foreign document: where a part of it comes from. Its secrets stand where that system keeps them. */
  readonly place?: (path: Path) => { readonly file: string; readonly line: number; readonly column: number };
}

/** All files of a configuration: the main one first, then `include`, then `conf.d`, each in the order of names. */
export interface SourceSet {
  readonly documents: readonly Document[];
  /** What stands at a line already: files that cannot be read or are no YAML. */
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
  readonly secrets: ReadonlySet<string>;
  /** Every file and folder to watch. */
  readonly files: readonly string[];
}

/** The environment by name. */
export type Environment = { readonly [name: string]: string | undefined };

const CONFIGURATION_FILE = /\.(ya?ml|json)$/i;
const MOST_FILES = 10_000;

class Reader {
  readonly documents: Document[] = [];
  readonly problems: Problem[] = [];
  readonly findings: Finding[] = [];
  readonly secrets = new Set<string>();
  readonly files = new Set<string>();
  readonly #port: Files;
  readonly #environment: Environment;

  constructor(port: Files, environment: Environment) {
    this.#port = port;
    this.#environment = environment;
  }

  /** `namedAt`: where the main file names it. */
  async read(file: string, namedAt: Path | null): Promise<Document | null> {
    if (this.files.has(file)) return null;
    this.files.add(file);
    const read = await this.#port.read(file);
    if (read.kind === "failed") {
      const right = read.right ?? "create it, correct the path, or let Tocsin read it";
      if (namedAt === null) return this.#problem(file, 0, 0, read.sentence, right);
      this.findings.push({ severity: "error", document: 0, path: namedAt, at: "value", wrong: `${file}: ${read.sentence}`, right });
      return null;
    }
    const text = read.text.startsWith("\uFEFF") ? read.text.slice(1) : read.text;
    const parsed = parseYaml(text);
    if (parsed.kind === "wrong") return this.#problem(file, parsed.line, parsed.column, parsed.wrong, parsed.right);
    if (parsed.kind === "huge") {
      const { line, column } = createPlaces(text).find(parsed.path, "value");
      return this.#problem(file, line, column, parsed.wrong, parsed.right);
    }
    if (!isMapping(parsed.value)) return this.#problem(file, 1, 1, "this is no mapping", "write keys with values, such as `checks:`");
    const filled = await this.#fill(file, text, parsed.value);
    const document = { file, text, written: parsed.value, filled, exposed: await firstExposed(this.#port, [file]) };
    this.documents.push(document);
    return document;
  }

  /** Files that a path with `*` in its last part stands for. */
  async expand(pattern: string): Promise<readonly string[] | null> {
    if (!pattern.includes("*")) return [pattern];
    const folder = folderOf(pattern);
    if (folder.includes("*")) return null;
    const wanted = new RegExp(`^${pattern.slice(folder === "." ? 0 : folder.length + (folder === "/" ? 0 : 1)).split("*").map(escape).join(".*")}$`);
    const entries = await this.#port.list(folder);
    return (entries ?? []).filter((name) => wanted.test(name)).map((name) => joinPath(folder, name));
  }

  async list(folder: string): Promise<readonly string[]> {
    return (await this.#port.list(folder)) ?? [];
  }

  async #fill(file: string, text: string, value: Mapping): Promise<Mapping> {
    if (!text.includes("${")) return value;
    const folder = folderOf(file);
    const texts = new Map<string, Awaited<ReturnType<Files["read"]>>>();
    for (const path of fileReferences(text)) {
      const full = joinPath(folder, path);
      this.files.add(full);
      texts.set(path, await this.#port.read(full));
    }
    const filled = fillReferences(value, { environment: this.#environment, texts });
    for (const secret of filled.secrets) this.secrets.add(secret);
    for (const finding of filled.findings) this.findings.push({ ...finding, document: this.documents.length });
    return isMapping(filled.value) ? filled.value : value;
  }

  #problem(file: string, line: number, column: number, wrong: string, right: string): null {
    this.problems.push({ severity: "error", file, line, column, wrong, right });
    return null;
  }
}

/** Reads the main file and all that belong to it. */
export async function readSources(path: string, port: Files, environment: Environment): Promise<SourceSet> {
  const reader = new Reader(port, environment);
  const main = await reader.read(path, null);
  const folder = folderOf(path);
  if (main !== null) {
    for (const [index, pattern] of listed(main.filled["include"]).entries()) {
      const at: Path = Array.isArray(main.filled["include"]) ? ["include", index] : ["include"];
      const files = await reader.expand(joinPath(folder, pattern));
      const finding = (wrong: string, right: string): void => void reader.findings.push({ severity: "error", document: 0, path: at, at: "value", wrong, right });
      if (files === null) finding("`*` stands in a folder's name", "use it in the file's name only");
      else if (files.length === 0) finding("no file has such a name", "correct the path (it begins at this file's folder)");
      for (const file of (files ?? []).slice(0, MOST_FILES)) await reader.read(file, at);
    }
  }
  const extra = joinPath(folder, "conf.d");
  const names = await reader.list(extra);
  for (const name of names.filter((each) => CONFIGURATION_FILE.test(each) && !each.startsWith(".")).slice(0, MOST_FILES)) await reader.read(joinPath(extra, name), null);
  return { documents: reader.documents, problems: reader.problems, findings: reader.findings, secrets: reader.secrets, files: [...reader.files, extra] };
}

/** The first file that everybody on this machine can read, or null. */
export async function firstExposed(port: Files, files: readonly string[]): Promise<string | null> {
  for (const file of files) if ((await port.exposed?.(file)) === true) return file;
  return null;
}

const listed = (value: unknown): readonly string[] => (typeof value === "string" ? [value] : Array.isArray(value) ? value.filter((item) => typeof item === "string") : []);

const escape = (part: string): string => part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

/** A mapping of YAML, and no list. */
export const isMapping = (value: unknown): value is Mapping => typeof value === "object" && value !== null && !Array.isArray(value);

/** The folder of a path with slashes. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

/** A path as seen from a folder; an absolute one stays as it is. */
export function joinPath(folder: string, path: string): string {
  if (path.startsWith("/") || folder === ".") return path.replace(/^(\.\/)+/, "");
  return `${folder === "/" ? "" : folder}/${path.replace(/^(\.\/)+/, "")}`;
}
