import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { IncidentStory } from "../../src/api/types.ts";
import { freePort } from "../servers/ground.ts";
import { Hook, hook, type Hook as Receiver, Mailbox, mailbox, service, toldIn } from "./receivers.ts";
import { ask, type Document, Place, tocsin } from "./world.ts";

const tcp = (port: number, more: Document = {}): Document => ({ type: "tcp", host: "127.0.0.1", port, ...more });
const chat = (told: Receiver, more: Document = {}): Document => ({ type: "webhook", url: told.url(), group: "0s", ...more });
const mail = (box: Mailbox, more: Document = {}): Document => ({ type: "email", to: ["ops@example.com", "boss@example.com"], from: "tocsin@example.com", group: "0s", smtp: { host: "127.0.0.1", port: box.port, starttls: "off" }, ...more });
const defaults = { every: "200ms", timeout: "1s", failAfter: 2 };

const CLOCK = /\d\d:\d\d/.source;

describe.concurrent("an outage", () => {
  test("is told by mail and webhook with the same first line, and so is its end; the story says it all", async () => {
    const [box, told, target] = [await mailbox(), await hook(), await service()];
    const place = new Place({
      name: "Site", vantage: "home", url: "https://tocsin.example.com/", timezone: "Europe/Berlin", defaults: { ...defaults, notify: ["ops", "chat"] },
      channels: { ops: mail(box), chat: chat(told, { secret: "signed-with-this" }) },
      checks: { shop: tcp(target.port) },
    });
    await place.start();
    await place.becomes("shop", "up");
    await target.close();
    await place.until("all are told", () => box.mails.length === 2 && told.calls.length === 1);
    const line = new RegExp(`^▲ DOWN shop — 127\\.0\\.0\\.1 port ${target.port} refused the connection, since ${CLOCK} \\(.+\\)$`);
    expect(box.mails.flatMap(({ to }) => to).toSorted()).toEqual(["boss@example.com", "ops@example.com"]);
    for (const { subject, raw } of box.mails) {
      expect(subject).toMatch(line);
      expect(raw).toMatch(/^Auto-Submitted: auto-generated/m);
      expect(raw).toContain("https://tocsin.example.com/checks/shop");
    }
    const [call] = told.calls;
    if (call === undefined) throw new Error("no call");
    const { key, subject, text, alerts } = toldIn(call);
    expect(subject).toMatch(line);
    expect(text.split("\n")[0]).toBe(subject);
    expect(alerts).toMatchObject([{ kind: "down", check: "shop", status: "down", outageFrom: null }]);
    // The signature as the documentation of the channel says it.
    expect(call.headers).toMatchObject({ "idempotency-key": key, "x-tocsin-key": key, "content-type": "application/json" });
    const [, seconds = "", signed = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(call.headers["x-tocsin-signature"])) ?? [];
    expect(createHmac("sha256", "signed-with-this").update(`${seconds}.${call.body}`).digest("hex")).toBe(signed);

    await target.open();
    await place.until("all hear of the end", () => box.mails.length === 4 && told.calls.length === 2);
    for (const end of [box.mails[2]?.subject, box.mails[3]?.subject, told.subjects[1]]) expect(end).toMatch(new RegExp(`^● RECOVERED shop — again since ${CLOCK}, after .+$`));
    const [incident] = await place.incidents("shop");
    const story = await place.until("the story is whole", async () => {
      const read = await place.json<IncidentStory>(`/api/v1/incidents/${incident?.id}`);
      return read.story.filter(({ delivery }) => delivery?.status === "sent").length === 6 ? read : null;
    });
    expect(story).toMatchObject({ closedBy: "recovered", code: "refused" });
    expect(new Set(story.story.map(({ kind }) => kind))).toEqual(new Set(["first-sign", "transition", "told", "closed"]));
    await place.stop();
  });
});

