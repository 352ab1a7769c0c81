import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { MIGRATIONS, migrate } from "../../src/store/sqlite/schema.ts";
import { atEnd } from "../servers/ground.ts";
import { hook, type Hook, service } from "./receivers.ts";
import { type Document, Place, type Run, until } from "./world.ts";

const tcp = (port: number, more: Document = {}): Document => ({ type: "tcp", host: "127.0.0.1", port, ...more });
const chat = (told: Hook): Document => ({ chat: { type: "webhook", url: told.url(), group: "0s" } });
const defaults = { every: "200ms", timeout: "1s", failAfter: 1, notify: ["chat"] };

/** Mounting needs root with the right to mount; a container may lack it. */
const mountable = ((): boolean => {
  const probe = mkdtempSync(join(tmpdir(), "tocsin-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true });
  }
})();

function wrote(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) === piece.length;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}

describe.skipIf(!mountable)(`a full disk (a real tmpfs${mountable ? "" : "; skipped: this user cannot mount one"})`, () => {
  test.concurrent("monitoring goes on, outages are told from the reserve, then from memory, marked; with room all is recorded", async () => {
    const disk = mkdtempSync(join(tmpdir(), "tocsin-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=40m", "tmpfs", disk]);
    atEnd(async () => {
      // Lazily: the program that uses it may be ended only after this.
      execFileSync("umount", ["-l", disk]);
      rmSync(disk, { recursive: true });
    });
    /** Takes all the room there is, to the last page. */
    const fill = (name: string): void => {
      const file = openSync(join(disk, name), "w");
      const pieces = [Buffer.alloc(1 << 20), Buffer.alloc(4096)];
      for (const piece of pieces) while (wrote(file, piece));
      closeSync(file);
    };
    const [told, first, second] = [await hook(), await service(), await service()];
    const place = new Place({ defaults, channels: chat(told), checks: { first: tcp(first.port), second: tcp(second.port) } }, join(disk, "data"));
    await place.start();
    await place.becomes("second", "up");
    expect(readdirSync(place.data)).toContain("reserve");

    fill("one");
    await first.close();
    await place.until("the reserve is given up and the outage told", () => told.kinds.includes("down first") && !readdirSync(place.data).includes("reserve"));
    expect(told.subjects[0]).not.toContain("not recorded");
    await place.until("standard error says so", () => place.run.err.includes("the disk of the data folder is full: the reserve was given up"));

    fill("two");
    await second.close();
    await place.becomes("second", "down");
    await place.until("it is told from memory", () => told.kinds.includes("down second"));
    expect(told.subjects.at(-1)).toMatch(/^▲ DOWN second — .+ \(not recorded, may repeat\)$/);
    expect((await place.overview()).banners).toMatchObject([{ kind: "store", text: expect.stringContaining("the disk of the data folder is full"), advice: expect.stringContaining("Monitoring goes on") }]);
    expect((await place.get("/readyz")).status).toBe(503);
    await place.runsAgain("second");

    rmSync(join(disk, "one"));
    rmSync(join(disk, "two"));
    await place.until("all is well again", async () => (await place.overview()).banners.length === 0 && (await place.get("/readyz")).status === 200);
    await place.until("the outage is recorded", async () => (await place.incidents("second")).length === 1);
    await place.until("the reserve is back", () => readdirSync(place.data).includes("reserve"));
    // What was told from memory comes again, under the same id.
    await place.until("it is told again as recorded", () => told.told.filter(({ alerts }) => alerts.some(({ check }) => check === "second")).length > 1);
    expect(new Set(told.told.flatMap(({ alerts }) => alerts.filter(({ check, kind }) => check === "second" && kind === "down").map(({ id }) => id))).size).toBe(1);
    expect((await place.stop()).exit).toBe(0);
  });
});

