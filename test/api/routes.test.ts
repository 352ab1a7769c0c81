import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { externalToken } from "../../src/core/external-endpoint.ts";
import { checkName } from "../../src/core/types.ts";
import * as schemas from "../../src/api/schemas.ts";
import { startSocket } from "../../src/api/server.ts";

import { T0, at, sampleAlert, sampleBatch, sampleChange, sampleIncident, sampleMessage, sampleResult, sampleTransition, took } from "../../src/store/samples.ts";
import { atEnd } from "../servers/ground.ts";
import { type Asking, type World, ask, summaryOf, world } from "./world.ts";

const INCIDENT = "0123456789abcdef0123456789abcdef";
let here: World;

beforeAll(async () => {
  here = await world([summaryOf("shop", { state: "down", tags: ["public"], incident: INCIDENT }), summaryOf("a/b %2F ü"), summaryOf("gateway", { type: "icmp" })]);
  const incident = sampleIncident(INCIDENT, "shop", 0, { opened: at(10_000), firstSign: at(0) });
  const alert = sampleAlert("a".repeat(32), "shop", 10_000, { incident: incident.id });
  await here.store.commit(
    sampleBatch(1, {
      results: [sampleResult("shop", 0, { verdict: "down", code: "refused" }), sampleResult("shop", 60_000)],
      transitions: [sampleTransition("shop", 10_000, { incident: incident.id })],
      incidents: [{ incident, change: "opened", evidence: [{ label: "sent", text: "GET /" }] }],
      alerts: [alert],
      states: [],
    }),
  );
  await here.store.changeOutbox(sampleChange({ messages: [sampleMessage("m".repeat(32), [alert.id], 10_000)] }));
  const claimed = await here.store.claimMessage("m".repeat(32), at(20_000), at(30_000));
  if (claimed === null) throw new Error("the sample message is not due");
  await here.store.settleMessage("m".repeat(32), { kind: "failed", at: at(20_000), ...took(5), reason: "550 hunter2" });
});

/** Asks, and holds the answer to its schema strictly: no field more, none less. */
async function answers<Schema extends z.ZodType>(path: string, schema: Schema, asking?: Asking): Promise<z.output<Schema>> {
  const answer = await here.got(path, asking);
  expect(answer.status, answer.text).toBe(200);
  const value = schema.parse(answer.json);
  expect(value).toEqual(answer.json);
  return value;
}

test("every answer is as its schema says", async () => {
  const overview = await answers("/api/v1/overview", schemas.overview);
  expect(overview.checks.map(({ name }) => name)).toEqual(["shop", "a/b %2F ü", "gateway"]);
  expect(overview.counts).toMatchObject({ down: 1, up: 2, paused: 0 });
  const detail = await answers("/api/v1/checks/shop", schemas.checkDetail);
  expect(detail.results.map(({ verdict }) => verdict)).toEqual(["up", "down"]);
  expect(detail.incidents).toHaveLength(1);
  expect(await answers(`/api/v1/checks/shop/results?failed=true`, schemas.resultList)).toHaveLength(1);
  expect(await answers(`/api/v1/checks/shop/results?before=${T0 + 60_000}`, schemas.resultList)).toHaveLength(1);
  const history = await answers(`/api/v1/checks/shop/history?from=${T0}&to=${T0 + 120_000}&stepMs=60000`, schemas.historyView);
  expect(history.buckets.map(({ down, up }) => [down, up])).toEqual([[1, 0], [0, 1]]);
  expect(history.incidents).toHaveLength(1);
  expect(await answers("/api/v1/incidents?open=true&check=shop", schemas.incidentList)).toHaveLength(1);
  expect(await answers("/api/v1/channels", schemas.channelList)).toHaveLength(1);
  expect(await answers("/api/v1/rotations", schemas.rotationList)).toMatchObject([{ name: "night", now: ["ops"] }]);
  const [message] = await answers("/api/v1/outbox?status=failed", schemas.messageList);
  expect(message?.attempts[0]?.reason).toBe("550 •••");
  expect(await answers("/api/v1/session", schemas.sessionView)).toEqual({ signedIn: true, user: "admin" });
  expect(await answers("/api/v1/status", schemas.statusReport)).toMatchObject({ state: "down", page: here.server.address });
  expect(await answers("/api/v1/reload", schemas.reloadReport, { method: "POST", body: {} })).toEqual({ kind: "broken", problems: ["tocsin.yaml:3:1: unknown key `•••`"] });
});

