import { open, readdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Foreign } from "../config/foreign.ts";
import type { ForeignChoice } from "../config/loader.ts";
import type { Around } from "../import/importer.ts";
import { loadForeign } from "../import/foreign.ts";
import { type ForeignDisk, type Look, openForeign, type Opened } from "../import/open.ts";
import { openTables } from "../store/sqlite/foreign.ts";
import { environment } from "../sys/environment.ts";

const REASONS: { readonly [code: string]: string } = { ENOENT: "there is no such file", ENOTDIR: "there is no such file", EACCES: "Tocsin may not read this", EPERM: "Tocsin may not read this" };

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return REASONS[code] ?? `it cannot be read (${code})`;
}

async function look(path: string): Promise<Look> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return { kind: "folder", names: (await readdir(path)).sort() };
    // Reading a pipe or a device might never end.
    return facts.isFile() ? { kind: "file", size: facts.size, executable: (facts.mode & 0o111) !== 0 } : { kind: "missing", sentence: "this is no ordinary file" };
  } catch (error) {
    return { kind: "missing", sentence: reason(error) };
  }
}

async function read(path: string, most: number): ReturnType<ForeignDisk["read"]> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const bytes = new Uint8Array(Math.min(most, size));
    let at = 0;
    for (let got = 1; at < bytes.length && got > 0; at += got) got = (await file.read(bytes, at, bytes.length - at, at)).bytesRead;
    return { kind: "read", bytes: bytes.subarray(0, at) };
  } catch (error) {
    return { kind: "failed", sentence: reason(error) };
  }
}

const disk: ForeignDisk = { look, read, tables: (path) => Promise.resolve(openTables(path)), absolute: (path) => resolve(path), hostName: hostname(), environment: environment() };

/** Reads a configuration of another system from the disk; null when the file is Tocsin's own. */
export const readForeign = (path: string, choice: ForeignChoice): Promise<Foreign | null> => loadForeign(path, choice, disk);

/** The same with notes, state and history, for `tocsin import`. */
export const openForeignConfiguration = (path: string, from: string | null, around: Around | null = null): Promise<Opened> => openForeign(path, from, disk, around);
