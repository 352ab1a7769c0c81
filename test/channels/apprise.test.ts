import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { apprise } from "../../src/alert/channels/apprise.ts";
import type { Sending } from "../../src/alert/channels/channel.ts";
import type { Alert } from "../../src/core/types.ts";
import { describeWith, freePort, temporaryFolder } from "../servers/ground.ts";
import { channelContext, KEY, message } from "./message.ts";
import { receiver } from "./receiver.ts";

const send = (options: object, more: Partial<Alert> = {}, deadlineMs = 60_000): Promise<Sending> => apprise.send(apprise.options.parse(options), message(more), channelContext({ deadlineMs }));
const status = (code: number, body = ""): ((response: ServerResponse) => void) => (response) => void response.writeHead(code, { "content-type": "application/json" }).end(body);
const TITLE = "▲ DOWN shöp <1> — HTTP 503, since 04:00 (0 s)";
const BODY = message().text.split("\n").slice(2).join("\n").trimEnd();

// Only the Django application in a container is published: what it is asked and what it answers is as its documents and its own tests have it.
describe("an Apprise API server", () => {
  test("by a key: title, text, kind and tags", async () => {
    const { port, asked } = await receiver(status(200, '{"error":null}'));
    expect(await send({ server: `http://127.0.0.1:${port}/apprise`, key: "ops_1", tags: ["night", "day"], headers: { Authorization: "Bearer t" } })).toMatchObject({ kind: "sent", detail: expect.stringMatching(/^HTTP 200/) as string });
    expect(asked).toMatchObject([{ method: "POST", path: "/apprise/notify/ops_1/", headers: { "content-type": "application/json", "idempotency-key": KEY, authorization: "Bearer t" } }]);
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual({ title: TITLE, body: BODY, type: "failure", format: "text", tag: "night,day" });
  });
  test("by URLs of our own", async () => {
    const { port, asked } = await receiver(status(200));
    expect(await send({ server: `http://127.0.0.1:${port}`, urls: ["json://a/", "mailto://u:p@b"] })).toMatchObject({ kind: "sent" });
    expect([asked[0]?.path, JSON.parse(asked[0]?.body ?? "")]).toEqual(["/notify/", { title: TITLE, body: BODY, type: "failure", format: "text", urls: "json://a/ mailto://u:p@b" }]);
  });
  test.each([["degraded", "degraded", "warning"], ["recovered", "up", "success"], ["reminder", "down", "failure"], ["test", "up", "info"], ["changed", "pending", "info"]])("%s is of the kind %s", async (kind, state, type) => {
    const { port, asked } = await receiver(status(200));
    await send({ server: `http://127.0.0.1:${port}`, key: "k" }, { kind: kind as Alert["kind"], status: state as Alert["status"] });
    expect(JSON.parse(asked[0]?.body ?? "")).toMatchObject({ type });
  });

  const f = async (code: number, body?: string): Promise<Sending> => send({ server: `http://127.0.0.1:${(await receiver(status(code, body))).port}`, key: "k" });
  test("204, nobody to tell: refused", async () => expect(await f(204)).toEqual({ kind: "refused", reason: "HTTP 204: the server has no such configuration, or no URL in it" }));
  test("424, not everybody was told: in doubt", async () => expect(await f(424, '{"error":"Request could not be completed."}')).toEqual({ kind: "retry", doubt: true, reason: 'HTTP 424 Failed Dependency: {"error":"Request could not be completed."}; not all URLs were told' }));
  test("400, 403: refused", async () => expect([(await f(400)).kind, (await f(403)).kind]).toEqual(["refused", "refused"]));
  test("500: later", async () => expect(await f(500)).toMatchObject({ kind: "retry", doubt: false }));
  test("no answer: in doubt", async () => expect(await send({ server: `http://127.0.0.1:${(await receiver(() => {})).port}`, key: "k" }, {}, 300)).toMatchObject({ kind: "retry", doubt: true }));
  test("nobody there: later", async () => expect(await send({ server: `http://127.0.0.1:${await freePort()}`, key: "k" })).toMatchObject({ kind: "retry", doubt: false }));
});