test("checks are found by state, tag and text", async () => {
  const f = async (query: string, names: readonly string[]) => expect((await answers(`/api/v1/checks${query}`, schemas.checkList)).map(({ name }) => name)).toEqual(names);
  await f("", ["shop", "a/b %2F ü", "gateway"]);
  await f("?state=down", ["shop"]);
  await f("?tag=public", ["shop"]);
  await f("?tag=private", []);
  await f("?q=GATE", ["gateway"]);
  await f("?q=example.com&state=up", ["a/b %2F ü", "gateway"]);
});

test("a name with slashes, escapes and umlauts is one parameter", async () => {
  const { check } = await answers(`/api/v1/checks/${encodeURIComponent("a/b %2F ü")}`, schemas.checkDetail);
  expect(check.name).toBe("a/b %2F ü");
});

test("why a check is in its state", async () => {
  const { from, incident, lines } = await answers("/api/v1/checks/shop/why", schemas.whyView);
  expect([from, incident?.id]).toEqual([at(0), INCIDENT]);
  expect(lines.map(({ at: when, kind, text }) => [when - T0, kind, text])).toEqual([
    [12, "runs", "1 run down: HTTP 200 OK (1 of 2 in a row)"],
    [10_000, "transition", "From up to down (rule threshold): connection refused, 2 runs in a row"],
    [10_000, "told", "For a@example.com on ops: it is down"],
    [20_000, "try", "Not sent, given up, to a@example.com on ops: 550 ••• (5ms)"],
    [60_012, "runs", "1 run up, 35 ms"],
    [60_000, "next", "Next run"],
  ]);
  expect((await answers(`/api/v1/checks/shop/why?since=${T0 + 60_000}`, schemas.whyView)).lines.map(({ kind }) => kind)).toContain("runs");
  expect((await answers("/api/v1/checks/gateway/why", schemas.whyView)).incident).toBeNull();
  expect((await here.got("/api/v1/checks/nobody/why")).status).toBe(404);
  expect((await here.got("/api/v1/checks/shop/why?since=yesterday")).status).toBe(400);
});

test("an incident's story", async () => {
  const { story, evidence } = await answers(`/api/v1/incidents/${INCIDENT}`, schemas.incidentStory);
  expect(story.map(({ kind }) => kind)).toEqual(["first-sign", "transition", "told"]);
  expect(story[2]?.delivery).toMatchObject({ status: "failed", tries: 1, reason: "550 •••" });
  expect(evidence).toEqual([{ label: "sent", text: "GET /" }]);
});

test("a history without bounds is the last day in steps of a 200th", async () => {
  here.clock.advance(600_000);
  const history = await answers("/api/v1/checks/shop/history", schemas.historyView);
  expect(history.to).toBe(here.clock.now());
  expect(history.to - history.from).toBe(86_400_000);
  expect(history.stepMs).toBe(432_000);
});