describe.concurrent("escalation", () => {
  test("by count and by time, a reminder, and an acknowledgement that stops it; only those who were told hear of the end", async () => {
    const [ops, boss, late, never, target] = [await hook(), await hook(), await hook(), await hook(), await service(false)];
    const notify = [{ after: 1, to: ["ops"], repeat: "10s" }, { after: 4, to: ["boss"] }, { after: "3s", to: ["late"] }, { after: "1h", to: ["never"] }];
    const channels = { ops: chat(ops), boss: chat(boss), late: chat(late), never: chat(never) };
    const place = new Place({ defaults: { ...defaults, every: "500ms" }, channels, checks: { shop: tcp(target.port, { notify }), seen: tcp(target.port, { notify }) } });
    await place.start();
    await place.becomes("seen", "down");
    expect(await place.post("/api/v1/checks/seen/acknowledge", { note: "on it" })).toMatchObject({ status: 200 });
    const acknowledgedAt = (await place.check("seen")).acknowledged?.at ?? 0;
    await place.until("the reminder came", () => ops.kinds.includes("reminder shop"));
    // When it was decided: when it came is the machine's business.
    const at = (hook: Receiver, kind: string): number => Date.parse(hook.told.flatMap(({ alerts }) => alerts).find((alert) => `${alert.kind} ${alert.check}` === kind)?.at ?? "");
    // Three runs, 500 ms apart, lie between the first step and the fourth failing run.
    expect(at(boss, "down shop") - at(ops, "down shop")).toBeGreaterThan(1000);
    expect(at(late, "down shop") - at(ops, "down shop")).toBeGreaterThan(2500);
    expect(ops.subjects[ops.kinds.indexOf("reminder shop")]).toMatch(/^▲ STILL DOWN shop — /);
    // The acknowledged one went no further than it was.
    for (const { check, kind, at: made } of [ops, boss, late].flatMap(({ told }) => told.flatMap(({ alerts }) => alerts))) if (check === "seen") expect([kind, Date.parse(made) <= acknowledgedAt]).toEqual(["down", true]);
    expect(late.kinds).toEqual(["down shop"]);
    await target.open();
    await place.until("the end is told", () => [ops, boss, late].every((hook) => hook.kinds.includes("recovered shop")) && ops.kinds.includes("recovered seen"));
    expect(never.calls).toEqual([]);
    expect(late.kinds).toEqual(["down shop", "recovered shop"]);
    await place.stop();
  });
});

describe.concurrent("a channel that fails", () => {
  test("for a while: what happened meanwhile is told once as what it was", async () => {
    const [told, target] = [await hook(), await service()];
    told.status = 503;
    const place = new Place({ timezone: "UTC", defaults: { ...defaults, notify: ["chat"] }, channels: { chat: chat(told) }, checks: { shop: tcp(target.port) } });
    await place.start();
    await place.becomes("shop", "up");
    await target.close();
    await place.until("it was tried", () => told.calls.length > 0);
    await target.open();
    await place.becomes("shop", "up");
    await place.until("the end waits as well", async () => (await place.messages()).some(({ status, alerts }) => status === "waiting" && alerts.length === 2));
    told.status = 200;
    const last = await place.until("it is told", async () => ((await place.messages()).some(({ status }) => status === "sent") ? told.told.at(-1) : null));
    expect(last.subject).toMatch(new RegExp(`^● WAS DOWN shop — 127\\.0\\.0\\.1 port ${target.port} refused the connection, ${CLOCK}-${CLOCK} \\(.+\\)$`));
    expect(last.alerts.map(({ kind }) => kind)).toEqual(["down", "recovered"]);
    await place.stop();
  });

  test("for good: it is told through the other one, never through itself, and its end as well", async () => {
    const [box, told, target] = [await mailbox(), await hook(), await service(false)];
    box.refuses = 550;
    const place = new Place({ defaults: { ...defaults, notify: ["ops", "chat"] }, channels: { ops: mail(box, { to: ["ops@example.com"] }), chat: chat(told) }, checks: { shop: tcp(target.port) } });
    await place.start();
    await place.until("the broken channel is told", () => told.kinds.includes("channel-broken channel:ops"));
    expect(told.subjects.at(-1)).toMatch(/^▲ CHANNEL BROKEN ops — .*550/);
    expect(await place.overview()).toMatchObject({ banners: [{ kind: "channel", text: expect.stringContaining("The channel ops is broken"), advice: expect.stringContaining("told on another channel") }], channels: [{ name: "ops", brokenSince: expect.any(Number) }, { name: "chat", brokenSince: null }] });
    expect((await place.get("/readyz")).status).toBe(200);
    expect(place.run.err).not.toContain("nobody could be told");
    // The mail about this outage was refused for good: its end is told only where its beginning was.
    box.refuses = null;
    await target.open();
    await place.until("the end is told", () => told.kinds.includes("recovered shop"));
    await target.close();
    await place.until("the mended channel is told", () => told.kinds.includes("channel-mended channel:ops"));
    expect(box.mails.map(({ subject }) => subject)).toEqual([expect.stringMatching(/^▲ DOWN shop — /)]);
    expect((await place.overview()).banners).toEqual([]);
    await place.stop();
  });

  test("the only one: a bar, not ready, standard error; unreachable at the start, told when it is back", async () => {
    const [port, target] = [await freePort(), await service(false)];
    const place = new Place({ defaults: { ...defaults, notify: ["chat"] }, channels: { chat: { type: "webhook", url: `http://127.0.0.1:${port}/`, group: "0s" } }, checks: { shop: tcp(target.port) } });
    await place.start();
    await place.until("it is tried again", async () => (await place.messages()).some(({ tries, reason }) => tries > 0 && reason.includes("refused")));
    expect(place.run.err).toContain("message to chat not sent, will be tried again");
    // Another channel takes its place, as the owner mends the file.
    const told = await new Hook().open(port);
    await place.until("it is told", () => told.kinds.length > 0);
    expect(told.kinds).toEqual(["down shop"]);
    told.status = 410;
    await target.open();
    await place.until("it is not ready", async () => (await place.get("/readyz")).status === 503);
    expect(JSON.parse((await place.get("/readyz")).body)).toMatchObject({ ready: false, reasons: [expect.stringContaining("the channel chat is broken and nobody could be told: HTTP 410")] });
    expect((await place.overview()).banners).toMatchObject([{ kind: "channel", advice: expect.stringContaining("No other channel works") }]);
    expect(place.run.err).toContain("nobody could be told");
    await place.stop();
    await told.close();
  });
});

