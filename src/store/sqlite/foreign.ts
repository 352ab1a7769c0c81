import { DatabaseSync } from "node:sqlite";

/** A row as SQLite holds it. */
type Row = { readonly [column: string]: string | number | bigint | Uint8Array | null };

/** Another program's database, opened for reading only. */
export interface ForeignTables {
  names(): readonly string[];
  rows(table: string, orderBy: string | null): Iterable<Row>;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Opens another program's SQLite database for reading; null when it cannot be read as one. */
export function openTables(path: string): { readonly tables: ForeignTables; close(): void } | null {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { readOnly: true });
  } catch {
    return null;
  }
  try {
    const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all().map((row) => String(row["name"]));
    return {
      tables: {
        names: () => names,
        rows(table, orderBy) {
          if (!names.includes(table)) return [];
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what SQLite's types can be
          return database.prepare(`SELECT * FROM ${quoted(table)}${orderBy === null ? "" : ` ORDER BY ${quoted(orderBy)}`}`).iterate() as Iterable<Row>;
        },
      },
      close: () => database.close(),
    };
  } catch {
    database.close();
    return null;
  }
}
