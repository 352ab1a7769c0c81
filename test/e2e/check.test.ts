import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parsePluginOutput } from "../../src/wire/perfdata.ts";
import { startBind9 } from "../servers/bind9.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { atEnd, describeWith, freePort, temporaryFolder } from "../servers/ground.ts";
import { hook, type Hook, mailbox, type Mailbox, service, type Service } from "./receivers.ts";
import { Place, tocsin } from "./world.ts";

let [open, web, closed]: [Service, Hook, number] = [undefined as never, undefined as never, 0];
let place: Place;
beforeAll(async () => {
  [open, web, closed] = [await service(), await hook(), await freePort()];
  place = new Place({});
});

/** One command line: its exit code, and its first line up to the perfdata. */
const f = async (line: readonly string[], exit: number, first: RegExp, environment = {}) => {
  const ended = await tocsin(["check", ...line], place.folder, environment);
  expect({ exit: ended.exit, first: ended.out.split("\n")[0], err: ended.err }).toEqual({ exit, first: expect.stringMatching(first), err: "" });
  return ended.out;
};
const refused = async (line: readonly string[], said: string, environment = {}) => {
  expect(await tocsin(["check", ...line], place.folder, environment)).toMatchObject({ exit: 3, out: "", err: expect.stringContaining(said) });
};

describe("as a Nagios plugin", () => {
  test("tcp: 0 up, 1 degraded, 2 down, 3 not understood; the perfdata reads back", async () => {
    const said = await f(["tcp", "host=127.0.0.1", `port=${open.port}`], 0, /^TCP OK - connected to 127\.0\.0\.1 port \d+ *\| ?.*time=/);
    const { perfdata } = parsePluginOutput(said);
    expect(perfdata).toContainEqual(expect.objectContaining({ label: "time", unit: "s", value: expect.any(Number) }));
    await f(["tcp", "host=127.0.0.1", `port=${open.port}`, "warn.latency=< 0ms"], 1, /^TCP WARNING - .+\|/);
    await f(["tcp", "host=127.0.0.1", `port=${closed}`], 2, new RegExp(`^TCP CRITICAL - 127\\.0\\.0\\.1 port ${closed} refused the connection`));
    await refused(["tcp", "host=127.0.0.1"], "port");
    await refused(["tcp", "host=127.0.0.1", "prot=25"], "did you mean `port`");
    await refused(["tpc", "host=127.0.0.1", "port=25"], "did you mean `tcp`?");
    await refused(["tcp", "127.0.0.1", "25"], "`127.0.0.1` is no option; write option=value");
    await refused(["push", "within=1h"], "");
    await refused([], "give a type");
  });

  test("tcp: an answer that does not come is down at the timeout; --json is the whole result", async () => {
    const silent = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
    atEnd(async () => void silent.close());
    await f(["tcp", "host=127.0.0.1", `port=${port}`, "timeout=200ms", "dialogue=[{expect: hello}]"], 2, /^TCP CRITICAL - /);
    const ended = await tocsin(["check", "tcp", "host=127.0.0.1", `port=${closed}`, "--json"], place.folder);
    expect(ended.exit).toBe(2);
    expect(JSON.parse(ended.out)).toMatchObject({ verdict: "down", code: "refused", sentence: expect.any(String), phases: expect.any(Object), evidence: expect.any(Array) });
  });

  test("http: status and body", async () => {
    await f(["http", `url=${web.url()}`], 0, /^HTTP OK - .+\|.*time=/);
    web.status = 503;
    await f(["http", `url=${web.url()}`], 2, /^HTTP CRITICAL - .*503/);
    await f(["http", `url=${web.url()}`, "expect.status=503"], 0, /^HTTP OK - /);
    await f(["http", `url=${web.url()}`, "expect.status=503", "expect.body=/Welcome/"], 2, /^HTTP CRITICAL - /);
    web.status = 200;
  });

  test("script: a plugin's own line, perfdata and exit code go through", async () => {
    const plugin = join(place.folder, "check_it");
    writeFileSync(plugin, `#!/bin/sh\necho "DISK $2 - 7 GiB left | used=93%;90;98;0;100"\nexit $1\n`);
    chmodSync(plugin, 0o755);
    for (const [exit, word] of [[0, "OK"], [1, "WARNING"], [2, "CRITICAL"], [3, "UNKNOWN"]] as const) {
      const said = await f(["script", `command=[${plugin}, "${exit}", ${word}]`], exit, new RegExp(`^SCRIPT ${word} - .*7 GiB left`));
      expect(parsePluginOutput(said).perfdata).toContainEqual(expect.objectContaining({ label: "used", value: 93 }));
    }
    await f(["script", `command=[${place.folder}/nothing]`], 3, /^SCRIPT UNKNOWN - there is no program /);
  });
});

