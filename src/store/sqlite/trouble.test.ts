import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkName, millis } from "../../core/types.ts";
import { at, sampleBatch, sampleBelief, sampleChange, sampleMessage, sampleResult, sampleState, sampleTransition, T0 } from "../samples.ts";
import type { Store } from "../store.ts";
import { quietOptions } from "./ground.ts";
import { openOrSetAside, openSqliteStore } from "./open.ts";
import { MIGRATIONS, migrate } from "./schema.ts";

const shop = checkName("shop");
const MODULE = new URL("./open.ts", import.meta.url).href;
const GROUND = new URL("./ground.ts", import.meta.url).href;
const SAMPLES = new URL("../samples.ts", import.meta.url).href;

let folder: string;
const file = (name = "tocsin.db"): string => join(folder, name);
const open = (more: object = {}): Promise<Store> => openSqliteStore({ ...quietOptions(folder), ...more });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function filled(): Promise<void> {
  const store = await open();
  await store.commit(sampleBatch(1, { results: Array.from({ length: 3000 }, (_, index) => sampleResult("shop", index * 1000)), states: [sampleState("shop", sampleBelief())], transitions: [sampleTransition("shop", 0)] }));
  await store.close();
}

/** Another process that opens the folder and then runs the lines with `store`; its lines of output come one by one. */
function elsewhere(lines: string): { readonly child: ChildProcess; readonly line: () => Promise<string> } {
  const program = `import { openSqliteStore } from ${JSON.stringify(MODULE)};
    import { quietOptions } from ${JSON.stringify(GROUND)};
    import * as s from ${JSON.stringify(SAMPLES)};
    try { const store = await openSqliteStore(quietOptions(${JSON.stringify(folder)})); ${lines} }
    catch (error) { console.log(error.trouble + ": " + error.message); }`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], { stdio: ["pipe", "pipe", "inherit"] });
  const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => String((await output.next()).value) };
}

describe("one process a data folder", () => {
  test("the second process is told who holds it, and opens it after a kill -9", async () => {
    const first = elsewhere(`console.log("open");`);
    expect(await first.line()).toBe("open");
    await expect(open()).rejects.toMatchObject({ trouble: "locked", message: expect.stringMatching(new RegExp(`${folder} is in use by process ${first.child.pid} on .+ since 2025-10-09T.+--data`)) as unknown });
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    await (await open()).close();
  });

  test("another process is told of this one; the folder is free after closing", async () => {
    const store = await open();
    const second = elsewhere(`console.log("open");`);
    expect(await second.line()).toContain(`locked: the data folder ${folder} is in use by process ${process.pid} on `);
    await expect(open()).rejects.toMatchObject({ trouble: "locked" });
    await store.commit(sampleBatch(1));
    await store.close();
    await (await open()).close();
  });

  test("only the owner can read what is there, and no journal rubbish is left", async () => {
    chmodSync(folder, 0o755);
    const store = await open();
    await store.commit(sampleBatch(1, { transitions: [sampleTransition("shop", 0)] }));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).sort()).toEqual(["lock", "lock.json", "reserve", "tocsin.db", "tocsin.db-shm", "tocsin.db-wal"]);
    for (const name of readdirSync(folder)) expect([name, statSync(file(name)).mode & 0o777]).toEqual([name, 0o600]);
    await store.close();
    expect(readdirSync(folder).sort()).toEqual(["lock", "reserve", "tocsin.db"]);
  });
});

test("kill -9 while committing: what was answered is there, whole and once", async () => {
  const other = elsewhere(`
    for (let n = 1; ; n += 1) {
      await store.commit(s.sampleBatch(n, { results: [s.sampleResult("shop", n)], transitions: [s.sampleTransition("shop", n)], alerts: [s.sampleAlert("a" + n, "shop", n)] }));
      console.log(String(n));
    }`);
  let answered = 0;
  while (answered < 40) answered = Number(await other.line());
  other.child.kill("SIGKILL");
  await once(other.child, "exit");
  const store = await open();
  const { sequence } = await store.load();
  expect(sequence).toBeGreaterThanOrEqual(answered);
  const expected = Array.from({ length: sequence }, (_, index) => at(sequence - index));
  expect((await store.transitions({ limit: 1e6 })).map((one) => one.at)).toEqual(expected);
  expect((await store.results({ check: shop, limit: 1e6 })).map((one) => one.slot)).toEqual(expected);
  expect((await store.outbox(1e6)).alerts).toHaveLength(sequence);
  expect((await store.facts()).results).toBe(sequence);
  await store.close();
});