describeWith(["apprise"], "apprise by its program", () => {
  test("tells a receiver, with nothing secret in its arguments", async () => {
    const { port, asked } = await receiver(status(200));
    const real = channelContext();
    const run = vi.spyOn(real.processes, "run");
    const url = `json://user:hush@127.0.0.1:${port}/path`;
    expect(await apprise.send(apprise.options.parse({ urls: [url, `json://127.0.0.1:${port}/other`] }), message(), real)).toMatchObject({ kind: "sent" });
    expect(JSON.stringify(run.mock.calls[0]?.[0].command)).not.toContain("hush");
    run.mockRestore();
    expect(asked.map(({ path }) => path).sort()).toEqual(["/other", "/path"]);
    expect(JSON.parse(asked[0]?.body ?? "")).toMatchObject({ title: TITLE, message: BODY, type: "failure" });
  });
  test("by a file of its own, and only who has the tag", async () => {
    const { port, asked } = await receiver(status(200));
    const config = join(temporaryFolder(), "apprise.conf");
    writeFileSync(config, `night=json://127.0.0.1:${port}/night\nday=json://127.0.0.1:${port}/day\n`, { mode: 0o600 });
    expect(await send({ config, tags: ["night", "other"] })).toMatchObject({ kind: "sent" });
    expect(asked.map(({ path }) => path)).toEqual(["/night"]);
    expect(await send({ config, tags: ["nobody"] })).toEqual({ kind: "refused", reason: "/usr/bin/apprise: no URL to tell, or none with these tags" });
  });
  test("a receiver that refuses, one that is not there: later, and the other may have got it", async () => {
    const { port } = await receiver(status(500));
    expect(await send({ urls: [`json://127.0.0.1:${port}/`] })).toMatchObject({ kind: "retry", doubt: true, reason: expect.stringMatching(/exit code 1: .*error=500/) as string });
    expect(await send({ urls: [`json://127.0.0.1:${await freePort()}/`] })).toMatchObject({ kind: "retry", doubt: true, reason: expect.stringMatching(/Connection error/) as string });
  });
  test("a receiver that hangs: killed, in doubt", async () => {
    const { port, asked } = await receiver(() => {});
    const abort = new AbortController();
    const sending = apprise.send(apprise.options.parse({ urls: [`json://127.0.0.1:${port}/`] }), message(), channelContext({ signal: abort.signal }));
    await vi.waitUntil(() => asked.length > 0, { timeout: 30_000, interval: 20 });
    abort.abort();
    expect(await sending).toEqual({ kind: "retry", doubt: true, reason: "/usr/bin/apprise did not end before the deadline and was killed" });
  });
});

test("no such program: later", async () => expect(await send({ program: "/nowhere/apprise", urls: ["json://a"] })).toEqual({ kind: "retry", doubt: false, reason: "there is no program /nowhere/apprise" }));

describe("options", () => {
  const f = (options: object): boolean => apprise.options.safeParse(options).success;
  test("one way to know whom to tell", () => expect([f({}), f({ urls: ["json://a"] }), f({ config: "/a" }), f({ config: "/a", urls: ["json://a"] })]).toEqual([false, true, true, false]));
  test("with a server: a key or URLs", () => expect([f({ server: "http://a" }), f({ server: "http://a", key: "k" }), f({ server: "http://a", urls: ["json://a"] }), f({ server: "http://a", config: "/a" }), f({ key: "k" })]).toEqual([false, true, true, false, false]));
  test("tags are for configurations", () => expect([f({ urls: ["json://a"], tags: ["t"] }), f({ config: "/a", tags: ["t"] }), f({ config: "/a", tags: ["a b"] })]).toEqual([false, true, false]));
  test("addresses that are none", () => expect([f({ server: "apprise", key: "k" }), f({ urls: ["json://a json://b"] }), f({ server: "http://a", key: "../k" })]).toEqual([false, false, false]));
});
