import { writeFileSync } from "node:fs";
import { type RequestListener, createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, type Socket, createServer as createRawServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { docker } from "../../src/probes/docker.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { ContextRequest } from "./context.ts";
import { atEnd, describeWith, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { dripNow, replies } from "./raw.ts";
import { stage } from "./stage.ts";

const { ask, line, against } = stage(docker);
const NONE = { host: null, container: "web" };

/** The parts of the engine's document that matter, and some that must not be shown. */
const inspected = (state: object, more: object = {}): object => ({
  Id: "8dfafdbc3a40", Created: "2026-03-01T10:00:00.123456789Z", Name: "/web", RestartCount: 2, Image: "sha256:1f2e",
  State: { Status: "running", Running: true, Paused: false, Restarting: false, OOMKilled: false, Dead: false, Pid: 4711, ExitCode: 0, Error: "", StartedAt: new Date(Date.now() - 90_000).toISOString(), FinishedAt: "0001-01-01T00:00:00Z", ...state },
  Config: { Image: "nginx:1.27", Env: ["DB_PASSWORD=hunter2"] }, NetworkSettings: { Ports: {} }, ...more,
});
const health = (Status: string, FailingStreak = 0, output = ""): object => ({ Health: { Status, FailingStreak, Log: [{ Start: "2026-03-01T10:01:00Z", End: "2026-03-01T10:01:01Z", ExitCode: 0, Output: "old" }, { ExitCode: 1, Output: output }] } });

/** Containers by name, as the engine tells them. */
const CONTAINERS: { readonly [name: string]: object } = {
  web: inspected({}),
  well: inspected(health("healthy")),
  young: inspected(health("starting")),
  ill: inspected(health("unhealthy", 4, "curl: (7) Failed to connect\n")),
  podman: inspected({ Health: { Status: "", FailingStreak: 0, Log: null } }),
  paused: inspected({ Status: "paused", Paused: true }),
  looping: inspected({ Status: "restarting", Restarting: true, ExitCode: 1 }),
  ended: inspected({ Status: "exited", Running: false, ExitCode: 137, OOMKilled: true }),
  created: inspected({ Status: "created", Running: false, Error: "port is already allocated", StartedAt: "0001-01-01T00:00:00Z" }),
  strange: { State: "running" },
};

/** A stand-in for the engine: no Docker can run inside the tests. */
const engine: RequestListener = (request, response) => {
  const name = /^\/containers\/([^/]+)\/json$/.exec(request.url ?? "")?.[1] ?? "";
  const found = CONTAINERS[name];
  response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json", "api-version": "1.47", server: "Docker/27.5.1 (linux)" });
  response.end(`${JSON.stringify(found ?? { message: `No such container: ${name}` })}\n`);
};

async function onSocket(serve: (socket: Socket) => void): Promise<string> {
  const path = join(temporaryFolder(), "engine.sock");
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => (sockets.add(socket), socket.on("error", () => {}), serve(socket), void socket.resume()));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return path;
}

async function startEngine(): Promise<{ readonly socket: string; stop(): Promise<void> }> {
  const socket = join(temporaryFolder(), "docker.sock");
  const server = createServer(engine);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  atEnd(stop);
  return { socket, stop };
}

describe("docker over a Unix socket", () => {
  let running: Awaited<ReturnType<typeof startEngine>>;
  beforeAll(async () => {
    running = await startEngine();
  });
  const told = (container: string, more: object = {}): Promise<string> => line({ ...NONE, socket: running.socket, container, ...more });

  it("tells how a container is", async () => {
    const outcome = await ask({ ...NONE, socket: running.socket });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: "web is running", facts: { state: "running", health: "none", restarts: 2, oomKilled: false, image: "nginx:1.27" } });
    expect(Number(outcome.facts["uptime"])).toBeGreaterThanOrEqual(90);
    expect(outcome.facts).not.toHaveProperty("exitCode");
    expect(Object.keys(outcome.phases)).toEqual(["connect", "firstByte", "transfer"]);
    expect(outcome.evidence).toMatchObject([{ label: "sent", text: "GET /containers/web/json HTTP/1.1" }, { label: "received", text: expect.stringContaining('"Status":"running"') as string }]);
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
  });
  it("judges state and health", async () => {
    expect(await told("/well")).toBe("up ok /well is running and healthy");
    expect(await told("young")).toBe("degraded status young is running, and its health check has not passed yet");
    expect(await told("young", { starting: "up" })).toMatch(/^up ok /);
    expect(await told("ill")).toBe("down status ill is running and unhealthy: curl: (7) Failed to connect");
    expect(await told("podman")).toBe("up ok podman is running");
    expect(await told("paused")).toBe("down status paused is paused");
    expect(await told("looping")).toBe("down status looping is restarting");
    expect(await told("ended")).toBe("down status ended is exited with code 137, out of memory");
    expect(await told("created")).toBe("down status created is created: port is already allocated");
    expect((await ask({ ...NONE, socket: running.socket, container: "ended" })).facts).toMatchObject({ state: "exited", exitCode: 137, oomKilled: true });
  });
  it("tells what is not there", async () => {
    expect(await told("nosuch")).toBe("down mismatch there is no container nosuch: No such container: nosuch");
    expect(await told("strange")).toBe("down protocol the answer is no description of a container");
    expect(await told("web", { socket: "/tmp/tocsin-no-such.sock" })).toBe("down refused there is no socket /tmp/tocsin-no-such.sock: nobody serves there");
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    expect(await told("web", { socket: file })).toMatch(/^down refused /);
  });
  it("is refused when the engine is gone", async () => {
    await running.stop();
    expect(await told("web")).toMatch(/^down refused /);
  });
});

