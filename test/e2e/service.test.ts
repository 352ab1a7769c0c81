import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { atEnd, temporaryFolder } from "../servers/ground.ts";
import { Hook, hook, service } from "./receivers.ts";
import { type Document, Place, until } from "./world.ts";

const idle: Document = { idle: { type: "push", within: "1h", token: "idle-idle-idle-idle-idle" } };

/** Node has no datagram sockets in the file system; this prints each datagram as one line of JSON. */
const RECEIVER = "import json, socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint('ready', flush=True)\nwhile True: print(json.dumps(s.recv(65536).decode()), flush=True)";
const missing = ["python3", "systemd-notify"].filter((program) => spawnSync(program, ["--version"]).status !== 0);

async function serviceManager(): Promise<{ readonly socket: string; readonly told: string[] }> {
  const socket = join(temporaryFolder(), "notify");
  const told: string[] = [];
  const child = spawn("python3", ["-c", RECEIVER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  atEnd(async () => void child.kill("SIGKILL"));
  let ready = false;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") ready = true;
    else told.push(...(JSON.parse(line) as string).split("\n").filter((part) => part !== ""));
  });
  await until("the receiver listens", () => ready);
  return { socket, told };
}

describe.skipIf(missing.length > 0)(`under systemd${missing.length > 0 ? ` (skipped: ${missing.join(", ")} not installed)` : ""}`, () => {
  test.concurrent("it is told of the start, of each reload in order, of life, and of the end", async () => {
    const { socket, told } = await serviceManager();
    const place = new Place({ checks: idle });
    await place.start({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: "400000" });
    await place.until("it is ready and alive", () => told.includes("READY=1") && told.filter((line) => line === "WATCHDOG=1").length > 2);
    expect(told).toContain("STATUS=1 checks");
    expect(told).toContain(`MAINPID=${place.run.child.pid}`);
    const words = (): string[] => told.filter((line) => /^(READY|RELOADING|STOPPING)=1$/.test(line));
    expect(words()).toEqual(["READY=1"]);
    place.run.child.kill("SIGHUP");
    await place.until("it was reloaded", () => words().length === 3);
    place.write("checks: {");
    await place.until("a broken file is no reason to stay away", () => words().length === 5);
    expect(words()).toEqual(["READY=1", "RELOADING=1", "READY=1", "RELOADING=1", "READY=1"]);
    // systemd.service(5), Type=notify-reload: the time of the reload stands with it.
    expect(told.filter((line) => /^MONOTONIC_USEC=\d+$/.test(line))).toHaveLength(2);
    expect((await place.stop()).exit).toBe(0);
    await until("the end is told", () => words().at(-1) === "STOPPING=1");
  });
});

test.concurrent("without a service manager nothing is told and nothing is missing", async () => {
  const place = new Place({ checks: idle });
  await place.start({ NOTIFY_SOCKET: join(place.folder, "nobody"), WATCHDOG_USEC: "400000" });
  expect((await place.stop()).exit).toBe(0);
});

describe.concurrent("the heartbeat", () => {
  test("is called while all is well, and not while nobody could be told", async () => {
    const [beats, told, target] = [await hook(), await new Hook().open(), await service(false)];
    atEnd(() => told.close());
    told.status = 410;
    const site = { heartbeat: beats.url("/ping"), defaults: { every: "200ms", timeout: "1s", failAfter: 1, notify: ["chat"] }, channels: { chat: { type: "webhook", url: told.url(), group: "0s" } } };
    const place = new Place({ ...site, checks: idle });
    await place.start();
    await place.until("the heartbeat is called", () => beats.calls.length === 1);
    expect(beats.calls[0]?.path).toBe("/ping");
    await place.stop();
    // The only channel breaks; a Tocsin that starts like that knows it from before.
    place.write({ ...site, checks: { ...idle, shop: { type: "tcp", host: "127.0.0.1", port: target.port } } });
    await place.start();
    await place.until("the channel is broken", async () => (await place.get("/readyz")).status === 503);
    await place.stop();
    const calls = beats.calls.length;
    await place.start();
    expect((await place.get("/readyz")).status).toBe(503);
    const { startedAt } = (await place.overview()).site;
    await place.until("the time of its first call has passed", async () => (await place.overview()).now > startedAt + 3000);
    expect(beats.calls.length).toBe(calls);
    await place.stop();
  });

  test("that cannot be delivered is logged and harms nothing", async () => {
    const beats = await hook();
    beats.status = 500;
    const place = new Place({ heartbeat: beats.url(), checks: idle });
    await place.start();
    await place.until("it is logged", () => place.run.err.includes("the heartbeat could not be delivered"));
    expect(place.run.err).toContain("HTTP 500");
    expect((await place.get("/readyz")).status).toBe(200);
    await place.stop();
  });
});