test("what is not valid is refused with a reason", async () => {
  const f = async (path: string, status: number, asking?: Asking) => {
    const answer = await here.got(path, asking);
    expect([path, answer.status]).toEqual([path, status]);
    expect(Object.keys(schemas.problemView.strict().parse(answer.json))).toEqual(["error", "advice"]);
  };
  await f("/api/v1/checks/none", 404);
  await f("/api/v1/checks/none/history", 404);
  await f("/api/v1/checks/none/results", 404);
  await f("/api/v1/checks/none/run", 404, { method: "POST", body: {} });
  await f("/api/v1/checks/none/acknowledge", 404, { method: "POST", body: {} });
  await f("/api/v1/checks?state=broken", 400);
  await f("/api/v1/checks?stat=up", 400);
  await f("/api/v1/checks/shop/results?limit=0", 400);
  await f("/api/v1/checks/shop/history?from=5&to=5", 400);
  await f("/api/v1/checks/shop/history?from=0&to=2000001000&stepMs=1000000", 400);
  await f(`/api/v1/incidents/${"f".repeat(32)}`, 404);
  await f("/api/v1/incidents/../overview%00", 404);
  await f("/api/v1/incidents/nothing", 400);
  await f("/api/v1/channels/none/test", 404, { method: "POST", body: {} });
  await f("/api/v1/outbox/none/again", 400, { method: "POST", body: {} });
  await f("/api/v1/nothing", 404);
  await f("/api/v1/overview", 404, { method: "DELETE" });
  await f("/api/v1/checks/shop/run", 404);
  await f("/api/v1/checks/shop/acknowledge", 400, { method: "POST", body: "{" });
  await f("/api/v1/checks/shop/acknowledge", 400, { method: "POST", body: "[]" });
  await f("/api/v1/checks/shop/acknowledge", 400, { method: "POST", body: { note: 5 } });
  await f("/api/v1/checks/shop/acknowledge", 413, { method: "POST", body: { note: "x".repeat(70_000) } });
  await f("/api/v1/checks/shop/run", 415, { method: "POST", body: "{}", headers: { "content-type": "text/plain" } });
  await f("/api/v1/checks/shop/run", 415, { method: "POST" });
});

test("actions are done in the user's name, and refusals say why", async () => {
  const f = async (action: string, body: unknown, done: string) => {
    await answers(`/api/v1/checks/shop/${action}`, schemas.checkSummary, { method: "POST", body });
    expect(here.handle.done.at(-1)).toBe(done);
  };
  await f("run", {}, "run shop");
  await f("pause", {}, "pause shop by admin");
  await f("resume", {}, "resume shop by admin");
  await f("acknowledge", { note: " looking " }, "acknowledge shop by admin: looking");
  await f("acknowledge", {}, "acknowledge shop by admin: ");
  await f("silence", {}, "silence shop by admin");
  await f("silence", { forMs: 7_200_000 }, "silence shop by admin for 7200000");
  await f("unsilence", {}, "unsilence shop by admin");
  here.handle.refusal = { kind: "refused", reason: "it is paused", advice: "resume it first" };
  const refused = await here.got("/api/v1/checks/shop/run", { method: "POST", body: {} });
  here.handle.refusal = null;
  expect([refused.status, refused.json]).toEqual([409, { error: "it is paused", advice: "resume it first" }]);
});

test("a failed message is sent again by its id", async () => {
  const id = "0123456789abcdef".repeat(2);
  const path = `/api/v1/outbox/${id}/again`;
  expect((await here.got(path, { method: "POST", body: {} })).status).toBe(204);
  expect(here.handle.done.at(-1)).toBe(`again ${id}`);
  here.handle.refusal = { kind: "refused", reason: "its channel is gone", advice: "add it again" };
  const refused = await here.got(path, { method: "POST", body: {} });
  here.handle.refusal = null;
  expect([refused.status, refused.json]).toEqual([409, { error: "its channel is gone", advice: "add it again" }]);
});