describe.concurrent("a storm", () => {
  const COUNT = 200;
  test("200 checks that go down at once give few messages that name them all; beyond its cap a channel holds, and withholds nothing", async () => {
    const [told, capped, target] = [await hook(), await hook(), await service()];
    const many = Object.fromEntries(Array.from({ length: COUNT }, (_, index) => [`shop-${index}`, tcp(target.port, { every: "1s" })]));
    const channels = { chat: chat(told, { group: "2s" }), capped: chat(capped, { group: "0s", cap: 1 }) };
    const place = new Place({ defaults: { ...defaults, failAfter: 1, notify: ["chat", "capped"] }, limits: { runs: 512, perTarget: 300 }, channels, checks: many });
    await place.start();
    await place.until("all are up", async () => (await place.overview()).counts.up === COUNT);
    await target.close();
    const named = (hook: Receiver): Set<string> => new Set(hook.told.flatMap(({ alerts }) => alerts.map(({ check }) => check)));
    await place.until("all are told", () => named(told).size === COUNT);
    expect(told.calls.length).toBeLessThanOrEqual(6);
    const texts = told.told.map(({ text }) => text).join("\n");
    for (const name of Object.keys(many)) expect(texts).toContain(`DOWN ${name} — `);
    expect(told.subjects[0]).toMatch(/^▲ \d+ down — shop-\d+, shop-\d+, shop-\d+, shop-\d+, …$/);
    // The capped one got one message; all the rest stands in one that is due within 5 minutes.
    expect(capped.calls).toHaveLength(1);
    const held = await place.until("the rest is held in one message", async () => {
      const waiting = (await place.messages()).filter(({ channel, status }) => channel === "capped" && status === "waiting");
      return waiting.length === 1 && (waiting[0]?.alerts.length ?? 0) + named(capped).size === COUNT ? waiting[0] : null;
    });
    expect(held.nextTryAt - held.formedAt).toBeLessThanOrEqual(300_000);
    await place.stop();
  });
});

describe.concurrent("a dead letter", () => {
  test("is listed with the reason and sent again from the command line", async () => {
    const told = await hook();
    told.status = 410;
    const place = new Place({ defaults, channels: { chat: chat(told) }, checks: { shop: tcp(await freePort(), { notify: ["chat"] }) } });
    const outbox = (...args: readonly string[]) => tocsin(["outbox", "--data", place.data, ...args], place.folder);
    expect(await outbox()).toMatchObject({ exit: 3, err: expect.stringContaining("Tocsin is not running here") });
    await place.start();
    await place.until("it is given up", async () => (await place.messages()).some(({ status }) => status === "failed"));
    expect(await outbox("--failed")).toMatchObject({ exit: 0, out: expect.stringMatching(/^\S+Z {2}failed {6}chat {2}shop \(1 try: .*410.*\) {2}[0-9a-f]{32}\n$/) });
    expect(await outbox("--again", "zzz")).toEqual({ exit: 64, out: "", err: "`zzz` is no id of a message, which has 32 hexadecimal digits; `tocsin outbox --failed` lists them\n" });
    expect(await outbox("--check", "shpo")).toEqual({ exit: 1, out: "", err: "there is no check `shpo`; did you mean `shop`?\n" });
    expect(await outbox("--again", "all", "--check", "shpo")).toMatchObject({ exit: 1, out: "" });
    expect(await outbox("--again", "f".repeat(32))).toMatchObject({ exit: 1, out: expect.stringContaining("there is no failed message with this id") });
    told.status = 200;
    expect(await outbox("--again", "all")).toMatchObject({ exit: 0, out: expect.stringMatching(/^[0-9a-f]{32}: is sent again\n$/) });
    await place.until("it arrives", () => told.kinds.filter((kind) => kind === "down shop").length === 2);
    await place.until("nothing is left", async () => (await outbox("--failed")).out === "no messages\n");
    await place.stop();
  });
});