describe.concurrent("the database", () => {
  const site = async () => {
    const [told, target] = [await hook(), await service(false)];
    const place = new Place({ defaults, channels: chat(told), checks: { shop: tcp(target.port) } });
    await place.start();
    await place.until("the outage is told", async () => told.kinds.includes("down shop") && (await place.messages()).some(({ status }) => status === "sent"));
    return { place, told, target, database: join(place.data, "tocsin.db") };
  };

  test("damaged, it is set aside with a bar that says where, and monitoring goes on with a new one", async () => {
    const { place, told, database } = await site();
    await place.stop();
    const file = openSync(database, "r+");
    for (let page = 1; page < 40; page += 1) writeSync(file, Buffer.alloc(2048, 0x5a), 0, 2048, page * 4096 + 100);
    closeSync(file);
    await place.start();
    const aside = readdirSync(place.data).find((name) => /^tocsin\.db\.damaged-\d{8}T\d{6}Z$/.test(name));
    expect((await place.overview()).banners).toMatchObject([{ kind: "store", text: expect.stringContaining("The database was damaged"), advice: `The damaged one is kept as ${join(place.data, String(aside))}.` }]);
    await place.becomes("shop", "down");
    // Nobody knows any more that it was told.
    await place.until("it is told", () => told.kinds.length === 2);
    await place.stop();
  });

  test("locked by another program for a while: told from memory, recorded when it lets go, told with the same id", async () => {
    const { place, told, target, database } = await site();
    // A process of its own, as an open sqlite3 shell would be.
    const code = `const { DatabaseSync } = require("node:sqlite"); const db = new DatabaseSync(${JSON.stringify(database)}); db.exec("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE"); console.log("held"); process.stdin.on("data", () => { db.exec("ROLLBACK"); db.close(); process.exit(); });`;
    const holder = spawn(process.execPath, ["-e", code], { stdio: ["pipe", "pipe", "inherit"] });
    atEnd(async () => void holder.kill("SIGKILL"));
    let held = "";
    holder.stdout.setEncoding("utf8").on("data", (part: string) => void (held += part));
    await until("it holds the database", () => held === "held\n");
    await target.open();
    await place.until("the end is told from memory", () => told.kinds.includes("recovered shop"));
    expect(told.subjects.at(-1)).toContain("(not recorded, may repeat)");
    expect((await place.overview()).banners).toMatchObject([{ kind: "store", text: expect.stringContaining("another program holds the database") }]);
    holder.stdin.write("go\n");
    await place.until("it is recorded", async () => (await place.incidents("shop"))[0]?.closedBy === "recovered");
    await place.until("the bar is gone", async () => (await place.overview()).banners.length === 0);
    const ids = told.told.flatMap(({ alerts }) => alerts.filter(({ kind }) => kind === "recovered").map(({ id }) => id));
    expect(new Set(ids).size).toBe(1);
    await place.stop();
  });

  test.skipIf(MIGRATIONS.length < 2)(`of an older Tocsin: a copy is taken, then it is brought to today's form${MIGRATIONS.length < 2 ? " (skipped: there is one form only so far; the steps are tested beside the store)" : ""}`, async () => {
    const [told, target] = [await hook(), await service(false)];
    const place = new Place({ defaults, channels: chat(told), checks: { shop: tcp(target.port) } });
    mkdirSync(place.data, { mode: 0o700 });
    const db = new DatabaseSync(join(place.data, "tocsin.db"));
    migrate(db, join(place.data, "tocsin.db"), MIGRATIONS.slice(0, -1));
    db.close();
    await place.start();
    expect(readdirSync(place.data)).toContain(`tocsin.db.v${MIGRATIONS.length - 1}`);
    expect(place.run.err).toContain(`tocsin.db.v${MIGRATIONS.length - 1}`);
    await place.until("the outage is told", () => told.kinds.includes("down shop"));
    await place.stop();
  });

  test("of a newer Tocsin: it is left alone and said", async () => {
    const { place, database } = await site();
    await place.stop();
    const db = new DatabaseSync(database);
    db.exec("PRAGMA user_version = 999");
    db.close();
    const ended = await place.launch().ended;
    expect(ended).toMatchObject({ exit: 74, err: expect.stringContaining("was written by a newer Tocsin") });
    expect(readdirSync(place.data).filter((name) => name.includes("damaged"))).toEqual([]);
  });
});

/** What is promised is 5 s; a machine that is busy with other tests gets as much again. What must not hold up the end would take longer. */
const LAST_MS = 10_000;