test("a signed link shows what it is about and acts only when told to, for nobody in particular", async () => {
  const f = async (path: string, asking: Asking, status: number): Promise<unknown> => {
    const answer = await here.get(path, asking);
    expect([path, answer.status]).toEqual([path, status]);
    return answer.json;
  };
  await f("/api/v1/links/forged", {}, 404);
  await f("/api/v1/links/signed", {}, 409);
  here.handle.linkedTo = { name: checkName("shop"), check: summaryOf("shop", { state: "down" }), by: "ops@example.com" };
  const before = here.handle.done.length;
  expect(schemas.linkedView.strict().parse(await f("/api/v1/links/signed", {}, 200))).toMatchObject({ check: "shop", by: "ops@example.com", acknowledged: null });
  expect(here.handle.done.length).toBe(before);
  await f("/api/v1/links/signed/acknowledge", { method: "POST", body: {} }, 200);
  expect(here.handle.done.at(-1)).toBe("acknowledge shop by ops@example.com by a link: ");
  here.handle.linkedTo = { name: checkName("shop"), check: summaryOf("shop", { state: "down", acknowledged: { at: 7, by: "anna by a link", note: "between us" } }), by: "ops@example.com" };
  expect(await f("/api/v1/links/signed/acknowledge", { method: "POST", body: {} }, 200)).toMatchObject({ acknowledged: { at: 7, by: "anna by a link" } });
  expect(JSON.stringify(await f("/api/v1/links/signed", {}, 200))).not.toContain("between us");
  await f("/api/v1/links/signed/silence", { method: "POST", body: {} }, 200);
  expect(here.handle.done.at(-1)).toBe("silence shop by ops@example.com by a link");
  await f("/api/v1/links/forged/silence", { method: "POST", body: {} }, 404);
  here.handle.linkedTo = "over";
});

test("one test message of a channel at a time, its answer without secrets", async () => {
  const { promise, resolve } = Promise.withResolvers<{ kind: "sent"; detail: string }>();
  here.handle.testing = promise;
  const both = [1, 2].map(() => here.got("/api/v1/channels/ops/test", { method: "POST", body: {} }));
  const refused = await Promise.race(both);
  resolve({ kind: "sent", detail: "250 ok hunter2" });
  expect(refused.status).toBe(409);
  const answers = (await Promise.all(both)).filter(({ status }) => status === 200);
  expect(answers.map(({ json }) => json)).toEqual([{ kind: "sent", detail: "250 ok •••" }]);
});

test("a fault inside tells nothing but where to look", async () => {
  here.handle.fault = new Error("the secret is hunter2");
  const answer = await here.got("/api/v1/checks/shop/results");
  here.handle.fault = null;
  expect(answer.status).toBe(500);
  expect(answer.text).not.toMatch(/secret|hunter2|at .*\.ts/);
  const id = /under (\w+)/.exec(answer.text)?.[1] ?? "none";
  expect(here.log.lines.some((line) => line.includes(id) && line.includes("the secret is"))).toBe(true);
});

test("heartbeats of all senders", async () => {
  const f = async (path: string, asking: Asking, status: number, beat: unknown) => {
    const before = here.handle.beats.length;
    expect([path, (await here.get(path, asking)).status]).toEqual([path, status]);
    expect(here.handle.beats.slice(before)).toEqual(beat === null ? [] : [beat]);
  };
  const token = "token-token-token-token";
  await f(`/push/${token}`, {}, 200, { status: "up", message: "", latencyMs: null });
  await f(`/push/${token}`, { method: "HEAD" }, 200, { status: "up", message: "", latencyMs: null });
  await f(`/push/${token}`, { method: "PUT", body: "all done", headers: { "content-type": "text/plain" } }, 200, { status: "up", message: "all done", latencyMs: null });
  await f(`/push/${token}`, { method: "POST", headers: { origin: "https://elsewhere.example", host: "mon.lan" } }, 200, { status: "up", message: "", latencyMs: null });
  await f(`/push/${token}/fail`, { method: "POST", body: "x".repeat(100_000) }, 200, { status: "down", message: "x".repeat(4096), latencyMs: null });
  await f(`/push/${token}/start`, {}, 200, { status: "start", message: "", latencyMs: null });
  await f(`/push/${token}/log`, { method: "POST", body: "step 3" }, 200, { status: "log", message: "step 3", latencyMs: null });
  await f(`/push/${token}/2`, {}, 200, { status: "down", message: "exit status 2", latencyMs: null });
  await f(`/api/push/${token}?status=down&msg=no%20space&ping=12`, {}, 200, { status: "down", message: "no space", latencyMs: 12 });
  await f(`/push/${token}/what`, {}, 404, null);
  await f(`/push/${token}x`, {}, 404, null);
  await f(`/push/${token}`, { method: "DELETE" }, 404, null);
  await f("/push/", {}, 404, null);
});

