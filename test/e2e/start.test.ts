import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request as secureRequest } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { StatusReport } from "../../src/api/types.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { service } from "./receivers.ts";
import { ask, type Document, Place, Run, tocsin, until } from "./world.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const quiet: Document = { defaults: { every: "1h", timeout: "1s" }, checks: { idle: { type: "push", within: "1h", token: "idle-idle-idle-idle-idle" } } };

async function hasIpv6(): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(0, "::1", () => server.close(() => resolve(true)));
  });
}

const ipv6 = await hasIpv6();

describe.concurrent("from an empty folder", () => {
  test("init, run, sign in: the address and the password once, files that only their owner can read", async () => {
    const folder = temporaryFolder();
    expect(await tocsin(["init"], folder)).toMatchObject({ exit: 0, out: expect.stringContaining("tocsin run") });
    const text = readFileSync(join(folder, "tocsin.yaml"), "utf8");
    // The starter names the port of the page that is started in it; here the system chooses another.
    const run = new Run(["run", "--listen", "127.0.0.1:0"], folder);
    await until("the address is printed", () => run.out.includes("Sign in as"), () => run.said);
    const [, password = ""] = /Sign in as admin with the password (\S+) \(kept in data\/password; /.exec(run.out) ?? [];
    expect(password).toMatch(/^[a-z0-9]{4}(-[a-z0-9]{4}){3}$/);
    const page = new URL(/The page: (http:\/\/127\.0\.0\.1:\d+\/)/.exec(run.out)?.[1] ?? "");
    const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
    const options = { host: page.hostname, port: page.port, path: "/api/v1/overview" };
    expect((await ask(options)).status).toBe(401);
    await until("the first results are there", async () => {
      const { body } = await ask({ ...options, headers: { authorization } });
      return (JSON.parse(body) as { checks: { name: string; lastRunAt: number | null }[] }).checks.every(({ name, lastRunAt }) => lastRunAt !== null || name === "itself");
    });
    expect([modeOf(join(folder, "data")), modeOf(join(folder, "tocsin.yaml"))]).toEqual(["700", "600"]);
    for (const name of readdirSync(join(folder, "data"))) expect([name, modeOf(join(folder, "data", name))]).toEqual([name, "600"]);
    expect(readFileSync(join(folder, "data/password"), "utf8")).toBe(`${password}\n`);
    expect(run.err).not.toContain(password);
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ exit: 0 });
    expect(readFileSync(join(folder, "tocsin.yaml"), "utf8")).toBe(text);

    const again = new Run(["run", "--listen", "127.0.0.1:0"], folder);
    await until("it says how to sign in", () => again.out.includes("Sign in as"), () => again.said);
    expect(again.out).not.toContain(password);
    expect(again.out).toContain("with the password in data/password");
    again.child.kill("SIGTERM");
    expect(await again.ended).toMatchObject({ exit: 0 });
  });
});

describe.concurrent("status", () => {
  test("exit codes: 0 well, 1 degraded, 2 down, 3 not running; --json as documented", async () => {
    const target = await service();
    const check = { type: "tcp", host: "127.0.0.1", port: target.port, every: "200ms" };
    const place = new Place({ name: "Site", vantage: "home", defaults: { timeout: "1s", failAfter: 1 }, checks: { door: check } });
    const status = (...more: string[]) => tocsin(["status", "--data", place.data, ...more], place.folder);
    expect(await status()).toMatchObject({ exit: 3, out: "", err: expect.stringContaining("not running") });
    await place.start();
    await place.becomes("door", "up");
    expect(await status()).toMatchObject({ exit: 0, out: expect.stringMatching(/^Site \(home\) {2}● 1 up {2}http:\/\/127\.0\.0\.1:\d+\/\n● up {7}door /), err: "" });
    const report = JSON.parse((await status("--json")).out) as StatusReport;
    expect(report).toMatchObject({ site: { name: "Site", vantage: "home" }, state: "up", banners: [], checks: [{ name: "door", type: "tcp", state: "up", summary: expect.any(String), since: expect.any(Number), latencyMs: expect.any(Number) }] });
    place.write({ name: "Site", defaults: { timeout: "1s", failAfter: 1 }, checks: { door: { ...check, warn: { latency: "< 0ms" } } } });
    await place.becomes("door", "degraded");
    expect(await status()).toMatchObject({ exit: 1 });
    await target.close();
    await place.becomes("door", "down");
    expect(await status("--json")).toMatchObject({ exit: 2, out: expect.stringContaining(`"state":"down"`) });
    await place.stop();
    expect(await status()).toMatchObject({ exit: 3, out: "" });
    await place.start();
    await place.kill();
    expect(await status()).toMatchObject({ exit: 3, err: expect.stringContaining("not running") });
  });
});

