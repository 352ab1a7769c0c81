import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { syslog } from "../../src/alert/channels/syslog.ts";
import type { Alert } from "../../src/core/types.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { rawServer } from "../servers/raw.ts";
import { type Logged, type Rsyslog, startRsyslog } from "../servers/rsyslog.ts";
import { channelContext, KEY, message } from "./message.ts";

const send = (options: object, more: Partial<Alert> = {}, deadlineMs = 30_000): Promise<Sending> => {
  const { transport = "tcp" } = options as { readonly transport?: string };
  return syslog.send(syslog.options.parse({ ...(transport === "local" ? {} : { host: "localhost" }), ...options }), message(more), channelContext({ deadlineMs }));
};

describeWith(["openssl", "rsyslog", "rsyslog-openssl"], "syslog against rsyslog", () => {
  let certificates: Certificates;
  let rsyslog: Rsyslog;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    rsyslog = await startRsyslog(folder, certificates, certificates.authority);
  });
  const next = async (before: number): Promise<Logged | undefined> => {
    await vi.waitUntil(() => rsyslog.logged().length > before, { timeout: 20_000, interval: 20 });
    return rsyslog.logged()[before];
  };
  const secured = (more: object = {}): object => ({ transport: "tls", port: rsyslog.tlsPort, tls: { ca: certificates.authority, ...more } });
  const SUBJECT = "▲ DOWN shöp <1> — HTTP 503, since 04:00 (0 s)";
  const remote = { priority: 26, time: "2026-11-20T03:00:00.000Z", hostname: "home", application: "tocsin", messageId: "down", text: SUBJECT };

  test.each(["udp", "tcp", "tls"])("over %s", async (transport) => {
    const before = rsyslog.logged().length;
    const sending = await send(transport === "tls" ? secured() : { transport, port: rsyslog.port, host: "127.0.0.1" });
    expect(sending).toEqual({ kind: "sent", detail: transport === "udp" ? `sent to 127.0.0.1 port ${rsyslog.port} over UDP, which confirms nothing` : `read by 127.0.0.1 port ${transport === "tls" ? rsyslog.tlsPort : rsyslog.port}` });
    const got = await next(before);
    expect(got).toMatchObject({ ...remote, from: transport === "udp" ? "imudp" : "imtcp" });
    expect(got?.data).toBe(`[tocsin@32473 key="${KEY}" id="a1" kind="down" check="shöp <1>" status="down" code="status" incident="feed"]`);
  });
  test("to the daemon of this machine", async () => {
    const before = rsyslog.logged().length;
    expect(await send({ transport: "local", socket: rsyslog.socket })).toEqual({ kind: "sent", detail: `handed to ${rsyslog.socket}` });
    expect(await next(before)).toMatchObject({ from: "imuxsock", priority: 26, application: "tocsin", text: `${SUBJECT} key="${KEY}" id="a1" kind="down" check="shöp <1>" status="down" code="status" incident="feed"` });
  });
  test("many alerts, each by itself, more than a queue holds", async () => {
    const before = rsyslog.logged().length;
    const one = message().alerts[0];
    const alerts = one === undefined ? [] : Array.from({ length: 1000 }, (_, index) => ({ ...one, id: `a${index}` as never }));
    for (const options of [{ transport: "tcp", host: "127.0.0.1", port: rsyslog.port }, { transport: "local", socket: rsyslog.socket }]) {
      expect(await syslog.send(syslog.options.parse(options), { ...message(), alerts }, channelContext())).toMatchObject({ kind: "sent", detail: expect.stringMatching(/^1000 messages /) as string });
    }
    await vi.waitUntil(() => rsyslog.logged().length === before + 2000, { timeout: 20_000, interval: 50 });
    const ids = rsyslog.logged().slice(before).map(({ data, text }) => / id="(a\d+)"/.exec(data + text)?.[1]);
    expect(new Set(ids.slice(0, 2000)).size).toBe(1000);
  });
  test("severity by what is told, facility and names as they are set", async () => {
    const f = async (more: Partial<Alert>, options: object = {}): Promise<Logged | undefined> => {
      const before = rsyslog.logged().length;
      await send({ host: "127.0.0.1", port: rsyslog.port, transport: "tcp", ...options }, more);
      return next(before);
    };
    expect((await f({ kind: "degraded", status: "degraded" }))?.priority).toBe(3 * 8 + 4);
    expect((await f({ kind: "recovered", status: "up" }))?.priority).toBe(3 * 8 + 5);
    expect((await f({ kind: "reminder" }))?.priority).toBe(3 * 8 + 2);
    expect((await f({ kind: "reminder", status: "pending" }))?.priority).toBe(3 * 8 + 3);
    expect((await f({ kind: "test", status: "up" }))?.priority).toBe(3 * 8 + 6);
    expect(await f({}, { facility: "local4", hostname: "bell.example.com", enterprise: 99 })).toMatchObject({ priority: 20 * 8 + 2, hostname: "bell.example.com", data: expect.stringMatching(/^\[tocsin@99 /) as string });
  });
  test("a certificate that is not right, a port without TLS: later", async () => {
    expect(await send(secured({ ca: null }))).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/certificate/) as string });
    expect(await send({ ...secured(), port: rsyslog.port }, {}, 2000)).toMatchObject({ kind: "retry", doubt: false });
  });
  test("a daemon that hangs: over TCP in doubt, its own queue fills; gone: later", async () => {
    rsyslog.signal("SIGSTOP");
    expect(await send({ transport: "tcp", host: "127.0.0.1", port: rsyslog.port }, {}, 400)).toEqual({ kind: "retry", doubt: true, reason: `127.0.0.1 port ${rsyslog.port} did not read to the end in time` });
    const one = message().alerts[0];
    const alerts = one === undefined ? [] : Array.from({ length: 5000 }, () => one);
    expect(await syslog.send(syslog.options.parse({ socket: rsyslog.socket }), { ...message(), alerts }, channelContext({ deadlineMs: 1500 }))).toEqual({ kind: "retry", doubt: true, reason: `nobody takes what is in the queue of ${rsyslog.socket}` });
    rsyslog.signal("SIGCONT");
    await rsyslog.stop();
    expect(await send({ transport: "tcp", host: "127.0.0.1", port: rsyslog.port })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/refused the connection$/) as string });
    expect(await send({ transport: "udp", host: "127.0.0.1", port: rsyslog.port })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/refused/) as string });
    expect(await send({ transport: "local", socket: rsyslog.socket })).toMatchObject({ kind: "retry", doubt: false });
  });
});