test("heartbeats of Healthchecks' senders", async () => {
  const f = async (path: string, asking: Asking, status: number, text: string, token: string | null, beat: unknown = null) => {
    const before = here.handle.beats.length;
    here.handle.tokens.push(...(token === null ? [] : [token]));
    const answer = await here.get(path, { headers: { host: "elsewhere.example" }, ...asking });
    expect([path, answer.status, answer.text]).toEqual([path, status, text]);
    expect(here.handle.beats.slice(before)).toEqual(beat === null ? [] : [beat]);
    here.handle.tokens.length = 0;
  };
  const uuid = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
  const slug = "fqOOd6-F4MMNuCEnzTU01w/database_backup-2";
  const up = { status: "up", message: "", latencyMs: null };
  for (const before of ["", "/ping"]) {
    await f(`${before}/${uuid}`, {}, 200, "OK", uuid, up);
    await f(`${before}/${uuid}`, { method: "HEAD" }, 200, "", uuid, up);
    await f(`${before}/${uuid}`, { method: "POST", body: "12 files" }, 200, "OK", uuid, { ...up, message: "12 files" });
    await f(`${before}/${uuid}/`, {}, 200, "OK", uuid, up);
    await f(`${before}/${uuid}/start?rid=f618072a-7bde-4eee-af63-71a77c5723bc`, {}, 200, "OK", uuid, { ...up, status: "start" });
    await f(`${before}/${uuid}/fail`, { method: "POST", body: "disk full" }, 200, "OK", uuid, { ...up, status: "down", message: "disk full" });
    await f(`${before}/${uuid}/log`, { method: "POST", body: "step 3" }, 200, "OK", uuid, { ...up, status: "log", message: "step 3" });
    await f(`${before}/${uuid}/0`, {}, 200, "OK", uuid, up);
    await f(`${before}/${uuid}/137`, { method: "POST", body: "x".repeat(100_000) }, 200, "OK", uuid, { ...up, status: "down", message: `exit status 137: ${"x".repeat(4096)}` });
    await f(`${before}/${uuid}/256`, {}, 400, "invalid url format", uuid);
    await f(`${before}/${uuid}/start`, {}, 404, "not found", null);
    await f(`${before}/${slug}`, {}, 200, "OK", slug, up);
    await f(`${before}/${slug}?create=1`, {}, 404, "not found", null);
    await f(`${before}/${slug}/fail`, {}, 200, "OK", slug, { ...up, status: "down" });
    await f(`${before}/${slug}/12`, { method: "POST", body: "no" }, 200, "OK", slug, { ...up, status: "down", message: "exit status 12: no" });
    await f(`${before}/${slug}/maybe`, {}, 400, "invalid url format", slug);
  }
  // What Uptime Kuma's senders say in the query means nothing here.
  await f(`/ping/${uuid}?status=down&msg=no`, {}, 200, "OK", uuid, up);
  expect((await here.get(`/ping/${uuid}`)).headers["ping-body-limit"]).toBe("4096");
  // The page's own addresses, and what only looks like one of these, are left alone.
  for (const path of ["/checks/shop", `/${uuid.toUpperCase()}`, `/${uuid}x`, "/fqOOd6-F4MMNuCEnzTU01w", "/fqOOd6-F4MMNuCEnzTU01wx/nightly", "/checks/fqOOd6-F4MMNuCEnzTU01w/fail"]) {
    expect([path, (await here.get(path)).text.includes("not found")]).toEqual([path, false]);
  }
});

