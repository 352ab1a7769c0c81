import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CheckDetail, HistoryView } from "../../src/api/types.ts";
import { freePort } from "../servers/ground.ts";
import { hook, type Hook, service } from "./receivers.ts";
import { type Document, Place, tocsin } from "./world.ts";

const tcp = (port: number, more: Document = {}): Document => ({ type: "tcp", host: "127.0.0.1", port, ...more });
const defaults = { every: "200ms", timeout: "1s", failAfter: 1, notify: ["chat"] };
const chat = (told: Hook, more: Document = {}): Document => ({ chat: { type: "webhook", url: told.url(), group: "0s", ...more } });

/** A place with one check that is well, one that is down and told, and who is told. */
async function started(more: Document = {}) {
  const told = await hook();
  const well = await service();
  const dead = await freePort();
  const site = (checks: Document, top: Document = {}): Document => ({ defaults, channels: chat(told), checks, ...more, ...top });
  const checks = { well: tcp(well.port), dead: tcp(dead) };
  const place = new Place(site(checks));
  await place.start();
  await place.becomes("well", "up");
  await place.becomes("dead", "down");
  await place.until("the outage is told", () => told.kinds.includes("down dead"));
  return { place, told, well, dead, site, checks };
}

const detail = (place: Place, name: string): Promise<CheckDetail> => place.json(`/api/v1/checks/${name}`);

describe.concurrent("what did not change stays", () => {
  test("state, incident and schedule, through every way of changing the file", async () => {
    const { place, told, well, dead, site, checks } = await started();
    const before = { well: await place.check("well"), dead: await place.check("dead") };
    const slow = { slow: tcp(well.port, { every: "1h" }) };
    place.write(site({ ...checks, ...slow }));
    await place.becomes("slow", "up");
    const { nextRunAt } = await place.check("slow");
    const later = (name: string): Document => ({ ...checks, ...slow, [name]: tcp(well.port) });

    // Renamed over, as editors do.
    writeFileSync(`${place.config}.new`, JSON.stringify(site(later("renamed"))));
    renameSync(`${place.config}.new`, place.config);
    await place.becomes("renamed", "up");
    // By a signal, from a file whose time did not change.
    place.write(site(later("signal")));
    place.run.child.kill("SIGHUP");
    await place.becomes("signal", "up");
    // By a file in conf.d that comes, changes and goes.
    mkdirSync(join(place.folder, "conf.d"));
    place.write({ checks: { more: tcp(well.port) } }, "conf.d/more.yaml");
    await place.becomes("more", "up");
    place.write({ checks: { more: tcp(dead, { description: "now dead" }) } }, "conf.d/more.yaml");
    await place.becomes("more", "down");
    rmSync(join(place.folder, "conf.d/more.yaml"));
    await place.until("more is gone", async () => !(await place.overview()).checks.some(({ name }) => name === "more"));

    expect(await place.check("well")).toMatchObject({ state: "up", since: before.well.since });
    expect(await place.check("dead")).toMatchObject({ state: "down", since: before.dead.since, incident: before.dead.incident });
    expect((await place.check("slow")).nextRunAt).toBe(nextRunAt);
    expect(await place.incidents("dead")).toHaveLength(1);
    expect(told.kinds.filter((kind) => kind.endsWith(" dead"))).toEqual(["down dead"]);
    await place.stop();
  });

  test("a secret's file that changes is taken over, and the old secret is not shown either", async () => {
    const told = await hook();
    const folder = new Place({});
    folder.write("first-secret-token", "hook.token");
    const dead = await freePort();
    folder.write({ defaults: { ...defaults, every: "200ms" }, channels: { chat: { type: "webhook", url: told.url("/${file:hook.token}"), group: "0s" } }, checks: { dead: tcp(dead), idle: { type: "push", within: "1h", token: "idle-idle-idle-idle-idle" } } });
    await folder.start();
    await folder.until("told by the first", () => told.calls.some(({ path }) => path === "/first-secret-token"));
    folder.write("second-secret-token", "hook.token");
    await folder.until("the change is taken over", () => folder.run.err.includes("the configuration was taken over"));
    expect(await folder.post("/api/v1/channels/chat/test")).toMatchObject({ status: 200 });
    expect(told.calls.at(-1)?.path).toBe("/second-secret-token");
    expect(folder.run.out + folder.run.err).not.toMatch(/(first|second)-secret-token/);
    await folder.stop();
  });
});

