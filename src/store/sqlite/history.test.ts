import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Batch } from "../../core/state.ts";
import { type CheckName, checkName, instant } from "../../core/types.ts";
import { at, sampleBatch, sampleBelief, sampleResult, sampleState, sampleTransition, T0 } from "../samples.ts";
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

test("names are those of then, also of a check that is gone and whose name another one took", async () => {
  const [a, b] = [checkName("a"), checkName("b")];
  const store = await openSqliteStore(quietOptions(folder));
  const site = (offsetMs: number, renamed: readonly { readonly from: CheckName; readonly to: CheckName }[]): Pick<Batch, "journal" | "resultsBefore"> => ({ journal: [{ at: at(offsetMs), check: null, siteVersion: "1", input: { kind: "site", renamed, gone: [] } }], resultsBefore: [0] });
  const results = (offsetMs: number, ...checks: readonly CheckName[]): Pick<Batch, "results" | "judged"> => ({ results: checks.map((check) => sampleResult(check, offsetMs)), judged: checks.map(() => at(offsetMs + 50)) });
  await store.commit(sampleBatch(1, { journal: [{ at: at(0), check: null, siteVersion: "1", input: { kind: "start" } }], resultsBefore: [0], ...results(0, a, b), states: [sampleState(a, sampleBelief()), sampleState(b, sampleBelief())], transitions: [sampleTransition("b", 40)] }));
  await store.commit(sampleBatch(2, { journal: [{ at: at(1000), check: b, siteVersion: "1", input: { kind: "remove" } }], resultsBefore: [0], removed: [b] }));
  await store.rename(a, b);
  await store.commit(sampleBatch(3, { ...site(2000, [{ from: a, to: b }]), ...results(2000, b) }));
  await store.close();

  const history = openHistory(folder, instant(0));
  expect([...history.read()].flat().map((told) => (told.kind === "result" ? told.result.check : told.check))).toEqual([null, "a", "b", "b", null, "b"]);
  expect(history.renames).toMatchObject([{ from: "a", to: "b" }]);
  expect([...history.transitions].map(({ check }) => check)).toEqual(["b"]);
  expect(history.missing).toBe(0);
  history.close();
});

test("a long journal is read in pieces, between results that were judged meanwhile", async () => {
  const store = await openSqliteStore(quietOptions(folder));
  const count = 5000;
  const journal = Array.from({ length: count }, (_, index) => ({ at: at(index), check: index === 0 ? null : shop, siteVersion: "1", input: index === 0 ? { kind: "start" } : { kind: "skipped", slot: at(index) } }));
  const results = Array.from({ length: count / 10 }, (_, index) => sampleResult("shop", index * 10));
  await store.commit(sampleBatch(1, { journal, results, judged: results.map(({ started }) => started), resultsBefore: journal.map((_, index) => Math.ceil(index / 10)), states: [sampleState("shop", sampleBelief())] }));
  await store.close();
  const history = openHistory(folder, instant(0));
  const told = [...history.read()].flat();
  expect([told.length, history.missing]).toEqual([count + count / 10, 0]);
  // The first entry, then a result before each tenth.
  expect(told.slice(0, 13).map(({ kind }) => kind).join(" ")).toBe("input result input input input input input input input input input input result");
  expect(told.filter(({ kind }) => kind === "input").map(({ at: when }) => when)).toEqual(journal.map(({ at: when }) => when));
  history.close();
});
