import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTables } from "./foreign.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-foreign-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (): string => join(folder, "their ?#%.db");

/** Another program's database with three rows; open as long as the test says. */
function theirs(mode = "delete"): DatabaseSync {
  const database = new DatabaseSync(path());
  database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE beat (id INTEGER PRIMARY KEY, of INTEGER, msg); INSERT INTO beat (of, msg) VALUES (1, 'a'), (2, 'b'), (1, 'c')`);
  return database;
}

/** All that lies in the folder, with its bytes. */
const state = (): unknown => readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs, readFileSync(join(folder, name), "base64")]);

function messages(orderBy: string | null = "id"): readonly unknown[] {
  const opened = openTables(path()) ?? expect.fail("it opens");
  const found = [...opened.tables.rows("beat", orderBy)].map(({ msg }) => msg);
  opened.close();
  return found;
}

test("rows come in order, the last ones first; a table that is not there has none", () => {
  theirs().close();
  const opened = openTables(path()) ?? expect.fail("it opens");
  expect(opened.tables.names()).toEqual(["beat"]);
  expect([...opened.tables.rows("beat", "msg")].map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(opened.tables.last("beat", { column: "of", value: 1 }, "id", 1)).toEqual([{ id: 3, of: 1, msg: "c" }]);
  expect([...opened.tables.rows('beat" --', null), ...opened.tables.last("none", { column: "of", value: 1 }, "id", 9)]).toEqual([]);
  opened.close();
});

test("values are what SQLite holds; a number that would not be exact is a bigint", () => {
  const database = theirs();
  database.exec("DELETE FROM beat; INSERT INTO beat (of, msg) VALUES (9223372036854775807, x'00ff'), (-1, NULL), (2, 1.5)");
  database.close();
  const opened = openTables(path()) ?? expect.fail("it opens");
  expect([...opened.tables.rows("beat", "id")].map(({ of, msg }) => [of, msg])).toEqual([[9223372036854775807n, new Uint8Array([0, 255])], [-1, null], [2, 1.5]]);
  opened.close();
});

test("nothing is written where it lies, whatever its journal is", () => {
  for (const mode of ["delete", "wal"]) {
    rmSync(path(), { force: true });
    theirs(mode).close();
    const before = state();
    expect(messages()).toEqual(["a", "b", "c"]);
    expect(state()).toEqual(before);
  }
});

test("what its program has written into the log beside it only is read too, from a copy that is taken away again", () => {
  const copies = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("tocsin-import-"));
  const others = copies();
  const running = theirs("wal");
  running.exec("INSERT INTO beat (of, msg) VALUES (3, 'only in the log')");
  const before = state();
  const opened = openTables(path()) ?? expect.fail("it opens");
  expect([...opened.tables.rows("beat", "id")].map(({ msg }) => msg)).toEqual(["a", "b", "c", "only in the log"]);
  expect(state()).toEqual(before);
  // It goes on in the meantime.
  running.exec("INSERT INTO beat (of, msg) VALUES (3, 'later')");
  opened.close();
  expect(copies()).toEqual(others);
  running.close();
});

test("of a program that was killed in a transaction, that transaction does not count", () => {
  const running = theirs("delete");
  running.exec("PRAGMA cache_size = 1; BEGIN; UPDATE beat SET msg = 'half'; CREATE TABLE more (x); INSERT INTO more SELECT hex(zeroblob(9000)) FROM beat, beat, beat");
  const killed = ["", "-journal"].map((ending) => readFileSync(path() + ending));
  running.exec("ROLLBACK");
  running.close();
  for (const [index, ending] of ["", "-journal"].entries()) writeFileSync(path() + ending, killed[index] ?? "");
  const before = state();
  expect(messages()).toEqual(["a", "b", "c"]);
  expect(state()).toEqual(before);
});

test("what may be read only is read", () => {
  theirs("wal").close();
  chmodSync(path(), 0o400);
  chmodSync(folder, 0o500);
  expect(messages()).toEqual(["a", "b", "c"]);
  chmodSync(folder, 0o700);
});

test("what is no database, or only the beginning of one, is none", () => {
  expect(openTables(path())).toBeNull();
  expect(openTables(folder)).toBeNull();
  for (const text of ["", "no database", "SQLite format 3\u0000", `SQLite format 3\u0000${"x".repeat(5000)}`]) {
    writeFileSync(path(), text);
    // An empty file is an empty database to SQLite.
    expect(openTables(path())?.tables.names() ?? null, text.slice(0, 20)).toEqual(text === "" ? [] : null);
  }
});

test("damage throws where it is met, and not before", () => {
  const database = theirs();
  database.exec("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) INSERT INTO beat (of, msg) SELECT x, hex(zeroblob(200)) FROM n");
  database.close();
  const whole = readFileSync(path());
  copyFileSync(path(), join(folder, "whole"));
  writeFileSync(path(), whole.subarray(0, Math.floor(whole.length / 2)));
  const opened = openTables(path());
  // Cut short, it may be found out at once or while it is read.
  expect(() => [...(opened ?? expect.fail("none")).tables.rows("beat", null)]).toThrow(/.+/);
  opened?.close();
});