/** A dead one that nobody has fetched yet is dead all the same. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe.concurrent("the end", () => {
  const ends = async (place: Place, signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    const { exit, tookMs } = await place.stop(signal);
    expect(exit).toBe(0);
    expect(tookMs).toBeLessThan(LAST_MS);
  };

  test("while probes run that do not end by themselves: aborted, with nothing left behind, and no verdict made of it", async () => {
    const silent = await hook();
    silent.status = "hold";
    const checks = { stuck: { type: "script", command: ["sh", "-c", "sleep 1000 & echo $$ $! > pids.new; mv pids.new pids; wait"] }, silent: { type: "http", url: silent.url() } };
    const place = new Place({ defaults: { every: "1s", timeout: "10m", failAfter: 1 }, checks });
    await place.start();
    await place.until("both run", async () => silent.calls.length > 0 && (await place.overview()).checks.every(({ running }) => running));
    await place.until("the script is at work", () => readdirSync(place.folder).includes("pids"));
    const pids = readFileSync(join(place.folder, "pids"), "utf8").trim().split(" ").map(Number);
    await ends(place);
    await until("no process of it is left", () => !pids.some(isAlive));
    silent.status = 200;
    await place.start();
    await place.becomes("silent", "up");
    expect(await place.incidents("silent")).toEqual([]);
    await ends(place, "SIGINT");
  });

  test("while a message is being sent and a heartbeat hangs: what was not settled is sent after the next start, under the same key", async () => {
    const [told, target, beats] = [await hook(), await service(false), await hook()];
    told.status = "hold";
    beats.status = "hold";
    const place = new Place({ heartbeat: beats.url(), defaults, channels: chat(told), checks: { shop: tcp(target.port) } });
    await place.start();
    await place.until("it is being sent, and the heartbeat as well", () => told.calls.length === 1 && beats.calls.length === 1);
    await ends(place);
    told.status = 200;
    await place.start();
    await place.until("it is sent again", () => told.calls.length === 2);
    const [first, again] = told.told;
    expect(again).toEqual(first);
    await place.until("it is settled", async () => (await place.messages()).every(({ status }) => status === "sent"));
    await ends(place);
  });

  test("at any moment of the start", async () => {
    const place = new Place({ defaults: { every: "1h" }, checks: { idle: { type: "push", within: "1h", token: "idle-idle-idle-idle-idle" } } });
    mkdirSync(place.data, { mode: 0o700 });
    const stages: ((run: Run) => Promise<boolean>)[] = [
      // Its threads are being started; then the store is opened; then the page; then all stands.
      async (run) => execFileSync("ls", [`/proc/${run.child.pid}/task`], { encoding: "utf8" }).split("\n").length > 10,
      async () => readdirSync(place.data).includes("lock.json"),
      async () => readdirSync(place.data).includes("socket"),
      async (run) => run.out.includes("The page"),
    ];
    for (const [index, reached] of stages.entries()) {
      rmSync(place.data, { recursive: true });
      mkdirSync(place.data, { mode: 0o700 });
      const run = place.launch();
      await until(`stage ${index} of the start`, () => reached(run), () => run.said);
      const { exit, tookMs } = await place.stop();
      expect([index, exit]).toEqual([index, index === 0 && exit === "SIGTERM" ? "SIGTERM" : 0]);
      expect(tookMs).toBeLessThan(LAST_MS);
    }
    // And a request to read the file again that comes early neither ends it nor is lost.
    const run = place.launch();
    await until("the store is being opened", () => readdirSync(place.data).includes("lock.json"), () => run.said);
    run.child.kill("SIGHUP");
    await until("the file is read again", () => run.err.includes("the configuration was read again"), () => run.said);
    await ends(place);
  });
});

test.concurrent("a file in the place of the socket that an earlier life left is replaced", async () => {
  const place = new Place({ checks: { idle: { type: "push", within: "1h", token: "idle-idle-idle-idle-idle" } } });
  await place.start();
  await place.kill();
  expect(readdirSync(place.data)).toContain("socket");
  rmSync(join(place.data, "socket"));
  writeFileSync(join(place.data, "socket"), "");
  await place.start();
  await place.stop();
});