describe.concurrent("a silence", () => {
  test("of a group: for a time its members go down unheard, and are told when it ends; until recovery those that are down rest with it", async () => {
    const [told, target, other] = [await hook(), await service(), await service()];
    const groups = { all: { type: "group", members: ["shop"], notify: ["chat"] }, any: { type: "group", require: "any", members: ["shop", "spare"] } };
    const place = new Place({ defaults, channels: { chat: chat(told) }, checks: { shop: tcp(target.port, { notify: ["chat"] }), spare: tcp(other.port), ...groups } });
    const silence = (...args: readonly string[]) => tocsin(["silence", ...args, "--data", place.data], place.folder);
    expect(await silence("shop", "2h")).toMatchObject({ exit: 3, err: expect.stringContaining("Tocsin is not running here") });
    await place.start();
    await place.becomes("all", "up");
    expect(await silence("shop")).toMatchObject({ exit: 1, err: expect.stringContaining("shop is not in trouble") });
    expect(await silence("shop", "soon")).toMatchObject({ exit: 64, err: expect.stringContaining("`soon` is not a duration") });
    expect(await silence("nothing", "1h")).toMatchObject({ exit: 1, err: "there is no check `nothing`; the configuration has shop, spare, all, any\n" });
    expect(await silence("shpo", "1h")).toMatchObject({ exit: 1, err: "there is no check `shpo`; did you mean `shop`?\n" });
    expect(await silence("shop", "0s")).toMatchObject({ exit: 64, err: "`0s` is too short; write a time from 1s to 365d\n" });
    expect(await silence("shop", "2y")).toMatchObject({ exit: 64, err: "`2y` is too long; write a time from 1s to 365d\n" });
    expect(await silence("all", "1h")).toMatchObject({ exit: 0, out: expect.stringMatching(/^all is silent until \S+Z \((59m 59s|1h)\)\n$/) });
    await target.close();
    await place.becomes("all", "down");
    await place.becomes("shop", "down");
    expect((await place.check("shop")).silencedUntil).toBeGreaterThan(Date.now() + 3_000_000);
    expect(told.calls).toEqual([]);
    expect(await silence("all", "--end")).toMatchObject({ exit: 0, out: "all is told again\n" });
    await place.until("both are told", () => told.kinds.includes("down shop") && told.kinds.includes("down all"));
    expect(await silence("any")).toMatchObject({ exit: 0, out: "any is well; its members that are not are silent until they have recovered\n" });
    expect(await silence("any", "--end")).toMatchObject({ exit: 0, out: "any is told again\n" });
    expect(await silence("all")).toMatchObject({ exit: 0, out: "all is silent until it has recovered\n" });
    expect(await place.check("shop")).toMatchObject({ silenced: true, silencedUntil: null });
    await place.stop();
  });
});

describe.concurrent("a link in a message", () => {
  test("acts only when told to, without signing in, and is worth nothing after the outage", async () => {
    const [told, target] = [await hook(), await service()];
    const place = new Place({ url: "http://localhost/", defaults, channels: { chat: chat(told) }, checks: { shop: tcp(target.port, { notify: ["chat"] }) } });
    await place.start();
    await place.becomes("shop", "up");
    await target.close();
    await place.until("it is told", () => told.calls.length === 1);
    const token = /Acknowledge: http:\/\/localhost\/do\/([\w-]+)\n {2}Silence: http:\/\/localhost\/do\/\1\/silence\n/.exec(told.told[0]?.text ?? "")?.[1] ?? "";
    const asked = (method: string, path: string) => ask({ method, port: Number(place.page.port), host: "127.0.0.1", path, headers: { host: place.page.host, "content-type": "application/json" } }, method === "POST" ? "{}" : "");
    expect(await asked("GET", `/api/v1/links/${token}`)).toMatchObject({ status: 200 });
    expect((await place.check("shop")).acknowledged).toBeNull();
    expect(await asked("POST", `/api/v1/links/${token.slice(0, -2)}xx/acknowledge`)).toMatchObject({ status: 404 });
    expect(await asked("POST", `/api/v1/links/${token}/acknowledge`)).toMatchObject({ status: 200 });
    expect((await place.check("shop")).acknowledged).toMatchObject({ by: "chat by a link" });
    await target.open();
    await place.becomes("shop", "up");
    expect(await asked("POST", `/api/v1/links/${token}/silence`)).toMatchObject({ status: 409 });
    await place.stop();
  });
});