test("while another program holds the database commits are refused as locked, afterwards they work", async () => {
  const store = await open({ busyMs: 50 });
  const shell = new DatabaseSync(file());
  shell.exec("BEGIN IMMEDIATE");
  await expect(store.commit(sampleBatch(1, { results: [sampleResult("shop", 1)] }))).rejects.toMatchObject({ trouble: "locked" });
  expect(await store.results({ check: shop, limit: 1 })).toEqual([]);
  expect(await store.sequence()).toBe(0);
  shell.exec("ROLLBACK");
  shell.close();
  await store.commit(sampleBatch(1, { results: [sampleResult("shop", 1)] }));
  expect(await store.results({ check: shop, limit: 9 })).toEqual([sampleResult("shop", 1)]);
  await store.close();
});

describe("a damaged database is named, and set aside on request", () => {
  const damage: { readonly [name: string]: () => void } = {
    "garbage at its head": () => {
      const bytes = readFileSync(file());
      bytes.fill(0x5a, 0, 100);
      writeFileSync(file(), bytes);
    },
    "cut in half": () => truncateSync(file(), Math.floor(statSync(file()).size / 2)),
    "flipped bytes": () => {
      const bytes = readFileSync(file());
      for (let page = 1; page * 4096 < bytes.length; page += 1) for (let at = 0; at < 8; at += 1) bytes[page * 4096 + at] = (bytes[page * 4096 + at] ?? 0) ^ 0xff;
      writeFileSync(file(), bytes);
    },
    "another file altogether": () => writeFileSync(file(), "#!/bin/sh\necho this is no database\n".repeat(500)),
  };
  for (const [name, harm] of Object.entries(damage)) {
    test(name, async () => {
      await filled();
      harm();
      const harmed = readFileSync(file());
      await expect(open()).rejects.toMatchObject({ trouble: "damaged", message: expect.stringContaining(file()) as unknown });
      const { store, setAside } = await openOrSetAside(quietOptions(folder));
      expect(setAside?.path).toBe(file("tocsin.db.damaged-20251009T085320Z"));
      expect(readFileSync(setAside?.path ?? "").equals(harmed)).toBe(true);
      expect(await store.load()).toEqual({ states: [], sequence: 0 });
      await store.commit(sampleBatch(1, { results: [sampleResult("shop", 1)] }));
      await store.close();
    });
  }

  test("a sound one is not set aside", async () => {
    await filled();
    const { store, setAside } = await openOrSetAside(quietOptions(folder));
    expect(setAside).toBeNull();
    expect(await store.sequence()).toBe(1);
    await store.close();
  });

  test("a database of another program is refused, not changed and not set aside", async () => {
    const other = new DatabaseSync(file());
    other.exec("CREATE TABLE theirs (x)");
    other.close();
    await expect(openOrSetAside(quietOptions(folder))).rejects.toMatchObject({ trouble: "failed", message: expect.stringContaining("another program") as unknown });
    expect(existsSync(file())).toBe(true);
  });
});

describe("forms of the database", () => {
  test("a newer one is refused with advice, and not set aside", async () => {
    await filled();
    const db = new DatabaseSync(file());
    db.exec("PRAGMA user_version = 999");
    db.close();
    await expect(openOrSetAside(quietOptions(folder))).rejects.toMatchObject({ trouble: "newer", message: expect.stringMatching(/newer Tocsin.+form 999/) as unknown });
  });

  test("an older one is copied, then brought to the newest form; a step that fails changes nothing", async () => {
    await filled();
    const db = new DatabaseSync(file());
    const steps = [...MIGRATIONS, "ALTER TABLE checks ADD COLUMN colour TEXT", "UPDATE checks SET colour = 'red'"];
    expect(() => migrate(db, file(), [...steps, "nonsense"])).toThrow(/syntax/);
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: MIGRATIONS.length });
    const copy = migrate(db, file(), steps);
    expect(copy).toBe(file(`tocsin.db.v${MIGRATIONS.length}`));
    expect(db.prepare("SELECT name, colour FROM checks").all()).toEqual([{ name: "shop", colour: "red" }]);
    expect(migrate(db, file(), steps)).toBeNull();
    db.close();
    const old = new DatabaseSync(copy ?? "", { readOnly: true });
    expect(old.prepare("SELECT count(*) AS results FROM results").get()).toEqual({ results: 3000 });
    expect(() => old.prepare("SELECT colour FROM checks")).toThrow(/colour/);
    old.close();
    expect(statSync(copy ?? "").mode & 0o777).toBe(0o600);
  });
});

