import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forgetLeft, readLeft, takeOver, type TakenOver } from "../../../src/app/adopt.ts";
import { openForeignConfiguration } from "../../../src/app/foreign.ts";
import { checkName, instant, millis } from "../../../src/core/types.ts";
import { quietOptions } from "../../../src/store/sqlite/ground.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryFolder } from "../../servers/ground.ts";
import { buildKuma } from "./build.ts";

const at = (text: string): number => Date.parse(`2026-11-${text}Z`);
const NOW = at("29T08:00:00");
const MINUTE = 60_000;

const MONITORS = "INSERT INTO monitor (id, name, type, hostname, interval) VALUES (1, 'web', 'ping', '192.0.2.1', 60), (2, 'db', 'ping', '192.0.2.2', 60)";
/** `15 10:00 up 20`: a heartbeat of monitor 1. */
function beats(...lines: readonly string[]): string {
  const rows = lines.map((line) => {
    const [day = "", time = "", word = "", ping = ""] = line.split(" ");
    const status = { down: 0, up: 1, pending: 2, maintenance: 3 }[word.replace("!", "")] ?? 9;
    return `(1, ${status}, ${word.endsWith("!") ? 1 : 0}, '${status === 1 ? "200 - OK" : "connect ECONNREFUSED 192.0.2.1:80"}', '2026-11-${day} ${time}:00.000', ${ping === "" ? "NULL" : ping})`;
  });
  return `INSERT INTO heartbeat (monitor_id, status, important, msg, time, ping) VALUES ${rows.join(", ")}`;
}

/** Takes what the statements put into a kuma.db over. */
async function take(folder: string, version: 1 | 2, ...statements: readonly string[]): Promise<TakenOver> {
  const path = join(temporaryFolder(), "kuma.db");
  buildKuma(path, version, [MONITORS, ...statements].join(";"));
  const opened = await openForeignConfiguration(path, null, null);
  if (opened.kind !== "opened") throw new Error("not opened");
  try {
    return await takeOver(opened.imported, folder, NOW);
  } finally {
    opened.close();
  }
}

async function inStore<Value>(folder: string, ask: (store: Store) => Promise<Value>): Promise<Value> {
  const store = await openSqliteStore(quietOptions(folder));
  try {
    return await ask(store);
  } finally {
    await store.close();
  }
}

const web = checkName("web");
const resultsOf = (folder: string): Promise<readonly string[]> =>
  inStore(folder, async (store) => (await store.results({ check: web, limit: 1000 })).map(({ slot, verdict, latencyMs }) => `${new Date(slot).toISOString().slice(8, 16)} ${verdict} ${latencyMs}`).toReversed());

const OUTAGE = ["20 10:00 up! 20", "20 10:01 up 21", "20 10:02 pending", "20 10:03 down!", "20 10:04 down", "20 10:05 maintenance!", "20 10:06 up! 30"];

test("each run and each outage of version 1", async () => {
  const folder = join(temporaryFolder(), "data");
  expect(await take(folder, 1, beats(...OUTAGE))).toEqual({ checks: 1, results: 6, outages: 1, left: 1 });
  expect(await resultsOf(folder)).toEqual(["20T10:00 up 20", "20T10:01 up 21", "20T10:02 down 0", "20T10:03 down 0", "20T10:04 down 0", "20T10:06 up 30"]);
  await inStore(folder, async (store) => {
    const [incident, ...others] = await store.incidents({ check: web, limit: 9 });
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ kind: "down", firstSign: at("20T10:02:00"), opened: at("20T10:03:00"), closed: at("20T10:06:00"), closedBy: "recovered", code: "refused", sentence: "connect ECONNREFUSED 192.0.2.1:80" });
    expect((await store.transitions({ check: web, limit: 9 })).map(({ from, to, incident: of }) => [from, to, of === incident?.id])).toEqual([["down", "up", true], ["up", "down", true]]);
    const [day] = await store.range({ check: web, from: instant(at("20T00:00:00")), to: instant(at("21T00:00:00")), stepMs: millis(1440 * MINUTE) });
    expect(day).toMatchObject({ runs: 6, up: 3, down: 3, latency: { min: 20, max: 30 } });
    expect((await store.facts()).results).toBe(6);
    // Nothing of it waits to be told.
    expect(await store.outbox(9)).toMatchObject({ alerts: [], messages: [] });
  });
});