describe.concurrent("a broken file", () => {
  test("changes nothing, is told on the page and by the API with its place, and a mended one clears it", async () => {
    const { place, site, checks, well } = await started();
    const before = await place.overview();
    const text = JSON.stringify(site(checks), null, 2);
    place.write(text.replace(`"tcp"`, `"tpc"`));
    const [banner] = await place.until("there is a bar", async () => {
      const { banners } = await place.overview();
      return banners.length > 0 ? banners : null;
    });
    expect(banner).toMatchObject({ kind: "configuration", details: [expect.stringMatching(new RegExp(`^${place.config}:\\d+:\\d+: there is no check of type \`tpc\`; `))] });
    expect(place.run.err).toContain("what runs stays as it is");
    const answer = await place.post("/api/v1/reload");
    expect(JSON.parse(answer.body)).toMatchObject({ kind: "broken", problems: [expect.stringContaining("`tpc`")] });
    await place.runsAgain("well");
    const after = await place.overview();
    expect(after.site.version).toBe(before.site.version);
    expect(after.checks.map(({ name, state, since, incident }) => ({ name, state, since, incident }))).toEqual(before.checks.map(({ name, state, since, incident }) => ({ name, state, since, incident })));
    // Gone altogether, it is broken as well.
    rmSync(place.config);
    await place.until("the missing file is told", async () => (await place.overview()).banners[0]?.details[0]?.includes("there is no such file"));
    place.write(site({ ...checks, more: tcp(well.port) }));
    await place.becomes("more", "up");
    expect((await place.overview()).banners).toEqual([]);
    await place.stop();
  });

  test("emptied for a moment, as by a slow save, it ends nothing and nothing is told twice; `checks: {}` ends all", async () => {
    const { place, told, site, checks } = await started();
    const before = { well: await place.check("well"), dead: await place.check("dead") };
    for (const text of ["", "checks:\n"]) {
      place.write(text);
      expect(JSON.parse((await place.post("/api/v1/reload")).body)).toMatchObject({ kind: "broken", problems: [expect.stringContaining("there are no checks any more; write them below `checks:`")] });
      expect((await place.overview()).banners).toMatchObject([{ kind: "configuration" }]);
    }
    await place.runsAgain("well");
    place.write(site(checks));
    await place.until("it is taken again", async () => (await place.overview()).banners.length === 0);
    await place.runsAgain("dead");
    expect(await place.check("well")).toMatchObject({ state: "up", since: before.well.since });
    expect(await place.check("dead")).toMatchObject({ state: "down", since: before.dead.since, incident: before.dead.incident });
    expect(told.kinds).toEqual(["down dead"]);
    place.write(site({}));
    await place.until("all are gone", async () => (await place.overview()).checks.length === 0);
    expect(await tocsin(["status", "--data", place.data], place.folder)).toMatchObject({ exit: 3, out: expect.stringContaining("no checks") });
    await place.stop();
  });
});

