import { StoreError, type StoreTrouble } from "../store.ts";

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;
/** Extended: growing the shared memory of the write-ahead log found no room. */
const IOERR_SHMSIZE = 4874;

/** A trouble as it crosses from a worker. */
export interface Told {
  readonly trouble: StoreTrouble;
  readonly message: string;
}

interface SqliteFault {
  readonly message: string;
  readonly errcode?: number;
  readonly code?: string;
}

/** What an error of SQLite, of the file system or of ours means to the caller. */
export function troubleOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  // Every error of node:sqlite and node:fs has these fields.
  const fault = error as SqliteFault;
  const code = fault.errcode ?? 0;
  const options = { cause: error };
  if (code === IOERR_SHMSIZE || (code & 0xff) === FULL || fault.code === "ENOSPC" || fault.code === "EDQUOT") return new StoreError("full", "the disk of the data folder is full; free some room, or lower `retention`", options);
  if ((code & 0xff) === BUSY || (code & 0xff) === LOCKED) return new StoreError("locked", "another program holds the database; end it (an open sqlite3 shell?), writing goes on by itself then", options);
  if ((code & 0xff) === CORRUPT || (code & 0xff) === NOTADB || error instanceof SyntaxError || error instanceof RangeError) {
    return new StoreError("damaged", `the database is damaged (${fault.message}); a start sets it aside and begins a new one, or put a backup in its place`, options);
  }
  if ((code & 0xff) === IOERR) return new StoreError("failed", `the disk of the data folder reports an error (${fault.message})`, options);
  return new StoreError("failed", fault.message, options);
}

/** For crossing to the main thread. */
export function tell(error: unknown): Told {
  const { trouble, message } = troubleOf(error);
  return { trouble, message };
}