test("taken twice, or again when more has come, nothing is doubled", async () => {
  const folder = join(temporaryFolder(), "data");
  await take(folder, 1, beats(...OUTAGE));
  const before = await resultsOf(folder);
  expect(await take(folder, 1, beats(...OUTAGE))).toEqual({ checks: 0, results: 0, outages: 0, left: 1 });
  expect(await resultsOf(folder)).toEqual(before);
  expect(await take(folder, 1, beats(...OUTAGE, "20 10:07 up 31", "20 10:08 down!", "20 10:09 up! 32"))).toEqual({ checks: 1, results: 3, outages: 1, left: 1 });
  expect(await resultsOf(folder)).toEqual([...before, "20T10:07 up 31", "20T10:08 down 0", "20T10:09 up 32"]);
  await inStore(folder, async (store) => {
    expect((await store.incidents({ check: web, limit: 9 })).length).toBe(2);
    expect((await store.transitions({ check: web, limit: 9 })).length).toBe(4);
  });
});

test("an outage that is not over is told by the state alone", async () => {
  const folder = join(temporaryFolder(), "data");
  expect(await take(folder, 1, beats(...OUTAGE.slice(0, 5)))).toEqual({ checks: 1, results: 5, outages: 0, left: 1 });
  expect(await readLeft(folder)).toEqual([{ check: "web", status: "down", fails: 3, since: at("20T10:02:00"), lastRun: at("20T10:04:00"), sentence: "connect ECONNREFUSED 192.0.2.1:80" }]);
  expect(statSync(join(folder, "carried.json")).mode & 0o777).toBe(0o600);
  // When it is over, its runs are there already, and it is still an outage.
  expect(await take(folder, 1, beats(...OUTAGE))).toMatchObject({ results: 1, outages: 1 });
  await forgetLeft(folder);
  expect(await readLeft(folder)).toEqual([]);
  for (const text of ["", "{", "null", '[{"check": 1}, null, 7, {"check": "a", "status": "odd", "fails": 0, "since": null, "lastRun": null, "sentence": ""}]']) {
    writeFileSync(join(folder, "carried.json"), text);
    expect(await readLeft(folder)).toEqual([]);
  }
});

test("what version 2 keeps as averages becomes as many runs, and no run is counted twice", async () => {
  const folder = join(temporaryFolder(), "data");
  const stat = (table: string, time: string, up: number, down: number): string => `INSERT INTO stat_${table} (monitor_id, timestamp, ping, up, down, ping_min, ping_max) VALUES (1, ${at(time) / 1000}, 25, ${up}, ${down}, 15, 55)`;
  const sum = await take(
    folder, 2,
    stat("daily", "18T00:00:00", 1400, 2), stat("daily", "19T00:00:00", 1440, 0), stat("daily", "20T00:00:00", 600, 4),
    stat("hourly", "19T23:00:00", 60, 0), stat("hourly", "20T00:00:00", 60, 0), stat("hourly", "20T01:00:00", 58, 2),
    stat("minutely", "20T01:59:00", 1, 0), stat("minutely", "20T02:00:00", 1, 0), stat("minutely", "20T02:01:00", 0, 1),
    // Of the 18th only what changed the state is left.
    beats("18 12:00 down!", "18 12:02 up! 25", "20 02:01 down!", "20 02:02 up! 20", "20 02:03 up 21", "20 02:04 up 22"),
  );
  // 18th and 19th by days, two hours, two minutes, and from 02:03 on the runs, from where there are others than those that changed the state.
  expect(sum).toEqual({ checks: 1, results: 1402 + 1440 + 60 + 60 + 2 + 2, outages: 2, left: 1 });
  await inStore(folder, async (store) => {
    const days = await store.range({ check: web, from: instant(at("18T00:00:00")), to: instant(at("21T00:00:00")), stepMs: millis(1440 * MINUTE) });
    expect(days.map(({ up, down }) => [up, down])).toEqual([[1400, 2], [1440, 0], [60 + 58 + 1 + 2, 2 + 1]]);
    expect(days[0]?.latency).toMatchObject({ min: 15, max: 55 });
    expect((await store.incidents({ check: web, limit: 9 })).map(({ opened, closed }) => [opened, closed])).toEqual([[at("20T02:01:00"), at("20T02:02:00")], [at("18T12:00:00"), at("18T12:02:00")]]);
  });
  // The day of the 20th was in part taken as runs: what comes as an average later adds nothing there.
  const again = await take(folder, 2, stat("daily", "18T00:00:00", 1400, 2), stat("daily", "19T00:00:00", 1440, 0), stat("daily", "20T00:00:00", 1440, 0));
  expect(again.results).toBe(1440 - 125);
});

