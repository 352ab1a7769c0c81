import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../store.ts";
import { troubleOf } from "./trouble.ts";

/** Who holds a data folder. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface Lock {
  release(): void;
}

/**
 * Takes the data folder for the life of this process: an exclusive lock of SQLite on the empty file `lock`, which the kernel lets go of
 * however the process ends. That file must not be opened otherwise by this process: closing it would give the lock up (POSIX).
 * Throws `StoreError` (`locked`) that says who holds it.
 */
export function takeLock(folder: string, holder: Holder): Lock {
  const path = `${folder}/lock`;
  const note = `${folder}/lock.json`;
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is ever written there: a journal on the disk would only be rubbish.
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    const { trouble, message } = troubleOf(error);
    if (trouble === "locked") throw new StoreError("locked", `the data folder ${folder} is in use by ${who(note)}; stop that one, or give this one another folder with --data`, { cause: error });
    throw new StoreError("failed", `cannot lock the data folder with ${path} (${message}); remove that file if no Tocsin runs`, { cause: error });
  }
  try {
    chmodSync(path, 0o600);
    writeFileSync(note, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  } catch {
    // Without the note a second process only knows less; a full disk must not keep us from starting.
  }
  return {
    release: () => {
      rmSync(note, { force: true });
      db.close();
    },
  };
}

function who(note: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(note, "utf8")) as Holder;
    return `process ${pid} on ${host} since ${since}`;
  } catch {
    return "another process";
  }
}