describeWith(["bind9", "openssl"], "against a real name server", () => {
  test("dns: answers as required, others, none", async () => {
    const folder = temporaryFolder();
    const server = await startBind9(folder, (await makeCertificates(folder)).good);
    const at = ["server=127.0.0.1", `port=${server.port}`, "record=A", "name=www.example.test"];
    const said = await f(["dns", ...at, "answers=192.0.2.10", "answers=192.0.2.11"], 0, /^DNS OK - /);
    expect(parsePluginOutput(said).perfdata.map(({ label }) => label)).toContain("time");
    await f(["dns", ...at, "answers=192.0.2.99"], 2, /^DNS CRITICAL - .*192\.0\.2\.99/);
    await f(["dns", ...at.slice(0, 3), "name=nothing.example.test"], 2, /^DNS CRITICAL - /);
    await f(["dns", "server=127.0.0.1", `port=${closed}`, "name=www.example.test", "record=A", "timeout=500ms"], 2, /^DNS CRITICAL - /);
  });
});

describe("secrets", () => {
  test("by @file and from the environment, never as they are, and never in what is said", async () => {
    writeFileSync(join(place.folder, "token"), "token-from-the-file\n");
    const url = `url=${web.url("/secret")}`;
    const sent = (): string | undefined => web.calls.at(-1)?.headers.authorization;
    const first = await f(["http", url, "auth.token=@token", "--json"], 0, /^\{/);
    expect(sent()).toBe("Bearer token-from-the-file");
    const second = await f(["http", url, "auth.user=me", "auth.password=${env:PASSWORD}", "expect.body=/nothing like it/"], 2, /^HTTP CRITICAL/, { PASSWORD: "password-from-the-environment" });
    expect(sent()).toBe(`Basic ${Buffer.from("me:password-from-the-environment").toString("base64")}`);
    expect(first + second).not.toMatch(/token-from|password-from|bWU6cGFz/);
    await refused(["http", url, "auth.token=plain-as-day"], "auth.token is a secret and would show in the list of processes; write auth.token=@FILE");
    await refused(["http", url, "auth.token=@nowhere"], "`nowhere` (for auth.token) cannot be read");
    await refused(["http", url, "auth.token=${env:NOT_SET}"], "NOT_SET");
  });
});

describe("of the configuration", () => {
  let box: Mailbox;
  let site: Place;
  beforeAll(async () => {
    box = await mailbox();
    const tcp = (port: number) => ({ type: "tcp", host: "127.0.0.1", port });
    site = new Place({
      channels: { ops: { type: "email", to: ["a@example.com", "b@example.com"], from: "t@example.com", smtp: { host: "127.0.0.1", port: box.port, starttls: "off", user: "tocsin", password: "${env:SMTP_PASSWORD}" } }, chat: { type: "webhook", url: `http://127.0.0.1:${closed}/` } },
      checks: { good: tcp(open.port), bad: tcp(closed), all: { type: "group", members: ["good", "bad"] }, any: { type: "group", members: ["good", "bad"], require: "any" } },
    });
  });
  const environment = { SMTP_PASSWORD: "mail-password" };
  const run = (...args: readonly string[]) => tocsin([...args, "--config", site.config], site.folder, environment);

  test("check --name: a check, a group with its members, a channel, and a name that is none", async () => {
    expect(await run("check", "--name", "good")).toMatchObject({ exit: 0, out: expect.stringMatching(/^TCP OK - /) });
    expect(await run("check", "--name", "bad")).toMatchObject({ exit: 2, out: expect.stringMatching(/^TCP CRITICAL - /) });
    expect(await run("check", "--name", "all")).toMatchObject({ exit: 2, out: expect.stringMatching(/^GROUP CRITICAL - .*bad[\s\S]*good/) });
    expect(await run("check", "--name", "any")).toMatchObject({ exit: 0, out: expect.stringMatching(/^GROUP OK - /) });
    expect(await run("check", "--name", "ops")).toMatchObject({ exit: 0, out: "CHANNEL OK - ops: a test message was sent\n" });
    expect(await run("check", "--name", "chat")).toMatchObject({ exit: 2, out: expect.stringMatching(/^CHANNEL CRITICAL - chat: .*refused/) });
    expect(await run("check", "--name", "god")).toMatchObject({ exit: 3, err: expect.stringContaining("did you mean `good`?") });
    expect(await run("check", "tcp", "--name", "good")).toMatchObject({ exit: 3, err: expect.stringContaining("not both") });
  });

  test("notify: each recipient of the channel, and what went wrong", async () => {
    const before = box.mails.length;
    const sent = await run("notify", "ops");
    expect(sent).toMatchObject({ exit: 0, out: expect.stringMatching(/^sent over ops: /) });
    expect(box.mails.slice(before).map(({ to, subject }) => [to[0], subject])).toEqual(["a", "b"].map((who) => [`${who}@example.com`, expect.stringMatching(/^● TEST .+ — this is a test of channel ops; nothing is wrong$/)]));
    expect(box.logins.at(-1)).toBe("tocsin:mail-password");
    expect(await run("notify", "chat")).toMatchObject({ exit: 1, out: expect.stringMatching(/^not sent over chat: .*refused.*; it may work later\n$/) });
    box.refuses = 550;
    expect(await run("notify", "ops")).toMatchObject({ exit: 2, out: expect.stringMatching(/^refused by ops: .*550/) });
    box.refuses = null;
    expect(await run("notify", "opps")).toMatchObject({ exit: 2, err: expect.stringContaining("there is no channel `opps`; did you mean `ops`?") });
    expect(await tocsin(["notify", "ops", "--config", "nowhere.yaml"], site.folder)).toMatchObject({ exit: 2, err: expect.stringContaining("nowhere.yaml: there is no such file") });
  });
});
