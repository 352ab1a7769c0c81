import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkName, instant } from "../../core/types.ts";
import { at, sampleBatch, sampleBelief, sampleResult, sampleState, T0 } from "../samples.ts";
import { databaseFile } from "./database.ts";
import { quietOptions } from "./ground.ts";
import { openHistory } from "./history.ts";
import { openSqliteStore } from "./open.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "tocsin-history-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shop = checkName("shop");

/** What a life writes: that it began, and a result. */
async function commit(sequence: number, offsetMs: number): Promise<void> {
  const store = await openSqliteStore(quietOptions(folder));
  await store.commit(sampleBatch(sequence, { results: [sampleResult("shop", offsetMs)], judged: [at(offsetMs + 50)], journal: [{ at: at(offsetMs), check: null, siteVersion: "1", input: { kind: "start" } }], resultsBefore: [0], states: [sampleState("shop", sampleBelief())] }));
  await store.close();
}

/** As the first form of the database was. */
function takeBack(): void {
  const db = new DatabaseSync(databaseFile(folder));
  db.exec(`ALTER TABLE results DROP COLUMN turn; ALTER TABLE results DROP COLUMN judged; ALTER TABLE journal DROP COLUMN turn; ALTER TABLE ledger DROP COLUMN turn;
    DROP TABLE terms; DROP TABLE snapshots; DROP TABLE beliefs; PRAGMA user_version = 1`);
  db.close();
}

test("a database from before turns goes on with all that it has, and its history begins anew", async () => {
  await commit(1, 0);
  takeBack();
  expect(() => openHistory(folder, T0)).toThrow(/older Tocsin; start this one on it first/);
  await commit(2, 60_000);

  const store = await openSqliteStore(quietOptions(folder));
  expect((await store.results({ check: shop, limit: 10 })).map(({ slot }) => slot)).toEqual([at(60_000), T0]);
  expect((await store.load()).states.map(({ check }) => check)).toEqual([shop]);
  await store.close();

  const history = openHistory(folder, instant(0));
  expect(history.beginning.states.map(({ check, recent }) => [check, recent.length])).toEqual([["shop", 1]]);
  expect([...history.read()].flat().map((told) => [told.kind, told.at])).toEqual([["input", at(60_000)], ["result", at(60_050)]]);
  expect(history.missing).toBe(0);
  history.close();
});

test("a folder without a history says where and what to do", () => {
  expect(() => openHistory(folder, T0)).toThrow(`there is no history in ${folder}; name the data folder with --data`);
});