describe("a connection that breaks", () => {
  test("cut in the middle: in doubt", async () => {
    const server = await rawServer((socket) => void socket.once("data", () => socket.resetAndDestroy()));
    expect(await send({ transport: "tcp", host: "127.0.0.1", port: server.port })).toMatchObject({ kind: "retry", doubt: true });
  });
  test("never closed by the server: in doubt", async () => {
    const server = await rawServer((socket) => void socket.removeAllListeners("end"));
    expect(await send({ transport: "tcp", host: "127.0.0.1", port: server.port }, {}, 300)).toEqual({ kind: "retry", doubt: true, reason: `127.0.0.1 port ${server.port} did not read to the end in time` });
  });
  test("a handshake that hangs: surely not sent, and no connection is left behind", async () => {
    const server = await rawServer(() => {});
    expect(await send({ transport: "tls", host: "127.0.0.1", port: server.port }, {}, 300)).toMatchObject({ kind: "retry", doubt: false });
    await server.idle();
  });
  test("no such name", async () => expect(await send({ transport: "udp", host: "nowhere.invalid" })).toMatchObject({ kind: "retry", doubt: false }));
});

describe("a socket that is none", () => {
  const f = (socket: string): Promise<Sending> => send({ transport: "local", socket });
  test("missing", async () => expect(await f("/nowhere/log")).toEqual({ kind: "retry", doubt: false, reason: "there is no socket /nowhere/log: nobody serves there" }));
  test("a file", async () => {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, "");
    expect(await f(path)).toEqual({ kind: "retry", doubt: false, reason: `nobody listens at ${path}` });
  });
  test("longer than a path of a socket can be", async () => expect(await f(`/${"x".repeat(200)}`)).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/more than 107 bytes$/) as string }));
});

describe("options", () => {
  const f = (options: object): boolean => syslog.options.safeParse(options).success;
  test("nothing is enough: the daemon of this machine", () => expect(f({})).toBe(true));
  test("a server needs a host, and the local daemon has none", () => expect([f({ transport: "udp" }), f({ transport: "udp", host: "x" }), f({ host: "x" })]).toEqual([false, true, false]));
  test("a host name of two words", () => expect(f({ hostname: "a b" })).toBe(false));
});
