import { describe, expect, test } from "vitest";
import { hook } from "./receivers.ts";
import { ask, type Answer, type Document, Place, tocsin } from "./world.ts";

const token = (name: string): string => `${name}-${"0123456789abcdef".repeat(2)}`;
const push = (name: string, more: Document = {}): Document => ({ type: "push", within: "1h", token: token(name), ...more });

/** A heartbeat as `curl` sends it to the page. */
const beat = (place: Place, path: string, method = "GET", body = ""): Promise<Answer> => ask({ host: "127.0.0.1", port: place.page.port, method, path, headers: { host: "monitor.example.com" } }, body);

describe.concurrent("a heartbeat", () => {
  test("in every form of the address", async () => {
    const place = new Place({ checks: { job: push("job") } });
    await place.start();
    const f = async (path: string, state: "up" | "down", summary: string, method = "GET", body = "") => {
      expect(await beat(place, path.replace("TOKEN", token("job")), method, body)).toMatchObject({ status: 200 });
      expect(await place.check("job")).toMatchObject({ state, summary });
    };
    expect(await place.check("job")).toMatchObject({ state: "pending", lastRunAt: null });
    await f("/push/TOKEN", "up", "heartbeat received");
    await f("/push/TOKEN/fail", "down", "the sender reports a failure");
    await f("/push/TOKEN", "up", "12 files saved", "POST", "12 files saved\n");
    await f("/push/TOKEN/3", "down", "exit status 3: no room left", "POST", "no room left");
    await f("/push/TOKEN/0", "up", "heartbeat received", "PUT");
    await f("/api/push/TOKEN?status=down&msg=broken&ping=", "down", "broken");
    await f("/api/push/TOKEN?status=up&msg=OK&ping=31", "up", "OK");
    expect(await place.check("job")).toMatchObject({ latencyMs: 31 });
    // The job began, or says something: that is no heartbeat.
    const { lastRunAt } = await place.check("job");
    await f("/push/TOKEN/start", "up", "OK");
    await f("/push/TOKEN/log", "up", "OK", "POST", "half way");
    expect((await place.check("job")).lastRunAt).toBe(lastRunAt);
    expect(await beat(place, `/push/${token("other")}`)).toMatchObject({ status: 404, body: expect.stringContaining("no push check has this token") });
    expect(await beat(place, `/push/${token("job")}/maybe`)).toMatchObject({ status: 404 });
    // Nobody can run it, here or from the command line.
    expect(await place.post("/api/v1/checks/job/run")).toMatchObject({ status: 409, body: expect.stringContaining("waits for heartbeats") });
    expect(await tocsin(["check", "--name", "job", "--config", place.config], place.folder)).toMatchObject({ exit: 3, err: expect.stringContaining("send one to its push address") });
    expect(place.run.err).not.toContain(token("job"));
    await place.stop();
  });

  test("of a sender that was set up for Uptime Kuma or Healthchecks", async () => {
    const [uuid, slug, short] = ["5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278", "fqOOd6-F4MMNuCEnzTU01w/database-backup", "a1B2c3D4e5"];
    const place = new Place({ checks: { uuid: push("", { token: uuid }), slug: push("", { token: slug }), kuma: push("", { token: short, shortToken: true }) } });
    await place.start();
    const f = async (path: string, check: string, state: "up" | "down", summary: string, method = "GET", body = "") => {
      expect(await beat(place, path, method, body)).toMatchObject({ status: 200 });
      expect(await place.check(check)).toMatchObject({ state, summary });
    };
    await f(`/${uuid}/1`, "uuid", "down", "exit status 1: no space", "POST", "no space");
    await f(`/ping/${uuid}`, "uuid", "up", "heartbeat received", "HEAD");
    await f(`/${slug}/fail`, "slug", "down", "the sender reports a failure");
    await f(`/ping/${slug}`, "slug", "up", "3 tables", "POST", "3 tables");
    await f(`/api/push/${short}?status=down&msg=late&ping=`, "kuma", "down", "late");
    await f(`/api/push/${short}?status=up&msg=OK&ping=7`, "kuma", "up", "OK");
    expect(await beat(place, `/ping/${slug}s`)).toMatchObject({ status: 404 });
    expect(await beat(place, "/api/push/a1B2c3D4e6")).toMatchObject({ status: 404 });
    await place.stop();
  });

  test("that is missed, with grace, and that comes again", async () => {
    const told = await hook();
    const place = new Place({
      defaults: { notify: ["chat"] },
      channels: { chat: { type: "webhook", url: told.url(), group: "0s" } },
      checks: { quick: push("quick", { within: "500ms", grace: "500ms" }), slow: push("slow", { within: "500ms", grace: "1h" }) },
    });
    await place.start();
    await beat(place, `/push/${token("slow")}`);
    await beat(place, `/push/${token("quick")}`);
    const { lastRunAt } = await place.check("quick");
    const down = await place.becomes("quick", "down");
    expect(down.summary).toMatch(/^no heartbeat for .+; expected every 500 ?ms, with 500 ?ms of grace$/);
    expect(down.since - (lastRunAt ?? 0)).toBeGreaterThanOrEqual(990);
    await place.until("it is told", () => told.kinds.length === 1);
    await beat(place, `/push/${token("quick")}`);
    await place.until("its end is told", () => told.kinds.length >= 2);
    expect(told.kinds.slice(0, 2)).toEqual(["down quick", "recovered quick"]);
    expect(await place.check("slow")).toMatchObject({ state: "up", failing: 0 });
    await place.stop();
  });

  test("is not missed by a Tocsin that was not listening", async () => {
    const told = await hook();
    const place = new Place({
      defaults: { notify: ["chat"] },
      channels: { chat: { type: "webhook", url: told.url(), group: "0s" } },
      checks: { job: push("job", { within: "2s" }), marker: push("marker", { within: "1200ms", notify: [] }) },
    });
    await place.start();
    await beat(place, `/push/${token("job")}`);
    const before = await place.until("it is up and written", async () => ((await place.check("job")).state === "up" && (await place.json<readonly unknown[]>("/api/v1/checks/job/results")).length === 1 ? place.check("job") : null));
    await place.kill();
    // Away for longer than a heartbeat may take.
    await place.until("its time has passed", () => Date.now() > (before.lastRunAt ?? 0) + 2300);
    const startedAt = Date.now();
    await place.start();
    expect(await place.check("job")).toMatchObject({ state: "up", since: before.since });
    // The time that is left of the two seconds begins anew with the start.
    const missed = await place.becomes("marker", "down");
    expect(missed.since).toBeGreaterThan(startedAt);
    const down = await place.becomes("job", "down");
    expect(down.since - startedAt).toBeGreaterThan(1000);
    await place.until("it is told", () => told.kinds.length === 1);
    await place.stop();
  });
});