describe.concurrent("what changed", () => {
  test("another target: pending, the open incident closed as changed and told to those who were told", async () => {
    const { place, told, well, site, checks } = await started();
    const [incident] = await place.incidents("dead");
    place.write(site({ ...checks, dead: tcp(well.port) }));
    const after = await place.becomes("dead", "up");
    expect(after.incident).toBeNull();
    await place.until("the change is told", () => told.kinds.length === 2);
    expect(await place.json(`/api/v1/incidents/${incident?.id}`)).toMatchObject({ closedBy: "changed", closed: expect.any(Number) });
    expect(told.kinds).toEqual(["down dead", "changed dead"]);
    expect(told.subjects[1]).toMatch(/^· CHANGED dead — /);
    await place.stop();
  });

  test("another target while Tocsin was not running: the same", async () => {
    const { place, told, well, site, checks } = await started();
    await place.stop();
    place.write(site({ ...checks, dead: tcp(well.port) }));
    await place.start();
    await place.becomes("dead", "up");
    await place.until("its end is told", () => told.kinds.includes("changed dead"));
    const [closed] = await place.incidents("dead");
    expect(closed).toMatchObject({ closedBy: "changed" });
    expect(told.kinds).not.toContain("recovered dead");
    expect((await place.check("well")).state).toBe("up");
    await place.stop();
  });

  test("another type: the same; a removed check: told as well, and gone from everywhere", async () => {
    const { place, told, dead, site, checks } = await started();
    place.write(site({ ...checks, dead: { type: "http", url: `http://127.0.0.1:${dead}/` } }));
    await place.until("both are told", () => told.kinds.length === 3);
    expect(told.kinds).toEqual(["down dead", "changed dead", "down dead"]);
    expect(new Set(told.told.flatMap(({ alerts }) => alerts.map(({ id }) => id))).size).toBe(3);
    place.write(site({ well: checks.well }));
    await place.until("the removal is told", () => told.kinds.length === 4);
    expect(told.kinds[3]).toBe("changed dead");
    expect((await place.get("/api/v1/checks/dead")).status).toBe(404);
    expect((await place.incidents("dead")).map(({ closedBy }) => closedBy)).toEqual(["removed", "changed"]);
    // It stays gone after a restart, and comes back as new.
    await place.stop();
    await place.start();
    expect((await place.overview()).checks.map(({ name }) => name)).toEqual(["well"]);
    place.write(site(checks));
    await place.until("it is told anew", () => told.kinds.length === 5);
    expect(told.kinds[4]).toBe("down dead");
    await place.stop();
  });

  test("removed while Tocsin was not running: closed and told at the next start", async () => {
    const { place, told, site, checks } = await started();
    await place.stop();
    place.write(site({ well: checks.well }));
    await place.start();
    await place.until("the removal is told", () => told.kinds.length === 2);
    expect(told.kinds).toEqual(["down dead", "changed dead"]);
    expect((await place.incidents("dead"))[0]).toMatchObject({ closedBy: "removed" });
    await place.stop();
  });

  test("another name with `was`: history, state and incident go on", async () => {
    const { place, told, site, checks } = await started();
    const before = await place.check("dead");
    place.write(site({ well: checks.well, gone: { ...checks.dead, was: "dead" } }));
    const after = await place.becomes("gone", "down");
    expect(after).toMatchObject({ since: before.since, incident: before.incident });
    expect((await place.overview()).checks.map(({ name }) => name)).toEqual(["well", "gone"]);
    const history = await place.until("the history bears the new name", async () => {
      const read = await place.json<HistoryView>(`/api/v1/checks/gone/history?from=${before.since - 60_000}`);
      return read.incidents.length > 0 ? read : null;
    });
    expect(history.incidents.map(({ id }) => id)).toEqual([before.incident]);
    expect(history.buckets.reduce((sum, { runs }) => sum + runs, 0)).toBeGreaterThan(0);
    await place.runsAgain("gone");
    expect(told.kinds).toEqual(["down dead"]);
    // The name stays after a restart.
    await place.stop();
    await place.start();
    expect(await place.check("gone")).toMatchObject({ state: "down", since: before.since, incident: before.incident });
    await place.stop();
  });

  test("a threshold is judged from the next run, telling and schedule change nothing that is believed", async () => {
    const { place, told, dead, site, checks } = await started();
    const patient = (failAfter: number): Document => site({ ...checks, patient: tcp(dead, { failAfter, notify: [] }) });
    place.write(patient(10_000));
    const pending = await place.until("it fails without being down", async () => (await place.overview()).checks.find(({ name, failing }) => name === "patient" && failing > 2));
    expect(pending.state).toBe("pending");
    place.write(patient(2));
    const down = await place.becomes("patient", "down");
    expect(down.since).toBeGreaterThan(pending.since);
    const before = await place.check("dead");
    place.write(site({ ...checks, dead: { ...checks.dead, every: "300ms", tags: ["x"], notify: [{ after: 1, to: ["chat"] }, { after: "1h", to: ["chat"] }] } }));
    await place.until("the tags are there", async () => (await place.check("dead")).tags.length === 1);
    await place.runsAgain("dead");
    expect(await place.check("dead")).toMatchObject({ state: "down", since: before.since, incident: before.incident });
    expect((await detail(place, "dead")).schedule).toBe("every 300ms");
    expect(told.kinds).toEqual(["down dead"]);
    await place.stop();
  });

  test("a removed channel: what waits for it becomes a dead letter, and the others are told on", async () => {
    const { place, told, well, site, checks } = await started();
    const other = await hook();
    other.status = 503;
    const both = (channels: Document, target: number, notify: string[]): Document => site({ ...checks, second: tcp(target, { notify }) }, { channels });
    const otherChannel = { other: { type: "webhook", url: other.url(), group: "0s" } };
    place.write(both({ ...chat(told), ...otherChannel }, (checks.dead as { port: number }).port, ["chat", "other"]));
    await place.until("it waits for another try", async () => (await place.messages()).some(({ channel, status, tries }) => channel === "other" && status === "waiting" && tries > 0));
    place.write(both(chat(told), well.port, ["chat"]));
    await place.until("it is a dead letter", async () => (await place.messages()).some(({ channel, status, reason }) => channel === "other" && status === "failed" && reason === "channel removed"));
    expect((await place.overview()).channels.map(({ name }) => name)).toEqual(["chat"]);
    expect(place.run.err).toContain("message to other given up: channel removed");
    await place.until("the change is told on the one that is left", () => told.kinds.includes("changed second"));
    await place.stop();
  });
});

test("2,000 checks are loaded again and the running probes do not notice", async () => {
  const target = await service();
  const many = (description: string): Document => Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`idle-${index}`, { type: "push", within: "1h", token: `idle-idle-idle-idle-idle-${index}`, description }]));
  const site = (description: string): Document => ({ defaults: { every: "1s", timeout: "2s" }, checks: { ...many(description), quick: tcp(target.port, { notify: [] }) } });
  const place = new Place(site("one"));
  await place.start();
  await place.becomes("quick", "up");
  const skipped = async (): Promise<number> => Number(/^tocsin_runs_skipped_total (\d+)/m.exec((await place.get("/metrics")).body)?.[1]);
  const [before, since] = [await skipped(), (await place.check("quick")).since];
  for (const text of ["two", "three"]) {
    place.write(site(text));
    await place.until(`${text} is taken over`, async () => (await place.check("idle-1999")).description === text);
  }
  await place.runsAgain("quick");
  expect(await skipped()).toBe(before);
  expect(await place.check("quick")).toMatchObject({ state: "up", since, recent: expect.stringMatching(/^u+$/) });
  await place.stop();
});
