import { copyFileSync, constants, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

/** A row as SQLite holds it; a bigint only where a number would not be exact. */
type Row = { readonly [column: string]: string | number | bigint | Uint8Array | null };

interface Where {
  readonly column: string;
  readonly value: string | number;
}

/** Another program's database, opened for reading only. */
export interface ForeignTables {
  names(): readonly string[];
  rows(table: string, orderBy: string | null, where?: Where): Iterable<Row>;
  last(table: string, where: Where, orderBy: string, most: number): readonly Row[];
}

/** What a program that is running, or was killed, has not written into the database itself yet. */
const BESIDE = ["-wal", "-journal"];

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** So often a copy is begun anew because its program moved what was in the log into the database meanwhile. */
const MOST_COPIES = 5;

/**
 * Opens the database so that nothing in its folder changes: as one that nobody writes, or, where a log lies beside it, a copy of both.
 * Even for reading SQLite would make files beside a database with a write-ahead log (sqlite.org/wal.html, section 5).
 */
function open(path: string): { readonly database: DatabaseSync; readonly letGo: () => void } {
  const beside = BESIDE.filter((ending) => existsSync(path + ending));
  if (beside.length === 0) {
    const address = pathToFileURL(path);
    address.searchParams.set("immutable", "1");
    const database = new DatabaseSync(address, { readOnly: true });
    return { database, letGo: () => database.close() };
  }
  const folder = mkdtempSync(join(tmpdir(), "tocsin-import-"));
  const forget = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, "copy.db");
    copyTogether(path, copy, beside);
    const database = new DatabaseSync(copy);
    return {
      database,
      letGo() {
        database.close();
        forget();
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}

/** Copies a database and its log as they were at one time; throws when it is written all the while. */
function copyTogether(from: string, to: string, beside: readonly string[]): void {
  const written = (): string => `${statSync(from, { bigint: true }).mtimeNs} ${statSync(from).size}`;
  for (let tries = 0; tries < MOST_COPIES; tries += 1) {
    const before = written();
    for (const ending of ["", ...beside]) {
      rmSync(to + ending, { force: true });
      if (existsSync(from + ending)) copyFileSync(from + ending, to + ending, constants.COPYFILE_FICLONE);
    }
    // What is added to the log meanwhile does no harm: half of it does not count.
    if (written() === before) return;
  }
  throw new Error("the database is written without a pause");
}

/** Statements that nobody reads from, by their text: the same is asked again for every monitor. */
class Asker {
  readonly #database: DatabaseSync;
  readonly #free = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  *rows(text: string, ...values: readonly (string | number)[]): Generator<Row> {
    const statement = this.#free.get(text) ?? this.#database.prepare(text);
    this.#free.delete(text);
    statement.setReadBigInts(true);
    for (const row of statement.iterate(...values)) {
      for (const column in row) {
        const value = row[column];
        if (typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) row[column] = Number(value);
      }
      yield row;
    }
    this.#free.set(text, statement);
  }
}

/** Opens another program's SQLite database for reading; null when it cannot be read as one. Nothing is written where it lies. */
export function openTables(path: string): { readonly tables: ForeignTables; close(): void } | null {
  let opened: ReturnType<typeof open>;
  try {
    opened = open(path);
  } catch {
    return null;
  }
  const { database, letGo } = opened;
  try {
    // A file from anywhere: what its schema would have run is not run (sqlite.org/security.html).
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    const asker = new Asker(database);
    const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all().map((row) => String(row["name"]));
    return {
      tables: {
        names: () => names,
        rows(table, orderBy, where) {
          if (!names.includes(table)) return [];
          const only = where === undefined ? "" : ` WHERE ${quoted(where.column)} = ?`;
          const ordered = orderBy === null ? "" : ` ORDER BY ${quoted(orderBy)}`;
          return asker.rows(`SELECT * FROM ${quoted(table)}${only}${ordered}`, ...(where === undefined ? [] : [where.value]));
        },
        last(table, { column, value }, orderBy, most) {
          if (!names.includes(table)) return [];
          return [...asker.rows(`SELECT * FROM ${quoted(table)} WHERE ${quoted(column)} = ? ORDER BY ${quoted(orderBy)} DESC LIMIT ?`, value, most)];
        },
      },
      close: letGo,
    };
  } catch {
    letGo();
    return null;
  }
}
