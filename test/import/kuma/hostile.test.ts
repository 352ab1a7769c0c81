import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Imported } from "../../../src/import/importer.ts";
import { type ForeignDisk, openForeign } from "../../../src/import/open.ts";
import { reportLines } from "../../../src/import/report.ts";
import { writeDocument } from "../../../src/import/write.ts";
import { openTables } from "../../../src/store/sqlite/foreign.ts";
import { cases } from "../corpus.ts";
import { buildFrom, buildKuma } from "./build.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-hostile-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = (): string => join(folder, "kuma.db");
const disk: ForeignDisk = {
  look: async (of) => ({ kind: "file", size: readFileSync(of).length, executable: false }),
  read: async (of, most) => ({ kind: "read", bytes: readFileSync(of).subarray(0, most) }),
  tables: async (of) => openTables(of),
  absolute: (of) => of,
  hostName: "monitor.example.com",
  environment: {},
};

/** What is made of kuma.db, and how many runs its history has; `-1`: it is damaged. */
async function imported(): Promise<{ readonly imported: Imported; readonly runs: number }> {
  const opened = await openForeign(path(), "uptime-kuma", disk);
  if (opened.kind !== "opened") throw new Error(`${path()} was not opened`);
  const notes = reportLines(opened.imported);
  expect(notes.every((line) => line.length < 2000)).toBe(true);
  expect(writeDocument(opened.imported, "uptime-kuma", "kuma.db")).toMatch(/^# Written by/);
  let runs = 0;
  try {
    for (const { sentence } of opened.imported.history) {
      expect(sentence.length).toBeLessThanOrEqual(500);
      runs += 1;
    }
  } catch {
    runs = -1;
  }
  opened.close();
  return { imported: opened.imported, runs };
}

const checksOf = ({ document }: Imported): { readonly [name: string]: unknown } => (document["checks"] ?? {}) as { readonly [name: string]: unknown };
const told = ({ notes }: Imported): readonly string[] => notes.filter(({ kind }) => kind === "refused").map(({ what, text }) => `${what}: ${text}`);

test("a damaged database makes no importer fail", async () => {
  const whole = cases("uptime-kuma").filter(({ input }) => input.endsWith(".sql")).map(({ input }) => {
    buildFrom(input, path());
    return readFileSync(path());
  });
  const damage = fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }), cut: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...whole), fc.array(damage, { minLength: 1, maxLength: 6 }), async (bytes, damages) => {
      let now = Buffer.from(bytes);
      for (const { at, bytes: other, cut } of damages) {
        const from = Math.floor(at * now.length);
        if (cut && damages.length === 1) now = now.subarray(0, from);
        else now.set(other.subarray(0, now.length - from), from);
      }
      writeFileSync(path(), now);
      const { notes } = (await imported()).imported;
      expect(notes.length).toBeGreaterThan(0);
      for (const { file, text } of notes) expect([file, text !== ""]).toEqual([path(), true]);
    }),
    { numRuns: 150 },
  );
});

test("what is no database, or cut, is told", async () => {
  const f = async (bytes: Uint8Array, why: string): Promise<void> => {
    writeFileSync(path(), bytes);
    expect(told((await imported()).imported)).toEqual([why]);
  };
  await f(Buffer.from("SQLite format 3\u0000"), ": this database is damaged");
  await f(Buffer.concat([Buffer.from("SQLite format 3\u0000"), Buffer.alloc(9000, 7)]), ": this database is damaged");
  await f(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0]), expect.stringMatching(/^: /) as string);
  await f(Buffer.alloc(0), expect.stringMatching(/^: /) as string);
});

test("a database without some of the tables gives what is there; one of another program, nothing", async () => {
  buildKuma(path(), 2, "INSERT INTO monitor (id, name, type, hostname, interval) VALUES (1, 'web', 'ping', '192.0.2.1', 60); DROP TABLE heartbeat; DROP TABLE notification; DROP TABLE setting; DROP TABLE tag; DROP TABLE maintenance; DROP TABLE proxy");
  const { imported: found, runs } = await imported();
  expect([Object.keys(checksOf(found)), runs, told(found)]).toEqual([["web"], 0, []]);
  buildKuma(path(), 1, "DROP TABLE monitor");
  expect(told((await imported()).imported)).toEqual([": there is no monitor that can be taken: nothing would ever run"]);
  // Columns that every version had.
  buildKuma(path(), 1, "DROP TABLE monitor; CREATE TABLE monitor (id, type, hostname); INSERT INTO monitor VALUES (1, 'ping', 'h'); DROP TABLE heartbeat; CREATE TABLE heartbeat (x); INSERT INTO heartbeat VALUES (1)");
  expect(checksOf((await imported()).imported)).toMatchObject({ "monitor 1": { type: "icmp", host: "h", every: "20s" } });
});

test("cells of megabytes stay in their bounds", async () => {
  const huge = "hex(zeroblob(2000000))";
  buildKuma(
    path(),
    2,
    `INSERT INTO monitor (id, name, type, hostname, interval, description, conditions, headers) VALUES (1, ${huge}, 'ping', '192.0.2.1', 60, ${huge}, ${huge}, ${huge}), (2, 'b', ${huge}, 'h', 60, NULL, '[]', NULL);
     INSERT INTO heartbeat (monitor_id, status, msg, time, ping) VALUES (1, 0, ${huge}, '2026-11-20 02:00:00', 1e308), (1, 1, 'x', ${huge}, 1), (1, 1, zeroblob(5000000), '2026-11-20 02:01:00', -1);
     INSERT INTO notification (id, name, config, user_id) VALUES (1, ${huge}, ${huge}, 1), (2, 'deep', '${"[".repeat(50_000)}', 1);
     INSERT INTO maintenance (title, description, strategy, cron, duration, timezone) VALUES (${huge}, ${huge}, 'cron', ${huge}, 1e18, ${huge}); INSERT INTO monitor_maintenance (monitor_id, maintenance_id) VALUES (1, 1)`,
  );
  const { imported: found, runs } = await imported();
  expect(runs).toBe(2);
  const [name = ""] = Object.keys(checksOf(found));
  expect([name.length <= 200, JSON.stringify(found.state).length < 2000]).toEqual([true, true]);
});

test("ten thousand monitors in a thousand nested groups come out whole", async () => {
  buildKuma(
    path(),
    2,
    `WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 11000) INSERT INTO monitor (id, name, type, hostname, interval, parent)
       SELECT x, 'monitor number ' || x, CASE WHEN x <= 1000 THEN 'group' ELSE 'ping' END, '192.0.2.1', 60, CASE WHEN x <= 1000 THEN nullif(x - 1, 0) ELSE x % 1000 + 1 END FROM n;
     INSERT INTO heartbeat (monitor_id, status, time, ping) SELECT id, 1, '2026-11-20 02:00:00.000', 5 FROM monitor`,
  );
  const { imported: found, runs } = await imported();
  expect([Object.keys(checksOf(found)).length, found.state.length, runs]).toEqual([11_000, 11_000, 11_000]);
  // What holds of all is told once.
  expect(found.notes.filter(({ kind }) => kind === "differs").length).toBe(1);
});