test("results of Gatus's senders", async () => {
  const f = async (path: string, authorization: string, status: number, beat: unknown) => {
    const before = here.handle.beats.length;
    const answer = await here.get(`/api/v1/endpoints/${path}`, { method: "POST", headers: authorization === "" ? {} : { authorization } });
    expect([path, answer.status]).toEqual([path, status]);
    expect(here.handle.beats.slice(before)).toEqual(beat === null ? [] : [beat]);
  };
  here.handle.tokens.push(externalToken("core_job", "potato"));
  await f("core_job/external?success=true", "Bearer potato", 200, { status: "up", message: "", latencyMs: null });
  await f("Core_Job/external?success=true&duration=1.5s&error=no", "Bearer  potato ", 200, { status: "up", message: "", latencyMs: 1500 });
  await f("core_job/external?success=false&error=disk%20full&duration=250us", "Bearer potato", 200, { status: "down", message: "disk full", latencyMs: 0.25 });
  await f("core_job/external?success=false&duration=-1s", "Bearer potato", 200, { status: "down", message: "", latencyMs: null });
  await f("core_job/external", "Bearer potato", 400, null);
  await f("core_job/external?success=yes", "Bearer potato", 400, null);
  await f("core_job/external?success=true&duration=soon", "Bearer potato", 400, null);
  await f(`core_job/external?success=true&duration=${"1".repeat(1000)}`, "Bearer potato", 400, null);
  await f("core_job/external?success=true", "", 401, null);
  await f("core_job/external?success=true", "Basic cG90YXRv", 401, null);
  await f("core_job/external?success=true", "Bearer ", 401, null);
  await f("core_job/external?success=true", "Bearer tomato", 401, null);
  await f("core_other/external?success=true", "Bearer potato", 401, null);
  here.handle.tokens.length = 0;
});

test("health without a login, reasons only for those who may know", async () => {
  expect((await here.get("/healthz")).text).toBe("ok\n");
  expect((await here.get("/readyz")).json).toEqual({ ready: true, reasons: [] });
  here.handle.reasons = ["channel `ops` is broken: hunter2"];
  const proxied = await here.get("/readyz", { headers: { "x-forwarded-for": "192.0.2.1" } });
  expect([proxied.status, proxied.json]).toEqual([503, { ready: false, reasons: [] }]);
  expect((await here.get("/readyz")).json).toEqual({ ready: false, reasons: ["channel `ops` is broken: •••"] });
  here.handle.reasons = [];
});

test("figures for programs of this machine or with the password", async () => {
  const f = async (asking: Asking, status: number) => expect((await here.get("/metrics", asking)).status).toBe(status);
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
  const away = { "x-forwarded-for": "192.0.2.1" };
  await f({}, 200);
  await f({ headers: away }, 401);
  await f({ headers: { ...away, ...basic(`admin:${here.password}`) } }, 200);
  await f({ headers: { ...away, ...basic(`admin:${here.password}`) } }, 200);
  await f({ headers: { ...away, ...basic("admin:wrong") } }, 401);
  await f({ headers: { ...away, ...basic(`root:${here.password}`) } }, 401);
  await f({ headers: { ...away, authorization: "Bearer x" } }, 401);
  const open = await here.get("/metrics", { headers: { accept: "application/openmetrics-text;version=1.0.0" } });
  expect(open.headers["content-type"]).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
  expect(open.text.endsWith("# EOF\n")).toBe(true);
});

test("the command line needs no login on the socket", async () => {
  const path = join(here.folder, "socket");
  const socket = await startSocket({ handle: here.handle, path, page: () => null, ports: here });
  if (socket.kind === "failed") throw new Error(socket.reason);
  atEnd(() => socket.close());
  const status = await ask("http://tocsin/api/v1/status", { socketPath: path });
  expect(schemas.statusReport.parse(status.json)).toMatchObject({ state: "down", page: null });
  const paused = await ask("http://tocsin/api/v1/checks/shop/pause", { socketPath: path, method: "POST" });
  expect([paused.status, here.handle.done.at(-1)]).toEqual([200, "pause shop by command line"]);
  expect((await ask("http://tocsin/", { socketPath: path, headers: { accept: "text/html" } })).status).toBe(404);
});

test("asked for the head, answers have no body", async () => {
  const f = async (path: string) => {
    const [head, whole] = [await here.got(path, { method: "HEAD" }), await here.got(path)];
    expect([head.status, head.text, head.headers["content-type"]]).toEqual([200, "", whole.headers["content-type"]]);
  };
  await f("/api/v1/overview");
  await f("/api/v1/checks/shop");
  await f("/healthz");
});