describeWith(["openssl"], "docker over TCP", () => {
  let certificates: Certificates;
  let port = 0;
  let expired = 0;
  let plain = 0;
  const serve = async (server: ReturnType<typeof createServer>): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    atEnd(() => new Promise((resolve) => server.close(() => resolve())));
    return (server.address() as AddressInfo).port;
  };
  beforeAll(async () => {
    certificates = await makeCertificates(temporaryFolder());
    const mutual = { requestCert: true, rejectUnauthorized: true, ca: certificates.authority };
    port = await serve(createSecureServer({ ...certificates.good, ...mutual }, engine));
    expired = await serve(createSecureServer(certificates.expired, engine));
    plain = await serve(createServer(engine));
  });
  it("shows its own certificate and judges the other one", async () => {
    const { cert, key } = certificates.client;
    const tls = { ca: certificates.authority, cert, key };
    expect(await ask({ port, tls, container: "well" })).toMatchObject({ verdict: "up", sentence: "well is running and healthy", facts: { certificate: { days: 90 }, health: "healthy", address: "127.0.0.1" } });
    expect(await line({ port, tls: true, container: "web" })).toMatch(/^down tls-untrusted /);
    expect(await line({ port, tls: { ca: certificates.authority }, container: "web" })).toMatch(/^down tls-failed /);
    expect(await line({ port, tls: { ...tls, servername: "other.test" }, container: "web" })).toMatch(/^down tls-name /);
    expect(await line({ port: expired, tls, container: "web" })).toMatch(/^down tls-expired /);
  });
  it("speaks plain as well", async () => {
    expect(await line({ port: plain, container: "web" })).toBe("up ok web is running");
    expect(await line({ port: plain, tls: true, container: "web" })).toMatch(/^down tls-failed /);
  });
});

describe("docker against faults", () => {
  const body = JSON.stringify(CONTAINERS["web"]);
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const told = (serve: (socket: Socket) => void, context: ContextRequest = {}): Promise<string> => against(serve, { container: "web" }, context);
  const overSocket = async (serve: (socket: Socket) => void, context: ContextRequest = {}): Promise<string> => line({ ...NONE, socket: await onSocket(serve) }, context);

  for (const [way, f] of [["TCP", told], ["a Unix socket", overSocket]] as const) {
    it(`sees over ${way} what goes wrong on the way`, async () => {
      expect(await f((socket) => void socket.once("data", () => dripNow(socket, Buffer.from(answer))))).toBe("up ok web is running");
      expect(await f(() => {}, { deadlineMs: 200 })).toBe("down timeout no answer to the request came in time");
      expect(await f(replies(answer.slice(0, 200), { close: false }), { deadlineMs: 300 })).toMatch(/^down timeout the answer was not complete in time: /);
      expect(await f(replies(answer.slice(0, 200)))).toMatch(/^down closed the server closed the connection in the middle of its answer/);
      expect(await f((socket) => void socket.destroy())).toMatch(/^down (closed|reset) /);
      expect(await f(replies("SSH-2.0-OpenSSH_9.2p1\r\n"))).toMatch(/^down protocol /);
      expect(await f(replies("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"))).toBe("down protocol the engine answered with HTTP 404: Not Found");
      expect(await f(replies('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 20\r\n\r\n{"message":"broken"}'))).toBe("down status the engine answered with HTTP 500: broken");
      expect(await f(replies("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"))).toBe("down protocol the answer is no description of a container");
      expect(await f(replies(`HTTP/1.1 200 OK\r\n\r\n${" ".repeat(600_000)}`))).toBe("down too-large the engine's answer has more than 512 KiB");
      expect(await f(replies(`HTTP/1.1 200 OK\r\n\r\n${"[".repeat(200_000)}`))).toBe("down protocol the answer is no description of a container");
    });
  }
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof docker.run>[1]) => docker.run(docker.options.parse({ host: "127.0.0.1", port, container: "web" }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    const signals: (() => void)[] = [];
    const socket = await onSocket(() => signals.shift()?.());
    const pipes = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "PipeWrap").length;
    const before = pipes();
    for (let runs = 0; runs < 200; runs++) {
      const controller = new AbortController();
      signals.push(() => controller.abort());
      expect(await line({ ...NONE, socket }, { signal: controller.signal })).toMatch(/^down timeout /);
    }
    await expect.poll(pipes).toBeLessThanOrEqual(before);
  });
});

it("names options that cannot be", () => {
  const problem = (options: object): string => {
    const parsed = docker.options.safeParse(options);
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    return docker.check?.(parsed.data)?.wrong ?? docker.target(parsed.data);
  };
  expect(problem({ container: "web" })).toBe("unix:/var/run/docker.sock");
  expect(problem({ container: "web", host: "engine.test" })).toBe("engine.test:2375");
  expect(problem({ container: "web", host: "engine.test", tls: true })).toBe("engine.test:2376");
  expect(problem({ container: "web", tls: true })).toBe("a Unix socket has neither port nor TLS");
  for (const container of ["", "../x", "a/b", "a?b", "a b", "-x"]) expect(problem({ container })).toBe("write the name or the id of a container");
  expect(problem({ container: "web", socket: "docker.sock" })).toBe("write a whole path");
});
