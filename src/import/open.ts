import type { Around, Glimpse, Imported, Importer, Source, SourceFile, Tables } from "./importer.ts";
import { importers } from "./index.ts";

/** What lies at a path. */
export type Look =
  | { readonly kind: "file"; readonly size: number; readonly executable: boolean }
  | { readonly kind: "folder"; readonly names: readonly string[] }
  | { readonly kind: "missing"; readonly sentence: string };

/** How foreign files are read; nothing here writes. */
export interface ForeignDisk {
  look(path: string): Promise<Look>;
  /** The first `most` bytes; the whole file where `most` is larger. */
  read(path: string, most: number): Promise<{ readonly kind: "read"; readonly bytes: Uint8Array } | { readonly kind: "failed"; readonly sentence: string }>;
  /** Null when it is no SQLite database that can be read. */
  tables(path: string): Promise<{ readonly tables: Tables; close(): void } | null>;
  absolute(path: string): string;
  readonly hostName: string;
  readonly environment: Source["environment"];
}

export type Opened =
  /** It is Tocsin's own, or nobody's: the ordinary loading says what is wrong with it. */
  | { readonly kind: "own" }
  | { readonly kind: "wrong"; readonly wrong: string; readonly right: string }
  | { readonly kind: "opened"; readonly format: string; readonly imported: Imported; readonly files: readonly string[]; close(): void };

const GLIMPSE_BYTES = 64 * 1024;
const LARGEST_FILE = 64 * 1024 * 1024;
const MOST_PATHS = 50_000;
const SQLITE = "SQLite format 3\u0000";

const formats = (): string => importers.map(({ format }) => format).join(", ");

/** Reads a foreign configuration: in the named format, or in the one that knows it for its own. */
export async function openForeign(path: string, from: string | null, disk: ForeignDisk, around: Around | null = null): Promise<Opened> {
  const looked = await disk.look(path);
  if (looked.kind === "missing") return from === null ? { kind: "own" } : { kind: "wrong", wrong: looked.sentence, right: "correct the path, or let Tocsin read it" };
  const database = looked.kind === "file" && (await isDatabase(path, disk)) ? await disk.tables(path) : null;
  try {
    const glimpse = await glimpseOf(path, looked, database?.tables ?? null, disk);
    const chosen = choose(glimpse, from);
    if ("kind" in chosen) {
      database?.close();
      return chosen;
    }
    const gathered = await gather(chosen, { path, looked, tables: database?.tables ?? null, around }, disk);
    return { kind: "opened", format: chosen.format, imported: chosen.read(gathered.source), files: gathered.paths, close: () => database?.close() };
  } catch (error) {
    database?.close();
    throw error;
  }
}

function choose(glimpse: Glimpse, from: string | null): Importer | Exclude<Opened, { readonly kind: "opened" }> {
  if (from !== null) return importers.find(({ format }) => format === from) ?? { kind: "wrong", wrong: `\`${from}\` is no format that Tocsin reads`, right: `use one of ${formats()}` };
  const known = importers.filter((importer) => importer.recognises(glimpse));
  const [first, second] = known;
  if (first !== undefined && second !== undefined) return { kind: "wrong", wrong: `this could be ${known.map(({ format }) => format).join(" or ")}`, right: `say which with --from ${first.format} or --from ${second.format}` };
  if (first !== undefined) return first;
  return glimpse.names === null ? { kind: "own" } : { kind: "wrong", wrong: "this is a folder, and in no format that Tocsin knows", right: `name a file, or the format with --from (${formats()})` };
}

async function isDatabase(path: string, disk: ForeignDisk): Promise<boolean> {
  const head = await disk.read(path, SQLITE.length);
  return head.kind === "read" && new TextDecoder("latin1").decode(head.bytes) === SQLITE;
}

async function glimpseOf(path: string, looked: Exclude<Look, { readonly kind: "missing" }>, tables: Tables | null, disk: ForeignDisk): Promise<Glimpse> {
  if (looked.kind === "folder") return { path, text: "", names: looked.names, tables: null };
  if (tables !== null) return { path, text: "", names: null, tables: tables.names() };
  const head = await disk.read(path, GLIMPSE_BYTES);
  return { path, text: head.kind === "read" ? new TextDecoder().decode(head.bytes) : "", names: null, tables: null };
}

/** Reads what the importer asks for until it asks for nothing new. */
async function gather(importer: Importer, { path, looked, tables, around }: Pick<Source, "path" | "tables" | "around"> & { readonly looked: Look }, disk: ForeignDisk): Promise<{ readonly source: Source; readonly paths: readonly string[] }> {
  const files = new Map<string, SourceFile>();
  const folders = new Map<string, readonly string[]>();
  const missing = new Map<string, string>();
  const paths = new Set<string>();
  const take = async (wanted: string, at: Look): Promise<void> => {
    paths.add(wanted);
    if (at.kind === "missing") missing.set(wanted, at.sentence);
    else if (at.kind === "folder") folders.set(wanted, at.names);
    else if (at.size > LARGEST_FILE) missing.set(wanted, "this file is larger than 64 MiB");
    else {
      const read = await disk.read(wanted, LARGEST_FILE);
      if (read.kind === "read") files.set(wanted, { bytes: read.bytes, executable: at.executable });
      else missing.set(wanted, read.sentence);
    }
  };
  if (tables === null) await take(path, looked);
  else paths.add(path);
  const source: Source = { path, files, folders, missing, tables, hostName: disk.hostName, environment: disk.environment, around, absolute: (relative) => disk.absolute(relative) };
  for (;;) {
    const wanted = [...new Set(importer.related(source))].filter((each) => !paths.has(each)).slice(0, MOST_PATHS - paths.size);
    if (wanted.length === 0) return { source, paths: [...paths] };
    for (const each of wanted) await take(each, await disk.look(each));
  }
}