test("a backup opens by itself, replaces an older one, and a path that cannot be is refused", async () => {
  await filled();
  const store = await open();
  const target = join(folder, "copy");
  const path = join(target, "tocsin.db");
  await expect(store.backup(path)).rejects.toMatchObject({ trouble: "failed" });
  const inner = await openSqliteStore(quietOptions(target));
  await inner.close();
  await Promise.all([store.backup(path), store.commit(sampleBatch(2, { results: [sampleResult("shop", 5_000_000)] }))]);
  await store.backup(path);
  const copy = await openSqliteStore(quietOptions(target));
  expect(await copy.sequence()).toBe(2);
  expect((await copy.facts()).results).toBe(3001);
  await copy.close();
  await store.close();
});

test("a query that passes its time limit is ended as slow, and the next one is answered", async () => {
  const store = await open({ queryLimitMs: 1 });
  for (let part = 0; part < 40; part += 1) await store.commit(sampleBatch(part + 1, { results: Array.from({ length: 5000 }, (_, index) => sampleResult("shop", (part * 5000 + index) * 1000)) }));
  await expect(store.range({ check: shop, from: T0, to: at(1e9), stepMs: millis(1e6) })).rejects.toMatchObject({ trouble: "slow" });
  await store.close();
  const patient = await open();
  expect(await patient.range({ check: shop, from: T0, to: at(1e9), stepMs: millis(1e9) })).toMatchObject([{ runs: 200_000 }]);
  await patient.close();
});

test("texts that nobody uses any more are pruned, those in use stay readable", async () => {
  const DAY = 86_400_000;
  const store = await open();
  for (let day = 0; day < 4; day += 1) {
    const sentence = `day ${day}`;
    await store.commit(sampleBatch(day + 1, { results: [0, 1, 2].map((run) => sampleResult("shop", day * DAY + run, { sentence })) }));
  }
  await store.prune({ resultsMs: millis(1.5 * DAY), incidentsMs: millis(DAY), bytes: null }, at(3 * DAY));
  expect((await store.results({ check: shop, limit: 99 })).map((one) => one.sentence)).toEqual(["day 3", "day 3", "day 3", "day 2", "day 2", "day 2"]);
  await store.commit(sampleBatch(9, { results: [0, 1].map((run) => sampleResult("shop", 4 * DAY + run, { sentence: "day 0" })) }));
  expect((await store.results({ check: shop, limit: 1 }))[0]?.sentence).toBe("day 0");
  await store.close();
  const db = new DatabaseSync(file());
  expect(db.prepare("SELECT text FROM words WHERE text LIKE 'day %' ORDER BY text").all().map((row) => row["text"])).toEqual(["day 0", "day 2", "day 3"]);
  db.close();
});

test("results that are up keep no evidence; messages are leased to one sender over a restart", async () => {
  const store = await open();
  const evidence = [{ label: "received", text: "220 hello" }];
  await store.commit(sampleBatch(1, { results: [sampleResult("shop", 0, { evidence }), sampleResult("shop", 1, { evidence, verdict: "degraded" })] }));
  await store.changeOutbox(sampleChange({ messages: [sampleMessage("m", [], 0)] }));
  expect((await store.results({ check: shop, limit: 9 })).map((one) => one.evidence)).toEqual([evidence, []]);
  expect(await Promise.all([1, 2, 3].map(async () => (await store.claimMessage("m", T0, at(9)))?.row.id ?? null))).toEqual(["m", null, null]);
  await store.close();
});