describe.concurrent("a start that cannot be", () => {
  const f = async (args: readonly string[], exit: number, said: string | RegExp, folder = temporaryFolder()) => {
    const ended = await tocsin(args, folder);
    expect({ exit: ended.exit, said: ended.out + ended.err }).toEqual({ exit, said: typeof said === "string" ? expect.stringContaining(said) : expect.stringMatching(said) });
    expect(ended.out + ended.err).not.toMatch(/\n {4}at /);
  };
  test("flags that are not known, and an address that is none", async () => {
    await f(["run", "--lisen", "off"], 64, "Did you mean --listen?");
    await f(["run", "--listen", "2930"], 64, "`2930` is no address to listen on; write HOST:PORT");
    await f(["run", "--listen", "127.0.0.1:70000"], 64, "is no address to listen on");
    await f(["run", "a.yaml", "b.yaml"], 64, "too many arguments");
  });
  test("a configuration that is broken or not there, every problem with its place", async () => {
    const place = new Place("checks:\n  shop:\n    type: htp\n    url: https://shop.example.com/\n  mail:\n    type: tcp\n    host: 127.0.0.1\n    prot: 25\n");
    await f(["run", place.config, "--data", place.data], 2, `${place.config}:3:11: there is no check of type \`htp\``);
    await f(["run", place.config, "--data", place.data], 2, `${place.config}:8:5: `);
    await f(["run", "nowhere.yaml"], 2, "nowhere.yaml");
    expect(readdirSync(place.folder)).toEqual(["tocsin.yaml"]);
  });
  test("a data folder that cannot be one", async () => {
    const place = new Place(quiet);
    writeFileSync(join(place.folder, "file"), "");
    await f(["run", place.config, "--data", join(place.folder, "file")], 74, `the data folder ${place.folder}/file cannot be used: it is a file; give another one with --data`);
    await f(["run", place.config, "--data", join(place.folder, "file/data")], 74, "a part of its path is a file");
    await f(["run", place.config, "--data", "/proc/tocsin"], 74, "the data folder /proc/tocsin cannot be used: nothing can be made there");
    const long = join(place.folder, "a-folder-whose-name-is-far-too-long-for-a-socket/".repeat(3));
    mkdirSync(long, { recursive: true });
    await f(["run", place.config, "--data", long, "--listen", "off"], 74, "choose a data folder with a shorter path");
  });
  test("a second process on the data folder, and a page whose port is taken", async () => {
    const place = new Place(quiet);
    const first = await place.start();
    await f(["run", place.config, "--data", place.data], 75, new RegExp(`the data folder ${place.data} is in use by process ${first.child.pid} on \\S+ since 20`));
    expect((await place.get("/healthz")).status).toBe(200);
    const other = new Place(quiet);
    await f(["run", other.config, "--data", other.data, "--listen", `127.0.0.1:${place.page.port}`], 74, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${place.page.port}: .+; choose another address`));
    // It let go of everything.
    await other.start();
    await other.stop();
    await place.stop();
  });
});

describe.concurrent("where it listens", () => {
  test("nowhere: no page, no password, but the command line", async () => {
    const place = new Place(quiet);
    const run = await place.start({}, "off");
    expect(run.out).not.toMatch(/The page|Sign in/);
    expect(readdirSync(place.data)).not.toContain("password");
    expect(await tocsin(["status", "--data", place.data, "--json"], place.folder)).toMatchObject({ out: expect.stringContaining(`"page":null`) });
    await place.stop();
  });
  test.skipIf(!ipv6)("on IPv6 (skipped: this machine has no ::1)", async () => {
    const place = new Place(quiet);
    await place.start({}, "[::1]:0");
    expect(place.page.hostname).toBe("[::1]");
    expect(await ask({ host: "::1", port: place.page.port, path: "/healthz" })).toMatchObject({ status: 200, body: "ok\n" });
    await place.stop();
  });
});

describeWith(["openssl"], "a page over TLS", () => {
  test("with the certificate and key of the file, paths beside it; a key that does not fit is told", async () => {
    const place = new Place({ ...quiet, tls: { cert: "page.pem", key: "page.key" } });
    const made = await makeCertificates(place.folder);
    writeFileSync(join(place.folder, "page.pem"), made.good.cert);
    writeFileSync(join(place.folder, "page.key"), made.good.key);
    await place.start();
    expect(place.page.protocol).toBe("https:");
    const status = await new Promise((resolve, reject) => {
      secureRequest({ host: "127.0.0.1", port: place.page.port, path: "/healthz", ca: made.authority, servername: "localhost", agent: false }, (answer) => resolve(answer.resume().statusCode)).on("error", reject).end();
    });
    expect(status).toBe(200);
    await place.stop();
    writeFileSync(join(place.folder, "page.key"), "no key");
    expect(await place.launch().ended).toMatchObject({ exit: 74, out: expect.stringContaining("certificate and key") });
  });
});