test("of a check that was judged here only what is older is taken, and its state is left alone", async () => {
  const folder = join(temporaryFolder(), "data");
  await take(folder, 1, beats("25 10:00 up! 20"));
  await inStore(folder, async (store) => {
    const { freshState } = await import("../../../src/core/draft.ts");
    const { Bench } = await import("../../../src/core/ground.ts");
    const state = freshState({ ...new Bench().policy, check: web }, instant(NOW));
    await store.commit({ sequence: 1, results: [], states: [{ ...state, check: web }], removed: [], transitions: [], incidents: [], alerts: [], journal: [] });
  });
  expect(await take(folder, 1, beats(...OUTAGE, "25 10:00 up! 20", "26 10:00 down!", "26 10:01 up! 20"))).toEqual({ checks: 1, results: 6, outages: 1, left: 0 });
  expect((await resultsOf(folder)).at(-1)).toBe("25T10:00 up 20");
});

test("a folder in use is refused, and a damaged database takes nothing of the check it is met in", async () => {
  const folder = join(temporaryFolder(), "data");
  await inStore(folder, async () => {
    await expect(take(folder, 1, beats(...OUTAGE))).rejects.toThrow(/the data folder .* is in use by process \d+ on .*; stop that one/);
  });
  const path = join(temporaryFolder(), "kuma.db");
  buildKuma(path, 1, `${MONITORS}; WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000) INSERT INTO heartbeat (monitor_id, status, msg, time) SELECT 1, 1, hex(zeroblob(100)), datetime(1795000000 + 60 * x, 'unixepoch') FROM n`);
  const opened = await openForeignConfiguration(path, null, null);
  if (opened.kind !== "opened") throw new Error("not opened");
  const broken = { ...opened.imported, history: (function* () { for (const one of opened.imported.history) { if (one.at > 1_795_000_000_000 + 1000 * MINUTE) throw new Error("database disk image is malformed"); yield one; } })() };
  await expect(takeOver(broken, folder, NOW)).rejects.toThrow("malformed");
  opened.close();
  expect(await resultsOf(folder)).toEqual([]);
  expect(existsSync(join(folder, "lock.json"))).toBe(false);
});

test("a year of a monitor that runs each minute is taken in one go", async () => {
  const folder = join(temporaryFolder(), "data");
  const sum = await take(folder, 1, "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000) INSERT INTO heartbeat (monitor_id, status, msg, time, ping) SELECT 1, 1, '200 - OK', strftime('%Y-%m-%d %H:%M:%f', 1789000000 + 60 * x, 'unixepoch'), x % 50 FROM n");
  expect(sum).toMatchObject({ results: 100_000, outages: 0 });
  // The sentence is kept once.
  expect(statSync(join(folder, "tocsin.db")).size).toBeLessThan(100_000 * 80);
});
