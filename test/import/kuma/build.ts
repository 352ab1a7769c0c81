import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const schema = (version: number): string => readFileSync(join(import.meta.dirname, `v${version}.sql`), "utf8");

/** Makes a kuma.db of version 1 or 2 with what the statements put into it. */
export function buildKuma(path: string, version: 1 | 2, statements: string): void {
  rmSync(path, { force: true });
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; ${schema(1)} ${version === 2 ? schema(2) : ""}`);
  database.exec(statements);
  database.close();
}

/** The same from a file that says its version in the first line: `-- version 2`. */
export function buildFrom(file: string, path: string): void {
  const text = readFileSync(file, "utf8");
  buildKuma(path, /^-- version 2\b/.test(text) ? 2 : 1, text);
}
