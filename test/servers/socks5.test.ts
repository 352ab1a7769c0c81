import type { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { socks5 } from "../../src/probes/socks5.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { drips, rawServer, replies } from "./raw.ts";
import { type SocksServer, startDante, startMicrosocks } from "./socks.ts";

const ask = (options: object, context: ContextRequest = {}) => socks5.run(socks5.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};
const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");

describeWith(["dante-server", "microsocks"], "socks5 against Dante and microsocks", () => {
  let folder: string;
  let dante: SocksServer;
  let microsocks: SocksServer;
  const LOGIN = { user: "probe", password: "probepw" };
  beforeAll(async () => {
    folder = temporaryFolder();
    [dante, microsocks] = await Promise.all([startDante(folder), startMicrosocks(folder)]);
  });

  it("greets over both families", async () => {
    const outcome = await ask({ port: dante.port });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${dante.port} is a SOCKS 5 proxy without login`, facts: { method: "none", address: "127.0.0.1" }, evidence: [{ text: "method: none\n" }, { text: "\\x05\\x00" }] });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "method"]);
    expect(await line({ port: dante.port, host: "::1" })).toMatch(/^up ok /);
  });

  it("logs in", async () => {
    const outcome = await ask({ port: microsocks.port, ...LOGIN });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${microsocks.port} let probe in`, facts: { method: "password" } });
    expect(JSON.stringify(outcome)).not.toContain("probepw");
    expect(await line({ port: microsocks.port, ...LOGIN, password: "wrong" })).toMatch(/^down auth .* refused the login of probe \(status \d+\)$/);
    expect(await line({ port: microsocks.port })).toBe(`down auth 127.0.0.1 port ${microsocks.port} takes nobody without login`);
    expect(await line({ port: dante.port, ...LOGIN })).toBe(`down auth 127.0.0.1 port ${dante.port} takes no user name and password`);
  });

  it("has the proxy connect, and hears why it does not", async () => {
    const behind = await rawServer(() => {});
    const closed = await freePort();
    const through = await ask({ port: dante.port, connect: `127.0.0.1:${behind.port}` });
    expect(through).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${dante.port} connects to 127.0.0.1 port ${behind.port}`, facts: { reply: 0, replyName: "succeeded", bound: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string } });
    await expect.poll(() => behind.accepted()).toBe(1);
    expect(await line({ port: microsocks.port, ...LOGIN, connect: `localhost:${behind.port}` })).toMatch(/^up ok .* connects to localhost port /);
    expect(await line({ port: dante.port, connect: `127.0.0.1:${closed}` })).toBe(`down status 127.0.0.1 port ${dante.port} did not connect to 127.0.0.1 port ${closed}: connection refused (5)`);
    expect(await line({ port: dante.port, connect: `127.0.0.9:${behind.port}` })).toMatch(/: not allowed by its rules \(2\)$/);
    expect(await ask({ port: dante.port, connect: `127.0.0.1:${closed}` }, { wants: ["reply"] })).toMatchObject({ verdict: "up", facts: { reply: 5, replyName: "connection refused" } });
    await behind.idle();
  });

  it("sees it hang and go", async () => {
    microsocks.signal("SIGSTOP");
    expect(await line({ port: microsocks.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${microsocks.port} sent nothing in time`);
    microsocks.signal("SIGCONT");
    await Promise.all([microsocks.stop(), dante.stop()]);
    expect(await line({ port: dante.port })).toBe(`down refused 127.0.0.1 port ${dante.port} refused the connection`);
  });
});

describe("socks5 against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  const login = { user: "a", password: "b" };
  const connect = { connect: "a.test:80" };
  it("reads byte by byte", async () => expect(await against(drips(bytes("0502 0100 05000003 06 612e74657374 0050")), { ...login, ...connect })).toBe("up ok 127.0.0.1 port P connects to a.test port 80"));
  it("tells another protocol", async () => {
    expect(await against(replies("HTTP/1.1 400 Bad Request\r\n\r\n"))).toBe("down protocol 127.0.0.1 port P does not answer as SOCKS 5");
    expect(await against(replies(bytes("0500")), login)).toBe("down protocol 127.0.0.1 port P chose method 0, but only 2 was offered");
    expect(await against(replies(bytes("0502 4854")), login)).toBe("down protocol 127.0.0.1 port P answered the login with version 72");
    expect(await against(replies(bytes("0500 4854545000")), connect)).toBe("down protocol 127.0.0.1 port P sent no SOCKS reply");
    expect(await against(replies(bytes("0500 0500000200")), connect)).toBe("down protocol 127.0.0.1 port P sent no SOCKS reply");
  });
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against(replies(bytes("05")))).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against(replies(bytes("0500 05000001 7f00")), connect)).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against((socket) => void socket.resetAndDestroy())).toMatch(/^down reset /);
  });
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 150 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await against(replies(bytes("0500"), { close: false }), connect, { deadlineMs: 150 })).toBe("down timeout 127.0.0.1 port P sent only 0 of 5 bytes in time");
  });
  it("is not drowned", async () => expect(await against(replies(Buffer.alloc(1_000_000, 5)))).toMatch(/^down (protocol|too-large|auth) /));
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof socks5.run>[1]) => socks5.run(socks5.options.parse({ host: "127.0.0.1", port, ...connect }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: (socket) => void socket.write(bytes("0500 0500")) })).toEqual({ left: [], codes: ["timeout"] });
  });
  it("cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
});
