import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../store.ts";
import { migrate } from "./schema.ts";
import { troubleOf } from "./trouble.ts";

/** A larger database is checked whole only after damage was met in it: a start must not take minutes. */
const CHECKED_WHOLE_BYTES = 64 << 20;
/** Results of many checks go to many pages, again and again: with this log and cache a page is written back far less often than it changes (a third less CPU at 1,000 checks). */
const CACHE_KIB = 16_384;
const CHECKPOINT_PAGES = 4000;
/** What must be sound for monitoring to go on, checked at every start. */
const CHECKED_ALWAYS = ["ledger", "checks", "states", "incidents", "alerts", "messages", "message_alerts", "tries", "health"];

export const databaseFile = (folder: string): string => `${folder}/tocsin.db`;
const suspicionFile = (folder: string): string => `${folder}/suspect`;

/** What happened at opening that somebody should know. */
export interface Opening {
  /** Where the damaged database lies now. */
  readonly setAside: { readonly path: string; readonly reason: string } | null;
  /** The copy that was taken before the database was changed to a newer form. */
  readonly copy: string | null;
}

const REFUSALS: { readonly [code: string]: string } = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  EEXIST: "it is a file",
  ENOTDIR: "a part of its path is a file",
  ENOENT: "nothing can be made there",
  ENAMETOOLONG: "its name is too long",
};

/** Makes the folder with its rights; only its owner may look in. Throws `StoreError`. */
export function makeFolder(folder: string): void {
  try {
    makePath(folder);
    chmodSync(folder, 0o700);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const refusal = REFUSALS[codeOf(error)];
    if (refusal === undefined) throw error;
    throw new StoreError("failed", `the data folder ${folder} cannot be used: ${refusal}; give another one with --data`, { cause: error });
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** Node's own way of making parents tries for ever where the system answers that a folder cannot be there, as below /proc. */
function makePath(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder && !existsSync(parent)) makePath(parent);
  mkdirSync(folder, { mode: 0o700 });
}

/** Damage was met while running: the next opening checks the whole database. */
export function suspect(folder: string): void {
  try {
    writeFileSync(suspicionFile(folder), "", { mode: 0o600 });
  } catch {
    // The check is an extra; the error itself is told to the caller.
  }
}

/** Opens the database for writing, checked and in the newest form; damage is set aside when `stamp` names it, else thrown as `StoreError`. */
export function openDatabase(folder: string, busyMs: number, stamp: string | null): { readonly db: DatabaseSync; readonly opening: Opening } {
  const path = databaseFile(folder);
  try {
    const { db, copy } = openChecked(folder, path, busyMs);
    return { db, opening: { setAside: null, copy } };
  } catch (error) {
    const { trouble, message } = troubleOf(error);
    if (trouble !== "damaged") throw error;
    if (stamp === null) throw new StoreError("damaged", `${path}: ${message}`, { cause: error });
    const aside = `${path}.damaged-${stamp}`;
    for (const suffix of ["", "-wal", "-shm"]) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    rmSync(suspicionFile(folder), { force: true });
    const { db, copy } = openChecked(folder, path, busyMs);
    return { db, opening: { setAside: { path: aside, reason: message }, copy } };
  }
}

function openChecked(folder: string, path: string, busyMs: number): { readonly db: DatabaseSync; readonly copy: string | null } {
  closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: false });
  try {
    // Takes effect only in an empty file, and only before the log is switched on.
    db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864");
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0) > 0) check(db, folder, path);
    return { db, copy: migrate(db, path) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function check(db: DatabaseSync, folder: string, path: string): void {
  const whole = statSync(path).size <= CHECKED_WHOLE_BYTES || existsSync(suspicionFile(folder));
  for (const pragma of whole ? ["quick_check(1)"] : CHECKED_ALWAYS.map((table) => `quick_check('${table}')`)) {
    const verdict = Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
    if (verdict !== "ok") throw new StoreError("damaged", `the database is damaged (${String(verdict)}); a start sets it aside and begins a new one, or put a backup in its place`);
  }
  if (whole) rmSync(suspicionFile(folder), { force: true });
}
